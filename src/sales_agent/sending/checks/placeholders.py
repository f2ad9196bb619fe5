"""Gaps that a template left: braces, brackets, TODO, filler text, and greetings without anybody (placeholders.yaml)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import resources
from typing import Any

import yaml

from sales_agent.sending.checks.case import Check, CheckCase, Finding, Severity
from sales_agent.sending.checks.texts import Passage, passages

NAME = "placeholders"
_DETAIL = "A gap of the template was left open here. Fill it in, or reword the sentence."
_DOUBTFUL = "This may be a gap of the template that was left open. Check it."
_BRACKETED = re.compile(r"(?<![\w\]])\[([^\[\]\n]{1,80})\](?!\()|<([^<>@\n]{1,60})>")
_PLAIN_TAG = re.compile(r"(?i)^/?(?:b|i|u|p|br|em|strong|a|span|div|ul|li|html|body)(?:\s|/|$)|https?:|mailto:|www\.|tel:")
_IDENTIFIER = re.compile(r"[A-Za-z]+(?:_[A-Za-z]+)+|[a-z]+[A-Z][A-Za-z]+|\w+\.\w+_\w+")


@cache
def _data() -> dict[str, Any]:
    data: dict[str, Any] = yaml.safe_load(resources.files(__package__).joinpath("placeholders.yaml").read_text("utf-8"))
    return data


@cache
def _vocabulary() -> tuple[frozenset[str], frozenset[str]]:
    return frozenset(_data()["fields"]), frozenset(_data()["openers"])


@cache
def _shapes() -> tuple[re.Pattern[str], ...]:
    data = _data()
    written = data["shapes"]
    for words in ("hello", "title", "nobody"):
        written = [shape.replace(f"{{{words}}}", data[words]) for shape in written]
    return tuple(re.compile(shape) for shape in written)


def run(case: CheckCase) -> Iterable[Finding]:
    return [finding for each in passages(case) for finding in _gaps(each)]


def _gaps(passage: Passage) -> Iterator[Finding]:
    taken: list[tuple[int, int]] = []
    for severity, start, end in sorted((*_certain(passage.text), *_bracketed(passage.text)), key=lambda gap: (gap[1], -gap[2])):
        if not taken or start >= taken[-1][1]:
            taken.append((start, end))
            yield passage.finding(NAME, severity, _DETAIL if severity is Severity.VIOLATION else _DOUBTFUL, (start, end))


def _certain(text: str) -> Iterator[tuple[Severity, int, int]]:
    for pattern in _shapes():
        for match in pattern.finditer(text):
            start, end = match.span("gap" if "gap" in pattern.groupindex else 0)
            if end > start:
                yield Severity.VIOLATION, start, end


def _bracketed(text: str) -> Iterator[tuple[Severity, int, int]]:
    for match in _BRACKETED.finditer(text):
        severity = _severity((match[1] or match[2]).strip(), square=match[1] is not None)
        if severity is not None:
            yield severity, match.start(), match.end()


def _severity(inside: str, *, square: bool) -> Severity | None:
    """A known field, an identifier or an instruction is a gap; several capitalised words may be one."""
    fields, openers = _vocabulary()
    words = re.sub(r"[\s_/.:-]+", " ", inside.casefold()).strip(" #*'\"")
    if _PLAIN_TAG.search(inside) or not any(each.isalpha() for each in words):
        return None
    first, _, rest = words.partition(" ")
    is_instruction = bool(rest) and (first in openers or " ".join(words.split()[:2]) in openers)
    every = all(part.strip() in fields for part in re.split(r"[/,&+]", inside.casefold()))
    if words in fields or every or _IDENTIFIER.fullmatch(inside) or is_instruction:
        return Severity.VIOLATION
    capitalised = square and len(inside.split()) > 1 and all(each[:1].isupper() for each in inside.split())
    return Severity.WARNING if capitalised else None


CHECK = Check(NAME, run)
