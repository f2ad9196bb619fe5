"""A worker's inside without its process: the task boundary on a clock that a test moves by hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select

from sales_agent.connectors.registry import Connections
from sales_agent.core.database import Database
from sales_agent.core.effects import DELIVER_EFFECT
from sales_agent.core.errors import ConnectorError
from sales_agent.core.jobs import JOBS
from sales_agent.core.relay import Relay
from sales_agent.core.settings import Settings
from sales_agent.leads.intake import PROCESS_LEAD
from sales_agent.worker.boundary import Boundary
from sales_agent.workflow.effects import EffectHandler
from sales_agent.workflow.orchestrator import FormleadOrchestrator
from sales_agent.workflow.recorder import Desk
from sales_agent.workflow.step import Done, LeadRun, Step
from sales_agent.workflow.steps import STEPS
from sales_agent.workflow.tools import build_tools

LEASE = timedelta(seconds=60)
REPUBLISH = timedelta(seconds=30)


class HandMovedClock:
    def __init__(self) -> None:
        self.moment = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment

    def advance(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


class Failing:
    """Stands in front of something and fails calls of one method, `times` times."""

    def __init__(self, real: Any, method: str, times: float, *, transient: bool = True) -> None:
        self._real, self._method, self.times, self._transient = real, method, times, transient

    def __getattr__(self, name: str) -> Any:
        if name == self._method and self.times > 0:
            return self._fail
        return getattr(self._real, name)

    async def _fail(self, *_: Any, **__: Any) -> Any:
        self.times -= 1
        raise ConnectorError("the far end", "out of order", transient=self._transient)


class Worker:
    """One worker with its relay. `runs` counts how often each step was run here."""

    def __init__(self, settings: Settings, database: Database, clock: HandMovedClock,
                 connections: Callable[[Connections], Connections] = lambda real: real,
                 steps: Sequence[Step] = STEPS) -> None:
        desk = Desk(database, clock, "a worker", LEASE)
        tools = build_tools(settings, database, clock)
        tools = replace(tools, connections=connections(tools.connections))
        self.runs: Counter[str] = Counter()
        self._told: list[tuple[str, str]] = []
        self._relay = Relay(database, clock, self._told.extend, poll_seconds=1,
                            republish_seconds=REPUBLISH.total_seconds())
        self.boundary = Boundary(desk, clock, {
            PROCESS_LEAD: FormleadOrchestrator(desk, tools, [self._counted(step) for step in steps]).run,
            DELIVER_EFFECT: EffectHandler(desk, tools, database).run,
        }, settings.work.retry_delays_seconds)

    def _counted(self, step: Step) -> Step:
        async def run(lead: LeadRun) -> Done:
            self.runs[step.name] += 1
            return await step.run(lead)
        return replace(step, run=run)

    async def do_what_is_due(self) -> int:
        """Let the relay tell what is due, and work on it; answers how many messages that were."""
        self._told.clear()
        await self._relay.tick()
        for job_id, _ in list(self._told):
            await self.boundary.process(job_id)
        return len(self._told)


def broken_step(name: str, times: float, *, transient: bool = True) -> list[Step]:
    """STEPS, in which one fails as often as told before it works."""
    left = [times]

    def breaking(step: Step) -> Step:
        async def run(lead: LeadRun) -> Done:
            if left[0] > 0:
                left[0] -= 1
                raise ConnectorError("the far end", "out of order", transient=transient)
            return await step.run(lead)
        return replace(step, run=run)

    return [breaking(step) if step.name == name else step for step in STEPS]


async def job_of(database: Database, job_id: str) -> Any:
    async with database.read() as connection:
        return (await connection.execute(select(JOBS).where(JOBS.c.id == job_id))).one()


async def rows_of(database: Database, table: Any) -> Sequence[Any]:
    async with database.read() as connection:
        return (await connection.execute(select(table))).all()
