"""Finding many phrases in a text in one pass, whole words only, whatever their case and line breaks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from sales_agent.sending.checks.lookalikes import in_latin

_WORD = re.compile(r"[^\W_]+|[^\w\s]|_")


@lru_cache(maxsize=16)
def phrase_index(phrases: tuple[str, ...]) -> dict[str, list[tuple[tuple[str, ...], str]]]:
    """First token → (all tokens, phrase as given), the longest first."""
    index: dict[str, list[tuple[tuple[str, ...], str]]] = {}
    for phrase in phrases:
        tokens = tuple(_WORD.findall(phrase.casefold()))
        if tokens:
            index.setdefault(tokens[0], []).append((tokens, phrase))
    for entries in index.values():
        entries.sort(key=lambda entry: -len(entry[0]))
    return index


def tokens_of(text: str) -> list[tuple[str, int, int]]:
    """Words in caseless Latin spelling and single signs, each with where it stands."""
    return [(match[0].casefold(), match.start(), match.end()) for match in _WORD.finditer(in_latin(text))]


def find_phrases(text: str, phrases: Iterable[str]) -> Iterator[tuple[str, int, int]]:
    """(phrase as given, start, end) for each place where one stands. Those that overlap an earlier one are left out."""
    index = phrase_index(tuple(phrases))
    tokens = tokens_of(text)
    free = 0
    for at, (token, start, _) in enumerate(tokens):
        for wanted, phrase in index.get(token, ()) if at >= free else ():
            found = tokens[at:at + len(wanted)]
            if tuple(each[0] for each in found) == wanted and _is_whole(text, start, found[-1][2], wanted):
                free = at + len(wanted)
                yield phrase, start, found[-1][2]
                break


def _is_whole(text: str, start: int, end: int, wanted: tuple[str, ...]) -> bool:
    """Signs at a phrase's ends ("100%") may touch a word; words at its ends may not touch an underscore."""
    before = wanted[0].isalnum() and text[max(0, start - 1):start] == "_"
    after = wanted[-1].isalnum() and text[end:end + 1] == "_"
    return not (before or after)
