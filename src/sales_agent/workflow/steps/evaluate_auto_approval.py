"""Step 10.5: may this draft be approved without a person? Any error means: a person decides."""

from __future__ import annotations

import structlog

from sales_agent.approvals.engine import DraftFacts, Evaluation
from sales_agent.approvals.models import log_row
from sales_agent.workflow.facts import ApprovalDecision, CreatedDraft, Research
from sales_agent.workflow.step import Done, LeadRun, Step

log = structlog.get_logger()


async def run(run: LeadRun) -> Done:
    research = run.get(Research)
    facts = DraftFacts(draft_id=run.need(CreatedDraft).draft_id, workflow_id=run.workflow_id,
                       icp_score=research.score.score if research else None, degraded=sorted(run.missing))
    evaluation = _evaluate(run, facts)
    row = log_row(facts, evaluation, run.tools.clock.now(), key=run.workflow_id)
    return Done(ApprovalDecision(decision=evaluation.decision, reasoning=evaluation.reasoning,
                                 matched_rule=evaluation.matched_rule, confidence=evaluation.confidence), rows=[row])


def _evaluate(run: LeadRun, facts: DraftFacts) -> Evaluation:
    try:
        return run.tools.engine.evaluate_draft(facts)
    except Exception as error:  # noqa: BLE001 (fail closed: a rule that cannot be evaluated approves nothing)
        log.error("auto_approval.failed", workflow_id=run.workflow_id, error=type(error).__name__)
        return Evaluation("needs_review", f"The rules could not be evaluated ({type(error).__name__}).")


STEP = Step("10.5", "evaluate_auto_approval", ApprovalDecision, run, needs=("create_draft",))
