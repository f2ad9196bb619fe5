"""Send when allowed: a draft that waits for the next moment in business hours at which the limits let it go.

The wait is a row that everybody sees and can cancel, and a job of the same id that passes the door at its time.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from sales_agent.core.audit import audit_row
from sales_agent.core.clock import iso
from sales_agent.core.errors import NotFound
from sales_agent.core.jobs import Job, new_job
from sales_agent.core.rows import Row, insert_missing
from sales_agent.core.settings import SenderSettings
from sales_agent.drafts import service
from sales_agent.drafts.models import DraftStatus
from sales_agent.drafts.service import InvalidState
from sales_agent.drafts.slots import is_business_day
from sales_agent.sending.means import Means
from sales_agent.sending.models import SCHEDULED, ScheduledSend, ScheduleState

SEND_SCHEDULED = "send_scheduled_async"
_SEARCHED_DAYS = 21  # enough to find a business day around any run of holidays


def next_business_moment(sender: SenderSettings, moment: datetime) -> datetime:
    """The first moment from `moment` on that lies in the rep's business hours, in UTC."""
    zone = ZoneInfo(sender.business_timezone)
    opens, closes = (time.fromisoformat(part.strip()) for part in sender.business_hours.split("-"))
    local = moment.astimezone(zone)
    for day in (local.date() + timedelta(days=ahead) for ahead in range(_SEARCHED_DAYS)):
        start, end = datetime.combine(day, opens, zone), datetime.combine(day, closes, zone)
        if is_business_day(day, sender.holiday_country) and local < end:
            return max(moment, start.astimezone(moment.tzinfo))
    return moment


async def schedule(connection: AsyncConnection, means: Means, draft_id: str, actor: str) -> Any:
    """Let an approved draft be sent when it is allowed; answers the row. One that waits already is left as it is.

    Raises NotFound, InvalidState when the draft is not approved.
    """
    draft = await service.get(connection, draft_id)
    if draft.status != DraftStatus.APPROVED:
        raise InvalidState(f"A draft that is {draft.status} cannot be queued; approve it first.")
    if (waiting := await _waiting(connection, draft_id)) is not None:
        return waiting
    now = means.clock.now()
    reached = await means.limiter.check_can_send(connection, draft.recipient.lower())
    send_at = next_business_moment(means.settings.sender, max(now, (reached and reached.retry_at) or now))
    schedule_id = f"send-{uuid.uuid4()}"
    reason = f"{reached.limit} is reached" if reached else ""
    await insert_missing(connection, [
        Row(ScheduledSend, {"id": schedule_id, "draft_id": draft_id, "state": ScheduleState.WAITING, "send_at": send_at,
                            "requested_by": actor, "requested_at": now, "reason": reason}),
        Row(Job, new_job(schedule_id, SEND_SCHEDULED, now, workflow_id=draft.workflow_id or draft_id, due_at=send_at)),
        audit_row(actor, "draft.send_scheduled", draft_id, now, send_at=iso(send_at))])
    return await _waiting(connection, draft_id)


async def cancel(connection: AsyncConnection, draft_id: str, actor: str, now: datetime) -> Any:
    """Take the draft out of the queue; it stays approved. Raises NotFound when it does not wait there."""
    row = await end(connection, SCHEDULED.c.draft_id == draft_id, ScheduleState.CANCELLED, f"cancelled by {actor}", now)
    if row is None:
        raise NotFound("This draft does not wait to be sent.")
    await insert_missing(connection, [audit_row(actor, "draft.send_cancelled", draft_id, now)])
    return row


async def end(connection: AsyncConnection, which: Any, state: ScheduleState, reason: str, now: datetime, *,
              of: ScheduleState = ScheduleState.WAITING) -> Any | None:
    """End the one that waits, or another one of this state; answers its row, or None when there is none."""
    ended = await connection.execute(
        update(SCHEDULED).where(which, SCHEDULED.c.state == of)
        .values(state=state, reason=reason, ended_at=now).returning(*SCHEDULED.c))
    return ended.first()


async def unschedule(connection: AsyncConnection, draft_id: str, reason: str, now: datetime) -> None:
    """The draft is not what was queued any more: if it waits, it waits no longer."""
    await end(connection, SCHEDULED.c.draft_id == draft_id, ScheduleState.CANCELLED, reason, now)


async def listing(connection: AsyncConnection, state: ScheduleState | None, limit: int,
                  offset: int) -> tuple[int, Sequence[Any]]:
    """(how many there are, the rows of this page), the next to be sent first."""
    query = select(SCHEDULED).where(*([SCHEDULED.c.state == state] if state else []))
    total = await connection.scalar(query.with_only_columns(func.count(), maintain_column_froms=True))
    page = query.order_by(SCHEDULED.c.send_at, SCHEDULED.c.id).limit(limit).offset(offset)
    return total or 0, (await connection.execute(page)).all()


async def _waiting(connection: AsyncConnection, draft_id: str) -> Any | None:
    waiting = (SCHEDULED.c.draft_id == draft_id, SCHEDULED.c.state == ScheduleState.WAITING)
    return (await connection.execute(select(SCHEDULED).where(*waiting))).first()
