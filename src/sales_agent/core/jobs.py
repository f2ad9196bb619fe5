"""Background work as rows: the database is the queue of record, the broker only a wake-up.

A job is written in the same transaction as the thing it is about. `wake_at` is the next
moment at which the relay must tell the broker about it: at once for new work, at the due
time for a retry, at the end of the lease for work in progress (so a dead worker's job comes
back), never for finished work. Every transition is a conditional UPDATE, so a redelivered
message, a lost broker or two workers with the same message change nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Index, Integer, String, Text, and_, bindparam, case, func, or_, select, text, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import Mapped, mapped_column

from sales_agent.core.database import Base, UtcDateTime
from sales_agent.core.rows import among, table_of, update_each


class JobStatus(StrEnum):
    PENDING = "PENDING"
    STARTED = "STARTED"
    RETRY = "RETRY"
    SUCCESS = "SUCCESS"
    FAILURE = "FAILURE"


_WAITING = text("wake_at IS NOT NULL")  # finished jobs, nearly all of them, stay out of the index


class Job(Base):
    """One piece of durable background work. `id` is also the Celery task id."""

    __tablename__ = "jobs"
    __table_args__ = (Index("ix_jobs_wake_at", "wake_at", postgresql_where=_WAITING, sqlite_where=_WAITING),)

    id: Mapped[str] = mapped_column(String(80), primary_key=True)
    kind: Mapped[str] = mapped_column(String(60))  # the Celery task name
    workflow_id: Mapped[str] = mapped_column(String(80), index=True)
    payload: Mapped[str] = mapped_column(Text, default="{}")
    status: Mapped[str] = mapped_column(String(10), default=JobStatus.PENDING)
    attempts: Mapped[int] = mapped_column(Integer, default=0)  # how often a worker took it; fences its lease
    retries: Mapped[int] = mapped_column(Integer, default=0)  # how often it failed transiently
    crashes: Mapped[int] = mapped_column(Integer, default=0)  # how often a lease ran out in a worker's hands
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    wake_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    lease_owner: Mapped[str | None] = mapped_column(String(80))
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    result: Mapped[str | None] = mapped_column(Text)
    error_type: Mapped[str | None] = mapped_column(String(80))
    error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


JOBS = table_of(Job)

# New work is due at once, by the clock of the host that accepted it. A worker whose clock is a little
# behind must not turn it away: its message is spent, and the next comes only at the republish time.
CLOCK_SKEW = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to work on a job until it is finished, handed back, or the lease runs out.

    `attempts` grows with every claim, which makes (job_id, attempts) the fencing token: a
    worker that lost its lease finds no row with its token and must not record anything.
    """

    job_id: str
    kind: str
    workflow_id: str
    payload: str
    attempts: int
    retries: int
    crashes: int


def new_job(job_id: str, kind: str, now: datetime, *, workflow_id: str, payload: str = "{}",
            due_at: datetime | None = None) -> dict[str, Any]:
    """The values of a job row that is ready at `due_at` (default: now)."""
    due = due_at or now
    return {"id": job_id, "kind": kind, "workflow_id": workflow_id, "payload": payload,
            "status": JobStatus.PENDING, "attempts": 0, "retries": 0, "crashes": 0, "due_at": due,
            "wake_at": due, "created_at": now}


async def claim(connection: AsyncConnection, job_ids: Sequence[str], worker: str, now: datetime,
                lease: timedelta) -> dict[str, Lease]:
    """Take those of the jobs that are due and that nobody holds; the others are not in the answer."""
    rows = await among(connection, job_ids, _claiming, worker=worker, now=now, soon=now + CLOCK_SKEW, until=now + lease)
    return {row[0]: Lease(*row) for row in rows}


def _claiming(one_of: Callable[[Any], Any]) -> Any:
    worker, until = bindparam("worker", type_=JOBS.c.lease_owner.type), bindparam("until", type_=JOBS.c.due_at.type)
    now, soon = (bindparam(name, type_=JOBS.c.due_at.type) for name in ("now", "soon"))
    abandoned = JOBS.c.status == JobStatus.STARTED
    claimable = or_(and_(JOBS.c.status == JobStatus.PENDING, JOBS.c.due_at <= soon),
                    and_(JOBS.c.status == JobStatus.RETRY, JOBS.c.due_at <= now),
                    and_(abandoned, JOBS.c.lease_until < now))
    # Locked in one order by everybody, so that two workers with the same messages cannot deadlock.
    ready = select(JOBS.c.id).where(one_of(JOBS.c.id), claimable).order_by(JOBS.c.id).with_for_update()
    return (
        update(JOBS)
        .where(JOBS.c.id.in_(ready), claimable)
        .values(status=JobStatus.STARTED, attempts=JOBS.c.attempts + 1,
                crashes=JOBS.c.crashes + case((abandoned, 1), else_=0), lease_owner=worker,
                lease_until=until, wake_at=until, started_at=func.coalesce(JOBS.c.started_at, now))
        .returning(JOBS.c.id, JOBS.c.kind, JOBS.c.workflow_id, JOBS.c.payload, JOBS.c.attempts,
                   JOBS.c.retries, JOBS.c.crashes)
    )


def held(leases: Sequence[Lease]) -> Any:
    """The condition "we still hold these": true only for rows whose fencing token is ours."""
    tokens = [(lease.job_id, lease.attempts) for lease in leases]
    return and_(JOBS.c.status == JobStatus.STARTED, tuple_(JOBS.c.id, JOBS.c.attempts).in_(tokens))


async def still_held(connection: AsyncConnection, leases: Sequence[Lease]) -> set[str]:
    """The ids that are still ours, locked until this transaction ends."""
    rows = await among(connection, [lease.job_id for lease in leases], _locking)
    ours = {(lease.job_id, lease.attempts) for lease in leases}
    return {job_id for job_id, attempts in rows if (job_id, attempts) in ours}


def _locking(one_of: Callable[[Any], Any]) -> Any:
    running = (one_of(JOBS.c.id), JOBS.c.status == JobStatus.STARTED)
    return select(JOBS.c.id, JOBS.c.attempts).where(*running).order_by(JOBS.c.id).with_for_update()


async def renew(connection: AsyncConnection, leases: Sequence[Lease], until: datetime) -> set[str]:
    """Prolong the leases; answers the ids that are still ours."""
    statement = update(JOBS).where(held(leases)).values(lease_until=until, wake_at=until).returning(JOBS.c.id)
    return set((await connection.execute(statement)).scalars())


async def finish(connection: AsyncConnection, lease: Lease, values: dict[str, Any]) -> bool:
    """End this attempt with `values` (see the functions below); False when the lease was lost."""
    return lease.job_id in await finish_all(connection, [(lease, values)])


async def finish_all(connection: AsyncConnection, endings: Sequence[tuple[Lease, Mapping[str, Any]]]) -> set[str]:
    """End many attempts, one statement for each kind of ending; answers the ids that were still ours."""
    by_kind: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for lease, values in endings:
        ended = {"id": lease.job_id, "attempts": lease.attempts, "lease_owner": None, "lease_until": None, **values}
        by_kind.setdefault(tuple(ended), []).append(ended)
    ours: set[str] = set()
    for rows in by_kind.values():
        ours |= {job_id for job_id, in await update_each(connection, JOBS, rows, _ending)}
    return ours


def _ending(given: Any) -> Any:
    ended = {column.name: column for column in given.c if column.name not in ("id", "attempts")}
    ours = (JOBS.c.id == given.c.id, JOBS.c.attempts == given.c.attempts, JOBS.c.status == JobStatus.STARTED)
    return update(JOBS).where(*ours).values(ended).returning(JOBS.c.id)


def succeeded(result: str, now: datetime) -> dict[str, Any]:
    return {"status": JobStatus.SUCCESS, "result": result, "finished_at": now, "wake_at": None,
            "error_type": None, "error": None}


def failed(error_type: str, error: str, now: datetime) -> dict[str, Any]:
    return {"status": JobStatus.FAILURE, "error_type": error_type, "error": error, "finished_at": now,
            "wake_at": None}


def retry_at(due: datetime, lease: Lease, error_type: str, error: str) -> dict[str, Any]:
    return {"status": JobStatus.RETRY, "retries": lease.retries + 1, "due_at": due, "wake_at": due,
            "error_type": error_type, "error": error}


def handed_back(now: datetime) -> dict[str, Any]:
    """Given up unfinished (a worker is shutting down): ready again at once, for anybody."""
    return {"status": JobStatus.PENDING, "due_at": now, "wake_at": now}


async def due_for_broker(connection: AsyncConnection, now: datetime, again_at: datetime,
                         limit: int) -> list[tuple[str, str]]:
    """(id, kind) of jobs the broker must hear about, oldest first; they come up again at `again_at`.

    Two relays never pick the same row at the same time: PostgreSQL skips locked rows and
    SQLite has one writer.
    """
    chosen = (select(JOBS.c.id).where(JOBS.c.wake_at <= now).order_by(JOBS.c.wake_at).limit(limit)
              .with_for_update(skip_locked=True))
    statement = update(JOBS).where(JOBS.c.id.in_(chosen)).values(wake_at=again_at).returning(JOBS.c.id, JOBS.c.kind)
    return [(row.id, row.kind) for row in await connection.execute(statement)]


async def tell_all_again(connection: AsyncConnection) -> None:
    """Whatever the broker was told is forgotten: a queue inside a process ends with it."""
    waiting = (JobStatus.PENDING, JobStatus.RETRY)
    await connection.execute(update(JOBS).where(JOBS.c.status.in_(waiting)).values(wake_at=JOBS.c.due_at))


async def wake_again(connection: AsyncConnection, job_ids: Sequence[str], at: datetime) -> None:
    """Undo `due_for_broker` for jobs that could not be published."""
    open_states = (JobStatus.PENDING, JobStatus.RETRY, JobStatus.STARTED)
    await connection.execute(
        update(JOBS).where(JOBS.c.id.in_(job_ids), JOBS.c.status.in_(open_states)).values(wake_at=at))
