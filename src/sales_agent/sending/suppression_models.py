"""Who must not be written to, without saying who."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from sales_agent.core.database import Base, UtcDateTime
from sales_agent.core.rows import table_of


class Suppressed(StrEnum):
    """Why an address is on the list."""

    UNSUBSCRIBED = "unsubscribed"
    HARD_BOUNCE = "hard_bounce"
    COMPLAINT = "complaint"
    MANUAL = "manual"


class Suppression(Base):
    """One address, as a keyed hash alone: the entry survives the erasure of everything about the person."""

    __tablename__ = "suppressions"

    address_key: Mapped[str] = mapped_column(String(64), primary_key=True)  # hex; see sending/suppression.py
    reason: Mapped[str] = mapped_column(String(20))
    source: Mapped[str] = mapped_column(Text)  # where it came from, without personal data
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


SUPPRESSIONS = table_of(Suppression)
