"""Tells the broker about jobs that are due. The broker may lose everything: we tell it again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta

import structlog

from sales_agent.core.clock import Clock
from sales_agent.core.database import Database
from sales_agent.core.jobs import due_for_broker, wake_again

log = structlog.get_logger()
Publish = Callable[[Sequence[tuple[str, str]]], None]  # (job id, kind) pairs; blocking; raises when it fails


# A worker does a few hundred jobs a second, so one relay keeps several of them busy at this pace,
# and does not compete with the process it lives in. Whatever waits longer waits in the database.
_JOBS_PER_SECOND = 1_000
_BREATH_SECONDS = 0.02  # lets a few jobs gather, so that one transaction serves them all


class Relay:
    """Any number may run, in any process: two relays never take the same row at the same time."""

    def __init__(self, database: Database, clock: Clock, publish: Publish, *, poll_seconds: float,
                 republish_seconds: float, batch: int = 200) -> None:
        self._database = database
        self._clock = clock
        self._publish = publish
        self._poll = poll_seconds
        self._republish = timedelta(seconds=republish_seconds)
        self._batch = batch
        self._work = asyncio.Event()

    def wake(self) -> None:
        """There is new work: look now instead of at the next poll. Call from the relay's own loop."""
        self._work.set()

    async def run(self) -> None:
        """Until cancelled. A failing database or broker is logged, waited out, and tried again."""
        while True:
            try:
                published = await self.tick()
            except Exception as error:  # noqa: BLE001 (whatever it was, the jobs stay due in the database)
                log.warning("relay.failed", error=type(error).__name__)
                published = 0
                await asyncio.sleep(self._poll)
            if published:
                await asyncio.sleep(max(_BREATH_SECONDS, published / _JOBS_PER_SECOND))
            if published < self._batch:
                await self._wait()

    async def tick(self) -> int:
        """Publish one batch of what is due; answers how many."""
        now = self._clock.now()
        async with self._database.write() as connection:
            due = await due_for_broker(connection, now, now + self._republish, self._batch)
        if not due:
            return 0
        try:
            await asyncio.to_thread(self._publish, due)
        except Exception:
            await self._give_back([job_id for job_id, _ in due])
            raise
        return len(due)

    async def _give_back(self, job_ids: Sequence[str]) -> None:
        async with self._database.write() as connection:
            await wake_again(connection, job_ids, self._clock.now() + timedelta(seconds=self._poll))

    async def _wait(self) -> None:
        try:
            await asyncio.wait_for(self._work.wait(), timeout=self._poll)
        except TimeoutError:
            return
        finally:
            self._work.clear()
