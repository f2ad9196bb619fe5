"""The rules of a voice, enforced on a text: whoever writes a draft, template or model, obeys the same ones."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache

from sales_agent.ports.writer import VoiceProfile

_URL = re.compile(r"(?:https?://|mailto:|www\.)[^\s<>\"]+")
_HELD = 0x10F000  # private-use characters stand in for what must not be touched; no mail needs them
_HELD_ANY = re.compile("[\U0010f000-\U0010fffd]")
_GAP = "\U0010efff"  # where a word was left out
_BEGINNING_GAP = re.compile(rf"(?:^|(?<=[.!?] )){_GAP}[ \t,;:]*(\w?)", re.MULTILINE)
_GREETING_LENGTH = 80

# Only contractions that are right wherever the long form stands before another word. "let us" is not among them
# ("please let us know"), nor is "I have" ("I have a question").
_SHORT_FORMS = {
    "i am": "I'm", "you are": "you're", "we are": "we're", "they are": "they're", "it is": "it's", "that is": "that's",
    "there is": "there's", "i will": "I'll", "you will": "you'll", "we will": "we'll", "it will": "it'll",
    "do not": "don't", "does not": "doesn't", "did not": "didn't", "is not": "isn't", "are not": "aren't",
    "was not": "wasn't", "cannot": "can't", "can not": "can't", "will not": "won't", "would not": "wouldn't",
    "could not": "couldn't", "should not": "shouldn't", "have not": "haven't", "has not": "hasn't",
    "i would": "I'd", "we would": "we'd",
}
_LONG_FORMS = {short.lower(): long for long, short in _SHORT_FORMS.items() if long != "can not"} | {
    "i'm": "I am", "i'll": "I will", "i'd": "I would", "i've": "I have", "we've": "we have", "you've": "you have",
    "they've": "they have", "let's": "let us", "you'd": "you would", "what's": "what is", "here's": "here is",
    "weren't": "were not", "they'll": "they will", "they'd": "they would",
}
# At the end of a sentence only the negations may be short ("I don't."), the others may not ("here I am.").
_NEGATIONS = "|".join(long for long in _SHORT_FORMS if long.endswith("not"))
_OTHERS = "|".join(long for long in _SHORT_FORMS if not long.endswith("not"))
_SHORTEN = re.compile(rf"\b(?:(?:{_NEGATIONS})\b|(?:{_OTHERS})(?= [a-z]))", re.IGNORECASE)
_LENGTHEN = re.compile(rf"\b(?:{'|'.join(_LONG_FORMS)})\b".replace("'", "['’]"), re.IGNORECASE)

# What stands in for a word or a mark that the voice does not use; any other one is left out.
_OTHER_WORDS = {
    "utilize": "use", "utilise": "use", "leverage": "use", "reach out": "write", "touch base": "talk", "asap": "soon",
    "excited": "glad", "thrilled": "glad", "delighted": "glad", "circle back": "come back", "hop on a call": "talk",
    "jump on a call": "talk", "kindly": "please", "regarding": "about", "in order to": "to",
}
_OTHER_MARKS = {"!": ".", "—": ",", "–": ",", ";": ",", "…": ".", "...": ".", "?": "."}


def apply_voice(body: str, voice: VoiceProfile, keep: Sequence[str] = ()) -> str:
    """The text with the voice's contractions, words, punctuation and paragraph limit.

    Links, and every string in `keep` (names, titles, quotations), stay as they are.
    """
    text, held = _hold(_HELD_ANY.sub("", body), keep)
    text = _contract(text, voice.contractions)
    text = _without_words(text, voice.prohibited_words)
    text = _without_punctuation(text, voice.prohibited_punctuation)
    text = _limit_paragraphs(text, voice)
    return _release(text, held)


def voice_problems(text: str, voice: VoiceProfile) -> list[str]:
    """In which ways the text is not in this voice; empty when it is."""
    plain = _URL.sub("", text)
    problems = [f"contains the prohibited word “{word}”" for word in voice.prohibited_words
                if _word_pattern((word,)).search(plain)]
    problems += [f"contains the prohibited punctuation “{mark}”" for mark in voice.prohibited_punctuation
                 if _mark_pattern(mark).search(plain)]
    if not voice.contractions and (match := _LENGTHEN.search(plain)):
        problems.append(f"contracts “{match[0]}”")
    count = len(split_letter(text, voice)[1])
    if count > voice.max_paragraphs:
        problems.append(f"has {count} paragraphs between greeting and sign-off, {voice.max_paragraphs} are allowed")
    return problems


def split_letter(text: str, voice: VoiceProfile) -> tuple[list[str], list[str], list[str]]:
    """Greeting, content and closing paragraphs. The paragraph limit of a voice is about the content."""
    paragraphs = [part.strip() for part in re.split(r"\n[ \t]*\n", text) if part.strip()]
    first = paragraphs[0] if paragraphs else ""
    start = int(len(first) <= _GREETING_LENGTH and "\n" not in first and first.endswith((",", ":")))
    translated = (words["sign_off"] for words in voice.translations.values() if "sign_off" in words)
    sign_offs = (voice.sign_off, *translated)
    closings = (n for n in range(len(paragraphs) - 1, start - 1, -1) if paragraphs[n].startswith(sign_offs))
    end = next(closings, len(paragraphs))
    return paragraphs[:start], paragraphs[start:end], paragraphs[end:]


def _hold(text: str, keep: Sequence[str]) -> tuple[str, list[str]]:
    held: list[str] = []

    def stand_in(value: str) -> str:
        held.append(value)
        return chr(_HELD + len(held) - 1)

    text = _URL.sub(lambda match: stand_in(match[0]), text)
    for value in sorted(filter(None, keep), key=len, reverse=True):
        if value in text:
            text = text.replace(value, stand_in(value))
    return text, held


def _release(text: str, held: list[str]) -> str:
    # Backwards: a kept string may itself hold the stand-in of a link.
    for number in range(len(held) - 1, -1, -1):
        text = text.replace(chr(_HELD + number), held[number])
    return text


def _contract(text: str, contractions: bool) -> str:
    if contractions:
        return _SHORTEN.sub(_same_case(lambda found: _SHORT_FORMS[found.lower()]), text)
    return _LENGTHEN.sub(_same_case(lambda found: _LONG_FORMS[found.lower().replace("’", "'")]), text)


def _same_case(other: Callable[[str], str]) -> Callable[[re.Match[str]], str]:
    def replace(match: re.Match[str]) -> str:
        found, word = match[0], other(match[0])
        shouted = len(found) > 2 and found.isupper()  # ASAP
        return word[:1].upper() + word[1:] if found[:1].isupper() and not shouted else word

    return replace


@lru_cache(maxsize=64)
def _word_pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    longest_first = sorted(words, key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest_first))})(?!\w)", re.IGNORECASE)


def _without_words(text: str, words: tuple[str, ...]) -> str:
    if not words:
        return text
    prohibited = {word.lower() for word in words}

    def other(found: str) -> str:
        substitute = _OTHER_WORDS.get(found.lower(), "")
        return _GAP if not substitute or substitute in prohibited else substitute

    changed = _word_pattern(words).sub(_same_case(other), text)
    return text if changed == text else _close_gaps(changed)


def _close_gaps(text: str) -> str:
    """No gaps and no stray marks where a word was left out; a capital letter where it began a sentence."""
    text = _BEGINNING_GAP.sub(lambda match: match[1].upper(), text)
    return re.sub(rf"[ \t]*{_GAP}(?=[ \t]*(?:[.,;:!?)]|$))|{_GAP}[ \t]*", "", text, flags=re.MULTILINE)


@lru_cache(maxsize=64)
def _mark_pattern(mark: str) -> re.Pattern[str]:
    """The mark, once or more; between digits a colon, full stop or comma belongs to a time or number."""
    if mark in ":.,":
        return re.compile(rf"(?<!\d){re.escape(mark)}+|{re.escape(mark)}+(?!\d)")
    return re.compile(rf"[ \t]*(?:{re.escape(mark)})+")


def _without_punctuation(text: str, marks: tuple[str, ...]) -> str:
    used = [mark for mark in sorted(marks, key=len, reverse=True) if mark in text]
    for mark in used:
        if mark in "–—":
            text = re.sub(rf"(?<=\d){mark}(?=\d)", "-", text)  # 14:00–14:30
        substitute = _OTHER_MARKS.get(mark, "")
        text = _mark_pattern(mark).sub("" if substitute in marks else substitute, text)
    return re.sub(r"(?<!\.)([.,!?])[.,](?!\.)", r"\1", text) if used else text


def _limit_paragraphs(text: str, voice: VoiceProfile) -> str:
    greeting, content, closing = split_letter(text, voice)
    while len(content) > voice.max_paragraphs:
        position = min(range(len(content) - 1), key=lambda n: _merging_cost(content[n], content[n + 1]))
        first, second = content[position: position + 2]
        content[position: position + 2] = [first + ("\n" if "\n" in first or "\n" in second else " ") + second]
    return "\n\n".join([*greeting, *content, *closing])


def _merging_cost(first: str, second: str) -> tuple[bool, int]:
    """Two short pieces of prose read best as one; a list stays apart as long as possible."""
    return "\n" in first or "\n" in second, len(first) + len(second)
