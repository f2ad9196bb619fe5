"""Neither empty nor endless."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sales_agent.sending.checks.case import Check, CheckCase, Finding, Severity

NAME = "length"
_WORD = re.compile(r"\w[\w'’.-]*")
_FAR_TOO_LONG = 2  # times the policy's most words


def run(case: CheckCase) -> Iterator[Finding]:
    """A body or subject whose length no reader would expect."""
    if not case.letter.subject.strip() or not _WORD.search(case.letter.subject):
        yield Finding(NAME, Severity.VIOLATION, "The subject is empty. Write one.", "subject", 0, len(case.letter.subject))
    words = [match.start() for match in _WORD.finditer(case.body)]
    most = case.policy.max_words
    if len(words) < case.policy.min_words:
        yield Finding(NAME, Severity.VIOLATION, f"The mail has {len(words)} words; it needs at least {case.policy.min_words}.",
                      "body", 0, len(case.body))
    elif len(words) > most:
        severity = Severity.VIOLATION if len(words) > most * _FAR_TOO_LONG else Severity.WARNING
        yield Finding(NAME, severity, f"The mail has {len(words)} words; more than {most} are seldom read. Shorten it.", "body",
                      words[most], len(case.body))


CHECK = Check(NAME, run)
