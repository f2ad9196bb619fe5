"""What each step of a lead's run found: stored as it happens, so that a retry goes on from there."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from sales_agent.core.database import Base, UtcDateTime
from sales_agent.core.rows import table_of


class StepState(StrEnum):
    DONE = "done"
    DEGRADED = "degraded"  # its source was down; the run went on without


class StepResult(Base):
    __tablename__ = "step_results"

    workflow_id: Mapped[str] = mapped_column(String(80), primary_key=True)
    step: Mapped[str] = mapped_column(String(40), primary_key=True)
    position: Mapped[int] = mapped_column(Integer)  # index in STEPS
    state: Mapped[str] = mapped_column(String(10))
    result: Mapped[str | None] = mapped_column(Text)  # JSON of the step's result model
    detail: Mapped[str | None] = mapped_column(Text)  # what is missing, when degraded
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime] = mapped_column(UtcDateTime)


STEP_RESULTS = table_of(StepResult)
