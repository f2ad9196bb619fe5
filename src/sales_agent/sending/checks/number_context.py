"""What the words around a number say it is."""

from __future__ import annotations

import re
from functools import cache
from importlib import resources

import yaml

_UNIT_AFTER = re.compile(
    r"(?i)^ ?(?:€|\$|£|¥|%|eur\b|usd\b|gbp\b|chf\b|euros?\b|dollars?\b|users?\b|rows?\b|records?\b|seats?\b|units?\b|"
    r"events?\b|requests?\b|people\b|customers?\b|employees?\b|stück\b|nutzer\b|mitarbeiter\b|datensätze\b|kunden\b|"
    r"utilisateurs\b|lignes\b|usuarios\b|registros\b|kg\b|km\b|kwh\b|mwh\b|kw\b|m³|m²|tons?\b|litres?\b|"
    r"mb\b|gb\b|ms\b|per (?:month|year)\b)")
_CURRENCY_BEFORE = re.compile(r"(?i)(?:€|\$|£|¥|\beur|\busd|\bgbp|\bchf) ?$")
_URL_BEFORE = re.compile(r"(?:https?://|www\.)[^\s<>\"]*$")


@cache
def _business() -> re.Pattern[str]:
    data = yaml.safe_load(resources.files(__package__).joinpath("number_words.yaml").read_text("utf-8"))
    words = "|".join(data["business"])
    return re.compile(rf"(?i)\b(?:{words})\b"
                      rf"(?:[^\n.,;!?]|(?<=\bno)\.|(?<=\bnr)\.){{0,20}}(?:[\d-]{{4,20}}(?:,| and| und| et| y) ){{0,3}}$")


def is_business_number(before: str) -> bool:
    """Whether the words right before a number ("Order 123-45-6789") say that it is no person's (number_words.yaml)."""
    return _business().search(before[-60:]) is not None


def is_amount(before: str, after: str) -> bool:
    """Whether the number is money or a count of something."""
    return _UNIT_AFTER.match(after[:24]) is not None or _CURRENCY_BEFORE.search(before[-6:]) is not None


def is_in_url(before: str) -> bool:
    return _URL_BEFORE.search(before[-300:]) is not None
