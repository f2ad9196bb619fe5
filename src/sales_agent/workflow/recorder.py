"""Claims runs and records what happens to them, many leads to a transaction."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from sales_agent.core import jobs
from sales_agent.core.clock import Clock
from sales_agent.core.database import Database
from sales_agent.core.errors import LeaseLost
from sales_agent.core.group_commit import GroupCommit
from sales_agent.core.jobs import Lease
from sales_agent.core.rows import Row, found_among, insert_many, insert_missing
from sales_agent.leads.models import SUBMISSIONS
from sales_agent.workflow.models import STEP_RESULTS


@dataclass(frozen=True, slots=True)
class Record:
    """Something to be written under a lease, in one transaction: all of it or nothing."""

    lease: Lease
    steps: Sequence[Mapping[str, Any]] = ()
    rows: Sequence[Row] = ()
    ending: Mapping[str, Any] | None = None  # the job's new values when this attempt ends


@dataclass(frozen=True, slots=True)
class Claimed:
    """A lease with what is known of the run so far."""

    lease: Lease
    submission: Any = None  # the submissions row; None for jobs that are not leads
    steps: Sequence[Any] = field(default_factory=tuple)  # step_results rows of earlier attempts


class Desk:
    """The worker's one counter for claiming and recording. Raises LeaseLost when a job is no longer ours."""

    def __init__(self, database: Database, clock: Clock, worker: str, lease: timedelta) -> None:
        self._database = database
        self._clock = clock
        self._worker = worker
        self._lease = lease
        self._claims: GroupCommit[str, Claimed | None] = GroupCommit(database, self._claim)
        self._records: GroupCommit[Record, None] = GroupCommit(database, self._write)

    async def claim(self, job_id: str) -> Claimed | None:
        """The right to work on the job, or None when there is nothing to do."""
        return await self._claims.submit(job_id)

    async def record(self, record: Record) -> None:
        await self._records.submit(record)

    async def tell_again(self, job_id: str, at: datetime) -> None:
        """Let the relay tell the broker about this job once more: the message that came here was wasted."""
        async with self._database.write() as connection:
            await jobs.wake_again(connection, [job_id], at)

    async def _claim(self, connection: AsyncConnection, job_ids: Sequence[str]) -> list[Claimed | None]:
        leases = await jobs.claim(connection, list(set(job_ids)), self._worker, self._clock.now(), self._lease)
        if not leases:
            return [None] * len(job_ids)
        submissions = await self._submissions(connection, list(leases))
        again = [job_id for job_id, lease in leases.items() if lease.attempts > 1]
        steps = await self._earlier_steps(connection, again) if again else {}
        claimed = {job_id: Claimed(lease, submissions.get(job_id), steps.get(job_id, ()))
                   for job_id, lease in leases.items()}
        # Of two messages about one job in a batch, one gets it.
        return [claimed.pop(job_id, None) for job_id in job_ids]

    @staticmethod
    async def _submissions(connection: AsyncConnection, job_ids: list[str]) -> dict[str, Any]:
        return {row.workflow_id: row for row in await found_among(connection, job_ids, _submissions)}

    @staticmethod
    async def _earlier_steps(connection: AsyncConnection, job_ids: list[str]) -> dict[str, list[Any]]:
        steps: dict[str, list[Any]] = {}
        for row in await found_among(connection, job_ids, _steps):
            steps.setdefault(row.workflow_id, []).append(row)
        return steps

    async def _write(self, connection: AsyncConnection, batch: Sequence[Record]) -> list[Exception | None]:
        held = await jobs.still_held(connection, [record.lease for record in batch])
        ours = [record for record in batch if record.lease.job_id in held]
        if steps := [step for record in ours for step in record.steps]:
            await insert_many(connection, STEP_RESULTS, steps, _or_update)
        await insert_missing(connection, [row for record in ours for row in record.rows])
        if endings := [(record.lease, record.ending) for record in ours if record.ending is not None]:
            await jobs.finish_all(connection, endings)
        return [None if record.lease.job_id in held else LeaseLost(record.lease.job_id) for record in batch]


def _submissions(one_of: Callable[[Any], Any]) -> Any:
    return select(SUBMISSIONS).where(one_of(SUBMISSIONS.c.workflow_id))


def _steps(one_of: Callable[[Any], Any]) -> Any:
    return select(STEP_RESULTS).where(one_of(STEP_RESULTS.c.workflow_id))


def _or_update(statement: Any) -> Any:
    changing = ("state", "result", "detail", "started_at", "finished_at")
    return statement.on_conflict_do_update(
        index_elements=["workflow_id", "step"], set_={name: statement.excluded[name] for name in changing})


def result_json(draft_id: str | None, decision: str, degraded: Sequence[str], **extra: Any) -> str:
    """The run's result as the task status shows it."""
    return json.dumps({"draft_id": draft_id, "decision": decision, "degraded": list(degraded), **extra})
