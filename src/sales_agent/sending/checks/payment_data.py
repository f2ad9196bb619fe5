"""Payment cards, bank accounts and what opens them."""

from __future__ import annotations

import re
from collections.abc import Iterable

from stdnum import iban, luhn
from stdnum.us import rtn

from sales_agent.sending.checks.case import Check, CheckCase, Finding, Severity
from sales_agent.sending.checks.number_context import is_amount, is_business_number, is_in_url
from sales_agent.sending.checks.texts import Passage, number_passages

NAME = "payment_data"
_AROUND = 60
_CARD_NUMBER = re.compile(r"(?<![\w.+-])\d(?:[ .-]?\d){11,18}(?![\w-])(?!\.\d)")
_CARD_WORDS = re.compile(
    r"(?i)\b(?:credit|debit|card|visa\b|master ?card|amex|american express|discover\b|kredit|karte|carte (?:de|bancaire|bleue)|"
    r"tarjeta)")
_NETWORKS = (  # how the number begins, and how many digits it has
    (re.compile(r"4"), {13, 16, 19}),
    (re.compile(r"5[1-5]|222[1-9]|22[3-9]\d|2[3-6]\d\d|27[01]\d|2720"), {16}),
    (re.compile(r"3[47]"), {15}),
    (re.compile(r"6011|64[4-9]|65|62|3528|3529|35[3-8]\d"), {16, 17, 18, 19}),
    (re.compile(r"30[0-5]|3095|36|38|39"), {14, 16, 19}),
    (re.compile(r"5018|5020|5038|5893|6304|6759|676[1-3]|220[0-4]"), {16, 18, 19}),
)
_GROUPS = re.compile(r"\d{4}(?: \d{4}){2,3} \d{1,4}|\d{4} \d{6} \d{4,5}|\d{4} \d{4} \d{4}|\d{8} \d{8}")
_PRINTED = {15, 16}  # lengths that are cards' even when written without gaps and without a word about cards
_IBAN = re.compile(r"(?i)(?<![a-z0-9])(?=([a-z]{2}[ .-]?\d{2}(?:[ .-]?[a-z0-9]){11,30}))")
_BY_WORDS = (
    ("the security code of a card", re.compile(
        r"(?i)\b(?:cvv2?|cvc2?|cid|card (?:security|verification) code|kartenprüf\w+|prüfziffer|cryptogramme|"
        r"código de seguridad)\b[^\w\n]{0,4}(?:(?:code|no|number|is|was|ist|lautet|est|es)\b[^\w\n]{0,4}){0,2}"
        r"(?<!\d)(\d{3,4})(?![\w%])")),
    ("a bank account number", re.compile(
        r"(?i)\b(?:bank account|account (?:no|number)|acct|kontonummer|konto-?nr|num[ée]ro de compte|n[úu]mero de cuenta|"
        r"cuenta bancaria)\b[^\d\n]{0,24}(\d{3}(?:[ -]?\d){4,14})(?![\w-])")),
    ("a bank sort code", re.compile(
        r"(?i)\b(?:sort code|bankleitzahl|blz)\b[^\d\n]{0,12}(\d{2}-\d{2}-\d{2}|\d{6}|\d{3} ?\d{3} ?\d{2})(?!\w)")),
)
_BANK_WORDS = re.compile(
    r"(?i)\bbank|sort code|routing|wire|transfer|iban|konto|blz|swift|\bbic\b|compte bancaire|cuenta|deposit|payroll")
_ROUTING = re.compile(r"(?i)\b(?:routing|aba|rtn)\b[^\d\n]{0,24}(\d{9})(?!\d)")


def run(case: CheckCase) -> Iterable[Finding]:
    ours = {iban.compact(each) for each in case.policy.bank_accounts}
    return [finding for each in number_passages(case)
            for finding in (*_cards(each), *_accounts(each, ours), *_by_words(each))]


def _cards(passage: Passage) -> Iterable[Finding]:
    for match in _CARD_NUMBER.finditer(passage.text):
        before, after = passage.before(match.start(), 300), passage.after(match.end(), _AROUND)
        named = bool(_CARD_WORDS.search(before[-_AROUND:]) or _CARD_WORDS.search(after[:30]))
        if _is_card(match[0], named) and (named or not _is_innocent(before, after)):
            yield passage.finding(NAME, Severity.VIOLATION, _detail("a payment card number"), match.span())


def _is_card(written: str, named: bool) -> bool:
    grouped = re.sub(r"[.-]", " ", written)
    digits = grouped.replace(" ", "")
    shaped = _GROUPS.fullmatch(grouped) if " " in grouped else len(digits) in _PRINTED
    if not (shaped or named) or len(set(digits)) == 1 or not luhn.is_valid(digits):
        return False
    return any(begins.match(digits) and len(digits) in lengths for begins, lengths in _NETWORKS)


def _is_innocent(before: str, after: str) -> bool:
    return is_business_number(before) or is_amount(before, after) or is_in_url(before)


def _accounts(passage: Passage, ours: set[str]) -> Iterable[Finding]:
    end = -1
    for match in _IBAN.finditer(passage.text):
        if match.start() < end:
            continue
        length = _iban_length(match[1])
        if length and iban.compact(match[1][:length]) not in ours:
            end = match.start() + length
            yield passage.finding(NAME, Severity.VIOLATION, _detail("a bank account number (IBAN)"), (match.start(), end))


def _iban_length(candidate: str) -> int:
    """Of the IBAN that the candidate begins with, in characters as written; 0: none. Words may follow it."""
    for length in range(len(candidate), 14, -1):
        cut = candidate[:length]
        if cut[-1].isalnum() and not candidate[length:length + 1].isalnum() and iban.is_valid(cut, check_country=False):
            return length
    return 0


def _by_words(passage: Passage) -> Iterable[Finding]:
    for what, pattern in _BY_WORDS:
        for match in pattern.finditer(passage.text):
            around = passage.text[max(0, match.start() - _AROUND):match.end() + _AROUND]
            if what != "a bank account number" or _BANK_WORDS.search(around):
                yield passage.finding(NAME, Severity.VIOLATION, _detail(what), match.span(1))
    for match in _ROUTING.finditer(passage.text):
        if rtn.is_valid(match[1]):
            yield passage.finding(NAME, Severity.VIOLATION, _detail("a bank routing number"), match.span(1))


def _detail(what: str) -> str:
    return f"This looks like {what}. Payment details never travel by sales letter: delete it."


CHECK = Check(NAME, run)
