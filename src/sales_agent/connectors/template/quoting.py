"""Words from outside, made fit to stand in a mail of ours, or left out."""

from __future__ import annotations

import re

from sales_agent.core.text import clean_text, looks_hostile, one_line

# Mail programs turn these into links, and a link of theirs has no place in a mail of ours.
_LINKLIKE = re.compile(r"://|www\.|@|[^\W_][\w-]*\.[^\W\d_]{2,}", re.IGNORECASE)
_QUOTES = str.maketrans(dict.fromkeys("\"“”„«»", "'"))
_PREFIXES = re.compile(r"(?:\s*(?:re|aw|antw|sv|fwd?|wg|tr|rv)\s*(?:\[\d+\])?\s*:)+", re.IGNORECASE)
_NAME = re.compile(r"[^\W\d_](?:[^\W\d_]|['’. -])*")
_COMPANY = re.compile(r"[\w&+(][\w&+.,'’()/ -]*")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n+")
_FEWEST_WORDS = 4  # a shorter sentence is a greeting


def quotable(text: str, limit: int) -> str:
    """The text on one line, cut at a word where it is longer than `limit`; "" when it must not be quoted."""
    line = one_line(text, 2_000).translate(_QUOTES)
    if looks_hostile(text) or _LINKLIKE.search(line):
        return ""
    if len(line) <= limit:
        return line
    return line[: limit - 1].rsplit(" ", 1)[0].rstrip(" ,;:.-") + "…"


def excerpt(message: str, limit: int = 140) -> str:
    """The first telling sentence of the message, fit to quote; "" when there is none or the message is hostile."""
    if looks_hostile(message):
        return ""
    telling = (part for part in _SENTENCE_END.split(clean_text(message, 2_000)) if len(part.split()) >= _FEWEST_WORDS)
    return next(filter(None, (quotable(part, limit) for part in telling)), "")


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
    """A thread's subject without its prefixes, fit for a header; "" when nothing is left."""
    subject = one_line(value, 150)
    if match := _PREFIXES.match(subject):
        subject = subject[match.end():]
    return "" if "=?" in subject else subject.strip()
