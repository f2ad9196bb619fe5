"""Failures with a known end: due times kept in the database, from the failed step on, then the dead letters."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest
from crash_desk import Failing, HandMovedClock, Worker, broken_step, job_of, rows_of
from crash_site import NOTES, furnish, lead
from sqlalchemy import select

from sales_agent.connectors.registry import connect
from sales_agent.core.clock import iso
from sales_agent.core.database import Database
from sales_agent.core.dead_letters import FAILED_TASKS
from sales_agent.core.effects import DELIVER_EFFECT
from sales_agent.core.jobs import JOBS
from sales_agent.core.settings import Settings
from sales_agent.drafts.models import DRAFTS
from sales_agent.leads.hubspot_payloads import received_form
from sales_agent.leads.intake import Intake
from sales_agent.web.accounts.models import Role
from sales_agent.web.accounts.service import create_token
from sales_agent.web.app import create_app
from sales_agent.web.services import WebServices
from sales_agent.workflow.names import STEP_NAMES
from sales_agent.workflow.sending import open_door

DELAYS = (60, 120, 240)


@pytest.fixture
def clock() -> HandMovedClock:
    return HandMovedClock()


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Settings:
    """The defaults of production for everything about retries."""
    monkeypatch.chdir(tmp_path)  # no .env of the developer's
    monkeypatch.setenv("VAR_DIR", str(tmp_path / "var"))
    furnish(tmp_path / "var")
    settings = Settings()
    assert settings.work.retry_delays_seconds == DELAYS
    return settings


@pytest.fixture
async def workflow_id(database: Database, clock: HandMovedClock) -> str:
    return (await Intake(database, clock).accept(received_form(json.dumps(lead("ada")).encode()))).workflow_id


@pytest.fixture
async def operator(settings: Settings, database: Database, clock: HandMovedClock) -> Any:
    token = await create_token(database, "ada", Role.OPERATOR, clock)
    door = open_door(settings, database, clock, connect(settings, database, clock))
    transport = httpx2.ASGITransport(create_app(WebServices(settings, database, clock, door)))
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx2.AsyncClient(transport=transport, base_url="http://test", headers=headers) as client:
        yield client


async def fail_through_all_retries(worker: Worker, clock: HandMovedClock) -> None:
    await worker.do_what_is_due()
    for delay in DELAYS:
        clock.advance(delay)
        assert await worker.do_what_is_due() == 1


async def test_a_retry_waits_for_its_due_time_and_goes_on_from_the_failed_step(
        settings: Settings, database: Database, clock: HandMovedClock, workflow_id: str,
        operator: httpx2.AsyncClient) -> None:
    worker = Worker(settings, database, clock, steps=broken_step("write_draft", 2))
    await worker.do_what_is_due()
    for delay in DELAYS[:2]:
        job = await job_of(database, workflow_id)
        assert (job.status, (job.due_at - clock.now()).total_seconds(), job.lease_until) == ("RETRY", delay, None)
        status = (await operator.get(f"/api/async/tasks/{workflow_id}/status")).json()
        assert (status["status"], status["next_retry_at"]) == ("RETRY", iso(job.due_at))
        clock.advance(delay - 1)
        assert await worker.do_what_is_due() == 0
        await worker.boundary.process(workflow_id)  # a message from long ago
        assert (await job_of(database, workflow_id)).status == "RETRY"
        clock.advance(1)
        assert await worker.do_what_is_due() == 1
    job = await job_of(database, workflow_id)
    assert (job.status, job.attempts, job.retries, job.error) == ("SUCCESS", 3, 2, None)
    assert worker.runs == {**dict.fromkeys(STEP_NAMES, 1), "write_draft": 3}
    assert len(await rows_of(database, DRAFTS)) == 1


async def test_after_three_retries_it_is_a_dead_letter_and_a_person_can_revive_it(
        settings: Settings, database: Database, clock: HandMovedClock, workflow_id: str,
        operator: httpx2.AsyncClient) -> None:
    worker = Worker(settings, database, clock, steps=broken_step("write_draft", 4))
    await fail_through_all_retries(worker, clock)
    [letter] = await rows_of(database, FAILED_TASKS)
    assert (letter.task_id, letter.task_type, letter.retry_count) == (workflow_id, "process_formlead_async", 3)
    assert letter.error == "ConnectorError: the far end: out of order"
    clock.advance(100_000)
    assert await worker.do_what_is_due() == 0, "nothing touches it before a person does"

    answer = await operator.post(f"/api/async/failed-tasks/{letter.id}/retry")
    assert (answer.status_code, answer.json()) == (202, {"status": "retry_queued", "new_task_id": workflow_id})
    assert (await operator.post(f"/api/async/failed-tasks/{letter.id}/retry")).status_code == 409
    await worker.do_what_is_due()
    assert (await job_of(database, workflow_id)).status == "SUCCESS"
    assert worker.runs == {**dict.fromkeys(STEP_NAMES, 1), "write_draft": 5}
    assert len(await rows_of(database, DRAFTS)) == 1
    assert [each.status for each in await rows_of(database, FAILED_TASKS)] == ["manual_retry"]


async def test_a_permanent_failure_is_not_tried_again(settings: Settings, database: Database, clock: HandMovedClock,
                                                      workflow_id: str) -> None:
    worker = Worker(settings, database, clock, steps=broken_step("write_draft", 1, transient=False))
    await worker.do_what_is_due()
    job = await job_of(database, workflow_id)
    assert (job.status, job.attempts, job.retries) == ("FAILURE", 1, 0)
    assert [letter.retry_count for letter in await rows_of(database, FAILED_TASKS)] == [0]


async def test_a_crm_that_is_down_holds_up_no_draft_and_gets_its_note_later(
        settings: Settings, database: Database, clock: HandMovedClock, workflow_id: str,
        operator: httpx2.AsyncClient) -> None:
    """The note fails with the draft, then in its own job with all its retries; a person revives that."""
    worker = Worker(settings, database, clock, lambda real: replace(real, crm=Failing(real.crm, "add_note", 5)))
    await worker.do_what_is_due()
    assert (await job_of(database, workflow_id)).status == "SUCCESS"
    assert len(await rows_of(database, DRAFTS)) == 1
    await fail_through_all_retries(worker, clock)
    [letter] = await rows_of(database, FAILED_TASKS)
    assert (letter.task_type, letter.workflow_id) == (DELIVER_EFFECT, workflow_id)
    assert await rows_of(database, NOTES) == []

    assert (await operator.post(f"/api/async/failed-tasks/{letter.id}/retry")).status_code == 202
    await worker.do_what_is_due()
    assert [note.key for note in await rows_of(database, NOTES)] == [f"{workflow_id}:crm_note"]
    assert {job.status for job in await rows_of(database, JOBS)} == {"SUCCESS"}


async def test_a_mailbox_that_stays_down_degrades_the_draft_only_after_the_retries(
        settings: Settings, database: Database, clock: HandMovedClock, workflow_id: str) -> None:
    worker = Worker(settings, database, clock,
                    lambda real: replace(real, mailbox=Failing(real.mailbox, "search_threads", math.inf)))
    await fail_through_all_retries(worker, clock)
    assert (await job_of(database, workflow_id)).status == "SUCCESS"
    assert worker.runs == {**dict.fromkeys(STEP_NAMES, 1), "search_threads": 4}
    async with database.read() as connection:
        degraded = json.loads((await connection.execute(select(DRAFTS.c.degraded))).scalar_one())
    assert [each["step"] for each in degraded] == ["search_threads", "read_thread"]
