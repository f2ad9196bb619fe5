"""Leads that wait for a worker, and what became of them."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable, Coroutine, Sequence
from datetime import timedelta
from typing import Any, TypeVar

from sqlalchemy import func, select, update

from benchmarks.site import Process, Site
from benchmarks.traffic import lead
from sales_agent.core.clock import SystemClock
from sales_agent.core.database import Database
from sales_agent.core.jobs import JOBS
from sales_agent.core.settings import load_settings
from sales_agent.demo.world import plant
from sales_agent.leads.hubspot_payloads import received_form
from sales_agent.leads.intake import Intake

CLOCK = SystemClock()
T = TypeVar("T")


def plant_world(here: Site) -> None:
    """Put the sample world where the product's processes will look for it."""
    os.environ["VAR_DIR"] = here.environment["VAR_DIR"]

    async def work(database: Database) -> None:
        await plant(load_settings(), database, CLOCK)

    _run(here, work)


def accept_leads(here: Site, count: int, email: str = "") -> list[str]:
    """Store leads as the API would; answers their workflow ids. Everybody is new, unless `email` says who it is."""
    bodies = [lead(number) for number in range(count)]
    if email:
        bodies[0]["fieldValues"][0]["value"] = email

    async def work(database: Database) -> list[str]:
        intake = Intake(database, CLOCK)
        accepted = await asyncio.gather(*(intake.accept(received_form(json.dumps(body).encode())) for body in bodies))
        return [each.workflow_id for each in accepted]

    return _run(here, work)


def hold(here: Site, hours: float) -> None:
    """Make everything that is pending due in so many hours; 0 lets it go, all at once."""
    due = CLOCK.now() + timedelta(hours=hours)

    async def work(database: Database) -> None:
        async with database.write() as connection:
            await connection.execute(update(JOBS).where(JOBS.c.status == "PENDING").values(due_at=due, wake_at=due))

    _run(here, work)


def wait_until_done(here: Site, worker: Process, count: int) -> None:
    """Until `count` jobs have succeeded. Raises RuntimeError when one failed, or when it takes minutes."""
    def reached() -> bool:
        states = dict(here.rows("SELECT status, count(*) FROM jobs GROUP BY status"))
        if {"FAILURE", "RETRY"} & set(states):
            raise RuntimeError(f"leads failed: {states}")
        return bool(states.get("SUCCESS", 0) >= count)

    worker.wait_until(reached, f"{count} leads were not done", seconds=300)


def span_seconds(here: Site, workflow_ids: Sequence[str]) -> float:
    """From the first start to the last end of these leads, by the jobs' own times."""
    async def work(database: Database) -> float:
        query = select(func.min(JOBS.c.started_at), func.max(JOBS.c.finished_at)).where(JOBS.c.id.in_(workflow_ids))
        async with database.read() as connection:
            first, last = (await connection.execute(query)).one()
        return float((last - first).total_seconds())

    return _run(here, work)


def _run(here: Site, work: Callable[[Database], Coroutine[Any, Any, T]]) -> T:
    async def whole() -> T:
        database = Database(here.database_url, pool_size=2)
        try:
            return await work(database)
        finally:
            await database.dispose()

    return asyncio.run(whole())
