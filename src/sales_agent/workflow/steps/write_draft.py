"""Step 9: put it into words. When the chosen writer is down, the template writer does it."""

from __future__ import annotations

from sales_agent.core.errors import ConnectorError
from sales_agent.ports.writer import Brief, WrittenDraft
from sales_agent.workflow.facts import (
    FoundAssets,
    NextStepPlan,
    ProposedSlots,
    ReadThread,
    ResolvedContact,
    ValidSubmission,
    Written,
)
from sales_agent.workflow.step import Done, LeadRun, Step


async def run(run: LeadRun) -> Done:
    brief, chosen = _brief(run), run.tools.settings.providers.writer_provider
    try:
        return Done(_written(await run.tools.connections.writer.write(brief), chosen))
    except ConnectorError as error:
        draft = await run.tools.fallback_writer.write(brief)
        return Done(_written(draft, "template"), missing=f"{error.provider} could not write; a template was used")


def _brief(run: LeadRun) -> Brief:
    valid, plan, sender = run.need(ValidSubmission), run.need(NextStepPlan), run.tools.settings.sender
    read, resolved = run.get(ReadThread), run.get(ResolvedContact)
    thread = read.thread if read else None
    assets, slots = run.get(FoundAssets), run.get(ProposedSlots)
    contact = resolved.contact if resolved else None
    company = valid.form.company or (contact.company.name if contact and contact.company else "")
    return Brief(
        recipient_first_name=valid.form.first_name or (contact.first_name if contact else ""),
        recipient_company=company, language=valid.language,
        message="" if valid.hostile else valid.form.message, topics=valid.topics,
        open_question=thread.open_question if thread and not thread.warnings else "",
        open_question_source=thread.open_question_source if thread else "",
        complaint="complaint" in valid.topics or bool(thread and thread.complaint),
        in_conversation=thread is not None, thread_subject=thread.subject if thread else "",
        slots=slots.slots if slots else (), asset=assets.asset if assets else None,
        call_to_action=plan.call_to_action, voice=run.tools.voice, sender_name=sender.sender_name,
        sender_company=sender.sender_company, page_title=valid.form.page_title)


def _written(draft: WrittenDraft, writer: str) -> Written:
    return Written(subject=draft.subject, body=draft.body, claims=draft.claims, notes=draft.notes, writer=writer)


STEP = Step("9", "write_draft", Written, run, needs=("plan_next_step",))
