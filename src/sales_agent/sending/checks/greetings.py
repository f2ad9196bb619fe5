"""Whom a letter greets, and whether that is its recipient (names.yaml)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import Enum
from functools import cache
from importlib import resources
from typing import Any

import yaml

from sales_agent.sending.checks.texts import fold

_FIRST_LINES = 4  # a greeting stands in one of these, blank ones not counted
_SIMILAR = 0.75
_NAME_WORD = re.compile(r"[^\W\d_](?:[\w'.-]*\w)?\.?", re.UNICODE)
_LONGEST_GREETING = 120
# Where the greeted name ends; the full stop of a title does not end it.
_STOP = re.compile(
    r"(?i),(?! ?(?:phd|md|mba|jr|sr|dr)\b)|[!:;?\n]| - "
    r"|\.(?= [A-Z]| *$)(?<!\b(?:Dr|Mr|Ms|Sr)\.)(?<!\b(?:Mrs|Sra|Mme|Ing)\.)(?<!\bProf\.)")
_BARE = re.compile(r"\s*([A-ZÀ-ÖØ-Þ][\w'.-]*(?: [A-ZÀ-ÖØ-Þ][\w'.-]*)?)(?:,| -) *\n")
_AFTER_COMMA = re.compile(r", [A-ZÀ-ÖØ-Þ][^\s,:!]*(?: [A-ZÀ-ÖØ-Þ][^\s,:!]*){0,2}[,:!]? *$")  # "Hola, Ada:"


@dataclass(frozen=True, slots=True)
class Greeting:
    """[start, end) of the greeted name; of the whole greeting when it names nobody. `words` as written, no titles."""

    words: tuple[str, ...]
    start: int
    end: int
    joined: bool = False  # several people are greeted
    bare: bool = False  # a line like "Ada,", with no word of greeting


class Fit(Enum):
    SAME = "same"
    SIMILAR = "similar"
    OTHER = "other"


@cache
def _words() -> dict[str, Any]:
    data: dict[str, Any] = yaml.safe_load(resources.files(__package__).joinpath("names.yaml").read_text("utf-8"))
    data["greeting"] = re.compile(rf" *(?:{data['greetings'].replace('| ', '|')})(?=[ ,!:;.-]|$)", re.IGNORECASE)
    data["titles"] = {fold(each) for each in data["titles"]}
    data["nobody"] = {fold(each) for each in data["nobody"]}
    data["groups"] = [{fold(each) for each in group} for group in data["nicknames"]]
    return data


def greeting_of(text: str) -> Greeting | None:
    """The greeting in the first lines; none: the letter starts without one."""
    at, lines = 0, 0
    while at < len(text) and lines < _FIRST_LINES:
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        lines += bool(text[at:end].strip())
        match = _words()["greeting"].match(text, at, end)
        if match is not None:
            return _greeted(text, at, match.end(), min(end, match.end() + _LONGEST_GREETING))
        at = end + 1
    return _bare(text)


def _bare(text: str) -> Greeting | None:
    match = _BARE.match(text)
    if match is None or all(_is_no_name(word) for word in match[1].split()):
        return None
    return Greeting(tuple(match[1].split()), *match.span(1), bare=True)


def _greeted(text: str, line: int, start: int, line_end: int) -> Greeting:
    """"Good morning" may be followed by another greeting word: "Hello dear Ada"."""
    again = _words()["greeting"].match(text, start, line_end)
    start = again.end() if again is not None else start
    rest = text[start:line_end]
    comma = _AFTER_COMMA.match(rest)
    start, rest = (start + 1, rest[1:]) if comma else (start, rest)
    stop = _STOP.search(rest)
    named = rest[:stop.start()] if stop else rest
    if stop is None and len(named.split()) > 6:
        named = ""  # "Hello and thank you for …": a sentence
    words = [match for match in _NAME_WORD.finditer(named) if not _is_no_name(match[0])]
    if not words or (len(words) > 2 and not any(match[0][0].isupper() for match in words)):
        return Greeting((), line, max(start, line + 1))
    joined = re.search(r"(?i)(?:\b(?:and|und|et|y|e|en)\b|&|/)", named) is not None
    return Greeting(tuple(match[0] for match in words), start + words[0].start(), start + words[-1].end(), joined)


def _is_no_name(word: str) -> bool:
    plain = fold(word).strip(".")
    return plain in _words()["titles"] or plain in _words()["nobody"]


def name_tokens(name: str) -> list[str]:
    """A person's names, folded, without titles. "Anna-Lena" counts as one and as two."""
    words = [fold(each).strip(".'") for each in _NAME_WORD.findall(name) if fold(each).strip(".") not in _words()["titles"]]
    return [token for word in words for token in dict.fromkeys((word, *word.split("-")))]


def is_first_name(word: str) -> bool:
    return any(fold(word) in group for group in _words()["groups"])


def fits(word: str, tokens: list[str]) -> Fit:
    """How well a greeted word goes with one of a person's names."""
    spellings = _spellings(word)
    names = {spelling for token in tokens for spelling in _spellings(token)}
    if spellings & names or any(_is_short_form(one, other) for one in spellings for other in names):
        return Fit.SAME
    close = any(_is_similar(one, other) for one in spellings for other in names)
    return Fit.SIMILAR if close else Fit.OTHER


def _spellings(word: str) -> set[str]:
    """"Müller", "Mueller" and "Muller" are one name."""
    plain = fold(word).strip(".'")
    without_e = plain.replace("ue", "u").replace("oe", "o").replace("ae", "a")
    return {plain, without_e, plain.replace("-", ""), plain.replace("'", "")}


def _is_short_form(one: str, other: str) -> bool:
    if len(one) == 1 or len(other) == 1:
        return one[:1] == other[:1]
    return any(one in group and other in group for group in _words()["groups"])


def _is_similar(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    if len(short) >= 3 and long.startswith(short):
        return True
    return len(short) >= 3 and SequenceMatcher(None, one[:40], other[:40]).ratio() >= _SIMILAR
