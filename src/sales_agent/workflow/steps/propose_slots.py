"""Step 7: two or three free times in the next business days. An unreadable calendar offers none."""

from __future__ import annotations

from datetime import timedelta

from sales_agent.drafts.slots import propose_slots
from sales_agent.workflow.facts import ProposedSlots, ResolvedContact, ValidSubmission
from sales_agent.workflow.step import Done, LeadRun, OnFailure, Step

HORIZON = timedelta(days=21)  # covers three business days around any run of holidays


async def run(run: LeadRun) -> Done:
    sender, now = run.tools.settings.sender, run.tools.clock.now()
    resolved = run.get(ResolvedContact)
    zone = resolved.timezone if resolved else sender.business_timezone
    busy = await run.tools.connections.calendar.busy(now, now + HORIZON)
    slots = propose_slots(busy, now, sender.business_timezone, sender.business_hours, sender.holiday_country, zone,
                          count=run.tools.voice.slot_count, language=run.need(ValidSubmission).language)
    return Done(ProposedSlots(slots=tuple(slots)))


STEP = Step("7", "propose_slots", ProposedSlots, run, needs=("resolve_contact",), on_failure=OnFailure.DEGRADE)
