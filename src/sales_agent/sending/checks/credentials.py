"""Keys, tokens and passwords: by their looks (credential_shapes.yaml), or by what is said before them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from importlib import resources

import yaml

from sales_agent.sending.checks.case import Check, CheckCase, Finding, Severity
from sales_agent.sending.checks.number_context import is_in_url
from sales_agent.sending.checks.texts import Passage, passages

NAME = "credentials"
_SAID_BEFORE = (r"passwords?|passwd|passphrase|passcode|pass|pwd|pw|(?:zugangs|start|einmal)?passw[oö]rt|kennwort|zugangscode|"
             r"mot de passe|mdp|contraseña|clave(?: de acceso)?")
_KEY = (r"api[ _-]?(?:key|token|secret)|(?:access|auth|private|secret|encryption|license|signing|shared)[ _-]?(?:key|token)|"
        r"client[ _-]?secret|secret|token|api-?schlüssel|clé (?:api|secrète)|clave (?:api|secreta)")
_SAYS = r"(?:[ \"'*_]{0,3}(?:(?:is|was|ist|lautet|est|es|are)\b|=>|->|=|:)[ \"'*_]{0,3}){1,2}"
_FOR_WHAT = r"(?: (?:for|to|of|on|für|zu[mr]?|von|pour|de|du|para|del?)(?: [^\s:=]{1,20}){1,4}?)"
_SAID_PASSWORD = re.compile(
    rf"(?i)\b(?P<word>{_SAID_BEFORE})(?: \([^)\n]{{0,40}}\))?(?:(?:{_FOR_WHAT}| [^\s:=]{{3,15}})(?={_SAYS}))?(?P<says>{_SAYS}| )"
    rf"(?P<value>(?!(?:{_SAID_BEFORE})\b)[^\s<>\[\]]{{3,128}})")
_SAID_KEY = re.compile(
    rf"(?i)(?<![a-z])(?P<word>{_KEY})(?: \([^)\n]{{0,40}}\))?(?P<says>{_SAYS}| )(?P<value>[^\s<>\[\]]{{8,512}})")
_ONE_TIME = r"(?i:(?:one-time|verification|security|login|sign-in|einmal|bestätigungs)[ -]?code)"
_SAID_PIN = re.compile(
    rf"\b(?:(?:PIN|Pin|TAN)(?:-?[Cc]ode)?|{_ONE_TIME}){_FOR_WHAT}?"
    r"(?: (?:is|ist|lautet|est|es)|:|=) {0,2}(?P<value>\d{4,8}|\d{3} \d{3})(?!\w)")
_MEETING = re.compile(
    r"(?i)\b(?:meeting|zoom|teams|webex|dial(?:-in)?|webinar|konferenz|besprechung|réunion|reunión)\b")
_OF_MEETINGS = ("passcode", "zugangscode", "pwd")  # what invitations to video calls carry
_MASK = re.compile(r"[*•x.#_-]+", re.IGNORECASE)
_EDGES = ".,;:!?)]}\"'*"


def run(case: CheckCase) -> Iterable[Finding]:
    found: list[Finding] = []
    for each in passages(case):
        seen: list[tuple[int, int]] = []
        for what, span in (*_by_looks(each), *_by_words(each)):
            if not any(start < span[1] and span[0] < end for start, end in seen[-20:]):
                seen.append(span)
                found.append(each.finding(NAME, Severity.VIOLATION, _detail(what), span))
    return found


@cache
def _shapes() -> tuple[tuple[str, re.Pattern[str]], ...]:
    data = yaml.safe_load(resources.files(__package__).joinpath("credential_shapes.yaml").read_text("utf-8"))
    return tuple((each["what"], re.compile(each["shape"])) for each in data)


def _by_looks(passage: Passage) -> Iterable[tuple[str, tuple[int, int]]]:
    for what, shape in _shapes():
        for match in shape.finditer(passage.text):
            if not _is_words(match[0]):
                yield what, match.span()


def _is_words(text: str) -> bool:
    """"sk-learn-pipelines-and-models": hyphenated lower-case words are prose."""
    return text.startswith("sk-") and text.replace("-", "").isalpha() and text.islower()


def _by_words(passage: Passage) -> Iterable[tuple[str, tuple[int, int]]]:
    for match in _SAID_PASSWORD.finditer(passage.text):
        if _is_password(match, passage):
            yield "a password", _trimmed(match)
    for match in _SAID_KEY.finditer(passage.text):
        is_key = _is_key(match["value"].strip(_EDGES), said=match["says"] != " ")
        if is_key and not _is_link_token(match, passage):
            yield "a key or token", _trimmed(match)
    for match in _SAID_PIN.finditer(passage.text):
        if not _MEETING.search(passage.before(match.start(), 200)):
            yield "a PIN", _trimmed(match)


def _is_link_token(match: re.Match[str], passage: Passage) -> bool:
    """An invitation's link carries a token that is meant for its reader."""
    return match["word"].casefold() == "token" and is_in_url(passage.before(match.start(), 300))


def _is_password(match: re.Match[str], passage: Passage) -> bool:
    """Digits, signs or capitals inside a word make a password. A plain word is one only when nothing follows it."""
    value = match["value"].strip(_EDGES)
    if len(value) < 4 or _MASK.fullmatch(value) or value.startswith(("http", "{", "%")):
        return False
    if (match["word"].casefold() in _OF_MEETINGS or value.isdigit()) and _MEETING.search(passage.before(match.start(), 200)):
        return False
    if match["says"] == " ":  # "password demo1234"
        return len(value) >= 6 and _has_both(value)
    if _is_odd(value):
        return True
    rest = passage.text[match.end():passage.line_end(match.end())].strip(" \"'*")
    return (":" in match["says"] or "=" in match["says"]) and rest == "" and match["value"][-1] not in ".,;:!?"


def _is_odd(value: str) -> bool:
    signs = any(each in "!@#$%^&*+=_~?" for each in value[:-1])
    capitals_inside = not value.isupper() and value[1:] != value[1:].lower()
    return _has_both(value) or signs or value.isdigit() or capitals_inside


def _has_both(value: str) -> bool:
    """Letters and digits."""
    return any(each.isdigit() for each in value) and any(each.isalpha() for each in value)


def _is_key(value: str, *, said: bool) -> bool:
    """Two digits among letters; in a long value that mixes cases one is enough. Only those count when no ":" said so."""
    digits = sum(each.isdigit() for each in value)
    mixed = len(value) >= 16 and value != value.lower() and value != value.upper()
    if not (said or mixed):
        return False
    return (len(value) >= 8 and not value.startswith(("http", "{", "%")) and any(each.isalpha() for each in value)
            and digits >= (1 if mixed else 2))


def _trimmed(match: re.Match[str]) -> tuple[int, int]:
    value = match["value"]
    start = match.start("value") + len(value) - len(value.lstrip(_EDGES))
    return start, start + len(value.strip(_EDGES))


def _detail(what: str) -> str:
    return f"This looks like {what}. Delete it, and have it changed if it is a real one: it may already have been seen."


CHECK = Check(NAME, run)
