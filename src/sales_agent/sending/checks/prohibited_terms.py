"""Words that the sales team has ruled out, each with its reason (policy.yaml)."""

from __future__ import annotations

from collections.abc import Iterable

from sales_agent.sending.checks.case import Check, CheckCase, Finding, Severity
from sales_agent.sending.checks.phrases import find_phrases
from sales_agent.sending.checks.texts import passages

NAME = "prohibited_terms"


def run(case: CheckCase) -> Iterable[Finding]:
    reasons = {each.term: each.reason for each in case.policy.prohibited_terms}
    return [each.finding(NAME, Severity.VIOLATION, _detail(reasons[term]), (start, end))
            for each in passages(case) for term, start, end in find_phrases(each.text, tuple(reasons))]


def _detail(reason: str) -> str:
    return f"The safety policy rules these words out: {reason.rstrip('.')}. Say it differently."


CHECK = Check(NAME, run)
