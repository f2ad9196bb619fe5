"""Guarantees, and promises that bind us in law (promises.yaml)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import resources

import yaml

from sales_agent.sending.checks.case import Check, CheckCase, Finding, Severity
from sales_agent.sending.checks.lookalikes import in_latin
from sales_agent.sending.checks.texts import Passage, cited, inside, passages

NAME = "promises"
_CLAUSE_END = re.compile(
    r"(?i)[.!?;:()]\s|, ?$|\n\s*\n|\n- |[,\n] ?(?:but|and|so|yet|aber|und|mais|et|pero|y)\b"
    r"|(?:\b(?:but|and|so|und|aber|mais|et|pero)|,) (?=(?:we|i|our|you|your|it|they|wir|ich|nous|je|vous|nosotros|usted)\b)")
_SENTENCE_END = re.compile(r"[.!?](?=\s|$|\")|\n\s*\n")
_BEFORE, _AFTER = 160, 400  # characters that are looked at around a promise
_NEAR = 8  # words between a negation and what it denies
_GERMAN_DENIAL = re.compile(
    r"(?i)^(?:\s+(?!(?:dass|und|aber|wenn|falls)\b)[\w-]+){0,5}?\s+(?:nicht|nie(?:mals)?|kein\w*)\b(?!\s+nur)")
_DETAIL = "This promises more than a letter should: it may bind us in law. Say what usually happens, or leave it out."
_CITED_DETAIL = "The other side's words about a guarantee are repeated here. Make sure that the letter does not agree to it."


@dataclass(frozen=True, slots=True)
class _Words:
    promises: re.Pattern[str]
    always: re.Pattern[str]
    negations: re.Pattern[str]
    idioms: re.Pattern[str]
    innocent_after: re.Pattern[str]


@cache
def _words() -> _Words:
    data = yaml.safe_load(resources.files(__package__).joinpath("promises.yaml").read_text("utf-8"))
    lists = {"{we}": data["we"], "{adverbs}": data["adverbs"]}
    return _Words(_joined(data["promises"], lists), _joined(data["always"], lists),
                  *(re.compile(data[key], re.IGNORECASE) for key in ("negations", "idioms", "innocent_after")))


def _joined(patterns: list[str], lists: dict[str, str]) -> re.Pattern[str]:
    for place, words in lists.items():
        patterns = [pattern.replace(place, words) for pattern in patterns]
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns), re.IGNORECASE)


def run(case: CheckCase) -> Iterable[Finding]:
    return [finding for each in passages(case) for finding in _promises(each)]


def _promises(passage: Passage) -> Iterable[Finding]:
    words = _words()
    plain = in_latin(passage.text)
    text = plain.replace("\n", " ") if passage.part == "subject" else _flat(plain)
    repeated = cited(passage.text)
    for pattern, in_questions in ((words.always, True), (words.promises, False)):
        for match in pattern.finditer(text):
            if not _is_innocent(words, text, match.span(), in_questions):
                severity = Severity.WARNING if inside(match.span(), repeated) else Severity.VIOLATION
                yield passage.finding(NAME, severity, _DETAIL if severity is Severity.VIOLATION else _CITED_DETAIL, match.span())


def _flat(text: str) -> str:
    """Single line breaks are where a line was full: a promise may stand across one."""
    return re.sub(r"(?<=[^\n.!?:]) ?\n(?=[^\n\s-])", lambda match: " " * len(match[0]), text)


def _is_innocent(words: _Words, text: str, span: tuple[int, int], in_questions: bool) -> bool:
    start, end = span
    after = text[end:end + _AFTER]
    inner = "" if in_questions else text[start:end]  # "cannot fail" is a promise, "I do not guarantee" is none
    return (words.innocent_after.match(after) is not None
            or _is_denied(words, text[max(0, start - _BEFORE):start], inner)
            or _GERMAN_DENIAL.match(_clause(after)) is not None or (not in_questions and _is_question(after)))


def _is_denied(words: _Words, before: str, found: str) -> bool:
    ends = [match.end() for match in _CLAUSE_END.finditer(before)]
    clause = words.idioms.sub(" ", before[ends[-1] if ends else 0:])
    near = " ".join(clause.split()[-_NEAR:])
    return words.negations.search(f"{near} {words.idioms.sub(' ', found)}") is not None


def _clause(after: str) -> str:
    return re.split(r"[.!?;:,\n]", after, maxsplit=1)[0]


def _is_question(after: str) -> bool:
    end = _SENTENCE_END.search(after)
    return end is not None and end[0] == "?"


CHECK = Check(NAME, run)
