"""The mail is in the lead's language."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sales_agent.leads.language import SUPPORTED, language_shares, stop_word_share
from sales_agent.sending.checks.case import Check, CheckCase, Finding, Severity

NAME = "language"
_QUOTED = re.compile(r"[“„«\"][^”“»\"\n]{10,2000}[”“»\"]|(?m:^>.*$)")
_ENOUGH_WORDS = 12
_CLEAR, _LIKELY, _DOUBTFUL = 0.6, 0.4, 0.35  # the other language's share of the words that tell
_TIMES = 1.5  # a likely one is clear when it is so many times the lead's own
_STRANGE, _MANY_WORDS = 0.09, 20  # with fewer small words of the lead's language than that, so long a mail is in another


def run(case: CheckCase) -> Iterator[Finding]:
    """A body that speaks another language than the lead. What it quotes does not count."""
    own = _QUOTED.sub(" ", case.body)
    if len(own.split()) < _ENOUGH_WORDS:
        return
    shares = language_shares(own)
    other, share = max(((each, part) for each, part in shares.items() if each != case.language), key=lambda pair: pair[1],
                       default=("", 0.0))
    if share >= _CLEAR or (share >= _LIKELY and share > _TIMES * shares.get(case.language, 0.0)):
        yield _finding(case, Severity.VIOLATION,
                       f"The mail seems to be in another language ({other}) than the lead's ({case.language}).")
    elif _is_strange(own, case.language):
        yield _finding(case, Severity.VIOLATION, f"The mail does not seem to be in the lead's language ({case.language}).")
    elif share >= _DOUBTFUL and share > shares.get(case.language, 0.0):
        yield _finding(case, Severity.WARNING,
                       f"Parts of the mail seem to be in another language ({other}) than the lead's.")


def _is_strange(text: str, language: str) -> bool:
    """Languages that nobody taught us are known by what they lack."""
    return language in SUPPORTED and len(text.split()) >= _MANY_WORDS and stop_word_share(text, language) < _STRANGE


def _finding(case: CheckCase, severity: Severity, detail: str) -> Finding:
    return Finding(NAME, severity, detail, "body", 0, len(case.body))


CHECK = Check(NAME, run)
