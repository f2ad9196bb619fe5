"""May this draft be approved without a person? So far no rule exists that says yes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sales_agent.core.settings import ApprovalSettings

Decision = Literal["approved", "needs_review"]


@dataclass(frozen=True, slots=True)
class DraftFacts:
    """What rules may look at. It holds no message text and no address, because it is logged."""

    draft_id: str
    workflow_id: str | None = None
    icp_score: float | None = None
    degraded: Sequence[str] = ()  # what is missing, in words a person reads

    def as_inputs(self) -> dict[str, Any]:
        return {"icp_score": self.icp_score, "degraded": list(self.degraded)}


@dataclass(frozen=True, slots=True)
class Evaluation:
    decision: Decision
    reasoning: str
    matched_rule: str | None = None
    confidence: float = 0.0


class AutoApprovalEngine:
    """Answers `needs_review` with the first reason that applies. It never rejects."""

    def __init__(self, settings: ApprovalSettings) -> None:
        self._settings = settings

    def evaluate_draft(self, facts: DraftFacts) -> Evaluation:
        return Evaluation("needs_review", self._reason(facts))

    def _reason(self, facts: DraftFacts) -> str:
        if not self._settings.auto_approve_enabled:
            return "Auto-approval is switched off (AUTO_APPROVE_ENABLED)."
        if facts.degraded:
            return f"The draft was written without everything it should rest on: {', '.join(facts.degraded)}."
        return "No auto-approval rule is enabled yet, so a person decides."
