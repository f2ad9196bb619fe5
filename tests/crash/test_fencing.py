"""A worker that was only thought dead comes back: what it brings is not taken."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest
from crash_desk import LEASE, HandMovedClock, Worker, job_of, rows_of
from crash_site import NOTES, TASKS, furnish, lead

from sales_agent.core.database import Database
from sales_agent.core.settings import Settings
from sales_agent.drafts.models import DRAFTS
from sales_agent.leads.hubspot_payloads import received_form
from sales_agent.leads.intake import Intake
from sales_agent.workflow.models import STEP_RESULTS
from sales_agent.workflow.names import STEP_NAMES
from sales_agent.workflow.step import Done, LeadRun, Step
from sales_agent.workflow.steps import STEPS


def stuck_steps(name: str, reached: asyncio.Event, go_on: asyncio.Event) -> list[Step]:
    def stuck(step: Step) -> Step:
        async def run(lead_run: LeadRun) -> Done:
            done = await step.run(lead_run)
            reached.set()
            await go_on.wait()
            return done
        return replace(step, run=run)
    return [stuck(step) if step.name == name else step for step in STEPS]


@pytest.mark.parametrize("step", ["validate_submission", "write_draft", "create_draft", "record_outcome"])
async def test_a_worker_whose_lease_ran_out_records_nothing(step: str, database: Database, tmp_path: Path,
                                                            monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VAR_DIR", str(tmp_path / "var"))
    furnish(tmp_path / "var")
    settings, clock = Settings(), HandMovedClock()
    accepted = await Intake(database, clock).accept(received_form(json.dumps(lead("ada")).encode()))
    reached, go_on = asyncio.Event(), asyncio.Event()
    slow, quick = Worker(settings, database, clock, steps=stuck_steps(step, reached, go_on)), Worker(settings, database, clock)

    stuck = asyncio.create_task(slow.do_what_is_due())
    await reached.wait()
    await quick.boundary.process(accepted.workflow_id)
    assert quick.runs == {}, "it is taken, and the lease runs"
    clock.advance(LEASE.total_seconds() + 1)
    await quick.do_what_is_due()
    job = await job_of(database, accepted.workflow_id)
    assert (job.status, job.attempts, job.crashes) == ("SUCCESS", 2, 1)
    before = [await rows_of(database, table) for table in (DRAFTS, STEP_RESULTS)]
    assert len(before[1]) == len(STEP_NAMES)

    clock.advance(1)
    go_on.set()
    await stuck
    assert [await rows_of(database, table) for table in (DRAFTS, STEP_RESULTS)] == before
    assert await job_of(database, accepted.workflow_id) == job
    assert sum(slow.runs[each] for each in STEP_NAMES[STEP_NAMES.index(step) + 1:]) == 0, "it went on regardless"
    assert [len(await rows_of(database, table)) for table in (DRAFTS, NOTES, TASKS)] == [1, 1, 1]
    assert len(list((tmp_path / "var" / "mailbox" / ".Drafts" / "cur").iterdir())) == 1
