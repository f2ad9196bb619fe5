"""Step 1: is this a lead we may work on? Read it in full, flag what is odd, let one an hour pass."""

from __future__ import annotations

from sales_agent.core.errors import PermanentError
from sales_agent.leads.addresses import AddressFacts, parse_address
from sales_agent.leads.hubspot_payloads import LeadForm, lead_form, lead_of_contact
from sales_agent.leads.intent import topics
from sales_agent.leads.language import detect_language
from sales_agent.leads.text import looks_hostile
from sales_agent.leads.throttle import Ticket
from sales_agent.workflow.facts import ValidSubmission
from sales_agent.workflow.step import Done, LeadRun, Step


async def run(run: LeadRun) -> Done:
    form = await _with_address(run, lead_form(run.source, run.payload))
    _check_form(run, form)
    address = parse_address(form.email)
    hostile = tuple(looks_hostile("\n".join((form.message, form.company, form.job_title, *form.fields.values()))))
    facts = ValidSubmission(form=form, address=address, language=detect_language(form.message),
                            topics=topics(form.message), flags=_flags(address), hostile=hostile)
    ticket = Ticket(address.address, run.submission_id, run.received_at)
    if not await run.tools.throttle.admits(ticket):
        return Done(facts, stop="another submission of this address came within the hour before")
    return Done(facts)


async def _with_address(run: LeadRun, form: LeadForm) -> LeadForm:
    """An event names only the CRM's contact: ask the CRM who that is."""
    if form.email:
        return form
    contact = await run.tools.connections.crm.contact_by_id(form.contact_id)
    if contact is None:
        raise PermanentError("the contact named by the event is not in the CRM")
    return lead_of_contact({
        "email": contact.email, "firstname": contact.first_name, "lastname": contact.last_name,
        "company": contact.company.name if contact.company else "", "jobtitle": contact.job_title,
        "phone": contact.phone, "country": contact.country}, form.contact_id)


def _check_form(run: LeadRun, form: LeadForm) -> None:
    allowed = run.tools.settings.intake.hubspot_allowed_form_ids
    if allowed and form.form_id and form.form_id not in allowed:
        raise PermanentError("submissions of this form are not accepted any more")


def _flags(address: AddressFacts) -> tuple[str, ...]:
    flags = {"no_reply_address": address.is_no_reply, "role_address": address.is_role,
             "disposable_address": address.is_disposable, "free_mail_address": address.is_free_mail}
    return tuple(name for name, applies in flags.items() if applies)


STEP = Step("1", "validate_submission", ValidSubmission, run)
