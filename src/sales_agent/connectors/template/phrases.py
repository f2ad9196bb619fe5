"""The template writer's words, one set per language (phrases.yaml)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib import resources
from typing import Any
from zlib import crc32

import yaml

DEFAULT_LANGUAGE = "en"


class Phrases:
    """The words of one language. Values are filled in once: braces in them are never read as places to fill."""

    def __init__(self, words: dict[str, Any]) -> None:
        self._words = words

    def say(self, key: str, **values: str) -> str:
        return str(self._words[key]).format(**values)

    def opening(self, tone: str, seed: str, **values: str) -> str:
        """One of the tone's openings: the same one for the same seed."""
        variants = self._words["opening"].get(tone) or self._words["opening"]["friendly"]
        return str(variants[crc32(seed.encode()) % len(variants)]).format(**values)

    def about(self, topic: str, group: str) -> str:
        """What the group (labels, subjects, says, asks) holds for the topic, "" when it holds nothing."""
        return str(self._words[group].get(topic, ""))

    def listed(self, parts: Sequence[str]) -> str:
        """The parts as a list in words: a, b and c."""
        if len(parts) < 2:
            return "".join(parts)
        together = self._words["and_before_i" if parts[-1].startswith(("i", "hi")) else "and"]
        return f"{', '.join(parts[:-1])}{together}{parts[-1]}"


@cache
def phrase_sets() -> dict[str, Phrases]:
    """Phrases by ISO 639-1 code."""
    text = resources.files(__package__).joinpath("phrases.yaml").read_text("utf-8")
    return {language: Phrases(words) for language, words in yaml.safe_load(text).items()}
