"""E-mail addresses: normalised, refused with a clear sentence, and told apart."""

from __future__ import annotations

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import given, settings
from hypothesis import strategies as st

from sales_agent.leads.addresses import parse_address

LOCAL = st.text("abcXYZ019._+-'", min_size=1, max_size=12)
LABEL = st.text("abcZ09-", min_size=1, max_size=8)
ADDRESS = st.builds(lambda local, labels: f"{local}@{'.'.join(labels)}", LOCAL, st.lists(LABEL, min_size=1, max_size=3))


@settings(max_examples=300, deadline=None)
@given(ADDRESS)
def test_the_quick_way_accepts_what_the_thorough_way_accepts(raw: str) -> None:
    try:
        expected = validate_email(raw, check_deliverability=False, test_environment=True).normalized.lower()
    except EmailNotValidError:
        with pytest.raises(ValueError, match="not valid"):
            parse_address(raw)
    else:
        assert parse_address(raw).address == expected


@settings(max_examples=200, deadline=None)
@given(st.text(st.characters(), max_size=40) | st.emails())
def test_anything_gives_a_safe_address_or_a_sentence(raw: str) -> None:
    try:
        facts = parse_address(raw)
    except ValueError:
        return
    assert facts.address.isascii()
    assert facts.address == facts.address.lower()
    assert facts.address.count("@") == 1
    assert not set(facts.address) & set("\r\n\t \x00")
    assert len(facts.address) <= 254


def test_normalised_with_its_registrable_domain() -> None:
    facts = parse_address(" Ada.Lovelace+Forms@Mail.ACME.co.uk ")
    assert facts.address == "ada.lovelace+forms@mail.acme.co.uk"
    assert (facts.domain, facts.registrable_domain) == ("mail.acme.co.uk", "acme.co.uk")
    assert facts.is_business
    assert not any((facts.is_role, facts.is_no_reply, facts.is_disposable, facts.is_free_mail))


def test_an_international_domain_becomes_its_ascii_form() -> None:
    assert parse_address("anna@bücher.example").address == "anna@xn--bcher-kva.example"


@pytest.mark.parametrize("raw", ["no-reply@x.com", "noreply@x.com", "NoReply+7@x.com", "do_not_reply@x.com",
                                 "mailer-daemon@x.com", "ne-pas-repondre@x.fr"])
def test_addresses_that_take_no_replies(raw: str) -> None:
    assert parse_address(raw).is_no_reply


@pytest.mark.parametrize("raw", ["noah.reply@x.com", "nora@x.com", "reply@x.com"])
def test_people_are_not_taken_for_machines(raw: str) -> None:
    assert not parse_address(raw).is_no_reply


def test_role_disposable_and_free_mail() -> None:
    assert parse_address("info@acme.example").is_role
    assert parse_address("Vertrieb+web@acme.example").is_role
    assert not parse_address("ingo@acme.example").is_role
    assert parse_address("x@mailinator.com").is_disposable
    assert parse_address("ada@gmail.com").is_free_mail
    assert not parse_address("ada@gmail.com").is_business


@pytest.mark.parametrize(("raw", "sentence"), [
    ("a@x.com\r\nBcc: b@y.com", "control characters"),
    ("a\x00@x.com", "control characters"),
    ("a@x.com\n", "control characters"),
    ("ünal@x.com", "non-ASCII"),
    ("a" * 250 + "@x.com", "longer than 254"),
    ("", "not valid"), ("ada", "not valid"), ("ada@localhost", "not valid"), ("ada@intern.local", "not valid"),
    ("Ada <ada@x.com>", "not valid"), ("a@b@c.com", "not valid"), ("a..b@x.com", "not valid"),
    ("a@x.com, b@y.com", "not valid"),
    ('"a b"@x.com', "not valid"), ("a@[127.0.0.1]", "not valid"), ("a@x\ud800.com", "control characters"),
])
def test_bad_addresses_are_refused_without_repeating_them(raw: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence) as caught:
        parse_address(raw)
    assert str(caught.value).endswith(".")
    assert len(raw) < 3 or raw not in str(caught.value)
