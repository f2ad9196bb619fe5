"""Domains that are made to be mistaken for others."""

from __future__ import annotations

import re
import unicodedata

# What is read alike in most typefaces: letters of other alphabets, digits, and pairs that run together.
_ALIKE = {letter: plain for plain, letters in {
    "a": "аα", "b": "в", "c": "с", "d": "ԁđ", "e": "еε3", "g": "ɡq", "h": "һ", "i": "іιı", "j": "ј", "k": "кκ",
    "l": "ӏł1ij|", "m": "м", "n": "п", "o": "оοø0", "p": "рρ", "q": "ԛ", "r": "г", "s": "ѕ5", "t": "тτ", "u": "υ",
    "v": "ѵν", "w": "ԝ", "x": "хχ", "y": "уγ",
}.items() for letter in letters}
_PAIRS = (("rn", "m"), ("vv", "w"), ("cl", "d"), ("-", ""), ("ii", "ll"))
_GREEK_OR_CYRILLIC = {letter: plain for letter, plain in _ALIKE.items() if "\u0370" <= letter <= "\u052f"}
_LATIN = str.maketrans(_GREEK_OR_CYRILLIC | {letter.upper(): plain.upper() for letter, plain in _GREEK_OR_CYRILLIC.items()})
_WORD, _PLAIN = re.compile(r"[^\W\d_]+"), re.compile("[a-zA-Z]")
_SHORTEST = 5  # letters; shorter names resemble each other by chance


def looks_like(domain: str, known: str) -> bool:
    """Whether one could be taken for the other, though they differ: look-alike letters, a hyphen more, another
    ending, or one letter off."""
    if domain == known or _below(domain, known) or _below(known, domain):
        return False
    ours, theirs = known.split("."), domain.split(".")
    if _skeleton(domain) == _skeleton(known):
        return True
    name, other = max(ours[:-1] or ours, key=len), max(theirs[:-1] or theirs, key=len)
    if len(name) < _SHORTEST or len(other) < _SHORTEST:
        return False
    return _skeleton(name) == _skeleton(other) or (name[0] == other[0] and _one_edit_apart(name, other))


def in_latin(text: str) -> str:
    """The text as it is read: Greek and Cyrillic letters inside Latin words made Latin. It keeps its length."""
    if text.isascii():
        return text
    return _WORD.sub(lambda word: word[0].translate(_LATIN) if _PLAIN.search(word[0]) else word[0], text)


def mixes_scripts(label: str) -> bool:
    """Whether letters of more than one alphabet stand in one label of a domain."""
    return len({_script(letter) for letter in label if letter.isalpha()}) > 1


def _below(domain: str, other: str) -> bool:
    return domain.endswith(f".{other}")


def _skeleton(text: str) -> str:
    plain = "".join(each for each in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(each))
    plain = "".join(_ALIKE.get(each, each) for each in plain)
    for pair, single in _PAIRS:
        plain = plain.replace(pair, single)
    return plain


def _script(letter: str) -> str:
    return unicodedata.name(letter, "unknown").partition(" ")[0]


def _one_edit_apart(one: str, other: str) -> bool:
    """One letter inserted, left out, replaced, or two neighbours swapped."""
    short, long = sorted((one, other), key=len)
    if len(long) - len(short) > 1:
        return False
    at = next((n for n, (left, right) in enumerate(zip(short, long, strict=False)) if left != right), len(short))
    if len(short) < len(long):
        return short[at:] == long[at + 1:]
    swapped = short[at + 1:at + 2] + short[at:at + 1]
    return short[at + 1:] == long[at + 1:] or (swapped == long[at:at + 2] and short[at + 2:] == long[at + 2:])
