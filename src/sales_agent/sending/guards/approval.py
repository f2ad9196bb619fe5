"""Somebody approved it, and approved exactly this."""

from __future__ import annotations

from typing import Any

from sales_agent.drafts.models import DraftStatus
from sales_agent.sending.means import Means, SendCase
from sales_agent.sending.outcome import Blocked, Reason

_ELSEWHERE = {
    DraftStatus.SENDING: ("The draft is being sent right now.", "Look at it again in a minute."),
    DraftStatus.SENT: ("The draft was sent already.", "Nothing is to be done: a draft is sent once."),
    DraftStatus.SEND_UNKNOWN: ("It is not known whether the last attempt sent this draft.",
                               "Wait until that is found out, or look into the Sent folder and settle it."),
}


async def guard(_means: Means, case: SendCase) -> Blocked | None:
    if (blocked := wrong_state(case.draft)) is not None:
        return blocked
    if case.draft.approved_hash == case.letter.fingerprint:
        return None
    return Blocked(Reason.APPROVAL_STALE, "The mail would not be what was approved: its words, its sender or its footer "
                   "have changed since.", "Read it as it is now, and approve it again.", lapses=True)


def wrong_state(draft: Any) -> Blocked | None:
    status = DraftStatus(draft.status)
    if status is DraftStatus.APPROVED:
        return None
    if status in _ELSEWHERE:
        return Blocked(Reason.INVALID_STATE, *_ELSEWHERE[status])
    return Blocked(Reason.NOT_APPROVED, f"The draft is {status}, not approved.", "Approve it first.")
