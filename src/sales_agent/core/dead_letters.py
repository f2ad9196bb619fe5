"""The dead-letter queue: work that failed for good, and what a person did about it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Integer, String, Text, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import Mapped, mapped_column

from sales_agent.core.database import Base, UtcDateTime
from sales_agent.core.errors import Conflict, NotFound
from sales_agent.core.jobs import JOBS, JobStatus, Lease
from sales_agent.core.rows import table_of


class FailedTaskStatus(StrEnum):
    FAILED = "failed"
    MANUAL_RETRY = "manual_retry"
    RESOLVED = "resolved"


class FailedTask(Base):
    __tablename__ = "failed_tasks"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    task_id: Mapped[str] = mapped_column(String(80), index=True)
    workflow_id: Mapped[str] = mapped_column(String(80), index=True)
    task_type: Mapped[str] = mapped_column(String(60))
    payload: Mapped[str] = mapped_column(Text)
    error: Mapped[str] = mapped_column(Text)
    retry_count: Mapped[int] = mapped_column(Integer)
    status: Mapped[str] = mapped_column(String(20), default=FailedTaskStatus.FAILED, index=True)
    resolution_notes: Mapped[str | None] = mapped_column(Text)
    resolved_by: Mapped[str | None] = mapped_column(String(120))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    resolved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


FAILED_TASKS = table_of(FailedTask)


def dead_letter(lease: Lease, error: str, now: datetime) -> dict[str, Any]:
    """The row for a job that failed for good. One per attempt, however often it is recorded."""
    identity = uuid.uuid5(uuid.NAMESPACE_URL, f"{lease.job_id}#{lease.attempts}")
    return {"id": str(identity), "task_id": lease.job_id, "workflow_id": lease.workflow_id,
            "task_type": lease.kind, "payload": lease.payload, "error": error,
            "retry_count": lease.retries, "status": FailedTaskStatus.FAILED, "created_at": now}


async def listing(connection: AsyncConnection, status: FailedTaskStatus | None, limit: int,
                  offset: int = 0) -> tuple[int, Sequence[Any]]:
    """(how many there are, the newest `limit` of them after `offset`)."""
    where = [FAILED_TASKS.c.status == status] if status else []
    total = await connection.scalar(select(func.count()).select_from(FAILED_TASKS).where(*where))
    query = (select(FAILED_TASKS).where(*where)
             .order_by(FAILED_TASKS.c.created_at.desc(), FAILED_TASKS.c.id).limit(limit).offset(offset))
    return total or 0, (await connection.execute(query)).all()


async def retry(connection: AsyncConnection, failed_task_id: str, by: str, now: datetime) -> str:
    """Put the job back to work from its failed step; answers the task id.

    Raises NotFound, or Conflict when somebody retried or resolved it before.
    """
    entry = await _take(connection, failed_task_id, FailedTaskStatus.MANUAL_RETRY, by, now, notes=None)
    revived = await connection.execute(
        update(JOBS)
        .where(JOBS.c.id == entry.task_id, JOBS.c.status == JobStatus.FAILURE)
        .values(status=JobStatus.PENDING, retries=0, crashes=0, due_at=now, wake_at=now, finished_at=None,
                error=None, error_type=None))
    if not revived.rowcount:
        raise Conflict("This task is not in a failed state any more.")
    return str(entry.task_id)


async def resolve(connection: AsyncConnection, failed_task_id: str, by: str, notes: str, now: datetime) -> None:
    """Close the entry without retrying. Raises NotFound or Conflict as `retry` does."""
    await _take(connection, failed_task_id, FailedTaskStatus.RESOLVED, by, now, notes=notes)


async def _take(connection: AsyncConnection, failed_task_id: str, status: FailedTaskStatus, by: str,
                now: datetime, *, notes: str | None) -> Any:
    changed = await connection.execute(
        update(FAILED_TASKS)
        .where(FAILED_TASKS.c.id == failed_task_id, FAILED_TASKS.c.status == FailedTaskStatus.FAILED)
        .values(status=status, resolved_by=by, resolved_at=now, resolution_notes=notes)
        .returning(FAILED_TASKS.c.task_id))
    if (entry := changed.first()) is not None:
        return entry
    known = await connection.scalar(select(FAILED_TASKS.c.status).where(FAILED_TASKS.c.id == failed_task_id))
    if known is None:
        raise NotFound("There is no failed task with this id.")
    raise Conflict(f"This failed task is already '{known}'.")
