"""Attempts to send as rows: claimed before the provider is called, ended by what became of them.

Every transition is a conditional UPDATE on the draft and the attempt together, with its audit event, in
one transaction. Who comes too late finds no row in the state he expects.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from sales_agent.core.audit import audit_row
from sales_agent.core.clock import iso
from sales_agent.core.rows import insert_missing
from sales_agent.drafts.models import DRAFTS, DraftStatus
from sales_agent.ports.mail import SentMail
from sales_agent.sending.after_send import after_send_jobs
from sales_agent.sending.guards.approval import wrong_state
from sales_agent.sending.guards.emergency_stop import stopped
from sales_agent.sending.guards.rate_limits import used_up
from sales_agent.sending.guards.suppressed import unwanted
from sales_agent.sending.means import Means, SendCase
from sales_agent.sending.models import ATTEMPTS, AttemptState
from sales_agent.sending.outcome import Blocked, Reason

KEPT_ERRORS = 20  # on a draft, the newest
_OPEN = (AttemptState.STARTED, AttemptState.UNKNOWN)
_UNDER_WAY = (DraftStatus.SENDING, DraftStatus.SEND_UNKNOWN)
GRACE = timedelta(seconds=30)  # beyond the provider's time limit, before the reconciler looks


@dataclass(frozen=True, slots=True)
class Attempt:
    """One claimed attempt. `key` is its id and the idempotency key in the mail's header."""

    key: str
    draft_id: str
    actor: str


async def claim(connection: AsyncConnection, means: Means, case: SendCase, mailbox: str) -> Attempt | Blocked:
    """Take the draft and a place within the limits, or say why not. Writes nothing in that case.

    `mailbox` is the one that it will be sent from.

    What the database can tell is asked again here, under the limiter's lock: between a guard's look and
    this transaction the stop may have been pulled, the person unsubscribed, or the last place taken.
    """
    await means.limiter.lock(connection)
    for objection in (await stopped(connection), await unwanted(connection, means.keys, case.recipient),
                      await used_up(connection, means.limiter, case.recipient)):
        if objection is not None:
            return objection
    if not await _take(connection, means, case):
        return await _taken_by_somebody_else(connection, case)
    return await _reserve(connection, means, case, mailbox)


async def _take(connection: AsyncConnection, means: Means, case: SendCase) -> bool:
    approved = (DRAFTS.c.status == DraftStatus.APPROVED, DRAFTS.c.version == case.draft.version,
                DRAFTS.c.approved_hash == case.letter.fingerprint)
    taken = await connection.execute(
        update(DRAFTS).where(DRAFTS.c.id == case.draft.id, *approved)
        .values(status=DraftStatus.SENDING, updated_at=means.clock.now()))
    return bool(taken.rowcount)


async def _taken_by_somebody_else(connection: AsyncConnection, case: SendCase) -> Blocked:
    now = (await connection.execute(select(DRAFTS).where(DRAFTS.c.id == case.draft.id))).one()
    return wrong_state(now) or Blocked(
        Reason.APPROVAL_STALE, "The draft was changed at the same moment.", "Load it again, and approve it as it is now.")


async def _reserve(connection: AsyncConnection, means: Means, case: SendCase, mailbox: str) -> Attempt:
    now, draft_id = means.clock.now(), case.draft.id
    number = await connection.scalar(select(func.count()).select_from(ATTEMPTS).where(ATTEMPTS.c.draft_id == draft_id))
    attempt = Attempt(f"sa-{uuid.uuid4()}", draft_id, case.actor)
    limit = timedelta(seconds=means.settings.sending.send_timeout_seconds)
    await means.limiter.record_send(connection, {
        "id": attempt.key, "draft_id": draft_id, "number": (number or 0) + 1, "state": AttemptState.STARTED,
        "recipient": case.recipient, "actor": case.actor, "mailbox": mailbox, "fingerprint": case.letter.fingerprint,
        "started_at": now, "settle_at": now + limit + GRACE, "settles": 0, "headers": "{}"})
    await _audit(connection, case.actor, "draft.sending", draft_id, now, DraftStatus.APPROVED, DraftStatus.SENDING,
                 attempt=attempt.key)
    return attempt


async def record_sent(connection: AsyncConnection, attempt: Attempt, sent: SentMail, sent_at: datetime, now: datetime,
                      base_url: str, *, actor: str = "", reason: str | None = None) -> bool:
    """The mail is out: note it, with everything that follows as jobs. False when the attempt was ended otherwise."""
    values = {"state": AttemptState.SENT, "ended_at": now, "settle_at": None, "message_id": sent.message_id,
              "thread_id": sent.thread_id, "headers": json.dumps(dict(sent.headers)), "error": None}
    if not await _end(connection, attempt, _OPEN, values):
        return False
    before = await _move(connection, attempt.draft_id, _UNDER_WAY, {
        "status": DraftStatus.SENT, "sent_at": sent_at, "sent_by": attempt.actor, "message_id": sent.message_id or None,
        "thread_id": sent.thread_id or None, "updated_at": now})
    await _audit(connection, actor or attempt.actor, "draft.sent", attempt.draft_id, now, before, DraftStatus.SENT,
                 reason=reason, attempt=attempt.key)
    draft = (await connection.execute(select(DRAFTS).where(DRAFTS.c.id == attempt.draft_id))).one()
    await insert_missing(connection, after_send_jobs(draft, attempt.key, sent_at, now, base_url))
    return True


async def record_not_sent(connection: AsyncConnection, attempt: Attempt, state: AttemptState, error: str, now: datetime, *,
                          actor: str = "", reason: str | None = None) -> bool:
    """Nothing left: give the place back; the draft is approved as before. False when the attempt was ended otherwise."""
    if not await _end(connection, attempt, _OPEN, {"state": state, "ended_at": now, "settle_at": None, "error": error}):
        return False
    before = await _move(connection, attempt.draft_id, _UNDER_WAY, {"status": DraftStatus.APPROVED, "updated_at": now})
    await note_error(connection, attempt.draft_id, Reason.PROVIDER_ERROR, error, now)
    await _audit(connection, actor or attempt.actor, "draft.not_sent", attempt.draft_id, now, before, DraftStatus.APPROVED,
                 reason=reason, attempt=attempt.key)
    return True


async def record_unknown(connection: AsyncConnection, attempt: Attempt, error: str, settle_at: datetime,
                         now: datetime) -> bool:
    """Nobody knows: park it. False when it is not under way any more."""
    parked = {"state": AttemptState.UNKNOWN, "settle_at": settle_at, "error": error}
    if not await _end(connection, attempt, (AttemptState.STARTED,), parked):
        return False
    await _move(connection, attempt.draft_id, (DraftStatus.SENDING,),
                {"status": DraftStatus.SEND_UNKNOWN, "updated_at": now})
    await note_error(connection, attempt.draft_id, "SEND_UNKNOWN", error, now)
    await _audit(connection, attempt.actor, "draft.send_unknown", attempt.draft_id, now, DraftStatus.SENDING,
                 DraftStatus.SEND_UNKNOWN, attempt=attempt.key)
    return True


async def note_error(connection: AsyncConnection, draft_id: str, code: str, detail: str, now: datetime) -> None:
    """Add to the draft's list of what went wrong, which the operator sees."""
    locked = select(DRAFTS.c.send_errors).where(DRAFTS.c.id == draft_id).with_for_update()
    errors = json.loads((await connection.execute(locked)).scalar_one())
    errors.append({"at": iso(now), "code": str(code), "detail": detail})
    await connection.execute(
        update(DRAFTS).where(DRAFTS.c.id == draft_id).values(send_errors=json.dumps(errors[-KEPT_ERRORS:])))


async def _end(connection: AsyncConnection, attempt: Attempt, states: Sequence[AttemptState],
               values: Mapping[str, Any]) -> bool:
    ours = (ATTEMPTS.c.id == attempt.key, ATTEMPTS.c.state.in_(states))
    return bool((await connection.execute(update(ATTEMPTS).where(*ours).values(**values))).rowcount)


async def _move(connection: AsyncConnection, draft_id: str, states: Sequence[DraftStatus],
                values: Mapping[str, Any]) -> DraftStatus:
    """Change the draft's state along with its attempt's; answers the one before."""
    before = (await connection.execute(
        select(DRAFTS.c.status).where(DRAFTS.c.id == draft_id).with_for_update())).scalar_one()
    if before not in states:
        raise RuntimeError(f"the draft is {before} while its attempt is under way")
    await connection.execute(update(DRAFTS).where(DRAFTS.c.id == draft_id).values(**values))
    return DraftStatus(before)


async def _audit(connection: AsyncConnection, actor: str, action: str, draft_id: str, now: datetime, before: DraftStatus,
                 after: DraftStatus, *, reason: str | None = None, **details: Any) -> None:
    await insert_missing(connection, [
        audit_row(actor, action, draft_id, now, before=before, after=after, reason=reason, **details)])
