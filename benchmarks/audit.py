"""A long audit trail: what sealing a minute's events costs, a day's after an outage, and the proof of all of it."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta
from statistics import median

from benchmarks.report import Promise, promises, table
from benchmarks.site import site
from sales_agent.core.audit import audit_row
from sales_agent.core.audit_seal import seal_new_events
from sales_agent.core.audit_verify import verify_trail
from sales_agent.core.database import Database
from sales_agent.core.keys import Keys
from sales_agent.core.rows import insert_missing

EVENTS, A_DAY, A_MINUTE = 300_000, 10_000, 500
KEYS = Keys(["a key for the benchmark"])
START = datetime(2026, 1, 1, tzinfo=UTC)


def main() -> bool:
    header = ["", "sealed a second", "a minute ms", "nothing new ms", "whole look ms", "verified a second"]
    rows = [[kind, *asyncio.run(_measure(kind))] for kind in ("postgresql", "sqlite")]
    table(f"{EVENTS:,} events in {EVENTS // A_DAY} days; {A_MINUTE} in the minute that is measured", header, rows)
    return promises([
        *(Promise(f"{row[0]}: sealing a minute's events", float(row[2]), 500, at_least=False, unit=" ms") for row in rows),
        *(Promise(f"{row[0]}: events verified a second", float(row[5]), 10_000, at_least=True) for row in rows)])


async def _measure(kind: str) -> tuple[float, float, float, float, float]:
    with site(kind) as here:
        database = Database(here.database_url, pool_size=2)
        try:
            spent = [await _a_day(database, first) for first in range(0, EVENTS, A_DAY)]
            await _add(database, range(EVENTS, EVENTS + A_MINUTE))
            minute, idle, whole = [await _seconds(_seal(database, EVENTS + A_MINUTE, everything=each)) for each in (False, False, True)]
            proof = await _seconds(_verify(database))
        finally:
            await database.dispose()
    return A_DAY / median(spent[-10:]), 1_000 * minute, 1_000 * idle, 1_000 * whole, EVENTS / proof


async def _a_day(database: Database, first: int) -> float:
    """Seconds for sealing a whole day at once, as after an outage."""
    await _add(database, range(first, first + A_DAY))
    return await _seconds(_seal(database, first + A_DAY))


async def _seal(database: Database, number: int, *, everything: bool = False) -> None:
    await seal_new_events(database, KEYS, START + timedelta(days=number / A_DAY), everything=everything)


async def _add(database: Database, numbers: range) -> None:
    async with database.write() as connection:
        await insert_missing(connection, [
            audit_row("ada", "draft.approved", f"draft-{number}", START + timedelta(days=number / A_DAY),
                      before="pending_approval", after="approved", reason="fine", version=1) for number in numbers])


async def _verify(database: Database) -> None:
    async with database.read() as connection:
        found = await verify_trail(connection, KEYS)
    if found.problem or found.events != EVENTS + A_MINUTE:
        sys.exit(f"the trail does not verify: {found}")


async def _seconds(work: Awaitable[object]) -> float:
    start = time.perf_counter()
    await work
    return time.perf_counter() - start
