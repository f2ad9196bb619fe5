"""The way out, and who writes: both in the footer, both true."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from urllib.parse import urlsplit

from sales_agent.sending.checks.case import Check, CheckCase, Finding, Severity

NAME = "unsubscribe"
_PATH = re.compile(r"/u/[A-Za-z0-9_-]{16,200}")


def run(case: CheckCase) -> Iterator[Finding]:
    """What the footer and the unsubscribe link lack."""
    for problem in _problems(case):
        yield Finding(NAME, Severity.VIOLATION, problem, "headers")


def _problems(case: CheckCase) -> Iterator[str]:
    letter, url = case.letter, case.letter.unsubscribe_url
    footer = letter.text[len(case.body):]
    if not url or url not in footer or escape(url) not in letter.html:
        yield "The unsubscribe link is missing from the footer. Whoever runs the installation must look into it."
    elif not _leads_to_us(case, url):
        yield "The unsubscribe link does not lead to this installation (PUBLIC_BASE_URL). Approve the draft anew."
    elif case.unsubscribe_works is None or not case.unsubscribe_works(url):
        yield "The unsubscribe link would not work for this recipient. Approve the draft anew."
    if not case.sender_address.strip() or " ".join(case.sender_address.split()) not in footer:
        yield "The postal address is missing from the footer (SENDER_ADDRESS): the law asks for it."
    if letter.sender_name not in footer or case.sender_company not in footer:
        yield "The footer does not say who writes (SENDER_NAME, SENDER_COMPANY)."


def _leads_to_us(case: CheckCase, url: str) -> bool:
    ours, link = urlsplit(case.base_url), urlsplit(url)
    if case.in_production and link.scheme != "https":
        return False
    same = (link.scheme, link.netloc) == (ours.scheme, ours.netloc)
    return same and _PATH.fullmatch(link.path.removeprefix(ours.path.rstrip("/"))) is not None


CHECK = Check(NAME, run)
