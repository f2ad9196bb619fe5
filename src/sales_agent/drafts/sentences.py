"""Sentences of a mail, and what kind they are: a question, a promise."""

from __future__ import annotations

import re

_READ_CHARACTERS = 6_000
_END = re.compile(r"(?<=[.!?…])[\"”»)]*\s+|\n+")
_REQUEST = re.compile(
    r"(?:and |also |but |so |und |et |y )?(?:could|can|would|will) you\b|please (?:send|let|tell|confirm|share|advise)|"
    r"let me know (?:if|whether|when|how|what)|"
    r"(?:können|könnten|würden) sie\b|bitte (?:senden|schicken|teilen|nennen|geben|lassen)|"
    r"(?:pouvez|pourriez)[ -]vous\b|merci de\b|(?:podría|puede|podrían)n?\b|por favor\b",
    re.IGNORECASE,
)
_PROMISE = re.compile(
    r"\b(?:i(?:['’]ll| will)|we(?:['’]ll| will)|(?:i(?:['’]m| am)|we(?:['’]re| are)) going to|i promise|"
    r"you(?:['’]ll| will) (?:have|get|receive))\b"
    r"|\b(?:ich|wir) (?:werde[n]?|schicke[n]?|sende[n]?|melde[n]? (?:mich|uns)|komme[n]? auf sie zu|kläre[n]?)\b"
    r"|\b(?:je (?:vous|reviens)|nous vous|je vais)\b|\b(?:le|les) (?:enviaré|enviaremos|mandaré|confirmo)\b|\bvoy a\b",
    re.IGNORECASE,
)
_POLITENESS = re.compile(
    r"^[¿\s]*(?:how are you|how(?:['’]s| is) it going|hope you|wie geht es|comment allez|cómo está)"
    r"|\b(?:i will|i['’]ll) be (?:happy|glad)\b",
    re.IGNORECASE,
)


def sentences(text: str) -> list[str]:
    """The sentences of the text's beginning, each without white space around it."""
    return [part.strip() for part in _END.split(text[:_READ_CHARACTERS]) if part.strip()]


def is_question(sentence: str) -> bool:
    """Whether an answer is expected: a question mark, or a request in so many words; small talk does not count."""
    if _POLITENESS.search(sentence):
        return False
    return sentence.rstrip("\"”») ").endswith("?") or _REQUEST.match(sentence) is not None


def is_promise(sentence: str) -> bool:
    """Whether the writer says that they will do something."""
    return not sentence.endswith("?") and _PROMISE.search(sentence) is not None and not _POLITENESS.search(sentence)
