"""The audit trail: who did what, when, and why. Rows are only ever added."""

from __future__ import annotations

import json
import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from sales_agent.core.append_only import keep_append_only
from sales_agent.core.database import Base, UtcDateTime
from sales_agent.core.rows import Row, table_of


class AuditEvent(Base):
    __tablename__ = "audit_events"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    actor: Mapped[str] = mapped_column(String(120))
    action: Mapped[str] = mapped_column(String(60))
    subject: Mapped[str] = mapped_column(String(120), index=True)
    before: Mapped[str | None] = mapped_column(String(40))  # the subject's state, where the event changed it
    after: Mapped[str | None] = mapped_column(String(40))
    reason: Mapped[str | None] = mapped_column(Text)
    details: Mapped[str] = mapped_column(Text)


AUDIT = table_of(AuditEvent)
keep_append_only(AUDIT)


def audit_row(actor: str, action: str, subject: str, at: datetime, *, key: str | None = None, before: str | None = None,
              after: str | None = None, reason: str | None = None, **details: Any) -> Row:
    """An audit event to insert with the change it describes.

    `key` makes the event idempotent: work that is repeated after a crash adds it once. `before` and `after`
    are states. `details` hold ids, numbers and codes, never message text or addresses.
    """
    identity = uuid.uuid5(uuid.NAMESPACE_URL, key) if key else uuid.uuid4()
    return Row(AuditEvent, {"id": str(identity), "at": at, "actor": actor, "action": action, "subject": subject,
                            "before": before, "after": after, "reason": reason,
                            "details": json.dumps(details, sort_keys=True)})
