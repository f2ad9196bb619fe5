"""Phone numbers in running text, told apart from prices, dates and order numbers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from sales_agent.sending.checks.case import CheckCase
from sales_agent.sending.checks.number_context import is_amount, is_business_number, is_in_url

_CANDIDATE = re.compile(r"(?<![\w.,/+-])(?<!\d:)(?:\+|00(?=[1-9]))?\(?\d(?:[ ./()-]{0,3}\d){6,14}(?![\w%])(?![.,:]\d)")
_BROKEN = re.compile(r"(\+\d(?:[ ./()-]{0,3}\d){1,5})\n(?=\d)")  # after the first digits of an international number
_DATE_OR_TIME = re.compile(
    r"(?:19|20)\d\d[-./ ]\d{1,2}[-./ ]\d{1,2}(?!\d)|\d{1,2}[-./ ]\d{1,2}[-./ ](?:19|20)\d\d(?!\d)"
    r"|(?:19|20)\d\d ?- ?(?:19|20)\d\d$|\d{1,3}(?:\.\d{1,3}){3}$|[012]\d[0-5]\d ?- ?[012]\d[0-5]\d$")
_THOUSANDS = re.compile(r"\+?\d{1,3}(?:[ .]000)+$|\d{1,3}(?:\.\d{3})+$")
_WORDS = re.compile(
    r"(?i)(?:\b(?:phone|tel|telephone|call(?:ing|ed)?|ring|mobile|cell(?:phone)?|direct(?: line)?|landline|whatsapp|text|sms|"
    r"dial|fax|hotline|extension|telefon\w*|mobil\w*|handy\w*|durchwahl|anruf\w*|anrufen|rufnummer|erreichen|erreichbar|"
    r"t[ée]l(?:[ée]phone)?|portable|"
    r"joindre|appel\w*|tel[ée]fono|m[óo]vil|ll[áa]m\w+|reach(?:able)?|his number|her number|their number|(?:my|your|'s) number|"
    r"(?:meine|seine|ihre) nummer|(?:mon|son) num[ée]ro|(?:mi|su) n[úu]mero)\b|☎|✆|📞|\b[TMF]:)[^\n;!?]{0,45}$")
_PHONE_WORD = re.compile(r"(?i)\b(?:phone|tel|call)")  # "account manager's phone": beats what else the words may mean
# How numbers are written at home. Each is tried as the countries' that write so.
_HOME = (
    (re.compile(r"\(?[2-9]\d\d\)?[ .-]{1,2}[2-9]\d\d[.-]\d{4}"), ("US",)),
    (re.compile(r"1[ .-]\(?[2-9]\d\d\)?[ .-]{1,2}\d{3}[ .-]\d{4}"), ("US",)),
    (re.compile(r"0[1-9](?:[ .]\d\d){4}"), ("FR",)),
    (re.compile(r"\(?0\d{2,5}\)?[ /-]{1,3}\d[\d /-]{4,12}"), ("DE", "GB", "AT", "CH", "IT", "NL", "BE", "IE")),
    (re.compile(r"01[5-7]\d{8,9}"), ("DE",)),
    (re.compile(r"07\d{9}"), ("GB",)),
)
_LANGUAGES = {"en": ("US", "GB", "IE"), "de": ("DE", "AT", "CH"), "fr": ("FR", "BE", "CH"), "es": ("ES", "MX"),
              "it": ("IT",), "nl": ("NL", "BE"), "pt": ("PT", "BR")}
_FEWEST_DIGITS = 7
_TELLING = 8  # last digits that tell two numbers apart, however the country is written


@dataclass(frozen=True, slots=True)
class Phone:
    """[start, end) of the text. Unsure ones look like a number without being one that is given out."""

    start: int
    end: int
    digits: str
    is_sure: bool
    is_service: bool = False  # a company's free number, nobody's own


def phones_in(text: str, case: CheckCase) -> Iterator[Phone]:
    text = _BROKEN.sub(r"\1 ", text)
    for match in _CANDIDATE.finditer(text):
        written = match[0].rstrip(" ./(-")
        before, after = text[max(0, match.start() - 300):match.start()], text[match.end():match.end() + 24]
        if _DATE_OR_TIME.search(written) or is_amount(before, after) or is_in_url(before):
            continue
        said = _WORDS.search(before[-80:]) is not None
        if is_business_number(before) and not written.startswith("+") and not _PHONE_WORD.search(before[-40:]):
            continue
        phone = _phone(match.start(), written, said, case.language)
        if phone is not None:
            yield phone


def _phone(start: int, written: str, said: bool, language: str) -> Phone | None:
    digits = "".join(each for each in written if each.isdigit())
    international = written.startswith(("+", "00"))
    regions = _regions(written, said, language)
    if not (international or regions) or (_THOUSANDS.match(written) and not said):
        return None
    possible, valid, service = _judge(("+" + digits.removeprefix("00")) if international else digits, regions)
    if not possible or (not valid and not said and not written.startswith("+")):
        return None
    return Phone(start, start + len(written), digits, valid or said or len(digits) >= 10, service)


def _regions(written: str, said: bool, language: str) -> tuple[str, ...]:
    """The countries whose number this may be."""
    home = next((regions for shape, regions in _HOME if shape.fullmatch(written)), ())
    return home or (_LANGUAGES.get(language, _LANGUAGES["en"]) if said else ())


@lru_cache(maxsize=4096)
def _judge(number: str, regions: tuple[str, ...]) -> tuple[bool, bool, bool]:
    """Whether the number is possible, valid, and a free one."""
    import phonenumbers  # noqa: PLC0415  (50 ms that only sending needs to spend)

    possible = valid = service = False
    for region in (None,) if number.startswith("+") else regions:
        try:
            parsed = phonenumbers.parse(number, region)
        except phonenumbers.NumberParseException:
            continue
        possible |= phonenumbers.is_possible_number(parsed)
        valid |= phonenumbers.is_valid_number(parsed)
        service |= phonenumbers.number_type(parsed) == phonenumbers.PhoneNumberType.TOLL_FREE
    return possible, valid, service


def known_phones(case: CheckCase) -> Callable[[Phone], bool]:
    """Answers whether a phone is one that may be named."""
    known = {digits[-_TELLING:] for each in case.known_phones
             if len(digits := "".join(sign for sign in each if sign.isdigit())) >= _FEWEST_DIGITS}
    return lambda phone: phone.digits[-_TELLING:] in known
