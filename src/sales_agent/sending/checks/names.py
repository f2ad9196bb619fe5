"""The right name in the greeting, and nobody else's company in the text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import resources

import yaml

from sales_agent.sending.checks.case import Check, CheckCase, Finding, Severity
from sales_agent.sending.checks.greetings import Fit, Greeting, fits, greeting_of, is_first_name, name_tokens
from sales_agent.sending.checks.phrases import find_phrases
from sales_agent.sending.checks.texts import Passage, fold, passages

NAME = "names"
_WRONG = "The greeting names somebody other than the recipient. Greet the person whom the letter goes to."
_SIMILAR = "The greeting spells the recipient's name differently. Check which spelling is right."
_NOBODY = "The greeting names nobody although the recipient's name is known. Use it."
_NO_GREETING = "The letter starts without a greeting although the recipient's name is known. Greet them by name."
_UNSURE = "It is not known whether this is the recipient's name. Check it."
_SEVERAL = "The greeting names somebody besides the recipient, who alone gets this letter."
_CLIENT = "Another client is named here. Clients are not named to others: take the name out."
_COMPANY = "Another company from our records is named here. Take the name out, or make sure that it may be named."
_FORMS = re.compile(
    r"(?i)[\s,]+(?:gmbh(?: & co\.? kg)?|ag|se|kg|ohg|ug|e\.?k\.?|mbh|ltd\.?|limited|llc|llp|lp|plc|inc\.?|incorporated|"
    r"corp\.?|corporation|co\.?|company|s\.?a\.?s?\.?|s\.?a\.?r\.?l\.?|sarl|sas|sa|s\.?l\.?u?\.?|sl|slu|"
    r"s\.?r\.?l\.?|srl|spa|s\.?p\.?a\.?|b\.?v\.?|bv|n\.?v\.?|nv|ab|oy|as|a/s|aps|"
    r"pty|pte|pvt|kft|sp\. z o\.?o\.?|group|holding|holdings)\.?$")
_LOCAL_NAME = re.compile(r"[^\W\d_]{2,}")
_LONGEST_ABBREVIATION = 4  # "API GmbH" must not make every API a company
_SHORTEST = 3  # characters of a company's name that can be told from a word


def run(case: CheckCase) -> Iterable[Finding]:
    found = [finding for each in passages(case) for finding in _companies(case, each)]
    return [*_greeting(case), *found]


def _greeting(case: CheckCase) -> Iterator[Finding]:
    body = next(each for each in passages(case) if each.part == "body")
    greeting = greeting_of(body.text)
    if greeting is None:
        if name_tokens(case.letter.recipient_name) and body.text.strip():
            yield body.finding(NAME, Severity.WARNING, _NO_GREETING, _first_line(body.text))
        return
    judged = _judged(case, greeting)
    if judged is not None:
        yield body.finding(NAME, *judged, (greeting.start, greeting.end))


def _first_line(text: str) -> tuple[int, int]:
    start = len(text) - len(text.lstrip())
    return start, start + len(text[start:].partition("\n")[0].rstrip())


def _judged(case: CheckCase, greeting: Greeting) -> tuple[Severity, str] | None:
    tokens = name_tokens(case.letter.recipient_name)
    companies = {fold(word) for word in f"{case.recipient_company} {_domain_name(case)}".split()}
    words = [each for each in greeting.words if fold(each) not in companies]
    if not words:
        return (Severity.WARNING, _NOBODY) if tokens and not greeting.words else None
    if not tokens:
        return _judged_by_address(case, words)
    every = [fits(word, [*tokens, *_local_names(case)]) for word in words]
    if Fit.SAME in every:
        return _partly(every, words, tokens, several=greeting.joined)
    if Fit.SIMILAR in every:
        return Severity.WARNING, _SIMILAR
    return (Severity.WARNING, _UNSURE) if greeting.bare and not is_first_name(words[0]) else (Severity.VIOLATION, _WRONG)


def _partly(every: list[Fit], words: list[str], tokens: list[str], *, several: bool) -> tuple[Severity, str] | None:
    """"Ada Smith" to Ada Okafor is somebody else; "Ada Okafor" to someone known as Ada may be right."""
    if Fit.OTHER not in every:
        return (Severity.WARNING, _SIMILAR) if Fit.SIMILAR in every else None
    if several:
        return Severity.WARNING, _SEVERAL
    return (Severity.VIOLATION, _WRONG) if len(tokens) > 1 and len(words) <= len(tokens) else (Severity.WARNING, _UNSURE)


def _judged_by_address(case: CheckCase, words: list[str]) -> tuple[Severity, str] | None:
    """No name is known, but "ada.okafor@" says one."""
    local = case.letter.recipient.partition("@")[0].casefold()
    told = any(fold(word) in fold(local) for word in words if len(word) > 1)
    return None if told else (Severity.WARNING, _UNSURE)


def _local_names(case: CheckCase) -> list[str]:
    return [fold(each) for each in _LOCAL_NAME.findall(case.letter.recipient.partition("@")[0])]


def _domain_name(case: CheckCase) -> str:
    return case.letter.recipient.rpartition("@")[2].partition(".")[0]


@cache
def _common() -> frozenset[str]:
    data = yaml.safe_load(resources.files(__package__).joinpath("common_names.yaml").read_text("utf-8"))
    return frozenset(each for group in ("words", "places") for each in data[group])


@cache
def _products() -> frozenset[str]:
    data = yaml.safe_load(resources.files(__package__).joinpath("common_names.yaml").read_text("utf-8"))
    return frozenset(data["products"])


def _companies(case: CheckCase, passage: Passage) -> Iterator[Finding]:
    """Clients are found in any spelling; other companies as they write themselves."""
    allowed = _allowed(case)
    clients = {core: name for name in case.policy.client_names for core in (name, _core(name)) if not _is_ours(core, allowed)}
    others = {core: name for name in case.other_companies for core in (name, _core(name)) if not _is_ours(core, allowed)}
    free = 0
    for core, start, end in find_phrases(passage.text, sorted({*clients, *others})):
        severity, detail = _named(passage, core, start, end, is_client=core in clients)
        if severity is not None and start >= free and not _is_in_an_address(passage, start, end):
            free = end
            yield passage.finding(NAME, severity, detail, (start, end))


def _named(passage: Passage, core: str, start: int, end: int, *, is_client: bool) -> tuple[Severity | None, str]:
    written = passage.text[start:end]
    common = _is_common(core)
    if is_client:
        return (None if common and written != core else Severity.VIOLATION), _CLIENT
    if len(core) < _SHORTEST or " ".join(written.split()) not in (core, core.upper()) or core.casefold() == core:
        return None, _COMPANY
    if core.casefold() in _products():
        return None, _COMPANY
    if common:
        return (Severity.WARNING if _stands_inside(passage, start) else None), _COMPANY
    return Severity.VIOLATION, _COMPANY


def _is_common(name: str) -> bool:
    """Made of ordinary words, places, first names or short abbreviations: told from them only by its place."""
    words = name.split()
    if len(words) == 1 and name.isupper() and len(name) <= _LONGEST_ABBREVIATION:
        return True
    return all(len(word) < _SHORTEST or word.casefold() in _common() or is_first_name(word) for word in words)


def _stands_inside(passage: Passage, start: int) -> bool:
    """Whether the word stands inside a sentence, where only names are written with a capital."""
    before = passage.before(start, 20).rstrip(" \"'(")
    return bool(before) and before[-1] not in ".!?:\n-*•" and passage.part == "body"


def _is_in_an_address(passage: Passage, start: int, end: int) -> bool:
    """Part of a link or an e-mail address: other checks look at those."""
    return passage.before(start, 1) in ("@", "/", ".") or re.match(r"@|\.[a-z]{2}", passage.after(end, 3)) is not None


def _core(name: str) -> str:
    """The name without its legal form: "Initech GmbH" is called "Initech"."""
    core = _FORMS.sub("", " ".join(name.split()))
    return core if len(core) >= _SHORTEST else name


def _allowed(case: CheckCase) -> set[str]:
    """What may be named anyway: both parties' companies and people, folded, whole and word by word."""
    parties = (case.recipient_company, case.sender_company, case.letter.recipient_name, case.letter.sender_name)
    whole = {fold(_core(each)) for each in parties if each} | {fold(each) for each in parties if each}
    words = {word for each in parties for word in re.findall(r"\w+", fold(each))}
    return whole | words | {fold(_domain_name(case))}


def _is_ours(core: str, allowed: set[str]) -> bool:
    folded = fold(core)
    return not folded.strip() or folded in allowed or fold(_core(core)) in allowed


CHECK = Check(NAME, run)
