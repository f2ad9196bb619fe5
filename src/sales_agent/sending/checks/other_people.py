"""E-mail addresses and phone numbers of people who are no party to this letter."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from sales_agent.leads.addresses import AddressFacts, parse_address
from sales_agent.sending.checks.case import Check, CheckCase, Finding, Severity
from sales_agent.sending.checks.phones import Phone, known_phones, phones_in
from sales_agent.sending.checks.signature import signature_span
from sales_agent.sending.checks.texts import Passage, passages

if TYPE_CHECKING:
    from collections.abc import Callable

NAME = "other_people"
_ADDRESS = re.compile(r"(?<![\w.+%-])[\w.!#$%&*+/=?^{|}~-]{1,64}@(?:[\w-]{1,63}\.){1,8}[^\W\d_][\w-]{1,62}")
_DISGUISED = re.compile(
    r"(?i)(?<![\w.+-])[\w.+-]{1,64} ?[\[({] ?(?:at|@|ät|arroba|arobase) ?[\])}] ?[\w-]{1,63}"
    r"(?:(?:\.| ?[\[({] ?(?:dot|punkt|point|punto|\.) ?[\])}] ?)[\w-]{2,63}){1,5}")
_FILES = re.compile(r"(?i)\.(?:png|jpe?g|gif|svg|webp|pdf|css|js)$")
_OUR_OWN = re.compile(
    r"(?i)\b(?:(?:reach|call|ring|phone|text) (?:me|us)|my (?:\w+ ){0,2}(?:number|mobile|cell|phone|line|extension)|"
    r"our (?:\w+ ){0,2}(?:number|line|hotline|switchboard|office)|(?:mich|uns) (?:\w+ ){0,3}(?:unter|an)|"
    r"meine (?:\w+)?(?:nummer|durchwahl)|me joindre|mon (?:num[ée]ro|portable)|"
    r"ll[áa]m[ae]me|mi (?:n[úu]mero|m[óo]vil|tel[ée]fono))\b[^\n.;!?]{0,60}$")
_ROLE = "This is a company's general address, of neither party. Check that it may be named here."
_ADDRESS_DETAIL = "This is the e-mail address of somebody who is no party to this letter. Delete it, or have the person agree."
_PHONE_DETAIL = "This is a phone number that belongs to nobody known in this conversation. Delete it, or correct it."
_OUR_PHONE_DETAIL = "Check this phone number: it is given as ours, but stands in no record of this conversation."


def run(case: CheckCase) -> Iterable[Finding]:
    known = known_phones(case)
    return [finding for each in passages(case) for finding in (*_addresses(case, each), *_phones(case, each, known))]


def _addresses(case: CheckCase, passage: Passage) -> Iterable[Finding]:
    ours = _own_domains(case)
    known = {each.casefold() for each in (*case.known_addresses, case.letter.sender, case.letter.recipient)}
    for pattern, plain in ((_ADDRESS, str), (_DISGUISED, _undisguised)):
        for match in pattern.finditer(passage.text):
            severity = _severity(plain(match[0]).strip(".-"), known, ours)
            if severity is not None:
                detail = _ADDRESS_DETAIL if severity is Severity.VIOLATION else _ROLE
                yield passage.finding(NAME, severity, detail, match.span())


def _severity(address: str, known: set[str], ours: set[str]) -> Severity | None:
    """None: it may be named. People at either party's company may be: the letter is about working with them."""
    if address.casefold() in known or _FILES.search(address):
        return None
    facts = _facts(address)
    if facts is None:
        return Severity.VIOLATION
    if facts.address in known or facts.registrable_domain in ours:
        return None
    return Severity.WARNING if facts.is_role and facts.is_business else Severity.VIOLATION


def _own_domains(case: CheckCase) -> set[str]:
    facts = (_facts(address) for address in (case.letter.sender, case.letter.recipient))
    return {each.registrable_domain for each in facts if each is not None and each.is_business}


def _facts(address: str) -> AddressFacts | None:
    try:
        return parse_address(address)
    except ValueError:
        return None


def _undisguised(text: str) -> str:
    at = re.sub(r"(?i) ?[\[({] ?(?:at|@|ät|arroba|arobase) ?[\])}] ?", "@", text)
    return re.sub(r"(?i) ?[\[({] ?(?:dot|punkt|point|punto|\.) ?[\])}] ?", ".", at)


def _phones(case: CheckCase, passage: Passage, known: Callable[[Phone], bool]) -> Iterable[Finding]:
    signature = signature_span(passage.text) if passage.part == "body" else (0, 0)
    for phone in phones_in(passage.text, case):
        if signature[0] <= phone.start < signature[1] or _is_on_our_line(case, passage, phone) or known(phone):
            continue
        own = phone.is_service or _OUR_OWN.search(passage.before(phone.start, 100)) is not None
        severity = Severity.WARNING if own or not phone.is_sure else Severity.VIOLATION
        yield passage.finding(NAME, severity, _OUR_PHONE_DETAIL if own else _PHONE_DETAIL, (phone.start, phone.end))


def _is_on_our_line(case: CheckCase, passage: Passage, phone: Phone) -> bool:
    """"Robin Vale | +353 1 234 5678": a line that begins with the rep's name."""
    name = case.letter.sender_name
    return bool(name) and passage.line_of(phone.start).lstrip(" |*-").startswith(name)


CHECK = Check(NAME, run)
