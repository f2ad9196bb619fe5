"""Capitals and punctuation in the measure of a business letter."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import yaml

from sales_agent.leads.language import is_stop_word
from sales_agent.sending.checks.case import Check, CheckCase, Finding, Severity
from sales_agent.sending.checks.texts import Passage, passages

NAME = "shouting"
_STORM = re.compile(r"(?:[!?¡¿‽❗❓]\s?){2,}[!?¡¿‽❗❓]|(?<![ .])\.{5,}|(?:\$|€|£){3,}")
_DOUBLE = re.compile(r"!!|\?\?|!\?|\?!")
_PICTURE = "[\U0001f300-\U0001faff☀-➿⭐⚡][\ufe0f\u200d\U0001f3fb-\U0001f3ff]*"
_EMOJI = re.compile(rf"(?:{_PICTURE}\s?){{2,}}{_PICTURE}")
_CAPITALS = re.compile(r"[^\W\d_]{2,}(?:['’-][^\W\d_]+)*")
_VOWEL, _CONSONANTS = re.compile("[AEIOUYÄÖÜÉÈÀÁÍÓÚ]"), re.compile("[^AEIOUYÄÖÜÉÈÀÁÍÓÚ]{4,}")
_RUN_WORDS, _RUN_LETTERS = 3, 12  # from so many capital words in a row, and so many letters, it is shouting
_SPOKEN_WORDS = 4  # so many words of the language in one run leave no doubt
_LONG_WORD = 9  # letters; a longer word in capitals is seldom an abbreviation
_SHOUTED = frozenset(yaml.safe_load(Path(__file__).with_name("shouting.yaml").read_text(encoding="utf-8")))


def run(case: CheckCase) -> Iterator[Finding]:
    """Runs of capital words, storms of punctuation or pictures. Abbreviations are innocent."""
    for each in passages(case):
        for match in _STORM.finditer(each.text):
            yield each.finding(NAME, Severity.VIOLATION, "One such mark is enough.", match.span())
        for match in _EMOJI.finditer(each.text):
            yield each.finding(NAME, Severity.VIOLATION, "Fewer pictures, please: this is a business letter.", match.span())
        for match in _DOUBLE.finditer(each.text):
            if not _STORM.match(each.text, match.start()) and not _STORM.match(each.text, max(0, match.start() - 1)):
                yield each.finding(NAME, Severity.WARNING, "One such mark is enough.", match.span())
        yield from _capitals(each)


def _capitals(passage: Passage) -> Iterator[Finding]:
    run: list[re.Match[str]] = []
    for match in _CAPITALS.finditer(passage.text):
        joined = not run or re.fullmatch(r"[^\w\n]{0,3}\n?[^\w\n]{0,3}", passage.text[run[-1].end():match.start()])
        if not (match[0].isupper() and joined):
            yield from _judged(passage, run)
            run = []
        if match[0].isupper():
            run.append(match)
    yield from _judged(passage, run)


def _judged(passage: Passage, run: list[re.Match[str]]) -> Iterator[Finding]:
    """Whether these capital words in a row are shouted: ordinary words are, a list of abbreviations is not."""
    if not run:
        return
    words = [match[0] for match in run]
    spoken = [word for word in words if word.lower() in _SHOUTED or is_stop_word(word) or _pronounceable(word)]
    span = (run[0].start(), run[-1].end())
    many = 2 * len(spoken) >= len(words) or len(spoken) >= _SPOKEN_WORDS
    if len(words) >= _RUN_WORDS and sum(map(len, words)) >= _RUN_LETTERS and many:
        yield passage.finding(NAME, Severity.VIOLATION, "Write this in ordinary letters: capitals read as shouting.", span)
    elif any(word.lower() in _SHOUTED or len(word) > _LONG_WORD for word in spoken if not is_stop_word(word)):
        yield passage.finding(NAME, Severity.WARNING, "Capitals read as shouting.", span)


def _pronounceable(word: str) -> bool:
    """Whether it looks like a word rather than an abbreviation: vowels and consonants in turn."""
    return len(word) >= 5 and _VOWEL.search(word) is not None and _CONSONANTS.search(word) is None


CHECK = Check(NAME, run)
