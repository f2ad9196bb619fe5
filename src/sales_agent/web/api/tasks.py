"""Background tasks: how far one is, and what to do about those that failed for good."""

from __future__ import annotations

import json
from typing import Any, Literal

from fastapi import APIRouter, Security
from pydantic import BaseModel, ConfigDict
from sqlalchemy import select

from sales_agent.core import dead_letters
from sales_agent.core.audit import audit_row
from sales_agent.core.dead_letters import FailedTaskStatus
from sales_agent.core.errors import Conflict, NotFound
from sales_agent.core.jobs import JOBS, JobStatus
from sales_agent.core.rows import insert_missing
from sales_agent.web.api.drafts import READ, WRITE, Services
from sales_agent.web.auth import BEARER, CurrentActor, GuardedRoute
from sales_agent.web.fields import Id, KnownParametersOnly, Limit, Moment, Note, Offset
from sales_agent.web.problems import InvalidInput, answers
from sales_agent.workflow.models import STEP_RESULTS
from sales_agent.workflow.names import STEP_NAMES

router = APIRouter(route_class=GuardedRoute, tags=["Tasks"], dependencies=[Security(BEARER)])
FAILED = "/api/async/failed-tasks"


class StepOut(BaseModel):
    """The step in work, or the next one when nobody works on it; `index` counts from 1."""

    index: int
    total: int
    name: str


class ResultOut(BaseModel):
    model_config = ConfigDict(extra="allow")

    draft_id: str | None = None
    decision: str | None = None
    degraded: list[Any] = []


class ErrorOut(BaseModel):
    type: str
    message: str


class TaskOut(BaseModel):
    task_id: str
    workflow_id: str
    status: JobStatus
    step: StepOut
    progress: float
    attempts: int
    next_retry_at: Moment | None
    result: ResultOut | None
    error: ErrorOut | None
    created_at: Moment
    started_at: Moment | None
    finished_at: Moment | None


class FailedTaskOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: str
    task_id: str
    workflow_id: str
    task_type: str
    error: str
    retry_count: int
    status: FailedTaskStatus
    created_at: Moment
    resolved_at: Moment | None
    resolution_notes: str | None
    resolved_by: str | None


class FailedTaskPage(BaseModel):
    total_count: int
    tasks: list[FailedTaskOut]


class RetryOut(BaseModel):
    status: Literal["retry_queued"] = "retry_queued"
    new_task_id: str


class ResolveOut(BaseModel):
    status: Literal["resolved"] = "resolved"


class Resolution(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    notes: Note


@router.get("/api/async/tasks/{task_id}/status", responses=answers(*READ, NotFound))
async def read_task(services: Services, task_id: Id) -> TaskOut:
    """Where a task stands. Kept in the database, so it survives restarts and a flushed broker."""
    async with services.database.read() as connection:
        job = (await connection.execute(select(JOBS).where(JOBS.c.id == task_id))).first()
        if job is None:
            raise NotFound("There is no task with this id.")
        steps = select(STEP_RESULTS.c.step).where(STEP_RESULTS.c.workflow_id == job.workflow_id)
        done = set((await connection.execute(steps)).scalars())
    return _task(job, done)


@router.get(FAILED, responses=answers(*READ, InvalidInput), dependencies=[KnownParametersOnly])
async def list_failed_tasks(services: Services, status: FailedTaskStatus | None = None, limit: Limit = 50,
                            offset: Offset = 0) -> FailedTaskPage:
    """Tasks that failed for good, newest first."""
    async with services.database.read() as connection:
        total, rows = await dead_letters.listing(connection, status, limit, offset)
    return FailedTaskPage(total_count=total, tasks=[FailedTaskOut.model_validate(row) for row in rows])


@router.post(f"{FAILED}/{{failed_task_id}}/retry", status_code=202, responses=answers(*READ, NotFound, Conflict))
async def retry_failed_task(services: Services, actor: CurrentActor, failed_task_id: Id) -> RetryOut:
    """Put the task back to work; it goes on from the step that failed."""
    now = services.clock.now()
    async with services.database.write() as connection:
        task_id = await dead_letters.retry(connection, failed_task_id, actor.name, now)
        await insert_missing(connection, [
            audit_row(actor.name, "failed_task.retried", failed_task_id, now, task_id=task_id)])
    return RetryOut(new_task_id=task_id)


@router.post(f"{FAILED}/{{failed_task_id}}/resolve", responses=answers(*WRITE, NotFound, Conflict))
async def resolve_failed_task(services: Services, actor: CurrentActor, failed_task_id: Id,
                              resolution: Resolution) -> ResolveOut:
    """Close the entry without another attempt."""
    now = services.clock.now()
    async with services.database.write() as connection:
        await dead_letters.resolve(connection, failed_task_id, actor.name, resolution.notes, now)
        await insert_missing(connection, [audit_row(actor.name, "failed_task.resolved", failed_task_id, now)])
    return ResolveOut()


def _task(job: Any, done: set[str]) -> TaskOut:
    total, finished = len(STEP_NAMES), job.status == JobStatus.SUCCESS
    current = next((i for i, name in enumerate(STEP_NAMES) if name not in done), total - 1)
    current = total - 1 if finished else current
    return TaskOut(
        task_id=job.id, workflow_id=job.workflow_id, status=job.status, attempts=job.attempts,
        step=StepOut(index=current + 1, total=total, name=STEP_NAMES[current]),
        progress=1.0 if finished else round(len(done.intersection(STEP_NAMES)) / total, 3),
        next_retry_at=job.due_at if job.status == JobStatus.RETRY else None,
        result=ResultOut.model_validate(json.loads(job.result)) if job.result else None,
        error=ErrorOut(type=job.error_type, message=job.error or "") if job.error_type else None,
        created_at=job.created_at, started_at=job.started_at, finished_at=job.finished_at)
