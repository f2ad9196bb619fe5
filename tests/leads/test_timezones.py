from __future__ import annotations

import pytest

from sales_agent.leads.countries import country_code
from sales_agent.leads.timezones import lead_timezone

FALLBACK = "Europe/London"


def zone_of(crm: str = "", country: str = "", phone: str = "", domain: str = "x.com", language: str = "") -> tuple[str,
                                                                                                                   str]:
    return lead_timezone(crm, country, phone, domain, language, FALLBACK)


def test_the_surest_source_wins() -> None:
    known = {"crm": "America/Denver", "phone": "+81 3 1234 5678", "country": "Spain", "domain": "x.de",
             "language": "it"}
    expected = [("America/Denver", "crm.timezone"), ("Asia/Tokyo", "phone"), ("Europe/Madrid", "country"),
                ("Europe/Berlin", "email_domain"), ("Europe/Rome", "language"),
                (FALLBACK, "settings.BUSINESS_TIMEZONE")]
    for forgotten, answer in zip([None, "crm", "phone", "country", "domain", "language"], expected, strict=True):
        known.pop(forgotten or "", None)
        assert zone_of(**known) == answer


@pytest.mark.parametrize(("crm", "zone"), [("europe_slash_berlin", "Europe/Berlin"),
                                           ("america_slash_new_york", "America/New_York"),
                                           ("Asia/Tokyo", "Asia/Tokyo")])
def test_time_zones_as_the_crm_writes_them(crm: str, zone: str) -> None:
    assert zone_of(crm=crm) == (zone, "crm.timezone")


@pytest.mark.parametrize("crm", ["Mars/Olympus", "../../etc/passwd", "/etc/passwd", "\x00", "Europe", "x" * 5000])
def test_what_is_not_a_time_zone_is_passed_over(crm: str) -> None:
    assert zone_of(crm=crm) == (FALLBACK, "settings.BUSINESS_TIMEZONE")


@pytest.mark.parametrize(("phone", "country", "zone"), [
    ("+1 415 555 2671", "", "America/Los_Angeles"),
    ("0049 30 1234567", "", "Europe/Berlin"),
    ("030 1234567", "Deutschland", "Europe/Berlin"),
    ("+34 612 34 56 78", "", "Europe/Madrid"),
    ("+44 7700 900123", "", "Europe/London"),
])
def test_phone_numbers_tell_the_zone(phone: str, country: str, zone: str) -> None:
    assert zone_of(phone=phone, country=country) == (zone, "phone")


@pytest.mark.parametrize("phone", ["+1 800 555 1212", "+7 916 1234567", "call me", "+", "12345"])
def test_numbers_that_could_be_anywhere_leave_it_to_the_country(phone: str) -> None:
    assert zone_of(phone=phone, country="") == (FALLBACK, "settings.BUSINESS_TIMEZONE")


@pytest.mark.parametrize(("written", "code"),
                         [("Germany", "DE"), ("deutschland", "DE"), (" DE ", "DE"), ("UK", "GB"), ("USA", "US"),
                                               ("España", "ES"), ("Schweiz", "CH"), ("Atlantis", ""), ("", "")])
def test_countries_as_people_write_them(written: str, code: str) -> None:
    assert country_code(written) == code


def test_a_country_with_many_zones_counts_by_most_of_its_people() -> None:
    assert zone_of(country="Australia")[0] == "Australia/Sydney"
    assert zone_of(country="Brazil")[0] == "America/Sao_Paulo"
    assert zone_of(country="United States")[0] == "America/New_York"


def test_domains_that_are_used_worldwide_say_nothing() -> None:
    assert zone_of(domain="start.io")[1] == "settings.BUSINESS_TIMEZONE"
    assert zone_of(domain="firm.co.jp") == ("Asia/Tokyo", "email_domain")
    assert zone_of(language="de-AT") == ("Europe/Vienna", "language")
