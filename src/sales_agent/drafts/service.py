"""Drafts: laying them down, finding them, rewording them.

Every change of state is one conditional UPDATE with its audit event in the same
transaction, so two people who act at once never both succeed.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from sales_agent.core.audit import audit_row
from sales_agent.core.errors import Conflict, NotFound
from sales_agent.core.rows import Row, insert_missing
from sales_agent.drafts.content import content_hash
from sales_agent.drafts.models import DRAFTS, IS_PENDING, RANK, Draft, DraftRevision, DraftStatus

EDITABLE = (DraftStatus.PENDING_APPROVAL, DraftStatus.APPROVED)
Page = tuple[int, Sequence[Any]]  # (how many there are in all, the rows of this page)


class InvalidState(Conflict):
    code, title = "INVALID_STATE", "The draft is in another state"


class StaleVersion(Conflict):
    code, title = "STALE_VERSION", "Somebody else changed the draft"


@dataclass(frozen=True, slots=True)
class NewDraft:
    """A reply as it was written. `degraded`, `context` and `safety` must be JSON-serialisable."""

    recipient: str
    subject: str
    body: str
    recipient_name: str = ""
    workflow_id: str | None = None
    submission_id: str | None = None
    icp_score: float | None = None
    degraded: Sequence[Any] = ()
    context: Mapping[str, Any] = field(default_factory=dict)
    safety: Sequence[Any] = ()
    thread_id: str | None = None
    in_reply_to: str | None = None
    references: Sequence[str] = ()
    language: str = "en"
    seen_at: datetime | None = None  # up to when the conversation is known to whoever wrote it; None: till now


def draft_id_for(workflow_id: str) -> str:
    """The id of the one draft that a workflow may ever have."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"draft:{workflow_id}"))


def new_draft_rows(new: NewDraft, now: datetime, author: str = "sales-agent") -> list[Row]:
    """The draft, its first revision and the audit event, for the caller's transaction.

    For a workflow's draft every id derives from the workflow id, so writing the rows again
    after a crash changes nothing.
    """
    draft_id = draft_id_for(new.workflow_id) if new.workflow_id else str(uuid.uuid4())
    fingerprint = content_hash(new.recipient, new.subject, new.body)
    values = _draft_values(new, draft_id, fingerprint, now)
    return [
        Row(Draft, values),
        _revision(values, author),
        audit_row(author, "draft.created", draft_id, now, key=f"draft.created:{draft_id}",
                  after=DraftStatus.PENDING_APPROVAL, workflow_id=new.workflow_id, content_hash=fingerprint),
    ]


def _draft_values(new: NewDraft, draft_id: str, fingerprint: str, now: datetime) -> dict[str, Any]:
    return {
        "id": draft_id, "workflow_id": new.workflow_id, "submission_id": new.submission_id,
        "status": DraftStatus.PENDING_APPROVAL, "recipient": new.recipient, "recipient_name": new.recipient_name,
        "subject": new.subject, "body": new.body, "content_hash": fingerprint, "version": 1,
        "icp_score": new.icp_score, "degraded": json.dumps(list(new.degraded)),
        "context": json.dumps(dict(new.context)), "safety": json.dumps(list(new.safety)),
        "thread_id": new.thread_id, "in_reply_to": new.in_reply_to, "references": json.dumps(list(new.references)),
        "language": new.language, "conversation_seen_at": new.seen_at, "created_at": now, "updated_at": now, "send_errors": "[]",
    }


def _revision(draft: Mapping[str, Any], author: str) -> Row:
    """The wording that the draft has now, as it goes into its history."""
    return Row(DraftRevision, {"draft_id": draft["id"], "version": draft["version"], "subject": draft["subject"],
                               "body": draft["body"], "content_hash": draft["content_hash"], "author": author,
                               "created_at": draft["updated_at"]})


async def create(connection: AsyncConnection, new: NewDraft, author: str, now: datetime) -> Any:
    """Lay down a hand-written draft; answers its row."""
    rows = new_draft_rows(new, now, author)
    await insert_missing(connection, rows)
    return await get(connection, rows[0].values["id"])


async def get(connection: AsyncConnection, draft_id: str) -> Any:
    """The draft's row. Raises NotFound."""
    row = (await connection.execute(select(DRAFTS).where(DRAFTS.c.id == draft_id))).first()
    if row is None:
        raise NotFound("There is no draft with this id.")
    return row


async def listing(connection: AsyncConnection, status: DraftStatus | None, q: str, limit: int, offset: int) -> Page:
    """Drafts, newest first; `q` is looked for in recipient and subject, whatever the case
    (on SQLite: of ASCII letters)."""
    where = [DRAFTS.c.status == status] if status else []
    if q:
        where.append(or_(*(column.icontains(q, autoescape=True) for column in (DRAFTS.c.recipient, DRAFTS.c.subject))))
    query = select(DRAFTS).where(*where).order_by(DRAFTS.c.created_at.desc(), DRAFTS.c.id)
    return await _page(connection, query, limit, offset)


async def pending(connection: AsyncConnection, limit: int, offset: int) -> Page:
    """The operator's queue: best lead first, then the one that has waited longest."""
    query = select(DRAFTS).where(IS_PENDING).order_by(RANK.desc(), DRAFTS.c.created_at, DRAFTS.c.id)
    return await _page(connection, query, limit, offset)


async def _page(connection: AsyncConnection, query: Select[Any], limit: int, offset: int) -> Page:
    whole = query.with_only_columns(func.count(), maintain_column_froms=True).order_by(None)
    total = await connection.scalar(whole)
    return total or 0, (await connection.execute(query.limit(limit).offset(offset))).all()


async def edit(connection: AsyncConnection, draft_id: str, version: int, author: str, now: datetime, *,
               subject: str | None = None, body: str | None = None) -> Any:
    """Reword a draft that nobody changed since `version`; answers its new row.

    An approval does not survive: it was given for other words. Raises NotFound,
    InvalidState when it is past editing, StaleVersion when `version` is not the newest.
    """
    before = await get(connection, draft_id)
    _check_editable(before, version)
    subject, body = before.subject if subject is None else subject, before.body if body is None else body
    fingerprint = content_hash(before.recipient, subject, body)
    after = (await connection.execute(
        update(DRAFTS)
        .where(DRAFTS.c.id == draft_id, DRAFTS.c.version == version, DRAFTS.c.status.in_(EDITABLE))
        .values(subject=subject, body=body, content_hash=fingerprint, version=version + 1, updated_at=now,
                status=DraftStatus.PENDING_APPROVAL, approved_at=None, approved_by=None, approved_hash=None)
        .returning(*DRAFTS.c))).first()
    if after is None:  # somebody was faster between our look and our change
        _check_editable(await get(connection, draft_id), version)
        raise StaleVersion("The draft was changed at the same moment. Load it again.")
    await insert_missing(connection, [
        _revision(after._asdict(), author),
        audit_row(author, "draft.edited", draft_id, now, before=before.status, after=DraftStatus.PENDING_APPROVAL,
                  version=version + 1, content_hash=fingerprint)])
    return after


def _check_editable(draft: Any, version: int) -> None:
    if draft.status not in EDITABLE:
        raise InvalidState(f"A draft that is {draft.status} cannot be edited.")
    if draft.version != version:
        raise StaleVersion(f"The draft is at version {draft.version} by now. Load it again.")
