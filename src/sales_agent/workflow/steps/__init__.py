"""The way of a lead, in order. A new step is a new file and one line here."""

from sales_agent.workflow.step import Step
from sales_agent.workflow.steps import (
    create_draft,
    evaluate_auto_approval,
    find_assets,
    plan_next_step,
    propose_slots,
    read_thread,
    recall_memory,
    record_outcome,
    research_prospect,
    resolve_contact,
    search_threads,
    validate_submission,
    write_draft,
)

STEPS: tuple[Step, ...] = (
    validate_submission.STEP,
    resolve_contact.STEP,
    research_prospect.STEP,
    search_threads.STEP,
    read_thread.STEP,
    recall_memory.STEP,
    find_assets.STEP,
    propose_slots.STEP,
    plan_next_step.STEP,
    write_draft.STEP,
    create_draft.STEP,
    evaluate_auto_approval.STEP,
    record_outcome.STEP,
)
