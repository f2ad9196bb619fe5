"""The draft card: everything a person needs to judge the draft, gathered from the steps."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from sales_agent.core.clock import iso
from sales_agent.ports.assets import Asset
from sales_agent.ports.crm import Contact
from sales_agent.workflow.facts import (
    FoundAssets,
    FoundThreads,
    Memory,
    NextStepPlan,
    ProposedSlots,
    ReadThread,
    Research,
    ResolvedContact,
    ValidSubmission,
    Written,
)
from sales_agent.workflow.step import LeadRun

CONTACT, ASSET = TypeAdapter(Contact), TypeAdapter(Asset)


def draft_context(run: LeadRun, queued: tuple[str, ...]) -> dict[str, Any]:
    """JSON for `Draft.context`. Text from the form and the mailbox is in it as it was: show it as text."""
    return {"flags": _flags(run), "lead": _lead(run), "crm": _crm(run), "icp": _icp(run), "conversation": _conversation(run),
            "memory": _memory(run), "asset": _asset(run), "slots": _slots(run), "next_step": _next_step(run),
            "writing": _writing(run), "queued": list(queued)}


def _flags(run: LeadRun) -> list[str]:
    """What the queue shows at a glance."""
    valid, read = run.need(ValidSubmission), run.get(ReadThread)
    thread = read.thread if read else None
    seen = {"hostile_text": bool(valid.hostile or (thread and thread.warnings)), "in_conversation": thread is not None,
            "complaint": "complaint" in valid.topics or bool(thread and thread.complaint)}
    return [*valid.flags, *(name for name, applies in seen.items() if applies)]


def _lead(run: LeadRun) -> dict[str, Any]:
    valid = run.need(ValidSubmission)
    return {**valid.form.model_dump(exclude={"fields"}), "language": valid.language, "topics": list(valid.topics),
            "hostile": list(valid.hostile), "received_at": iso(run.received_at)}


def _crm(run: LeadRun) -> dict[str, Any] | None:
    resolved = run.get(ResolvedContact)
    if resolved is None:
        return None
    return {**CONTACT.dump_python(resolved.contact, mode="json"), "in_crm": resolved.in_crm,
            "lead_timezone": resolved.timezone, "timezone_source": resolved.timezone_source}


def _icp(run: LeadRun) -> dict[str, Any] | None:
    research = run.get(Research)
    return research.score.model_dump(mode="json") if research else None


def _conversation(run: LeadRun) -> dict[str, Any] | None:
    read, found = run.get(ReadThread), run.get(FoundThreads)
    if read is None or read.thread is None:
        return None
    return {**read.thread.model_dump(mode="json"), "threads": found.count if found else 1}


def _memory(run: LeadRun) -> dict[str, Any] | None:
    memory = run.get(Memory)
    return memory.memory.model_dump(mode="json") if memory else None


def _asset(run: LeadRun) -> dict[str, Any] | None:
    found = run.get(FoundAssets)
    if found is None:
        return None
    return {"asset": ASSET.dump_python(found.asset, mode="json") if found.asset else None, "reason": found.reason}


def _slots(run: LeadRun) -> list[dict[str, str]]:
    proposed = run.get(ProposedSlots)
    return [{"start": iso(slot.start), "end": iso(slot.end), "label": slot.label}
            for slot in (proposed.slots if proposed else ())]


def _next_step(run: LeadRun) -> dict[str, Any]:
    return run.need(NextStepPlan).model_dump(mode="json")


def _writing(run: LeadRun) -> dict[str, Any]:
    written = run.need(Written)
    return {"writer": written.writer, "notes": list(written.notes),
            "claims": [{"text": claim.text, "source": claim.source} for claim in written.claims]}
