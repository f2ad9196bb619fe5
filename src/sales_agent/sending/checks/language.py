"""The mail is in the lead's language."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sales_agent.leads.language import language_shares
from sales_agent.sending.checks.case import Check, CheckCase, Finding, Severity

NAME = "language"
_QUOTED = re.compile(r"[“„«\"][^”“»\"\n]{10,2000}[”“»\"]|(?m:^>.*$)")
_ENOUGH_WORDS = 12
_CLEAR, _DOUBTFUL = 0.6, 0.42  # the other language's share of the words that tell


def run(case: CheckCase) -> Iterator[Finding]:
    """A body that speaks another language than the lead. What it quotes does not count."""
    own = _QUOTED.sub(" ", case.body)
    if len(own.split()) < _ENOUGH_WORDS:
        return
    shares = language_shares(own)
    other, share = max(((each, part) for each, part in shares.items() if each != case.language), key=lambda pair: pair[1],
                       default=("", 0.0))
    if share >= _CLEAR:
        yield _finding(case, Severity.VIOLATION,
                       f"The mail seems to be in another language ({other}) than the lead's ({case.language}).")
    elif share >= _DOUBTFUL and share > shares.get(case.language, 0.0):
        yield _finding(case, Severity.WARNING,
                       f"Parts of the mail seem to be in another language ({other}) than the lead's.")


def _finding(case: CheckCase, severity: Severity, detail: str) -> Finding:
    return Finding(NAME, severity, detail, "body", 0, len(case.body))


CHECK = Check(NAME, run)
