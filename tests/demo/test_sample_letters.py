"""The sample mailbox holds real messages: each parses back to what mail.yaml says, in order and in its thread."""

from __future__ import annotations

from datetime import date
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from zoneinfo import ZoneInfo

import pytest

from sales_agent.demo.leads import sample_leads
from sales_agent.demo.letters import Letter, Person, Rep, correspondence, sample_letters, workday

BERLIN = ZoneInfo("Europe/Berlin")
REP = Rep(person=Person(name="Robin Sommer", email="robin@northwind.example"), company="Northwind Analytics")
MONDAY = date(2026, 11, 23)
THREADS = correspondence().threads
HEADERS = {"From", "To", "Subject", "Date", "Message-ID", "Content-Type", "Content-Transfer-Encoding", "MIME-Version"}
REPLY_HEADERS = {"In-Reply-To", "References"}


def _letters() -> list[Letter]:
    return list(sample_letters(REP, MONDAY, BERLIN))


def _parsed(letter: Letter) -> EmailMessage:
    parsed = message_from_bytes(letter.message.as_bytes(), policy=default)
    assert isinstance(parsed, EmailMessage)
    return parsed


def _threads() -> list[list[tuple[Letter, EmailMessage]]]:
    letters = [(letter, _parsed(letter)) for letter in _letters()]
    threads = []
    for thread in THREADS:
        threads.append(letters[: len(thread.messages)])
        letters = letters[len(thread.messages):]
    return threads


def test_there_is_enough_to_learn_from() -> None:
    assert len(THREADS) >= 6
    assert len([letter for letter in _letters() if letter.direction == "sent"]) >= 8


def test_every_message_has_exactly_the_headers_it_should() -> None:
    for thread in _threads():
        for number, (_, message) in enumerate(thread):
            allowed = HEADERS | (REPLY_HEADERS if number else set()) | {"Auto-Submitted"}
            assert len(message.keys()) == len(set(message.keys()))
            assert set(message.keys()) <= allowed
            assert set(message.keys()) >= allowed - {"Auto-Submitted"}


def test_messages_parse_back_to_people_and_text() -> None:
    for thread, parsed in zip(THREADS, _threads(), strict=True):
        for intended, (letter, message) in zip(thread.messages, parsed, strict=True):
            people = [REP.person.email, thread.partner().email]
            addresses = [message["From"].addresses[0].addr_spec, message["To"].addresses[0].addr_spec]
            assert addresses == (people if letter.direction == "sent" else people[::-1])
            assert message.get_content().replace("\r\n", "\n").startswith(intended.text)
            assert message["Date"].datetime == letter.when
            assert not message.defects


def test_replies_stand_in_their_thread_and_in_time() -> None:
    for parsed in _threads():
        ids = [message["Message-ID"] for _, message in parsed]
        for number, (letter, message) in enumerate(parsed[1:], start=1):
            assert message["In-Reply-To"] == ids[number - 1]
            assert message["References"].split() == ids[:number]
            assert letter.when > parsed[number - 1][0].when
            assert message["Subject"].removeprefix("Re: ").removeprefix("AW: ").endswith(parsed[0][1]["Subject"])
    assert len({letter.message["Message-ID"] for letter in _letters()}) == len(_letters())


def test_the_automatic_reply_says_so_in_its_headers() -> None:
    automatic = [message for parsed in _threads() for _, message in parsed if message["Auto-Submitted"]]
    assert [message["Auto-Submitted"] for message in automatic] == ["auto-replied"]


def test_replies_quote_and_our_mail_is_signed() -> None:
    marta = _threads()[0]
    assert "> Would Northwind work on top of it" in marta[1][1].get_content().replace("> > ", "> ")
    assert "\n-- \nRobin Sommer\nNorthwind Analytics\n" in marta[1][1].get_content().replace("\r\n", "\n")


def test_leads_expected_in_a_thread_have_one_and_the_others_have_none() -> None:
    written_with = {thread.partner().email for thread in THREADS}
    world = sample_leads()
    for lead in (each for each in world.leads if each.expect.outcome == "draft"):
        assert (world.email(lead) in written_with) == lead.expect.in_reply_thread, lead.key


def test_no_draft_may_name_the_other_clients_of_the_mailbox() -> None:
    world = sample_leads()
    ours = {world.email(lead) for lead in world.leads}
    for thread in THREADS:
        if thread.partner().email not in ours:
            company = thread.partner().email.partition("@")[2].partition("-")[0]
            assert company in {words.lower() for words in world.never_in_any_draft}


@pytest.mark.parametrize(("offset", "expected"), [
    (1, date(2026, 11, 24)), (5, date(2026, 11, 30)), (-1, date(2026, 11, 20)), (-6, date(2026, 11, 13))])
def test_workdays_skip_weekends(offset: int, expected: date) -> None:
    assert workday(MONDAY, offset) == expected


def test_workdays_counted_from_a_weekend() -> None:
    assert workday(date(2026, 11, 21), 1) == MONDAY
    assert workday(date(2026, 11, 22), -1) == date(2026, 11, 20)
