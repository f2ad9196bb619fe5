"""Step 2: who is this in the CRM? Without the CRM, go on with what the form says."""

from __future__ import annotations

from sales_agent.core.errors import ConnectorError
from sales_agent.leads.hubspot_payloads import LeadForm
from sales_agent.leads.timezones import lead_timezone
from sales_agent.ports.crm import Company, Contact, ContactInput
from sales_agent.workflow.effects import lead_arguments, queued
from sales_agent.workflow.facts import ResolvedContact, ValidSubmission
from sales_agent.workflow.step import Done, LeadRun, OnFailure, Step


async def run(run: LeadRun) -> Done:
    lead = contact_input(run.form)
    try:
        return Done(_resolved(run, await run.tools.connections.crm.resolve_contact(lead), in_crm=True))
    except ConnectorError as error:
        later = queued(run, "crm_contact", lead_arguments(lead))
        facts = _resolved(run, _from_form(lead), in_crm=False)
        return Done(facts, rows=[later], missing=f"CRM data: {error.provider} could not be used; the contact is queued")


def contact_input(form: LeadForm) -> ContactInput:
    return ContactInput(email=form.email, first_name=form.first_name, last_name=form.last_name, company=form.company,
                        job_title=form.job_title, phone=form.phone, country=form.country, website=form.website)


def _from_form(lead: ContactInput) -> Contact:
    company = Company(id="", name=lead.company) if lead.company else None
    return Contact(id="", email=lead.email, first_name=lead.first_name, last_name=lead.last_name,
                   job_title=lead.job_title, phone=lead.phone, country=lead.country, company=company)


def _resolved(run: LeadRun, contact: Contact, *, in_crm: bool) -> ResolvedContact:
    valid = run.need(ValidSubmission)
    country = contact.country or valid.form.country or (contact.company.country if contact.company else "")
    zone, source = lead_timezone(contact.timezone, country, contact.phone or valid.form.phone, valid.address.domain,
                                 valid.language, run.tools.settings.sender.business_timezone)
    return ResolvedContact(contact=contact, in_crm=in_crm, timezone=zone, timezone_source=source)


STEP = Step("2", "resolve_contact", ResolvedContact, run, needs=("validate_submission",), on_failure=OnFailure.DEGRADE)
