"""Words from outside, made fit to stand in a mail of ours, or left out."""

from __future__ import annotations

import re

from sales_agent.core.text import clean_text, looks_hostile, one_line

# Mail programs turn these into links, and a link of theirs has no place in a mail of ours.
_LINKLIKE = re.compile(r"://|www\.|@|[^\W_][\w-]*\.[^\W\d_]{2,}", re.IGNORECASE)
_NOT_IN_SUBJECTS = re.compile(r"=\?|://|www\.", re.IGNORECASE)
_PRIVATE_USE = re.compile("[\ue000-\uf8ff\U000f0000-\U0010fffd]")  # no letters; the voice's rules drop them
_QUOTES = str.maketrans(dict.fromkeys("\"“”„«»", "'"))
_PREFIXES = re.compile(r"(?:\s*(?:re|aw|antw|sv|fwd?|wg|tr|rv)\s*(?:\[\d+\])?\s*:)+", re.IGNORECASE)
_NAME = re.compile(r"[^\W\d_](?:[^\W\d_]|['’. -])*")
_COMPANY = re.compile(r"[\w&+(][\w&+.,'’()/ -]*")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n+")
_FEWEST_WORDS = 4  # a shorter sentence is a greeting
# A question whether we can talk is answered by the times we offer, so it need not be repeated.
_ASKS_TO_TALK = re.compile(
    r"\b(?:call|talk|speak|meet|meeting|demo|show us|termin|gespräch|telefonieren|zeigen|appel|démo|démonstration|"
    r"échanger|rendez-vous|llamada|reunión|demostración|hablar)\b",
    re.IGNORECASE,
)
# Systems that are worth naming back, by what they are called in messages.
_SYSTEMS = {name.lower(): name for name in (
    "SAP", "Snowflake", "BigQuery", "Databricks", "Redshift", "HubSpot", "Salesforce", "Power BI", "Tableau", "Looker",
    "Excel", "Oracle", "NetSuite", "Dynamics 365", "Shopify", "PostgreSQL", "SQL Server", "MySQL", "Jira", "Slack",
    "Workday", "Zendesk", "Stripe", "DATEV", "Odoo")}
_SYSTEM = re.compile(rf"\b(?:{'|'.join(map(re.escape, _SYSTEMS))})\b", re.IGNORECASE)
_MOST_SYSTEMS = 3


def quotable(text: str, limit: int) -> str:
    """The text on one line, cut at a word where it is longer than `limit`; "" when it must not be quoted."""
    line = one_line(_PRIVATE_USE.sub("", text[:10_000]), 2_000).translate(_QUOTES)
    if looks_hostile(text) or _LINKLIKE.search(line):
        return ""
    if len(line) <= limit:
        return line
    return line[: limit - 1].rsplit(" ", 1)[0].rstrip(" ,;:.-") + "…"


def excerpt(message: str, limit: int = 140) -> str:
    """The first telling sentence of the message, fit to quote; "" when there is none or the message is hostile."""
    if looks_hostile(message):
        return ""
    return next(filter(None, (quotable(sentence, limit) for sentence in _telling(message))), "")


def question(message: str, limit: int = 160) -> str:
    """The first question of the message that can be quoted whole and is not whether we can talk; "" when none is."""
    if looks_hostile(message):
        return ""
    asked = (one_line(sentence, limit + 1) for sentence in _telling(message) if not _ASKS_TO_TALK.search(sentence))
    return next((quote for line in asked if line.endswith("?") and (quote := quotable(line, limit)).endswith("?")), "")


def systems(message: str) -> list[str]:
    """The well-known systems that the message names, as their makers write them, in its order."""
    named = (_SYSTEMS[match[0].lower()] for match in _SYSTEM.finditer(clean_text(message, 8_000)))
    return list(dict.fromkeys(named))[:_MOST_SYSTEMS]


def _telling(message: str) -> list[str]:
    sentences = _SENTENCE_END.split(clean_text(message, 2_000))
    return [sentence for sentence in sentences if len(sentence.split()) >= _FEWEST_WORDS]


def first_name(value: str) -> str:
    """A first name as one writes it, or "" when the value is not one."""
    name = one_line(value, 60)
    if not _NAME.fullmatch(name) or len(name) > 40 or len(name.split()) > 3 or _LINKLIKE.search(name):
        return ""
    return name.title() if name.islower() or (name.isupper() and len(name) > 2) else name


def company_name(value: str) -> str:
    """A company's name fit to mention, or ""."""
    name = one_line(value, 200)
    fit = len(name) <= 60 and _COMPANY.fullmatch(name) and not _LINKLIKE.search(name) and not looks_hostile(value)
    return name.rstrip(" ,") if fit else ""


def subject_line(value: str) -> str:
    """A thread's subject without its prefixes, fit for a header; "" when nothing is left or it must not be repeated."""
    subject = one_line(value, 150)
    if match := _PREFIXES.match(subject):
        subject = subject[match.end():]
    return "" if _NOT_IN_SUBJECTS.search(subject) or looks_hostile(value) else subject.strip()
