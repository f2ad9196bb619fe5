"""A million audit events: what the minutely sealing and the proof cost, and what sealing costs those who write meanwhile."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta

from benchmarks.report import Promise, promises, table
from benchmarks.site import site
from sales_agent.core.audit import audit_row
from sales_agent.core.audit_seal import seal_new_events
from sales_agent.core.audit_verify import verify_trail
from sales_agent.core.database import Database
from sales_agent.core.keys import Keys
from sales_agent.core.rows import insert_missing

EVENTS, A_DAY, A_MINUTE, AT_ONCE = 1_000_000, 10_000, 500, 5_000
KEYS = Keys(["a key for the benchmark"])
START = datetime(2026, 1, 1, tzinfo=UTC)
NOW = START + timedelta(days=EVENTS / A_DAY)


def main() -> bool:
    """On EVENTS events, or as many as the command line names after `audit`."""
    header = ["", "sealing a second", "a minute's look ms", "nothing new ms", "full look ms", "verified a second"]
    rows = [[kind, *asyncio.run(_measure(kind))] for kind in ("postgresql", "sqlite")]
    table(f"{EVENTS:,} events in 100 days; {A_MINUTE} new ones a minute", header, rows)
    return promises([Promise(f"{kind}: {words}", float(value), limit, at_least, unit)
                     for kind, _, minute, _, _, verified in rows for words, value, limit, at_least, unit in (
                         (f"a minute's look, with {A_MINUTE} new events", minute, 500, False, " ms"),
                         ("events verified a second", verified, 10_000, True, ""))])


async def _measure(kind: str) -> tuple[float, float, float, float, float]:
    with site(kind) as here:
        database = Database(here.database_url, pool_size=2)
        try:
            await _lay_down(database)
            whole = await _seconds(seal_new_events(database, KEYS, NOW, everything=True))
            await _add(database, range(EVENTS, EVENTS + A_MINUTE))
            minute = await _seconds(seal_new_events(database, KEYS, NOW))
            idle = await _seconds(seal_new_events(database, KEYS, NOW))
            full = await _seconds(seal_new_events(database, KEYS, NOW, everything=True))
            proof = await _seconds(_verify(database))
        finally:
            await database.dispose()
    return EVENTS / whole, 1_000 * minute, 1_000 * idle, 1_000 * full, EVENTS / proof


async def _lay_down(database: Database) -> None:
    for first in range(0, EVENTS, AT_ONCE):
        await _add(database, range(first, first + AT_ONCE))


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
