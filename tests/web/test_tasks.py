"""Tasks over HTTP: progress, and what a person does about those that failed for good."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from httpx2 import AsyncClient
from sqlalchemy import select
from web_helpers import assert_problem

from sales_agent.core.database import Database
from sales_agent.core.dead_letters import FailedTask
from sales_agent.core.jobs import JOBS, Job, new_job
from sales_agent.core.rows import Row, insert_missing
from sales_agent.workflow.models import StepResult
from sales_agent.workflow.names import STEP_NAMES

FAILED_URL = "/api/async/failed-tasks"
TASK = "form-lead-1"


async def add_job(database: Database, clock: Any, steps: Sequence[str] = (), **values: Any) -> None:
    now = clock.now()
    job = {**new_job(TASK, "process_formlead_async", now, workflow_id=TASK), **values}
    results = [Row(StepResult, {"workflow_id": TASK, "step": name, "position": STEP_NAMES.index(name), "state": "done",
                                "result": "{}", "started_at": now, "finished_at": now}) for name in steps]
    async with database.write() as connection:
        await insert_missing(connection, [Row(Job, job), *results])


async def add_failed(database: Database, clock: Any, failed_id: str = "f1", status: str = "failed") -> None:
    async with database.write() as connection:
        await insert_missing(connection, [Row(FailedTask, {
            "id": failed_id, "task_id": TASK, "workflow_id": TASK, "task_type": "process_formlead_async",
            "payload": "{}", "error": "the CRM refused", "retry_count": 3, "status": status,
            "created_at": clock.now()})])


async def status_of(client: AsyncClient) -> dict[str, Any]:
    return dict((await client.get(f"/api/async/tasks/{TASK}/status")).json())


async def test_a_waiting_task(app_client: AsyncClient, database: Database, clock: Any) -> None:
    await add_job(database, clock)
    assert await status_of(app_client) == {
        "task_id": TASK, "workflow_id": TASK, "status": "PENDING", "attempts": 0, "progress": 0.0,
        "step": {"index": 1, "total": len(STEP_NAMES), "name": STEP_NAMES[0]}, "next_retry_at": None, "result": None,
        "error": None, "created_at": "2026-11-23T09:00:00.000Z", "started_at": None, "finished_at": None}


async def test_progress_follows_the_stored_steps(app_client: AsyncClient, database: Database, clock: Any) -> None:
    """Steps that run side by side finish in any order; the step shown is the first one that is open."""
    await add_job(database, clock, [*STEP_NAMES[:2], STEP_NAMES[4]], status="STARTED", attempts=1)
    task = await status_of(app_client)
    assert task["step"] == {"index": 3, "total": len(STEP_NAMES), "name": STEP_NAMES[2]}
    assert task["progress"] == round(3 / len(STEP_NAMES), 3)


async def test_a_task_that_will_be_tried_again(app_client: AsyncClient, database: Database, clock: Any) -> None:
    due = clock.now() + timedelta(seconds=120)
    await add_job(database, clock, status="RETRY", due_at=due, error_type="ConnectorError", error="crm: timed out")
    task = await status_of(app_client)
    assert task["next_retry_at"] == "2026-11-23T09:02:00.000Z"
    assert task["error"] == {"type": "ConnectorError", "message": "crm: timed out"}


async def test_a_finished_task(app_client: AsyncClient, database: Database, clock: Any) -> None:
    """A skipped lead ends early; it is finished all the same."""
    await add_job(database, clock, STEP_NAMES[:1], status="SUCCESS", finished_at=clock.now(),
                  result='{"draft_id": null, "decision": "skipped", "degraded": []}')
    task = await status_of(app_client)
    assert (task["progress"], task["step"]["index"]) == (1.0, len(STEP_NAMES))
    assert task["result"] == {"draft_id": None, "decision": "skipped", "degraded": []}


@pytest.mark.parametrize("task_id", ["nobody", "%00", "x" * 300, "%FF"])
async def test_unknown_tasks_are_not_found(app_client: AsyncClient, task_id: str) -> None:
    assert_problem(await app_client.get(f"/api/async/tasks/{task_id}/status"), 404, "NOT_FOUND")


async def test_failed_tasks_are_listed_by_status(app_client: AsyncClient, database: Database, clock: Any) -> None:
    await add_failed(database, clock, "old")
    clock.advance(timedelta(minutes=1))
    await add_failed(database, clock, "new")
    await add_failed(database, clock, "done", "resolved")
    page = (await app_client.get(FAILED_URL, params={"status": "failed", "limit": 1})).json()
    assert page["total_count"] == 2
    assert page["tasks"] == [{
        "id": "new", "task_id": TASK, "workflow_id": TASK, "task_type": "process_formlead_async",
        "error": "the CRM refused", "retry_count": 3, "status": "failed", "created_at": "2026-11-23T09:01:00.000Z",
        "resolved_at": None, "resolution_notes": None, "resolved_by": None}]
    second = (await app_client.get(FAILED_URL, params={"status": "failed", "limit": 1, "offset": 1})).json()
    assert [task["id"] for task in second["tasks"]] == ["old"]
    assert (await app_client.get(FAILED_URL)).json()["total_count"] == 3


async def test_bad_failed_task_filters_are_refused(app_client: AsyncClient) -> None:
    assert_problem(await app_client.get(FAILED_URL, params={"status": "nope"}), 422, "VALIDATION_ERROR")


async def test_retry_puts_the_task_back_to_work_once(app_client: AsyncClient, database: Database, clock: Any) -> None:
    await add_job(database, clock, STEP_NAMES[:3], status="FAILURE", finished_at=clock.now(), error_type="X", error="x")
    await add_failed(database, clock)
    response = await app_client.post(f"{FAILED_URL}/f1/retry")
    assert (response.status_code, response.json()) == (202, {"status": "retry_queued", "new_task_id": TASK})
    task = await status_of(app_client)
    assert (task["status"], task["error"], task["step"]["index"]) == ("PENDING", None, 4)
    assert_problem(await app_client.post(f"{FAILED_URL}/f1/retry"), 409, "CONFLICT")
    entry = (await app_client.get(FAILED_URL)).json()["tasks"][0]
    assert (entry["status"], entry["resolved_by"]) == ("manual_retry", "ada")


async def test_a_retry_that_cannot_be_queued_leaves_the_entry_open(
        app_client: AsyncClient, database: Database, clock: Any) -> None:
    await add_job(database, clock, status="SUCCESS")
    await add_failed(database, clock)
    assert_problem(await app_client.post(f"{FAILED_URL}/f1/retry"), 409, "CONFLICT")
    assert (await app_client.get(FAILED_URL)).json()["tasks"][0]["status"] == "failed"


async def test_resolving_keeps_the_notes_and_does_not_retry(
        app_client: AsyncClient, database: Database, clock: Any) -> None:
    await add_job(database, clock, status="FAILURE")
    await add_failed(database, clock)
    for body in ({}, {"notes": " "}):
        assert_problem(await app_client.post(f"{FAILED_URL}/f1/resolve", json=body), 422, "VALIDATION_ERROR")
    response = await app_client.post(f"{FAILED_URL}/f1/resolve", json={"notes": "called them"})
    assert response.json() == {"status": "resolved"}
    entry = (await app_client.get(FAILED_URL)).json()["tasks"][0]
    assert (entry["status"], entry["resolution_notes"], entry["resolved_by"]) == ("resolved", "called them", "ada")
    assert entry["resolved_at"] == "2026-11-23T09:00:00.000Z"
    assert_problem(await app_client.post(f"{FAILED_URL}/f1/resolve", json={"notes": "again"}), 409, "CONFLICT")
    async with database.read() as connection:
        assert await connection.scalar(select(JOBS.c.status)) == "FAILURE"


@pytest.mark.parametrize("action", ["retry", "resolve"])
async def test_unknown_failed_tasks_are_not_found(app_client: AsyncClient, action: str) -> None:
    assert_problem(await app_client.post(f"{FAILED_URL}/nobody/{action}", json={"notes": "x"}), 404, "NOT_FOUND")
