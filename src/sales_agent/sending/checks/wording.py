"""Insults, threats and discrimination (wording.yaml)."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib import resources

import yaml

from sales_agent.leads.language import detect_language
from sales_agent.sending.checks.case import Check, CheckCase, Finding, Severity
from sales_agent.sending.checks.phrases import find_phrases
from sales_agent.sending.checks.texts import Passage, cited, inside, passages

NAME = "wording"
_DETAIL = {
    "insults": "This wording is insulting or crude. Say what is meant in neutral words.",
    "threats": "This reads as pressure or a threat. State the fact or the date, and leave the rest out.",
    "discrimination": "This wording demeans a group of people. Take it out.",
}
_ANY_DETAIL = "This wording is insulting, threatening or discriminatory. Say what is meant in neutral words."
_WARNING = "This word can be taken as an insult. Make sure that nobody is meant by it."
_CITED = "The other side's own harsh words are repeated here. Better to describe them than to repeat them."


_LANGUAGES = {"insults": "en", "threats": "en", "discrimination": "en", "german": "de", "french": "fr", "spanish": "es"}


@cache
def _lists() -> dict[str, list[str]]:
    data: dict[str, list[str]] = yaml.safe_load(resources.files(__package__).joinpath("wording.yaml").read_text("utf-8"))
    return data


@cache
def _groups_in(languages: frozenset[str]) -> dict[str, str]:
    """Phrase, as it is listed: the group it is in. `universal` goes with every language."""
    return {phrase: group for group, phrases in _lists().items() for phrase in phrases
            if _LANGUAGES.get(group) is None or _LANGUAGES[group] in languages}


def run(case: CheckCase) -> Iterable[Finding]:
    languages = frozenset({case.language[:2], detect_language(case.body, hint=case.language)})
    groups = _groups_in(languages)
    return [finding for each in passages(case) for finding in _harsh_words(each, groups)]


def _harsh_words(passage: Passage, groups: dict[str, str]) -> Iterable[Finding]:
    repeated = cited(passage.text)
    for phrase, start, end in find_phrases(passage.text, (each.removesuffix("?") for each in groups)):
        if phrase not in groups:
            yield passage.finding(NAME, Severity.WARNING, _WARNING, (start, end))
        elif inside((start, end), repeated):
            yield passage.finding(NAME, Severity.WARNING, _CITED, (start, end))
        else:
            yield passage.finding(NAME, Severity.VIOLATION, _DETAIL.get(groups[phrase], _ANY_DETAIL), (start, end))


CHECK = Check(NAME, run)
