"""What a person decides about a draft: yes, or no and why."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from sales_agent.core.audit import audit_row
from sales_agent.core.errors import Conflict
from sales_agent.core.rows import insert_missing
from sales_agent.drafts.letter import Composer
from sales_agent.drafts.models import DRAFTS, DraftStatus
from sales_agent.drafts.service import InvalidState, get

REASON_LIMIT = 2000  # characters
REJECTABLE = (DraftStatus.PENDING_APPROVAL, DraftStatus.APPROVED)


class ApprovalStale(Conflict):
    code, title = "APPROVAL_STALE", "The draft is not what was looked at"


async def approve(connection: AsyncConnection, composer: Composer, draft_id: str, actor: str, content_hash: str | None,
                  now: datetime) -> Any:
    """Approve the draft as it stands, and the very letter that it makes; answers its row.

    With `content_hash` it is approved only if it still is what the caller looked at. Raises
    NotFound, InvalidState when it does not wait for approval, ApprovalStale.
    """
    draft = await get(connection, draft_id)
    unchanged = (DRAFTS.c.version == draft.version, DRAFTS.c.content_hash == (content_hash or draft.content_hash))
    approved = (await connection.execute(
        update(DRAFTS)
        .where(DRAFTS.c.id == draft_id, DRAFTS.c.status == DraftStatus.PENDING_APPROVAL, *unchanged)
        .values(status=DraftStatus.APPROVED, approved_at=now, approved_by=actor,
                approved_hash=composer.letter(draft).fingerprint, updated_at=now)
        .returning(*DRAFTS.c))).first()
    if approved is None:
        raise await _why_not_approved(connection, draft_id)
    await insert_missing(connection, [
        audit_row(actor, "draft.approved", draft_id, now, before=DraftStatus.PENDING_APPROVAL, after=DraftStatus.APPROVED,
                  version=approved.version, content_hash=approved.content_hash, approved_hash=approved.approved_hash)])
    return approved


async def _why_not_approved(connection: AsyncConnection, draft_id: str) -> Conflict:
    draft = await get(connection, draft_id)
    if draft.status != DraftStatus.PENDING_APPROVAL:
        return InvalidState(f"A draft that is {draft.status} cannot be approved.")
    return ApprovalStale("The draft has changed since it was looked at. Load it again.")


async def lapse(connection: AsyncConnection, draft: Any, actor: str, reason: str, now: datetime, *,
                seen_at: datetime | None = None) -> bool:
    """Take back an approval that does not hold any more: the draft waits for a person again.

    `draft` is the row as it was looked at; nothing happens when it has changed since. `seen_at`: up to
    when the conversation is known to whoever approves it next.
    """
    known = {"conversation_seen_at": seen_at} if seen_at else {}
    lapsed = await connection.execute(
        update(DRAFTS)
        .where(DRAFTS.c.id == draft.id, DRAFTS.c.status == DraftStatus.APPROVED, DRAFTS.c.version == draft.version,
               DRAFTS.c.approved_hash == draft.approved_hash)
        .values(status=DraftStatus.PENDING_APPROVAL, approved_at=None, approved_by=None, approved_hash=None,
                updated_at=now, **known))
    if not lapsed.rowcount:
        return False
    await insert_missing(connection, [
        audit_row(actor, "draft.approval_lapsed", draft.id, now, before=DraftStatus.APPROVED,
                  after=DraftStatus.PENDING_APPROVAL, reason=reason, version=draft.version)])
    return True


async def reject(connection: AsyncConnection, draft_id: str, actor: str, reason: str, now: datetime) -> Any:
    """Reject a draft that waits or is approved but not on its way; answers its row.

    `reason` must not be blank. Raises NotFound, InvalidState, ValueError.
    """
    if not reason.strip() or len(reason) > REASON_LIMIT:
        raise ValueError(f"a rejection needs a reason of 1 to {REASON_LIMIT} characters")
    before = await get(connection, draft_id)
    rejected = (await connection.execute(
        update(DRAFTS)
        .where(DRAFTS.c.id == draft_id, DRAFTS.c.status.in_(REJECTABLE))
        .values(status=DraftStatus.REJECTED, rejected_at=now, rejected_by=actor, rejected_reason=reason,
                approved_at=None, approved_by=None, approved_hash=None, updated_at=now)
        .returning(*DRAFTS.c))).first()
    if rejected is None:
        draft = await get(connection, draft_id)
        raise InvalidState(f"A draft that is {draft.status} cannot be rejected.")
    await insert_missing(connection, [
        audit_row(actor, "draft.rejected", draft_id, now, before=before.status, after=DraftStatus.REJECTED, reason=reason,
                  version=rejected.version)])
    return rejected
