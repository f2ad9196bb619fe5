"""What a message asks about, by word lists that anyone can read and change (intent_words.yaml)."""

from __future__ import annotations

import re
from functools import cache
from importlib import resources
from typing import Literal

import yaml

_READ_CHARACTERS = 8_000  # what a message is about stands in its beginning; a longer one costs no more
_STEM = 4
_TOKEN = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")


class _WordIndex:
    """One word list, arranged so that a message is matched in one pass over its distinct words."""

    def __init__(self, words_of: dict[str, list[list[str]]]) -> None:
        self.words: dict[str, set[str]] = {}
        self.stems: dict[str, list[tuple[str, str]]] = {}
        self.phrases: list[tuple[str, str]] = []
        self.order = tuple(words_of)
        for label, groups in words_of.items():
            for word in (word for group in groups for word in group):
                self._add(word, label)

    def _add(self, word: str, label: str) -> None:
        if word.endswith("*"):
            self.stems.setdefault(word[:_STEM], []).append((word[:-1], label))
        elif " " in word:
            self.phrases.append((f" {word} ", label))
        else:
            self.words.setdefault(word, set()).add(label)

    def labels(self, text: str) -> tuple[str, ...]:
        tokens = _TOKEN.findall(text[:_READ_CHARACTERS].lower().replace("’", "'"))
        found: set[str] = set()
        for token in set(tokens):
            for word in (token, *token.split("-")) if "-" in token else (token,):
                found |= self.words.get(word, set())
                found.update(label for stem, label in self.stems.get(word[:_STEM], ()) if word.startswith(stem))
        joined = f" {' '.join(tokens)} "
        found.update(label for phrase, label in self.phrases if phrase in joined)
        return tuple(label for label in self.order if label in found)


@cache
def _indexes() -> tuple[_WordIndex, _WordIndex]:
    data = yaml.safe_load(resources.files(__package__).joinpath("intent_words.yaml").read_text("utf-8"))
    return _WordIndex(data["topics"]), _WordIndex({"high": data["urgency"]})


def known_topics() -> tuple[str, ...]:
    """Every topic there is, the most important first."""
    return _indexes()[0].order


def topics(message: str) -> tuple[str, ...]:
    """The topics that the message mentions, the most important first. Mentioning one often changes nothing."""
    return _indexes()[0].labels(message)


def urgency(message: str) -> Literal["high", "normal"]:
    """Whether the writer says that it is urgent."""
    return "high" if _indexes()[1].labels(message) else "normal"
