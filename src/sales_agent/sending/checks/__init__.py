"""The safety checks, in order. To add one: a file here and a line in CHECKS."""

from __future__ import annotations

import structlog

from sales_agent.sending.checks import (
    credentials,
    headers,
    identity_numbers,
    language,
    length,
    links,
    names,
    other_people,
    payment_data,
    placeholders,
    prohibited_terms,
    promises,
    recipient,
    shouting,
    unsubscribe,
    wording,
)
from sales_agent.sending.checks.case import Check, CheckCase, Finding, Severity

log = structlog.get_logger()

CHECKS: tuple[Check, ...] = (
    recipient.CHECK,
    headers.CHECK,
    unsubscribe.CHECK,
    identity_numbers.CHECK,
    payment_data.CHECK,
    credentials.CHECK,
    other_people.CHECK,
    prohibited_terms.CHECK,
    promises.CHECK,
    wording.CHECK,
    placeholders.CHECK,
    names.CHECK,
    links.CHECK,
    length.CHECK,
    language.CHECK,
    shouting.CHECK,
)


def run_checks(case: CheckCase, checks: tuple[Check, ...] = CHECKS) -> list[Finding]:
    """Everything that is wrong with the letter, in the order of the checks. A check that breaks is a violation."""
    findings: list[Finding] = []
    for check in checks:
        try:
            findings += check.run(case)
        except Exception as error:  # noqa: BLE001 (what could not be checked must not leave)
            log.error("check.failed", check=check.name, error=type(error).__name__)
            findings.append(Finding(check.name, Severity.VIOLATION, "This check could not be carried out; see the log. "
                                    "Nothing leaves unchecked.", "body"))
    return findings


def violations(findings: list[Finding]) -> list[Finding]:
    return [each for each in findings if each.severity is Severity.VIOLATION]
