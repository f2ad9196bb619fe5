"""The bytes that leave: golden files, and two parsers that read the same out of them."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from fast_mail_parser import parse_email
from hypothesis import given, settings
from hypothesis import strategies as st

from sales_agent.core.settings import SenderSettings
from sales_agent.drafts.letter import Composer, Letter
from sales_agent.ports.mail import KEY_HEADER
from sales_agent.sending.message import MAX_REFERENCES, build_message

GOLDEN = Path(__file__).parent / "golden"
AT = datetime(2026, 11, 23, 9, 30, 15, tzinfo=UTC)
KEY = "sa-0b7e1c52-6d1f-4c58-9a53-2f1f0f1f7c11"
LINK = "https://leads.northwind.example/u/" + "Zm9vYmFy" * 8
SENDER = SenderSettings(_env_file=None, sender_name="Robin Sommer", sender_company="Northwind Analytics",  # type: ignore[call-arg]
                        sender_address="Northwind Analytics, Beispielweg 12, 10115 Berlin, Germany", mail_from="robin@northwind.example")
ENGLISH = """Hi Ada,

Thanks for asking how Northwind reads from Snowflake. It does so through a read-only role.

Would one of these times suit you?
- Tue 24 Nov, 13:00–13:30 (GMT)
- Wed 25 Nov, 09:00–09:30 (GMT)

The details: https://www.northwind.example/resources/integrations?from=mail&lang=en.

Best regards,
Robin Sommer"""
GERMAN = """Guten Tag Frau Weiß,

vielen Dank für Ihre Nachricht. Überlegen Sie in Ruhe; größere Mengen < 1.000 Stück & „Sonderfälle“ besprechen wir gern.

.
.. eine Zeile, die mit einem Punkt beginnt

Viele Grüße
Robin Sommer 🙂"""


def letter(body: str = ENGLISH, **draft: Any) -> Letter:
    fields = {"body": body, "subject": "Snowflake and Northwind", "recipient": "ada@acme.example", "recipient_name": "Ada Okafor",
              "language": "en", "in_reply_to": None, "references": "[]", "thread_id": None, **draft}
    return Composer(SENDER, lambda _: LINK).letter(SimpleNamespace(**fields))


LETTERS = {
    "new_thread": letter(),
    "reply": letter(subject="Reporting at Acme", in_reply_to="<3@acme.example>",
                    references='["<1@acme.example>", "<2@northwind.example>", "<3@acme.example>"]'),
    "umlauts": letter(GERMAN, subject="Rückfrage zu größeren Mengen – kurz und bündig beantwortet", recipient="anna.weiss@medikon.example",
                      recipient_name="Dr. Anna Weiß", language="de"),
    "long_ids": letter(in_reply_to=f"<{'x' * 180}@mail.acme.example>",
                       references=f'["<{"a" * 200}@acme.example>", "<{"x" * 180}@mail.acme.example>"]'),
    "name_with_comma": letter(recipient_name='O\'Hara, "Ada" (Acme)', subject="Re: what you asked"),
    "foreign_domain": letter(recipient="ada@xn--bcher-kva.example", recipient_name="Ада Öz"),
}


def parsed(raw: bytes) -> EmailMessage:
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


@pytest.mark.parametrize("name", LETTERS)
def test_the_message_is_the_golden_one(name: str) -> None:
    """To renew them after a change that is meant: WRITE_GOLDEN=1, then read the difference."""
    raw, file = build_message(LETTERS[name], key=KEY, at=AT), GOLDEN / f"{name}.eml"
    if os.environ.get("WRITE_GOLDEN"):
        file.write_bytes(raw)
    assert raw == file.read_bytes()


@pytest.mark.parametrize("name", LETTERS)
def test_two_parsers_read_what_the_letter_says(name: str) -> None:
    wanted, raw = LETTERS[name], (GOLDEN / f"{name}.eml").read_bytes()
    standard, other = parsed(raw), parse_email(raw)
    text, html = standard.get_body(("plain",)), standard.get_body(("html",))
    assert text is not None
    assert html is not None
    for found in (text.get_content(), other.text_plain[0]):
        assert found.replace("\r\n", "\n").rstrip("\n") == wanted.text.rstrip("\n")
    for found in (html.get_content(), other.text_html[0]):
        assert found.replace("\r\n", "\n").rstrip("\n") == wanted.html.rstrip("\n")
    assert standard["Subject"] == other.subject == wanted.subject
    [to] = standard["To"].addresses
    assert (to.addr_spec, to.display_name) == (wanted.recipient, wanted.recipient_name)
    assert [(each.address, each.display_name) for each in other.to] == [(wanted.recipient, wanted.recipient_name)]
    assert other.from_.address == standard["From"].addresses[0].addr_spec == wanted.sender
    assert standard["Reply-To"].addresses == standard["From"].addresses
    assert other.cc == other.bcc == []


@pytest.mark.parametrize("name", LETTERS)
def test_every_header_that_mail_needs_is_there_once(name: str) -> None:
    wanted, message = LETTERS[name], parsed((GOLDEN / f"{name}.eml").read_bytes())
    names = [each.lower() for each in message]
    assert len(names) == len(set(names))
    assert message["Date"].datetime == AT
    assert message["Message-ID"] == f"<{KEY}@northwind.example>"
    assert message[KEY_HEADER] == KEY
    assert message["List-Unsubscribe"] == f"<{LINK}>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert (message["In-Reply-To"] or "") == wanted.in_reply_to
    assert (message["References"] or "").split() == list(wanted.references)
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]


@pytest.mark.parametrize("name", LETTERS)
def test_the_bytes_are_fit_for_every_server(name: str) -> None:
    raw = (GOLDEN / f"{name}.eml").read_bytes()
    assert raw.isascii()
    lines = raw.split(b"\r\n")
    assert not any(b"\n" in line or b"\r" in line for line in lines)
    assert max(map(len, lines)) <= 998
    assert b"=?" not in b"".join(line for line in lines if line.lower().startswith((b"message-id", b"in-reply-to", b"references", b" <")))


def test_the_footer_says_who_writes_from_where_and_how_to_stop_it() -> None:
    message = parsed((GOLDEN / "umlauts.eml").read_bytes())
    for kind in ("plain", "html"):
        body = message.get_body((kind,))
        assert body is not None
        text = body.get_content()
        assert "Robin Sommer, Northwind Analytics" in text
        assert "Beispielweg 12, 10115 Berlin" in text
        assert LINK in text
        assert "melden Sie sich hier ab" in text


def test_nothing_in_the_html_is_loaded_from_anywhere() -> None:
    for name in LETTERS:
        message = parsed((GOLDEN / f"{name}.eml").read_bytes()).get_body(("html",))
        assert message is not None
        tags = set(re.findall(r"<(\w+)", message.get_content()))
        assert tags <= {"html", "body", "p", "br", "ul", "li", "a"}


def test_a_long_chain_of_references_keeps_its_first_and_its_last() -> None:
    ids = [f"<{number}@acme.example>" for number in range(60)]
    message = parsed(build_message(replace(letter(), in_reply_to=ids[-1], references=tuple(ids)), key=KEY, at=AT))
    kept = message["References"].split()
    assert len(kept) == MAX_REFERENCES
    assert (kept[0], kept[1:]) == (ids[0], ids[-(MAX_REFERENCES - 1):])


@pytest.mark.parametrize("changes", [
    {"subject": "Hi\r\nBcc: eve@evil.example"}, {"subject": "Hi\nthere"}, {"subject": "=?utf-8?q?Hi?="}, {"subject": "Hi\u2028"},
    {"recipient_name": "Ada\r\nBcc: eve@evil.example"}, {"sender_name": "Robin\x00"}, {"recipient": "ada@acme.example, eve@evil.example"},
    {"recipient": "Ada <ada@acme.example>"}, {"recipient": "jörg@acme.example"}, {"sender": "robin"}, {"unsubscribe_url": "javascript:x"},
    {"unsubscribe_url": f"{LINK}>, <mailto:eve@evil.example"}, {"in_reply_to": "<a b@c>"}, {"in_reply_to": "<1@x>\r\nBcc: e@e.example"},
    {"in_reply_to": "<1@x.example>", "references": ("<=?utf-8?q?a?=@x>",)},
])
def test_what_could_mean_something_else_is_refused_not_mended(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError) as caught:
        build_message(replace(letter(), **changes), key=KEY, at=AT)
    assert "evil" not in str(caught.value)


NAMES = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cf", "Zl", "Zp")), max_size=60).map(lambda text: " ".join(text.split()))
BODIES = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc"), include_characters="\n"), min_size=1, max_size=800)


@settings(max_examples=150, deadline=None)
@given(NAMES, NAMES, BODIES)
def test_whatever_is_written_both_parsers_read_it_or_it_is_refused(subject: str, name: str, body: str) -> None:
    wanted = letter(body, subject=subject, recipient_name=name)
    try:
        raw = build_message(wanted, key=KEY, at=AT)
    except ValueError:
        return
    standard, other = parsed(raw), parse_email(raw)
    text = standard.get_body(("plain",))
    assert text is not None
    assert standard["Subject"] == wanted.subject
    assert other.subject.strip() == wanted.subject
    assert [each.addr_spec for each in standard["To"].addresses] == [each.address for each in other.to] == ["ada@acme.example"]
    assert other.text_plain[0].replace("\r\n", "\n").rstrip("\n") == text.get_content().replace("\r\n", "\n").rstrip("\n")
