"""The task boundary: claim, run, and turn whatever happened into done, retry or dead letter."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

import structlog

from sales_agent.core.clock import Clock
from sales_agent.core.database import is_collision, is_database_down
from sales_agent.core.dead_letters import FailedTask, dead_letter
from sales_agent.core.errors import ConnectorError, LeaseLost, PermanentError
from sales_agent.core.jobs import Lease, failed, handed_back, retry_at
from sales_agent.core.rows import Row
from sales_agent.core.telemetry import JOBS_ENDED
from sales_agent.workflow.recorder import Claimed, Desk, Record

log = structlog.get_logger()

Handler = Callable[[Claimed], Awaitable[None]]
MAX_CRASHES = 5  # a job that has taken this many workers down with it gets no other
SUSPICIOUS = 2  # from so many crashes on, jobs are tried one at a time: which of them is it?
SUSPECT_WAITS = timedelta(seconds=1)
SOON = timedelta(seconds=1)


class Boundary:
    """Runs claimed jobs of every kind, and knows which ones this process holds right now."""

    def __init__(self, desk: Desk, clock: Clock, handlers: Mapping[str, Handler],
                 retry_delays_seconds: Sequence[float]) -> None:
        self._desk = desk
        self._clock = clock
        self._handlers = handlers
        self._delays = retry_delays_seconds
        self._closing = False
        self._calls: set[asyncio.Task[Any] | None] = set()  # everything between a message and its outcome
        self.held: dict[str, tuple[Lease, asyncio.Task[Any] | None]] = {}

    async def process(self, job_id: str) -> None:
        """Do the job if it is due and free. Raises nothing: every outcome is recorded or left to the lease."""
        if self._closing:
            await self._turn_away(job_id)
            return
        call = asyncio.current_task()
        self._calls.add(call)
        try:
            await self._claim_and_work(job_id)
        finally:
            self._calls.discard(call)

    async def _turn_away(self, job_id: str) -> None:
        """We have taken the message from whoever could do the job: have it told again when we are gone."""
        try:
            await self._desk.tell_again(job_id, self._clock.now() + SOON)
        except Exception as error:  # noqa: BLE001 (told again anyway, only later: it comes up at the republish time)
            log.warning("job.not_turned_away", job_id=job_id, error=type(error).__name__)

    async def _claim_and_work(self, job_id: str) -> None:
        claim = asyncio.ensure_future(self._desk.claim(job_id))
        try:
            claimed = await asyncio.shield(claim)
        except asyncio.CancelledError:  # we are closing, but the claim is on its way into the database
            if (claimed := await claim) is not None:
                await self._end(claimed.lease, handed_back(self._clock.now()), "handed_back")
            return
        except Exception as error:  # noqa: BLE001 (nothing was taken, so nothing is lost: the job comes up again)
            log.warning("job.claim_failed", job_id=job_id, error=type(error).__name__)
            return
        if claimed is not None:
            await self._work(claimed)

    async def _work(self, claimed: Claimed) -> None:
        lease = claimed.lease
        if lease.crashes >= SUSPICIOUS and self._has_a_suspect():
            await self._end(lease, handed_back(self._clock.now() + SUSPECT_WAITS), "handed_back")
            return
        self.held[lease.job_id] = (lease, asyncio.current_task())
        try:
            await self._run(claimed)
            JOBS_ENDED.labels(lease.kind, "success").inc()
        except LeaseLost:
            log.warning("job.lease_lost", job_id=lease.job_id)
        except asyncio.CancelledError:
            await self._end(lease, handed_back(self._clock.now()), "handed_back")
        except Exception as error:  # noqa: BLE001 (the boundary: nothing may escape into Celery unrecorded)
            await self._failed(lease, error)
        finally:
            self.held.pop(lease.job_id, None)

    def _has_a_suspect(self) -> bool:
        """Whoever runs beside the job that kills workers looks just like it. Run alone, they clear themselves."""
        return any(lease.crashes >= SUSPICIOUS for lease, _ in self.held.values())

    async def _run(self, claimed: Claimed) -> None:
        if claimed.lease.crashes > MAX_CRASHES:
            raise PermanentError(f"{claimed.lease.crashes} workers died while they worked on this")
        await self._handlers[claimed.lease.kind](claimed)

    async def _failed(self, lease: Lease, error: Exception) -> None:
        now, name, words = self._clock.now(), type(error).__name__, _words(error)
        if is_transient(error) and lease.retries < len(self._delays):
            due = now + timedelta(seconds=self._delays[lease.retries])
            log.warning("job.retry", job_id=lease.job_id, error=name, due=due.isoformat())
            await self._end(lease, retry_at(due, lease, name, words), "retry")
            return
        log.error("job.dead", job_id=lease.job_id, error=name, where=_where(error))
        letter = Row(FailedTask, dead_letter(lease, f"{name}: {words}", now))
        await self._end(lease, failed(name, words, now), "dead", [letter])

    async def _end(self, lease: Lease, ending: Mapping[str, Any], outcome: str, rows: Sequence[Row] = ()) -> None:
        JOBS_ENDED.labels(lease.kind, outcome).inc()
        try:
            await self._desk.record(Record(lease, rows=rows, ending=ending))
        except Exception as error:  # noqa: BLE001 (the lease runs out by itself and the job comes back)
            log.warning("job.ending_not_recorded", job_id=lease.job_id, error=type(error).__name__)

    async def close(self, grace_seconds: float) -> None:
        """Take nothing new; let running work finish for a while, then hand back what is left."""
        self._closing = True
        running = [task for task in self._calls if task is not None]
        if not running:
            return
        _, unfinished = await asyncio.wait(running, timeout=grace_seconds)
        for task in unfinished:
            task.cancel()
        if unfinished:
            await asyncio.wait(unfinished, timeout=5)


def is_transient(error: BaseException) -> bool:
    """Whether trying again later can help."""
    if isinstance(error, ConnectorError):
        return error.transient
    return is_database_down(error) or is_collision(error) or isinstance(error, (TimeoutError, OSError))


def _words(error: Exception) -> str:
    """What an operator may read: our own errors in full, anything else without its text,
    which may hold personal data."""
    if isinstance(error, (ConnectorError, PermanentError)):
        return str(error)
    return "the database could not be reached" if is_database_down(error) else "unexpected error; see the log"


def _where(error: BaseException) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename.rpartition('sales_agent/')[2]}:{trace.tb_lineno}" if trace else ""
