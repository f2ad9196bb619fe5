"""A place taken in the sending quota, before anything is sent."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from sales_agent.core.database import Base, UtcDateTime
from sales_agent.core.rows import table_of


class SendReservation(Base):
    """One per draft. It counts from `reserved_at` on, unless it was released because nothing was sent."""

    __tablename__ = "send_reservations"
    __table_args__ = (Index("ix_send_reservations_recipient_reserved_at", "recipient", "reserved_at"),)

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    draft_id: Mapped[str] = mapped_column(ForeignKey("drafts.id"), unique=True)
    recipient: Mapped[str] = mapped_column(String(320))  # addr-spec, lower case
    reserved_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    released_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


RESERVATIONS = table_of(SendReservation)
