"""What a person decides about a draft: yes, or no and why."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from sales_agent.core.audit import audit_row
from sales_agent.core.errors import Conflict
from sales_agent.core.rows import insert_missing
from sales_agent.drafts.models import DRAFTS, DraftStatus
from sales_agent.drafts.service import InvalidState, get

REASON_LIMIT = 2000  # characters
REJECTABLE = (DraftStatus.PENDING_APPROVAL, DraftStatus.APPROVED)


class ApprovalStale(Conflict):
    code, title = "APPROVAL_STALE", "The draft is not what was looked at"


async def approve(connection: AsyncConnection, draft_id: str, actor: str, content_hash: str | None,
                  now: datetime) -> Any:
    """Approve the draft as it stands; answers its row.

    With `content_hash` it is approved only if it still is what the caller looked at. Raises
    NotFound, InvalidState when it does not wait for approval, ApprovalStale.
    """
    unchanged = [DRAFTS.c.content_hash == content_hash] if content_hash is not None else []
    approved = (await connection.execute(
        update(DRAFTS)
        .where(DRAFTS.c.id == draft_id, DRAFTS.c.status == DraftStatus.PENDING_APPROVAL, *unchanged)
        .values(status=DraftStatus.APPROVED, approved_at=now, approved_by=actor,
                approved_hash=DRAFTS.c.content_hash, updated_at=now)
        .returning(*DRAFTS.c))).first()
    if approved is None:
        raise await _why_not_approved(connection, draft_id)
    await insert_missing(connection, [
        audit_row(actor, "draft.approved", draft_id, now, version=approved.version,
                  content_hash=approved.approved_hash)])
    return approved


async def _why_not_approved(connection: AsyncConnection, draft_id: str) -> Conflict:
    draft = await get(connection, draft_id)
    if draft.status != DraftStatus.PENDING_APPROVAL:
        return InvalidState(f"A draft that is {draft.status} cannot be approved.")
    return ApprovalStale("The draft has changed since it was looked at. Load it again.")


async def reject(connection: AsyncConnection, draft_id: str, actor: str, reason: str, now: datetime) -> Any:
    """Reject a draft that waits or is approved but not on its way; answers its row.

    `reason` must not be blank. Raises NotFound, InvalidState, ValueError.
    """
    if not reason.strip() or len(reason) > REASON_LIMIT:
        raise ValueError(f"a rejection needs a reason of 1 to {REASON_LIMIT} characters")
    rejected = (await connection.execute(
        update(DRAFTS)
        .where(DRAFTS.c.id == draft_id, DRAFTS.c.status.in_(REJECTABLE))
        .values(status=DraftStatus.REJECTED, rejected_at=now, rejected_by=actor, rejected_reason=reason,
                approved_at=None, approved_by=None, approved_hash=None, updated_at=now)
        .returning(*DRAFTS.c))).first()
    if rejected is None:
        draft = await get(connection, draft_id)
        raise InvalidState(f"A draft that is {draft.status} cannot be rejected.")
    await insert_missing(connection, [audit_row(actor, "draft.rejected", draft_id, now, version=rejected.version)])
    return rejected
