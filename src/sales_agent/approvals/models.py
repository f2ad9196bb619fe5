"""What the auto-approval engine decided, whom we have written to, and the emergency stop."""

from __future__ import annotations

import json
import uuid
from datetime import datetime

from sqlalchemy import Float, ForeignKey, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from sales_agent.approvals.engine import DraftFacts, Evaluation
from sales_agent.core.database import Base, UtcDateTime
from sales_agent.core.rows import Row, table_of


class AutoApprovalLog(Base):
    """One evaluation. Rows are only ever added."""

    __tablename__ = "auto_approval_log"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    draft_id: Mapped[str] = mapped_column(ForeignKey("drafts.id"), index=True)
    workflow_id: Mapped[str | None] = mapped_column(String(80))
    decision: Mapped[str] = mapped_column(String(20))
    matched_rule: Mapped[str | None] = mapped_column(String(80))
    confidence: Mapped[float] = mapped_column(Float)  # 0..1
    reasoning: Mapped[str] = mapped_column(Text)
    inputs: Mapped[str] = mapped_column(Text)  # JSON: the facts the decision was based on
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class EmergencyStop(Base):
    """The stop that every process honours. One row; none: it was never pulled."""

    __tablename__ = "emergency_stop"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)  # always 1
    scope: Mapped[str | None] = mapped_column(String(10))  # auto | all; none: not active
    reason: Mapped[str] = mapped_column(Text)
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    by: Mapped[str] = mapped_column(String(120))


class ApprovedRecipient(Base):
    """Somebody whom people let us write to, with how often that happened."""

    __tablename__ = "approved_recipients"

    email: Mapped[str] = mapped_column(String(320), primary_key=True)  # addr-spec, lower case
    sends: Mapped[int] = mapped_column(Integer, default=0)
    last_sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


STOP = table_of(EmergencyStop)
APPROVED_RECIPIENTS = table_of(ApprovedRecipient)


def log_row(facts: DraftFacts, evaluation: Evaluation, at: datetime, *, key: str) -> Row:
    """The log entry of one evaluation. Writing it again under the same `key` changes nothing."""
    return Row(AutoApprovalLog, {
        "id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"auto-approval:{key}")), "draft_id": facts.draft_id,
        "workflow_id": facts.workflow_id, "decision": evaluation.decision, "matched_rule": evaluation.matched_rule,
        "confidence": evaluation.confidence, "reasoning": evaluation.reasoning,
        "inputs": json.dumps(facts.as_inputs(), sort_keys=True), "created_at": at})
