"""Step 10: the draft in our database, in the mailbox's thread, and a note and a task in the CRM.

The draft row commits together with this step's result. The other systems' writes are
idempotent by key and, where they fail, retried as jobs of their own.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sales_agent.drafts.service import NewDraft, draft_id_for, new_draft_rows
from sales_agent.sending.safety import preview
from sales_agent.workflow.card import draft_context
from sales_agent.workflow.effects import Delivered, deliver, lead_arguments
from sales_agent.workflow.facts import (
    CreatedDraft,
    ReadThread,
    Research,
    ResolvedContact,
    ValidSubmission,
    Written,
)
from sales_agent.workflow.step import Done, LeadRun, Step
from sales_agent.workflow.steps.resolve_contact import contact_input

TASK_DUE = timedelta(hours=1)  # contact within the hour makes qualifying far likelier


async def run(run: LeadRun) -> Done:
    delivered = Delivered()
    await asyncio.gather(
        deliver(run, "mailbox_draft", _mail(run), delivered),
        deliver(run, "crm_note", _note(run), delivered),
        deliver(run, "crm_task", _task(run), delivered),
    )
    draft = _draft(run, delivered)
    rows = new_draft_rows(replace(draft, safety=preview(run.tools.means, draft)), run.tools.clock.now())
    facts = CreatedDraft(draft_id=draft_id_for(run.workflow_id), mailbox_draft_id=delivered.ids.get("mailbox_draft", ""),
                         queued=delivered.queued)
    return Done(facts, rows=[*rows, *delivered.jobs])


def _draft(run: LeadRun, delivered: Delivered) -> NewDraft:
    valid, written, research = run.need(ValidSubmission), run.need(Written), run.get(Research)
    read = run.get(ReadThread)
    thread = read.thread if read else None
    return NewDraft(
        recipient=valid.address.address, recipient_name=_name(run), subject=written.subject, body=written.body,
        workflow_id=run.workflow_id, submission_id=run.submission_id,
        icp_score=research.score.score if research else None,
        degraded=[{"step": step, "missing": missing} for step, missing in run.missing.items()],
        context=draft_context(run, delivered.queued), thread_id=thread.thread_id if thread else None,
        in_reply_to=thread.last_message_id if thread else None, references=thread.references if thread else (),
        language=valid.language, seen_at=_seen_at(run))


def _seen_at(run: LeadRun) -> datetime:
    """Up to when the conversation was known: what comes in while the steps run is news to the draft."""
    read = run.get(ReadThread)
    last = read.thread.last_at if read and read.thread else None
    return max(run.received_at, last) if last else run.received_at


def _name(run: LeadRun) -> str:
    return f"{run.form.first_name} {run.form.last_name}".strip()


def _mail(run: LeadRun) -> dict[str, Any]:
    written, read = run.need(Written), run.get(ReadThread)
    thread = read.thread if read else None
    return {"recipient": run.form.email, "recipient_name": _name(run), "subject": written.subject,
            "text": written.body, "in_reply_to": thread.last_message_id if thread else "",
            "references": list(thread.references) if thread else [], "thread_id": thread.thread_id if thread else ""}


def _contact(run: LeadRun) -> dict[str, Any]:
    resolved = run.get(ResolvedContact)
    known = resolved.contact if resolved and resolved.in_crm else None
    return {"contact_id": known.id if known else "", "lead": lead_arguments(contact_input(run.form))}


def _note(run: LeadRun) -> dict[str, Any]:
    research = run.get(Research)
    fit = f"Fit: {research.score.score:.2f}. " if research else ""
    body = f"Form “{run.form.page_title or run.form.form_id}” answered with a draft. {fit}Subject: {run.need(Written).subject}"
    return {**_contact(run), "body": body}


def _task(run: LeadRun) -> dict[str, Any]:
    resolved = run.get(ResolvedContact)
    return {**_contact(run), "subject": f"Review the reply to {_name(run) or run.form.email}",
            "body": "A draft is waiting in Sales Agent for your decision.",
            "due_at": (run.received_at + TASK_DUE).isoformat(),
            "owner_id": resolved.contact.owner_id if resolved else ""}


STEP = Step("10", "create_draft", CreatedDraft, run, needs=("write_draft",))
