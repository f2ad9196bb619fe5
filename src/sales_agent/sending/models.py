"""Every attempt to send, and the drafts that wait for their moment."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, Integer, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from sales_agent.core.database import Base, UtcDateTime
from sales_agent.core.rows import table_of


class AttemptState(StrEnum):
    STARTED = "STARTED"  # claimed: the mail may be on its way
    SENT = "SENT"
    REFUSED = "REFUSED"  # a definite no from the provider
    UNKNOWN = "UNKNOWN"  # may or may not have been sent
    NOT_SENT = "NOT_SENT"  # proved by the provider, or decided by a person


# Those that may have put a mail into the world. They use up the limits, and a draft has at most one.
COUNTED = (AttemptState.STARTED, AttemptState.SENT, AttemptState.UNKNOWN)
IS_COUNTED = text("state IN ('STARTED', 'SENT', 'UNKNOWN')")


class SendAttempt(Base):
    """One pass through the door, written before the provider is called. Its id is the idempotency key.

    It is the reservation too: it counts against the limits from `started_at` on, while its state is COUNTED.
    """

    __tablename__ = "send_attempts"
    __table_args__ = (
        UniqueConstraint("draft_id", "number"),
        Index("uq_send_attempts_one_counted", "draft_id", unique=True, postgresql_where=IS_COUNTED,
              sqlite_where=IS_COUNTED),
        Index("ix_send_attempts_recipient_started_at", "recipient", "started_at"),
        Index("ix_send_attempts_settle_at", "settle_at", postgresql_where=text("settle_at IS NOT NULL"),
              sqlite_where=text("settle_at IS NOT NULL")),
    )

    id: Mapped[str] = mapped_column(String(60), primary_key=True)
    draft_id: Mapped[str] = mapped_column(ForeignKey("drafts.id"))
    number: Mapped[int] = mapped_column(Integer)  # 1, 2, … of this draft
    state: Mapped[str] = mapped_column(String(20))
    recipient: Mapped[str] = mapped_column(String(320))  # addr-spec, lower case
    actor: Mapped[str] = mapped_column(String(120))
    mailbox: Mapped[str] = mapped_column(Text)  # `MailSender.mailbox`: where to look for it
    fingerprint: Mapped[str] = mapped_column(String(64))  # of the letter
    started_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    settle_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # when the reconciler looks at it next
    settles: Mapped[int] = mapped_column(Integer, default=0)  # how often it has looked
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    message_id: Mapped[str | None] = mapped_column(Text)
    thread_id: Mapped[str | None] = mapped_column(Text)
    headers: Mapped[str] = mapped_column(Text, default="{}")  # JSON: as delivered
    error: Mapped[str | None] = mapped_column(Text)


class ScheduleState(StrEnum):
    WAITING = "WAITING"
    UNDER_WAY = "UNDER_WAY"  # its job is at the door: too late to cancel
    SENT = "SENT"
    CANCELLED = "CANCELLED"
    STOPPED = "STOPPED"  # something stands in the way that waiting does not cure


class ScheduledSend(Base):
    """A draft to be sent when it is allowed; the job of the same id does it. One that waits for each draft."""

    __tablename__ = "scheduled_sends"
    __table_args__ = (
        Index("uq_scheduled_sends_one_waiting", "draft_id", unique=True,
              postgresql_where=text("state = 'WAITING'"), sqlite_where=text("state = 'WAITING'")),
    )

    id: Mapped[str] = mapped_column(String(80), primary_key=True)
    draft_id: Mapped[str] = mapped_column(ForeignKey("drafts.id"), index=True)
    state: Mapped[str] = mapped_column(String(20))
    send_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    requested_by: Mapped[str] = mapped_column(String(120))
    requested_at: Mapped[datetime] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(Text, default="")  # why it waits, or why it ended
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


ATTEMPTS = table_of(SendAttempt)
SCHEDULED = table_of(ScheduledSend)
