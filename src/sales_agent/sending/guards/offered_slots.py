"""Each time that the mail offers lies in the future and is still free."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from sales_agent.core.errors import ConnectorError
from sales_agent.ports.calendar import Busy
from sales_agent.sending.means import Means, SendCase
from sales_agent.sending.outcome import Blocked, Reason

_NEXT = "Edit the draft so that it offers other times; then approve it again."


async def guard(means: Means, case: SendCase) -> Blocked | None:
    slots = offered(case.draft)
    if not slots:
        return None
    if min(start for start, _ in slots) <= means.clock.now():
        return Blocked(Reason.APPROVAL_STALE, "A time that the mail offers has passed.", _NEXT, lapses=True)
    try:
        busy = await means.calendar.busy(min(slots)[0], max(end for _, end in slots))
    except ConnectorError as error:
        return Blocked(Reason.PROVIDER_ERROR, "The calendar could not be read, so it is not known whether the offered "
                       "times are still free.", "The draft stays approved. Try again shortly.", transient=error.transient)
    if any(_taken(busy, start, end) for start, end in slots):
        return Blocked(Reason.APPROVAL_STALE, "A time that the mail offers is not free any more.", _NEXT, lapses=True)
    return None


def offered(draft: Any) -> list[tuple[datetime, datetime]]:
    """The proposed slots whose label still stands in the body, as (start, end)."""
    slots = json.loads(draft.context).get("slots") or ()
    return [(datetime.fromisoformat(slot["start"]), datetime.fromisoformat(slot["end"]))
            for slot in slots if slot["label"] in draft.body]


def _taken(busy: list[Busy], start: datetime, end: datetime) -> bool:
    return any(each.start < end and start < each.end for each in busy)
