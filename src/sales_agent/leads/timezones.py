"""The time zone a lead most likely lives in, and how we know."""

from __future__ import annotations

import re
from functools import lru_cache
from zoneinfo import ZoneInfo

from sales_agent.leads.countries import country_code, country_of_domain, main_zone

_ZONE_NAME = re.compile(r"[A-Za-z]+(?:[/_+-][A-Za-z0-9]+)*")
# Languages spoken mostly in one zone; English, French, Spanish and Portuguese are at home on several continents.
_ZONE_OF_LANGUAGE = {"de": "Europe/Berlin", "it": "Europe/Rome", "nl": "Europe/Amsterdam", "ja": "Asia/Tokyo"}
_SHARED_CALLING_CODES = (1, 7)  # several countries and many zones behind one code


def lead_timezone(
        crm_timezone: str, country: str, phone: str, email_domain: str, language_hint: str, fallback: str,
) -> tuple[str, str]:
    """IANA zone and its source: crm.timezone, phone, country, email_domain, language, else settings.BUSINESS_TIMEZONE.

    The surest source wins. For a country with several zones it is the one in which most people live.
    """
    code = country_code(country)
    candidates = (
        (_known(crm_timezone.strip()), "crm.timezone"),
        (_zone_of_phone(phone.strip()[:40], code), "phone"),
        (main_zone(code), "country"),
        (main_zone(country_of_domain(email_domain)), "email_domain"),
        (_zone_of_language(language_hint), "language"),
    )
    return next(((zone, source) for zone, source in candidates if zone), (fallback, "settings.BUSINESS_TIMEZONE"))


@lru_cache(maxsize=1024)
def _known(name: str) -> str:
    """CRMs write zones as Europe/Berlin or, like HubSpot, europe_slash_berlin; anything else is not one."""
    name = name.replace("_slash_", "/")
    if not _ZONE_NAME.fullmatch(name):
        return ""
    for spelling in (name, "/".join("_".join(w.capitalize() for w in part.split("_")) for part in name.split("/"))):
        try:
            return ZoneInfo(spelling).key
        except (KeyError, ValueError, OSError):
            continue
    return ""


@lru_cache(maxsize=1024)
def _zone_of_phone(phone: str, code: str) -> str:
    if not phone or not (phone.startswith(("+", "00")) or code):
        return ""
    import phonenumbers  # noqa: PLC0415  (50 ms that only the worker needs to spend)
    from phonenumbers import timezone  # noqa: PLC0415

    if phone.startswith("00"):
        phone = "+" + phone[2:]
    try:
        number = phonenumbers.parse(phone, code or None)
    except phonenumbers.NumberParseException:
        return ""
    zones = [zone for zone in timezone.time_zones_for_number(number) if zone != "Etc/Unknown"]
    if len(zones) == 1:
        return str(zones[0])
    calling_code = number.country_code or 0
    unclear = len(zones) > 3 or calling_code in _SHARED_CALLING_CODES
    return "" if unclear else main_zone(phonenumbers.region_code_for_country_code(calling_code))


def _zone_of_language(hint: str) -> str:
    language, _, region = hint.strip().lower().replace("_", "-").partition("-")
    return main_zone(region.upper()) if region else _ZONE_OF_LANGUAGE.get(language, "")
