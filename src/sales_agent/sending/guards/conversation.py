"""Nobody has written in the conversation since what the draft rests on."""

from __future__ import annotations

from datetime import datetime

from sales_agent.core.errors import ConnectorError
from sales_agent.ports.mail import MailMessage, MailReader
from sales_agent.sending.means import Means, SendCase
from sales_agent.sending.outcome import Blocked, Reason

_THREADS = 10


async def guard(means: Means, case: SendCase) -> Blocked | None:
    seen = case.draft.conversation_seen_at or case.draft.created_at
    try:
        newer = await _newer(means.mailbox, case, seen)
    except ConnectorError as error:
        return Blocked(Reason.PROVIDER_ERROR, "The mailbox could not be read, so it is not known whether somebody has "
                       "written since.", "The draft stays approved. Try again shortly.", transient=error.transient)
    if not newer:
        return None
    who = "The recipient has" if any(each.direction == "received" for each in newer) else "Somebody on our side has"
    return Blocked(Reason.APPROVAL_STALE, f"{who} written in this conversation since the draft was made.",
                   "Read the new mail; then edit and approve the draft again, or reject it.",
                   {"new_messages": len(newer)}, lapses=True, seen_at=max(each.seen_from for each in newer))


async def _newer(mailbox: MailReader, case: SendCase, seen: datetime) -> list[MailMessage]:
    """What came in after `seen`, in the threads with this person: a mail may have been under way for long. Automatic
    replies do not count."""
    refs = await mailbox.search_threads(case.recipient, limit=_THREADS)
    ids = dict.fromkeys([*filter(None, [case.draft.thread_id]), *(ref.id for ref in refs if ref.last_arrival > seen)])
    threads = [await mailbox.read_thread(thread_id) for thread_id in ids]
    return [message for thread in threads if thread for message in thread.messages
            if message.seen_from > seen and not message.automatic]
