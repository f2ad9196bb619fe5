"""The draft of a reply, its states, and every wording it ever had."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Float, ForeignKey, Index, Integer, String, Text, func, text
from sqlalchemy.orm import Mapped, mapped_column

from sales_agent.core.database import Base, UtcDateTime
from sales_agent.core.rows import table_of


class DraftStatus(StrEnum):
    PENDING_APPROVAL = "PENDING_APPROVAL"
    APPROVED = "APPROVED"
    SENDING = "SENDING"
    SENT = "SENT"
    REJECTED = "REJECTED"
    SEND_UNKNOWN = "SEND_UNKNOWN"  # the provider may or may not have sent it


class Draft(Base):
    """A reply that waits for a decision. The columns `degraded`, `context`, `safety`, `references` and
    `send_errors` hold JSON."""

    __tablename__ = "drafts"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    workflow_id: Mapped[str | None] = mapped_column(String(80), unique=True)  # none: written by hand
    submission_id: Mapped[str | None] = mapped_column(String(80), index=True)
    status: Mapped[str] = mapped_column(String(20), default=DraftStatus.PENDING_APPROVAL)
    recipient: Mapped[str] = mapped_column(String(320), index=True)
    recipient_name: Mapped[str] = mapped_column(Text, default="")
    subject: Mapped[str] = mapped_column(Text)
    body: Mapped[str] = mapped_column(Text)
    content_hash: Mapped[str] = mapped_column(String(64))
    version: Mapped[int] = mapped_column(Integer, default=1)
    icp_score: Mapped[float | None] = mapped_column(Float)  # 0..1; none: not scored
    degraded: Mapped[str] = mapped_column(Text, default="[]")
    context: Mapped[str] = mapped_column(Text, default="{}")
    safety: Mapped[str] = mapped_column(Text, default="[]")
    thread_id: Mapped[str | None] = mapped_column(String(200))
    in_reply_to: Mapped[str | None] = mapped_column(Text)
    references: Mapped[str] = mapped_column(Text, default="[]")
    language: Mapped[str] = mapped_column(String(10), default="en")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    approved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    approved_by: Mapped[str | None] = mapped_column(String(120))
    approved_hash: Mapped[str | None] = mapped_column(String(64))
    conversation_seen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # mail up to here was known
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    sent_by: Mapped[str | None] = mapped_column(String(120))
    message_id: Mapped[str | None] = mapped_column(Text)
    rejected_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    rejected_by: Mapped[str | None] = mapped_column(String(120))
    rejected_reason: Mapped[str | None] = mapped_column(Text)
    send_errors: Mapped[str] = mapped_column(Text, default="[]")


class DraftRevision(Base):
    """One wording of a draft. Rows are only ever added."""

    __tablename__ = "draft_revisions"

    draft_id: Mapped[str] = mapped_column(ForeignKey("drafts.id"), primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    subject: Mapped[str] = mapped_column(Text)
    body: Mapped[str] = mapped_column(Text)
    content_hash: Mapped[str] = mapped_column(String(64))
    author: Mapped[str] = mapped_column(String(120))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


DRAFTS = table_of(Draft)
DRAFT_REVISIONS = table_of(DraftRevision)

# Unscored drafts come last on both databases, which disagree on where NULL sorts.
RANK = func.coalesce(DRAFTS.c.icp_score, text("-1.0"))
# Spelled out, not bound: SQLite uses a partial index only for a literal it can compare.
IS_PENDING = text("status = 'PENDING_APPROVAL'")

Index("ix_drafts_queue", RANK.desc(), DRAFTS.c.created_at, DRAFTS.c.id,
      postgresql_where=IS_PENDING, sqlite_where=IS_PENDING)
Index("ix_drafts_newest", DRAFTS.c.created_at.desc(), DRAFTS.c.id)
Index("ix_drafts_status_newest", DRAFTS.c.status, DRAFTS.c.created_at.desc(), DRAFTS.c.id)
