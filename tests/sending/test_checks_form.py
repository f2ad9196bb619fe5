"""Who a letter goes to and how it looks: address, headers, footer, links, length, language, loudness."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from check_cases import BODY, UNSUBSCRIBE_URL, case, marked
from hypothesis import given, settings
from hypothesis import strategies as st

from sales_agent.drafts.letter_html import html_of
from sales_agent.sending import checks
from sales_agent.sending.checks import CHECKS, run_checks, violations
from sales_agent.sending.checks.case import Check, CheckCase, Finding, Severity
from sales_agent.sending.checks.lookalikes import looks_like

BY_NAME: dict[str, Check] = {check.name: check for check in CHECKS}
LONG = " ".join(["This sentence is here to make the letter a good deal longer."] * 50)


def found(name: str, of: CheckCase, severity: Severity = Severity.VIOLATION) -> list[Finding]:
    return [each for each in BY_NAME[name].run(of) if each.severity is severity]


def marks(name: str, of: CheckCase, severity: Severity = Severity.VIOLATION) -> list[str]:
    return [marked(of, each) for each in found(name, of, severity)]


def in_body(sentence: str) -> str:
    return BODY.replace("Would Tuesday", f"{sentence}\n\nWould Tuesday")


def test_a_plain_letter_passes_every_check() -> None:
    assert run_checks(case()) == []


def test_every_check_file_is_on_the_list() -> None:
    files = {file.stem for file in Path(checks.__file__).parent.glob("*.py") if "\nCHECK = " in file.read_text("utf-8")}
    assert files == set(BY_NAME)
    assert len(CHECKS) == len(BY_NAME) == 16


def test_a_check_that_breaks_blocks_without_repeating_anything() -> None:
    def breaks(_: CheckCase) -> list[Finding]:
        raise RuntimeError("ada@acme.example said something private")

    findings = run_checks(case(), (Check("broken", breaks), *CHECKS))
    assert [(each.check, each.severity) for each in violations(findings)] == [("broken", Severity.VIOLATION)]
    assert "private" not in findings[0].detail


@pytest.mark.parametrize("recipient", [
    "", "ada", "ada@", "@acme.example", "ada@acme", "ada@acme.example, bob@acme.example", "Ada <ada@acme.example>",
    "ada@acme.example\r\nBcc: eve@evil.example", "ada@acme.example\0", "ada@[127.0.0.1]", "a" * 250 + "@acme.example",
    "no-reply@acme.example", "noreply@acme.example", "donotreply@acme.example", "mailer-daemon@acme.example",
    "jörg@acme.example", "ada@аcme.example", "ada@xn--cme-7cd.example",  # a Cyrillic а
    "ada@northvvind.example", "ada@n0rthwind.example", "ada@north-wind.example", "ada@northwnid.example",
])
def test_addresses_that_are_never_written_to(recipient: str) -> None:
    letter = case(recipient=recipient)
    assert marks("recipient", letter) == [recipient]


@pytest.mark.parametrize(("recipient", "warned"), [
    ("ada@acme.example", False), ("ada.okafor+news@sales.acme.co.uk", False), ("o'hara@acme.example", False),
    ("ada@northwind.example", False), ("ada@eu.northwind.example", False),  # our own
    ("info@acme.example", True), ("sales@acme.example", True), ("ada@bücher.example", True),
    ("ada@xn--bcher-kva.example", True), ("ada@mailinator.com", True),
])
def test_addresses_that_may_be_written_to_some_with_a_warning(recipient: str, warned: bool) -> None:
    letter = case(recipient=recipient)
    assert found("recipient", letter) == []
    assert bool(found("recipient", letter, Severity.WARNING)) is warned


@pytest.mark.parametrize(("policy", "blocked"), [
    ({"recipient_allow": ("ada@acme.example",)}, False), ({"recipient_allow": ("@acme.example",)}, False),
    ({"recipient_allow": ("@example",)}, False), ({"recipient_allow": ("bob@acme.example",)}, True),
    ({"recipient_allow": ("@cme.example",)}, True), ({"recipient_deny": ("ADA@acme.example",)}, True),
    ({"recipient_deny": ("@acme.example",)}, True), ({"recipient_deny": ("bob@acme.example", "@cme.example")}, False),
    ({"recipient_allow": ("@acme.example",), "recipient_deny": ("ada@acme.example",)}, True),
])
def test_the_policy_says_who_may_be_written_to(policy: dict[str, Any], blocked: bool) -> None:
    assert bool(found("recipient", case(**policy))) is blocked


@pytest.mark.parametrize(("domain", "known", "alike"), [
    ("rnicrosoft.com", "microsoft.com", True), ("paypa1.com", "paypal.com", True), ("acme-corp.com", "acmecorp.com", True),
    ("goggle.com", "google.com", True), ("googel.com", "google.com", True), ("gooogle.com", "google.com", True),
    ("northwind.co", "northwind.example", True), ("mail.google.com", "google.com", False), ("acme.de", "acme.com", False),
    ("siemens.com", "simmons.com", False), ("google.com", "google.com", False), ("bmw.com", "bmv.com", False),
])
def test_domains_that_are_taken_for_others(domain: str, known: str, alike: bool) -> None:
    assert looks_like(domain, known) is alike


@pytest.mark.parametrize("bad", ["Hi\r\nBcc: eve@evil.example", "Hi\nthere", "Hi\x00", "Hi\x1b[31m", "Hi\u2028there", "Hi\u200bthere",
                                 "Hi \u202ethere", "=?utf-8?q?Hi?=", "Hi\x85there", "Hi\ud800"])
def test_header_injection_is_found_wherever_it_stands(bad: str) -> None:
    assert [each.part for each in found("headers", case(subject=bad))] == ["subject"]
    assert [each.part for each in found("headers", case(recipient_name=bad))] == ["headers"]
    assert [each.part for each in found("headers", case(sender_name=bad))] == ["headers"]


def test_long_subjects_and_malformed_ids() -> None:
    assert found("headers", case(subject="A quite ordinary subject: umlauts äöü, a dash – and 🎉")) == []
    assert len(found("headers", case(subject="long " * 30), Severity.WARNING)) == 1
    assert len(found("headers", case(subject="long " * 60))) == 1
    assert found("headers", case(in_reply_to="<1@x.example>", references=("<0@x.example>",))) == []
    for bad in ({"in_reply_to": "1@x.example"}, {"references": ("<a b@x>",)}, {"in_reply_to": "<1@x>\r\nBcc: e@e.example"}):
        assert len(found("headers", case(**bad))) == 1


def replaced(old: str, new: str) -> dict[str, str]:
    letter = case().letter
    return {"text": letter.text.replace(old, new), "html": letter.html.replace(old, new)}


@pytest.mark.parametrize("lacking", [
    replaced(UNSUBSCRIBE_URL, ""), {"html": "<p>Hi</p>"}, {"text": BODY}, {"unsubscribe_url": ""},
    {"unsubscribe_url": UNSUBSCRIBE_URL.replace("127.0.0.1", "evil.example"), **replaced("127.0.0.1", "evil.example")},
    {"unsubscribe_works": lambda _: False}, {"unsubscribe_works": None}, {"in_production": True},
    {"base_url": "https://leads.example.com"}, replaced("1 Harbour Street", ""), {"sender_address": " "},
    replaced("Robin Vale", "R."), {"sender_company": "Initech"},
], ids=range(13))
def test_a_footer_that_lacks_what_the_law_asks_for(lacking: dict[str, Any]) -> None:
    assert found("unsubscribe", case(**lacking))


def test_a_footer_on_https_passes_in_production() -> None:
    base, url = "https://leads.example.com/app", "https://leads.example.com/app/u/token-of-the-recipient"
    letter = {"unsubscribe_url": url, **replaced(UNSUBSCRIBE_URL, url)}
    assert found("unsubscribe", case(base_url=base, in_production=True, unsubscribe_works=lambda each: each == url, **letter)) == []


@pytest.mark.parametrize(("sentence", "mark"), [
    ("See https://evil.example/login.", "https://evil.example/login"),
    ("See HTTP://EVIL.example.", "HTTP://EVIL.example"),
    ("See www.evil.example now.", "www.evil.example"),
    ("See evil.example/offer now.", "evil.example/offer"),
    ("Short: https://bit.ly/3xYz", "https://bit.ly/3xYz"),
    ("Short: bit.ly/3xYz", "bit.ly/3xYz"),
    ("See https://www.northwind.example@evil.example/", "https://www.northwind.example@evil.example/"),
    ("See https://northwind.example.evil.example/a", "https://northwind.example.evil.example/a"),
    ("See https://northwind.example:8443/a", "https://northwind.example:8443/a"),
    ("See https://evilnorthwind.example/", "https://evilnorthwind.example/"),
    ("See https:/evil.example/", "https:/evil.example/"),
    ("See ftp://northwind.example/file", "ftp://northwind.example/file"),
    ("See https://north%77ind.example/", "https://north%77ind.example/"),
    ("See https://[::1/", "https://[::1/"),
    ("See http://127.0.0.1:9/u/x", "http://127.0.0.1:9/u/x"),
    ("Click javascript:alert(1)", "javascript:alert(1)"),
    ("Click JaVaScRiPt:alert(1)", "JaVaScRiPt:alert(1)"),
    ("Click data:text/html,<b>", "data:text/html,"),
    ("Open file:///etc/passwd", "file:///etc/passwd"),
])
def test_links_that_must_not_leave(sentence: str, mark: str) -> None:
    assert marks("links", case(body=in_body(sentence))) == [mark]


@pytest.mark.parametrize("sentence", [
    "See https://northwind.example/case-study (two pages).", "See https://www.northwind.example/a?b=c#d.",
    "See www.northwind.example.", "We use Node.js, ASP.NET and e.g./i.e. in text.", "Meet us at 10:00/11:00 on 3.4./5.4.",
    "About: the scope. File: see attached. Data: none yet.", "The ratio is 3:1, and/or more.", "Robin@Northwind said so.",
    "It runs under C:/Program Files.", "Version 2.0/2.1 and km/h.",
])
def test_links_and_near_links_that_may_leave(sentence: str) -> None:
    assert found("links", case(body=in_body(sentence))) == []


def test_the_policy_names_more_hosts() -> None:
    letter = in_body("See https://docs.partner.example/a.")
    assert found("links", case(body=letter))
    assert found("links", case(body=letter, link_hosts=("partner.example",))) == []


@pytest.mark.parametrize("html", [
    '<p><a href="https://evil.example/">https://northwind.example/</a></p>', '<p><a href="https://northwind.example/">here</a></p>',
    '<img src="https://northwind.example/pixel.gif">', "<script>alert(1)</script>", '<p onclick="x()">Hi</p>',
    '<p style="background:url(https://northwind.example/p.gif)">Hi</p>', '<iframe src="https://northwind.example"></iframe>',
    '<link rel="stylesheet" href="https://northwind.example/a.css">', '<p><a href="javascript:x()">javascript:x()</a></p>',
])
def test_html_that_lies_or_loads_something(html: str) -> None:
    letter = case().letter
    assert found("links", case(html=letter.html.replace("<p>", html + "<p>", 1)))


def test_length() -> None:
    assert marks("length", case(subject=" ")) == [""]
    assert marks("length", case(subject="…")) == ["…"]
    assert marks("length", case(body="Hi Ada,\n\nCall me.")) == ["Hi Ada,\n\nCall me."]
    assert found("length", case(body="Hi Ada.", min_words=1)) == []
    assert found("length", case(body=LONG)) == []
    assert found("length", case(body=LONG), Severity.WARNING)
    assert found("length", case(body=LONG * 2))


GERMAN = ("Vielen Dank für Ihre Nachricht. Wir haben uns die Frage angesehen und können Ihnen gerne in einem kurzen "
          "Gespräch zeigen, wie das bei uns funktioniert und was es für Ihr Team bedeutet.")


def test_language() -> None:
    assert found("language", case(body=GERMAN, language="en"))
    assert found("language", case(body=GERMAN, language="de")) == []
    assert found("language", case(body=BODY, language="de"))
    assert found("language", case(body=in_body(f'You wrote: "{GERMAN}"'))) == []
    assert found("language", case(body=in_body(f"> {GERMAN}"))) == []
    assert found("language", case(body="OK, Ada.", language="fr")) == []  # too little to tell


@pytest.mark.parametrize(("sentence", "mark"), [
    ("ACT NOW OR LOSE EVERYTHING you have.", "ACT NOW OR LOSE EVERYTHING"), ("Great news!!!", "!!!"), ("Really?!?", "?!?"),
    ("Well......", "......"), ("Big $$$ for you", "$$$"), ("Great 🎉🎉🎉 news", "🎉🎉🎉"), ("Wow! ! ! Yes", "! ! !"),
    ("BITTE ANTWORTEN SIE SOFORT!", "BITTE ANTWORTEN SIE SOFORT"),
])
def test_shouting(sentence: str, mark: str) -> None:
    assert marks("shouting", case(body=in_body(sentence))) == [mark]


@pytest.mark.parametrize("sentence", [
    "We support REST, SOAP, SFTP and XML.", "The GDPR, ISO 27001 and SOC 2 apply.", "Our API and SDK use JSON over HTTPS.",
    "Thanks! That helps.", "Really?", "Wait... what?", "NASA and UNESCO are clients.", "SAP ERP, CRM, BI and ETL", "It is a 5.0.1 release!",
])
def test_abbreviations_and_single_marks_are_innocent(sentence: str) -> None:
    assert found("shouting", case(body=in_body(sentence))) == []


@settings(max_examples=150)
@given(st.text(max_size=300), st.text(max_size=60), st.text(max_size=40))
def test_whatever_is_written_no_check_breaks_and_every_span_lies_within(body: str, subject: str, name: str) -> None:
    letter = case(body=body, subject=subject, recipient_name=name)
    lengths = {"body": len(body), "subject": len(letter.letter.subject), "recipient": len(letter.letter.recipient)}
    for each in run_checks(letter):
        assert "could not be carried out" not in each.detail
        assert 0 <= each.start <= each.end <= lengths.get(each.part, 1_000)


@settings(max_examples=100)
@given(st.text(max_size=300))
def test_the_html_of_any_text_has_only_the_texts_own_links(text: str) -> None:
    letter = case(html=html_of(text), text=text)
    assert not any("shows one address" in each.detail or "load or run" in each.detail for each in found("links", letter))
