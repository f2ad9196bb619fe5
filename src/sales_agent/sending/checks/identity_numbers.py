"""Numbers that states give to people. None of them belongs in a sales letter."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from stdnum import luhn
from stdnum.at import vnr
from stdnum.au import tfn
from stdnum.be import nn
from stdnum.br import cpf
from stdnum.ch import ssn as ahv
from stdnum.cn import ric
from stdnum.de import idnr
from stdnum.dk import cpr
from stdnum.es import dni, nie
from stdnum.fi import hetu
from stdnum.fr import nir
from stdnum.gb import nhs
from stdnum.ie import pps
from stdnum.it import codicefiscale
from stdnum.mx import curp
from stdnum.nl import bsn
from stdnum.no import fodselsnummer
from stdnum.pl import pesel
from stdnum.pt import nif
from stdnum.se import personnummer
from stdnum.za import idnr as za_idnr

from sales_agent.sending.checks.case import Check, CheckCase, Finding, Severity
from sales_agent.sending.checks.number_context import is_amount, is_business_number, is_in_url
from sales_agent.sending.checks.texts import Passage, number_passages

NAME = "identity_numbers"
_AROUND = 60  # characters in which a word says what the number is


@dataclass(frozen=True, slots=True)
class _Kind:
    """`words` must stand near the number, unless it says enough by itself (blank)."""

    what: str
    shape: re.Pattern[str]
    is_valid: Callable[[str], bool]
    words: re.Pattern[str] | None = None


def _shape(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w.-])(?<!\+)(?:{pattern})(?![\w-])(?!\.\d)")


def _words(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"(?i)\b(?:{pattern})")


def _luhn(number: str) -> bool:
    return luhn.is_valid(re.sub(r"\D", "", number))


def _any(_: str) -> bool:
    return True


_SSN_WORDS = _words(r"ssn|social[ -]security|itin\b|taxpayer id|tin\b")
_US = r"(?!000|666)\d{3}%s(?!00)\d{2}%s(?!0000)\d{4}"
_GERMAN = r"\d{2}%s[0-8]\d(?:0[1-9]|1[0-2])\d{2}%s[A-Z]%s\d{3}"
_TAX_WORDS = _words(r"steuer-?(?:id|identifikation|nummer)|idnr|tax id")
_KINDS = (
    _Kind("a US social security number", _shape(r"(?!9)" + _US % ("- ?", "- ?")), _any),
    _Kind("a US social security number", _shape(_US % ("[ .-]?", "[ .-]?")), _any, _SSN_WORDS),
    _Kind("a British national insurance number",
          _shape(r"(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D]"), _any),
    _Kind("a British national insurance number", _shape(r"[A-Z]{2} ?\d{2} ?\d{2} ?\d{2} ?[A-D]"), _any,
          _words(r"national insurance|nino\b|ni (?:no|number)")),
    _Kind("an Indian identity number", _shape(r"[2-9]\d{3} ?\d{4} ?\d{4}|[A-Z]{5}\d{4}[A-Z]"), _any, _words(r"aadhaar|pan\b")),
    _Kind("a British health service number", _shape(r"\d{3}[ -]?\d{3}[ -]?\d{4}"), nhs.is_valid, _words(r"nhs\b")),
    _Kind("a German tax number", _shape(r"\d{2} ?\d{3} ?\d{3} ?\d{3}"), idnr.is_valid, _TAX_WORDS),
    _Kind("a German social insurance number", _shape(_GERMAN % (" ", " ", " ")), _any),
    _Kind("a German social insurance number", _shape(_GERMAN % (" ?", " ?", " ?")), _any,
          _words(r"sozialversicherung|rentenversicherung|sv-?(?:nr|nummer)|social insurance")),
    _Kind("a French social security number", _shape(r"[1-478] ?\d{2} ?\d{2} ?\d[\dAB] ?\d{3} ?\d{3} ?\d{2}"), nir.is_valid),
    _Kind("a French social security number", _shape(r"[1-478] ?\d{2} ?\d{2} ?\d[\dAB] ?\d{3} ?\d{3}(?: ?\d{2})?"), _any,
          _words(r"s[ée]curit[ée] sociale|n[°o] ?s[ée]cu\b|\bnir\b")),
    _Kind("a Spanish identity number", _shape(r"\d{2}\.?\d{3}\.?\d{3}[ -]?[A-Z]"), dni.is_valid),
    _Kind("a Spanish identity number", _shape(r"[XYZ][ -]?\d{7}[ -]?[A-Z]"), nie.is_valid),
    _Kind("a Spanish identity number", _shape(r"\d{2}\.?\d{3}\.?\d{3}[ -]?[A-Z]|[XYZ][ -]?\d{7}[ -]?[A-Z]"), _any,
          _words(r"dni\b|nif\b|nie\b|documento (?:nacional )?de identidad")),
    _Kind("an Italian tax code", _shape(r"[A-Z]{6}\d{2}[A-Z]\d{2}[A-Z]\d{3}[A-Z]"), codicefiscale.is_valid),
    _Kind("a Swedish personal number", _shape(r"(?:\d{2})?\d{6}[-+]\d{4}"), personnummer.is_valid),
    _Kind("a Swiss social insurance number", _shape(r"756[. ]?\d{4}[. ]?\d{4}[. ]?\d{2}"), ahv.is_valid),
    _Kind("a Brazilian tax number", _shape(r"\d{3}\.\d{3}\.\d{3}-\d{2}"), cpf.is_valid),
    _Kind("a Belgian national number", _shape(r"\d{2}\.\d{2}\.\d{2}-\d{3}\.\d{2}"), nn.is_valid),
    _Kind("a Dutch citizen number", _shape(r"\d{4}[. ]?\d{2}[. ]?\d{3}|\d{9}"), bsn.is_valid, _words(r"bsn\b|burgerservice")),
    _Kind("a Polish personal number", _shape(r"\d{11}"), pesel.is_valid, _words(r"pesel")),
    _Kind("a Spanish social insurance number", _shape(r"\d{2}[ /-]?\d{8}[ /-]?\d{2}|\d{2}[ /-]?\d{10}"), _any,
          _words(r"seguridad social|\bnuss\b|social security")),
    _Kind("an Austrian social insurance number", _shape(r"\d{4} ?\d{6}"), vnr.is_valid,
          _words(r"sozialversicherung|sv-?(?:nr|nummer)")),
    _Kind("a Danish personal number", _shape(r"\d{6}-?\d{4}"), cpr.is_valid, _words(r"cpr\b|personnummer")),
    _Kind("a Norwegian personal number", _shape(r"\d{6} ?\d{5}"), fodselsnummer.is_valid,
          _words(r"f[øo]dselsnummer|personnummer")),
    _Kind("a Finnish personal code", _shape(r"\d{6}[-+A-FU-Y]\d{3}[\dA-Y]"), hetu.is_valid),
    _Kind("an Irish personal number", _shape(r"\d{7}[A-W][A-IW]?"), pps.is_valid, _words(r"ppsn?\b|personal public service")),
    _Kind("a Portuguese tax number", _shape(r"\d{3} ?\d{3} ?\d{3}"), nif.is_valid, _words(r"nif\b|contribuinte")),
    _Kind("an Australian tax number", _shape(r"\d{3} ?\d{3} ?\d{3}"), tfn.is_valid, _words(r"tfn\b|tax file number")),
    _Kind("a Mexican identity number", _shape(r"[A-Z]{4}\d{6}[HMX][A-Z]{5}[A-Z\d]\d"), curp.is_valid),
    _Kind("a Chinese identity number", _shape(r"\d{17}[\dX]"), ric.is_valid),
    _Kind("a Korean identity number", _shape(r"\d{6}-\d{7}"), _any, _words(r"resident registration|rrn\b")),
    _Kind("a South African identity number", _shape(r"\d{13}"), za_idnr.is_valid,
          _words(r"id (?:no|number)|identity (?:no|number)")),
    _Kind("a Canadian social insurance number", _shape(r"\d{3}[ -]?\d{3}[ -]?\d{3}"), _luhn,
          _words(r"sin\b|social insurance")),
)
# Numbers of documents have no checksum worth the name: only the words before them tell.
_DOCUMENT = re.compile(
    r"(?i)\b(?:passports?|reise-?p(?:ass|äss)\w*|personalausweis\w*|ausweis(?:-?n\w*|-?id)|passeports?|pasaportes?|"
    r"carte (?:nationale )?d'identit[ée]|id card|identity (?:card|document)|national id|driv(?:er'?s?|ing) licen[cs]e|"
    r"führerschein\w*|permis de conduire|permiso de conducir|green card|resident permit|visa (?:no|number))")
_DOCUMENT_NUMBER = re.compile(
    r"(?<![\w/.-])(?=(?:[A-Z -]*\d){4}|[A-Z]*\d[A-Z0-9]{6,8}(?!\w))"
    r"(?:[A-Z0-9]{6,16}|[A-Z]{1,3}[ -]?\d{5,9}|[A-Z]\d{3}(?:-\d{3,5}){1,3}|\d{2,3} \d{2,3} \d{3,6})(?![\w/-])")
_NAMED_NUMBER = re.compile(r"(?i)(?:\bno\b|\bnr\b|num|n°|nº|nummer|\bid\b|#|:|ausweis|\bis\b|\bist\b|\best\b|\bes\b|lautet|\()")


def run(case: CheckCase) -> Iterable[Finding]:
    return [finding for each in number_passages(case) for finding in (*_numbers(each), *_documents(each))]


def _numbers(passage: Passage) -> Iterable[Finding]:
    taken: set[int] = set()
    for kind in _KINDS:
        for match in kind.shape.finditer(passage.text):
            if match.start() not in taken and _is_one(kind, match, passage):
                taken.add(match.start())
                yield passage.finding(NAME, Severity.VIOLATION, _detail(kind.what), match.span())


def _is_one(kind: _Kind, match: re.Match[str], passage: Passage) -> bool:
    before, after = passage.before(match.start(), _AROUND), passage.after(match.end(), _AROUND)
    if kind.words is not None:
        return (kind.words.search(before) or kind.words.search(after)) is not None and kind.is_valid(match[0])
    innocent = is_business_number(before) or is_amount(before, after) or is_in_url(passage.before(match.start(), 300))
    named = _SSN_WORDS.search(before) or _SSN_WORDS.search(after)
    return (not innocent or named is not None) and kind.is_valid(match[0])


def _documents(passage: Passage) -> Iterable[Finding]:
    end = -1
    for word in _DOCUMENT.finditer(passage.text):
        window = passage.text[word.end():min(word.end() + _AROUND, passage.line_end(word.end()))]
        for match in _DOCUMENT_NUMBER.finditer(window):
            start = word.end() + match.start()
            if start >= end and _is_document_number(window[:match.start()], match[0], window[match.end():]):
                end = word.end() + match.end()
                yield passage.finding(NAME, Severity.VIOLATION, _detail("the number of an identity document"), (start, end))


def _is_document_number(between: str, number: str, after: str) -> bool:
    """Digits alone need seven of them and a word such as "number"; letters among them say more."""
    if is_business_number(between) or is_amount(between, after):
        return False
    if number.replace(" ", "").isdigit():
        return len(number.replace(" ", "")) >= 7 and _NAMED_NUMBER.search(between) is not None
    return len(between) <= 24 or _NAMED_NUMBER.search(between) is not None


def _detail(what: str) -> str:
    return f"This looks like {what}. Such numbers never belong in a letter: delete it."


CHECK = Check(NAME, run)
