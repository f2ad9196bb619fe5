"""Takes one lead through the steps, side by side where nothing stands between them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

import structlog

from sales_agent.core.errors import ConnectorError
from sales_agent.core.jobs import Lease, succeeded
from sales_agent.core.telemetry import STEP_SECONDS
from sales_agent.workflow.facts import ApprovalDecision, CreatedDraft
from sales_agent.workflow.models import StepState
from sales_agent.workflow.recorder import Claimed, Desk, Record, result_json
from sales_agent.workflow.step import Done, LeadRun, OnFailure, Step, Tools
from sales_agent.workflow.steps import STEPS

log = structlog.get_logger()


class _Stop(Exception):
    """The run ends here on purpose."""


class FormleadOrchestrator:
    """Runs STEPS for a claimed lead. Each step's result is recorded before anything that needs it runs."""

    def __init__(self, desk: Desk, tools: Tools, steps: Sequence[Step] = STEPS) -> None:
        self._desk = desk
        self._tools = tools
        self._steps = steps

    async def run(self, claimed: Claimed) -> None:
        """Take the lead to its end and record it. Raises what made a step fail, for the task boundary."""
        run = self._restored(claimed)
        with suppress(_Stop):
            await self._walk(claimed.lease, run, {row.step for row in claimed.steps})

    def _restored(self, claimed: Claimed) -> LeadRun:
        submission, settings = claimed.submission, self._tools.settings
        run = LeadRun(workflow_id=submission.workflow_id, submission_id=submission.id, source=submission.source,
                      payload=submission.payload, received_at=submission.received_at, tools=self._tools,
                      retries_left=len(settings.work.retry_delays_seconds) - claimed.lease.retries)
        kinds = {step.name: step.facts for step in self._steps}
        for row in claimed.steps:
            if row.result is not None:
                run.found[kinds[row.step]] = kinds[row.step].model_validate_json(row.result)
            if row.detail:
                run.missing[row.step] = row.detail
        return run

    async def _walk(self, lease: Lease, run: LeadRun, already: set[str]) -> None:
        """Start each step when those it needs have ended. One failing step lets its neighbours finish."""
        tasks: dict[str, asyncio.Task[None]] = {}
        for position, step in enumerate(self._steps):
            if step.name not in already:
                before = [tasks[name] for name in step.needs if name in tasks]
                tasks[step.name] = asyncio.create_task(self._after(before, lease, run, step, position))
        try:
            outcomes = await asyncio.gather(*tasks.values(), return_exceptions=True)
        except asyncio.CancelledError:
            for task in tasks.values():
                task.cancel()
            await asyncio.gather(*tasks.values(), return_exceptions=True)
            raise
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome  # the first in step order; later steps failed because of it

    async def _after(self, before: Sequence[asyncio.Task[None]], lease: Lease, run: LeadRun, step: Step,
                     position: int) -> None:
        for task in before:
            await task
        started = self._tools.clock.now()
        done = await self._attempt(run, step)
        if done is not None:
            run.found[step.facts] = done.facts
        row = self._step_row(run, step, position, done, started)
        STEP_SECONDS.labels(step.name).observe((row["finished_at"] - started).total_seconds())
        await self._desk.record(Record(lease, [row], done.rows if done else (), self._ending(run, step, done)))
        if done is not None and done.stop:
            raise _Stop

    def _ending(self, run: LeadRun, step: Step, done: Done | None) -> dict[str, Any] | None:
        """The job's final values, written with the step that ends the run."""
        if done is not None and done.stop:
            result = result_json(None, "skipped", [], reason=done.stop)
        elif step is self._steps[-1]:
            result = result_json(run.need(CreatedDraft).draft_id, run.need(ApprovalDecision).decision,
                                 list(run.missing))
        else:
            return None
        return succeeded(result, self._tools.clock.now())

    async def _attempt(self, run: LeadRun, step: Step) -> Done | None:
        """The step's outcome, or None when its source is down and the run goes on without."""
        try:
            done = await step.run(run)
        except ConnectorError as error:
            if step.on_failure is OnFailure.FAIL or self._worth_a_retry(run, step, error):
                raise
            log.warning("step.degraded", workflow_id=run.workflow_id, step=step.name, provider=error.provider,
                        transient=error.transient)
            run.missing[step.name] = f"{error.provider} could not be reached" if error.transient else str(error)
            return None
        if done.missing:
            run.missing[step.name] = done.missing
        return done

    @staticmethod
    def _worth_a_retry(run: LeadRun, step: Step, error: ConnectorError) -> bool:
        return step.on_failure is OnFailure.RETRY_THEN_DEGRADE and error.transient and run.retries_left > 0

    def _step_row(self, run: LeadRun, step: Step, position: int, done: Done | None,
                  started: datetime) -> Mapping[str, Any]:
        missing = run.missing.get(step.name)
        return {"workflow_id": run.workflow_id, "step": step.name, "position": position,
                "state": StepState.DEGRADED if missing else StepState.DONE,
                "result": done.facts.model_dump_json() if done else None, "detail": missing,
                "started_at": started, "finished_at": self._tools.clock.now()}
