"""The job behind "send when allowed": it passes the door at its time, and waits again where waiting helps."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import update

from sales_agent.core.jobs import Lease, handed_back, succeeded
from sales_agent.drafts import service
from sales_agent.drafts.models import DraftStatus
from sales_agent.sending.door import Door
from sales_agent.sending.models import SCHEDULED, ScheduleState
from sales_agent.sending.outcome import Blocked, Outcome, Reason, Sent
from sales_agent.sending.schedule import end, next_business_moment
from sales_agent.workflow.recorder import Claimed, Desk, Record

_AGAIN = timedelta(minutes=5)  # where nobody can say when it will be better


class ScheduledSendHandler:
    def __init__(self, desk: Desk, door: Door) -> None:
        self._desk = desk
        self._door = door
        self._means = door.means

    async def run(self, claimed: Claimed) -> None:
        row = await self._take(claimed.lease.job_id)
        if row is None:
            await self._done(claimed.lease, "cancelled")
            return
        now = self._means.clock.now()
        opens = next_business_moment(self._means.settings.sender, now)
        if opens > now:
            await self._wait(claimed.lease, opens, "outside business hours")
            return
        await self._follow(claimed.lease, row, await self._door.send_draft(row.draft_id, row.requested_by))

    async def _follow(self, lease: Lease, row: Any, outcome: Outcome) -> None:
        if isinstance(outcome, Blocked) and (again := self._better_at(outcome)) is not None:
            await self._wait(lease, again, outcome.detail)
            return
        state, reason = await self._ending(row.draft_id, outcome)
        async with self._means.database.write() as connection:
            await end(connection, SCHEDULED.c.id == row.id, state, reason, self._means.clock.now(), of=ScheduleState.UNDER_WAY)
        await self._done(lease, state.lower())

    def _better_at(self, blocked: Blocked) -> datetime | None:
        """When to try again; None where waiting does not help."""
        if not blocked.transient and blocked.reason is not Reason.EMERGENCY_STOP:
            return None
        again = blocked.retry_at or self._means.clock.now() + _AGAIN
        return next_business_moment(self._means.settings.sender, again)

    async def _ending(self, draft_id: str, outcome: Outcome) -> tuple[ScheduleState, str]:
        if isinstance(outcome, Sent):
            return ScheduleState.SENT, ""
        async with self._means.database.read() as connection:
            draft = await service.get(connection, draft_id)
        if draft.status == DraftStatus.SENT:  # by an earlier try of this job, or by somebody
            return ScheduleState.SENT, ""
        return ScheduleState.STOPPED, outcome.detail

    async def _wait(self, lease: Lease, until: datetime, reason: str) -> None:
        async with self._means.database.write() as connection:
            await connection.execute(
                update(SCHEDULED).where(SCHEDULED.c.id == lease.job_id, SCHEDULED.c.state == ScheduleState.UNDER_WAY)
                .values(state=ScheduleState.WAITING, send_at=until, reason=reason))
        await self._desk.record(Record(lease, ending=handed_back(until)))

    async def _take(self, schedule_id: str) -> Any | None:
        """From here on it is too late to cancel. One that is under way already was left so by a worker that died."""
        ours = (SCHEDULED.c.id == schedule_id, SCHEDULED.c.state.in_((ScheduleState.WAITING, ScheduleState.UNDER_WAY)))
        async with self._means.database.write() as connection:
            return (await connection.execute(
                update(SCHEDULED).where(*ours).values(state=ScheduleState.UNDER_WAY).returning(*SCHEDULED.c))).first()

    async def _done(self, lease: Lease, decision: str) -> None:
        result = json.dumps({"draft_id": None, "decision": decision, "degraded": []})
        await self._desk.record(Record(lease, ending=succeeded(result, self._means.clock.now())))
