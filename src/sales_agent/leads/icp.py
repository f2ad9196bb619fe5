"""How well does a lead fit the ideal customer profile? A score in 0..1 with every point explained."""

from __future__ import annotations

import re
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict

from sales_agent.leads.addresses import AddressFacts
from sales_agent.leads.countries import country_code
from sales_agent.leads.icp_criteria import Criteria, WordGroup, load_criteria
from sales_agent.leads.intent import topics
from sales_agent.leads.text import looks_hostile, one_line

__all__ = ["Contribution", "Criteria", "IcpScore", "LeadFacts", "Profile", "employees_from", "load_criteria", "score"]

_LONGEST_JOB_TITLE = 80
_LONGEST_INDUSTRY = 80
_NUMBER = re.compile(r"\d{1,3}(?:[.,' ]\d{3})+|\d{1,9}")


class Profile(BaseModel):
    """What one source says about person and company; blank or None where it says nothing."""

    model_config = ConfigDict(frozen=True)

    job_title: str = ""
    industry: str = ""
    employees: int | None = None
    country: str = ""


class LeadFacts(BaseModel):
    """What a lead is judged by. What the CRM knows wins over what the form claims."""

    model_config = ConfigDict(frozen=True)

    address: AddressFacts
    message: str = ""
    crm: Profile = Profile()
    form: Profile = Profile()


class Contribution(BaseModel):
    """What one criterion gave: points of max_points, why, and where the fact comes from ("" when not known)."""

    model_config = ConfigDict(frozen=True)

    criterion: str
    points: float
    max_points: float
    reason: str
    source: str


class IcpScore(BaseModel):
    model_config = ConfigDict(frozen=True)

    score: float  # 0..1, two decimals
    contributions: tuple[Contribution, ...]

    @property
    def unknown(self) -> tuple[str, ...]:
        """The criteria nothing is known about."""
        return tuple(c.criterion for c in self.contributions if not c.source)


class _Verdict(NamedTuple):
    share: float
    reason: str
    source: str


def score(criteria: Criteria, lead: LeadFacts) -> IcpScore:
    """Judge the lead by the criteria."""
    verdicts = (
        ("seniority", criteria.seniority.points, _seniority(criteria, lead)),
        ("industry", criteria.industry.points, _industry(criteria, lead)),
        ("company_size", criteria.company_size.points, _company_size(criteria, lead)),
        ("country", criteria.country.points, _country(criteria, lead)),
        ("address", criteria.address.points, _address(criteria, lead.address)),
        ("intent", criteria.intent.points, _intent(criteria, lead.message)),
    )
    contributions = tuple(
        Contribution(criterion=name, points=round(most * verdict.share, 2), max_points=most, reason=verdict.reason,
                     source=verdict.source)
        for name, most, verdict in verdicts
    )
    exact = sum(most * verdict.share for _, most, verdict in verdicts) / criteria.most_points
    return IcpScore(score=round(min(exact, 1.0), 2), contributions=contributions)


def employees_from(text: str) -> int | None:
    """The number of employees in a form's answer; of a range ("51-200") its lower end, None when there is none."""
    match = _NUMBER.search(text[:60])
    return int(re.sub(r"\D", "", match[0])) if match else None


def _fact(crm: str, form: str, field: str) -> tuple[str, str]:
    for value, source in ((crm, f"crm.{field}"), (form, f"form.{field}")):
        if value.strip():
            return value, source
    return "", ""


def _seniority(criteria: Criteria, lead: LeadFacts) -> _Verdict:
    title, source = _fact(lead.crm.job_title, lead.form.job_title, "job_title")
    if not title:
        return _Verdict(0, "The job title is not known.", "")
    if len(title) > _LONGEST_JOB_TITLE or looks_hostile(title):
        return _Verdict(0, "The job title field does not hold a job title.", source)
    level = _first_match(criteria.seniority.levels, title)
    if level is None:
        return _Verdict(criteria.seniority.otherwise, f"“{one_line(title, 80)}” says nothing about rank.", source)
    return _Verdict(level.share, f"“{one_line(title, 80)}” counts as {level.name}.", source)


def _industry(criteria: Criteria, lead: LeadFacts) -> _Verdict:
    industry, source = _fact(lead.crm.industry, lead.form.industry, "industry")
    if not industry:
        return _Verdict(0, "The industry is not known.", "")
    if len(industry) > _LONGEST_INDUSTRY or looks_hostile(industry):
        return _Verdict(0, "The industry field does not hold an industry.", source)
    shown = one_line(industry.replace("_", " "), 80)
    group = _first_match(criteria.industry.groups, shown)
    if group is None:
        return _Verdict(criteria.industry.otherwise, f"“{shown}” is not among our target industries.", source)
    return _Verdict(group.share, f"“{shown}” is one of our target industries.", source)


def _first_match(groups: tuple[WordGroup, ...], text: str) -> WordGroup | None:
    lowered = text.lower()
    return next((group for group in groups if group.pattern.search(lowered)), None)


def _company_size(criteria: Criteria, lead: LeadFacts) -> _Verdict:
    employees, source = lead.crm.employees, "crm.employees"
    if employees is None:
        employees, source = lead.form.employees, "form.employees"
    if employees is None:
        return _Verdict(0, "The company size is not known.", "")
    for band in criteria.company_size.bands:
        if band.least <= employees and (band.most is None or employees <= band.most):
            return _Verdict(band.share, f"{employees:,} employees.", source)
    return _Verdict(0, f"{employees:,} employees: outside the sizes we look for.", source)


def _country(criteria: Criteria, lead: LeadFacts) -> _Verdict:
    for value, source in ((lead.crm.country, "crm.country"), (lead.form.country, "form.country")):
        code = country_code(value)
        if not code:
            continue
        for group in criteria.country.groups:
            if code in group.countries:
                return _Verdict(group.share, f"{code} is one of our markets.", source)
        return _Verdict(criteria.country.otherwise, f"{code} is not one of our markets.", source)
    return _Verdict(0, "The country is not known.", "")


def _address(criteria: Criteria, address: AddressFacts) -> _Verdict:
    weights, source = criteria.address, "form.email"
    for applies, share, reason in (
        (address.is_disposable, weights.disposable, "A disposable address."),
        (address.is_no_reply, weights.no_reply, "An address that takes no replies."),
        (address.is_free_mail, weights.free_mail, "A free-mail address: the company cannot be told from it."),
        (address.is_role, weights.role, f"A role address at {address.registrable_domain}: not a person's own."),
    ):
        if applies:
            return _Verdict(share, reason, source)
    reason = f"A person's address at the business domain {address.registrable_domain}."
    return _Verdict(weights.business, reason, source)


def _intent(criteria: Criteria, message: str) -> _Verdict:
    if not message.strip():
        return _Verdict(0, "The form holds no message.", "")
    if looks_hostile(message):
        return _Verdict(0, "The message looks like an attack, so what it asks for does not count.", "form.message")
    found = [topic for topic in topics(message) if topic in criteria.intent.topics]
    if not found:
        return _Verdict(criteria.intent.otherwise, "The message names none of the topics we look for.", "form.message")
    best = max(found, key=lambda topic: criteria.intent.topics[topic])
    return _Verdict(criteria.intent.topics[best], f"The message is about {_listed(found)}.", "form.message")


def _listed(names: list[str]) -> str:
    shown = [name.replace("_", " ") for name in names[:4]]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
