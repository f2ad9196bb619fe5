"""Step 11: label the thread, write the audit event, end the run."""

from __future__ import annotations

from sales_agent.core.audit import audit_row
from sales_agent.workflow.effects import Delivered, deliver
from sales_agent.workflow.facts import ApprovalDecision, CreatedDraft, Outcome, ReadThread
from sales_agent.workflow.step import Done, LeadRun, Step

LABEL = "sales-agent/drafted"


async def run(run: LeadRun) -> Done:
    read, delivered = run.get(ReadThread), Delivered()
    if read and read.thread:
        await deliver(run, "mailbox_label", {"thread_id": read.thread.thread_id, "label": LABEL}, delivered)
    now = run.tools.clock.now()
    event = audit_row("sales-agent", "lead.processed", run.workflow_id, now, key=f"lead.processed:{run.workflow_id}",
                      draft_id=run.need(CreatedDraft).draft_id, decision=run.need(ApprovalDecision).decision,
                      degraded=sorted(run.missing))
    facts = Outcome(finished_at=now, label=delivered.ids.get("mailbox_label", ""), queued=delivered.queued)
    return Done(facts, rows=[event, *delivered.jobs])


STEP = Step("11", "record_outcome", Outcome, run, needs=("evaluate_auto_approval",))
