"""Step 2.5: how well does this lead fit, and why? Explained point by point, from CRM and form."""

from __future__ import annotations

from sales_agent.leads.hubspot_payloads import LeadForm
from sales_agent.leads.icp import LeadFacts, Profile, employees_from, score
from sales_agent.ports.crm import Contact
from sales_agent.workflow.facts import Research, ResolvedContact, ValidSubmission
from sales_agent.workflow.step import Done, LeadRun, OnFailure, Step


async def run(run: LeadRun) -> Done:
    valid, resolved = run.need(ValidSubmission), run.get(ResolvedContact)
    crm = _crm_profile(resolved.contact) if resolved and resolved.in_crm else Profile()
    lead = LeadFacts(address=valid.address, message=valid.form.message, crm=crm, form=_form_profile(valid.form))
    return Done(Research(score=score(run.tools.criteria, lead)))


def _crm_profile(contact: Contact) -> Profile:
    company = contact.company
    return Profile(job_title=contact.job_title, industry=company.industry if company else "",
                   employees=company.employees if company else None,
                   country=contact.country or (company.country if company else ""))


def _form_profile(form: LeadForm) -> Profile:
    employees = form.fields.get("numberofemployees") or form.fields.get("company_size") or ""
    return Profile(job_title=form.job_title, industry=form.fields.get("industry", "")[:100],
                   employees=employees_from(employees), country=form.country)


STEP = Step("2.5", "research_prospect", Research, run, needs=("resolve_contact",), on_failure=OnFailure.DEGRADE)
