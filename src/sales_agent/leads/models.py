"""What came in, exactly as it came in."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from sales_agent.core.database import Base, UtcDateTime
from sales_agent.core.rows import table_of


class Submission(Base):
    """One form submission. `payload` is the JSON as received; `source` names its shape."""

    __tablename__ = "submissions"
    __table_args__ = (UniqueConstraint("portal_id", "external_id"),)

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    workflow_id: Mapped[str] = mapped_column(String(80), unique=True)
    source: Mapped[str] = mapped_column(String(20))  # form | workflow | event
    portal_id: Mapped[str] = mapped_column(String(40))
    external_id: Mapped[str] = mapped_column(String(240))
    form_id: Mapped[str] = mapped_column(String(200))
    email: Mapped[str | None] = mapped_column(String(254), index=True)  # None: an event names only the contact
    payload: Mapped[str] = mapped_column(Text)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class AddressThrottle(Base):
    """Which submission of an address counts for the current hour."""

    __tablename__ = "address_throttles"

    email: Mapped[str] = mapped_column(String(254), primary_key=True)
    submission_id: Mapped[str] = mapped_column(String(40))
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    until: Mapped[datetime] = mapped_column(UtcDateTime)


SUBMISSIONS = table_of(Submission)
THROTTLES = table_of(AddressThrottle)
