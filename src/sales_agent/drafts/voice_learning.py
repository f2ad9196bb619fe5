"""Derive a voice profile from mail we sent ourselves."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from statistics import median

from sales_agent.drafts.voice import VoiceProfile, to_yaml
from sales_agent.leads.language import detect_language
from sales_agent.leads.text import clean_text

__all__ = ["learn_voice", "to_yaml"]

_ENOUGH_FOR_NEVER = 5  # messages before "was never used" means "is not used"
_READ_CHARACTERS = 10_000
_MARKS = ("!", "—", "–", ";", "…", ":)")
_SALUTATIONS = (
    "hi there|hello there|good morning|good afternoon|hi|hello|hey|dear|guten tag|guten morgen|hallo|moin|liebe[rs]?|"
    "sehr geehrte[rs]?|bonjour|bonsoir|salut|ch[eè]re?|hola|buenos d[ií]as|buenas tardes|estimad[oa]")
_GREETING = re.compile(
    rf"(?P<word>{_SALUTATIONS})(?P<comma>,?)(?P<name>(?: [^\W\d_][\w.'’-]*){{0,4}})\s*(?P<end>[,!:.]?)", re.IGNORECASE)
_SIGN_OFF = re.compile(
    r"(?:(?:kind|best|warm|many)(?: (?:regards|wishes))?|regards|all the best|cheers|thanks|many thanks|thank you|"
    r"sincerely|yours(?: \w+)?|viele gr(?:ü|ue)(?:ß|ss)e|"
    r"(?:mit )?(?:freundliche|beste|herzliche|liebe|sch(?:ö|oe)ne)[nr]? gr(?:ü|ue)(?:ß|ss)en?|"
    r"(?:bien )?cordialement|bien à vous|un saludo(?: cordial)?|saludos(?: cordiales)?|atentamente)[,.!]?",
    re.IGNORECASE,
)
_SHORT = re.compile(r"\b\w+(?:n['’]t|['’](?:m|re|ll|ve))\b|\b(?:it|that|there)['’]s\b", re.IGNORECASE)
_LONG = re.compile(
    r"\b(?:i am|(?:we|you|they) are|it is|that is|(?:i|we|you) will|(?:do|does|did|is|are|will) not|cannot)\b",
    re.IGNORECASE)
_FORMAL = ("dear", "sehr geehrte", "estimad", "cher", "chère")


def learn_voice(messages: Sequence[str], name: str) -> VoiceProfile:
    """The voice of these sent texts (quoted history removed). Raises ValueError when there is none to learn from."""
    texts = [text for text in (clean_text(message, _READ_CHARACTERS).strip() for message in messages) if text]
    if not texts:
        raise ValueError("There is no sent mail to learn a voice from.")
    by_language: defaultdict[str, list[str]] = defaultdict(list)
    for text in texts:
        by_language[detect_language(text)].append(text)
    english, base = by_language.pop("en", []), VoiceProfile()
    words = _letter_words(english)
    return VoiceProfile(
        name=name, tone=_tone(texts), contractions=_contracts(english),
        greeting=words.get("greeting", base.greeting),
        greeting_without_name=words.get("greeting_without_name", base.greeting_without_name),
        sign_off=words.get("sign_off", base.sign_off), max_paragraphs=_paragraph_limit(texts),
        prohibited_punctuation=_never_used(texts),
        translations={language: found for language, group in sorted(by_language.items())
                      if (found := _letter_words(group))},
    )


def _letter_words(texts: list[str]) -> dict[str, str]:
    """The usual greeting and sign-off of texts in one language; only what was found."""
    named, nameless, closings = Counter[str](), Counter[str](), Counter[str]()
    for text in texts:
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        match = _GREETING.fullmatch(lines[0])
        if match:
            template = f"{_capital(match['word'])}{match['comma']} {{first_name}}{match['end'] or ','}"
            (named if match["name"] else nameless)[template] += 1
        closings.update(line for line in lines[-6:] if _SIGN_OFF.fullmatch(line))
    found = {"greeting": named, "greeting_without_name": nameless or named, "sign_off": closings}
    words = {field: counter.most_common(1)[0][0] for field, counter in found.items() if counter}
    if "greeting_without_name" in words:
        words["greeting_without_name"] = re.sub(r",? \{first_name\}", "", words["greeting_without_name"])
    return words


def _capital(word: str) -> str:
    return word[:1].upper() + word[1:]


def _content(text: str) -> list[str]:
    """The paragraphs without greeting and sign-off."""
    content = []
    for paragraph in (part.strip() for part in re.split(r"\n\s*\n", text)):
        first = paragraph.partition("\n")[0].strip()
        if _SIGN_OFF.fullmatch(first):
            break
        if paragraph and not _GREETING.fullmatch(paragraph):
            content.append(paragraph)
    return content


def _paragraph_limit(texts: list[str]) -> int:
    """As many as nine in ten of the texts keep to, between 2 and 10."""
    counts = sorted(len(_content(text)) for text in texts)
    return min(10, max(2, counts[int(0.9 * (len(counts) - 1))]))


def _contracts(english: list[str]) -> bool:
    short = sum(len(_SHORT.findall(text)) for text in english)
    long = sum(len(_LONG.findall(text)) for text in english)
    return short >= long if short + long else VoiceProfile().contractions


def _tone(texts: list[str]) -> str:
    formal = sum(text.lower().startswith(_FORMAL) for text in texts)
    if formal * 2 > len(texts):
        return "formal"
    words = median(len(" ".join(_content(text)).split()) for text in texts)
    return "direct" if words < 40 else "friendly"


def _never_used(texts: list[str]) -> tuple[str, ...]:
    if len(texts) < _ENOUGH_FOR_NEVER:
        return ()
    return tuple(mark for mark in _MARKS if not any(mark in text for text in texts))
