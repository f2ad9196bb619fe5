"""Step 8: the one call to action, and why."""

from __future__ import annotations

from sales_agent.drafts.next_step import plan
from sales_agent.workflow.facts import FoundAssets, Memory, NextStepPlan, ProposedSlots, ReadThread, ValidSubmission
from sales_agent.workflow.step import Done, LeadRun, Step


async def run(run: LeadRun) -> Done:
    read, slots, assets, memory = run.get(ReadThread), run.get(ProposedSlots), run.get(FoundAssets), run.get(Memory)
    thread = read.thread if read else None
    chosen = plan(
        topics=run.need(ValidSubmission).topics, complaint=bool(thread and thread.complaint),
        open_question=thread.open_question if thread else "", slots=len(slots.slots) if slots else 0,
        asset=bool(assets and assets.asset), memory=memory.memory if memory else None)
    return Done(NextStepPlan(call_to_action=chosen.call_to_action, reason=chosen.reason))


STEP = Step("8", "plan_next_step", NextStepPlan, run, needs=(
    "research_prospect", "read_thread", "recall_memory", "find_assets", "propose_slots"))
