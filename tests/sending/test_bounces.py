"""Bounces and complaints end in suppression, and only for mail that we sent."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, select

from sales_agent.connectors.local.mailbox import MaildirMailbox
from sales_agent.connectors.local.reports import read_report
from sales_agent.core.audit import AuditEvent
from sales_agent.core.database import Database
from sales_agent.core.keys import Keys
from sales_agent.core.rows import insert_missing, table_of
from sales_agent.drafts.models import DRAFTS
from sales_agent.drafts.service import NewDraft, new_draft_rows
from sales_agent.sending.bounces import collect_reports
from sales_agent.sending.models import ATTEMPTS
from sales_agent.sending.suppression import is_suppressed, lift

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
KEYS = Keys(["a key that only the tests know"])
AUDIT = table_of(AuditEvent)
KEY, MESSAGE_ID = "sa-1", "<sa-1@northwind.example>"


def report(key: str = KEY, message_id: str = MESSAGE_ID, *, status: str = "5.1.1", action: str = "failed",
           original: str = "message/rfc822", recipient: str = "eve@evil.example", complaint: str = "") -> bytes:
    """A delivery report as a server writes it, or a complaint when its type is given."""
    kind = "feedback-report" if complaint else "delivery-status"
    blocks = (f"Feedback-Type: {complaint}\r\nUser-Agent: Loop/1\r\nVersion: 1\r\n" if complaint else
              f"Reporting-MTA: dns; mx.acme.example\r\n\r\nFinal-Recipient: rfc822; {recipient}\r\nAction: {action}\r\n"
              f"Status: {status}\r\nDiagnostic-Code: smtp; 550 no such user\r\n")
    named = (f"X-Sales-Agent-Key: {key}\r\n" if key else "") + (f"Message-ID: {message_id}\r\n" if message_id else "")
    return (
        "Return-Path: <>\r\nFrom: MAILER-DAEMON@mx.acme.example\r\nTo: robin@northwind.example\r\nSubject: Undelivered\r\n"
        f"Message-ID: <r@mx.acme.example>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/report; report-type={kind};\r\n"
        " boundary=\"b\"\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nYour mail came back.\r\n"
        f"--b\r\nContent-Type: message/{kind}\r\n\r\n{blocks}\r\n--b\r\nContent-Type: {original}\r\n\r\n"
        f"From: robin@northwind.example\r\n{named}Subject: Hi\r\n\r\nText\r\n--b--\r\n").encode()


class StillClock:
    def now(self) -> datetime:
        return NOW


class Office:
    """What `collect_reports` works with, on a real mailbox and a real database, after one send."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        self.clock = StillClock()
        self.mailbox = MaildirMailbox(folder, "robin@northwind.example", "Robin", self.clock)
        self.means: Any = SimpleNamespace(database=database, clock=self.clock, mailbox=self.mailbox, keys=KEYS)

    async def open(self) -> Office:
        rows = new_draft_rows(NewDraft(recipient="ada@acme.example", subject="Hi", body="Text"), NOW)
        self.draft_id = rows[0].values["id"]
        async with self.database.write() as connection:
            await insert_missing(connection, rows)
            await connection.execute(insert(ATTEMPTS).values(
                id=KEY, draft_id=self.draft_id, number=1, state="SENT", recipient="ada@acme.example", actor="ada", mailbox="m",
                fingerprint="f", started_at=NOW, settles=0, message_id=MESSAGE_ID, headers="{}"))
        return self

    async def gets(self, *raws: bytes) -> int:
        for raw in raws:
            self.mailbox.add_message("INBOX", raw, self.clock.now())
        return await collect_reports(self.means)

    async def suppressed(self, address: str = "ada@acme.example") -> str | None:
        async with self.database.read() as connection:
            return await is_suppressed(connection, KEYS, address)

    async def noted(self) -> list[str]:
        async with self.database.read() as connection:
            errors = (await connection.execute(select(DRAFTS.c.send_errors).where(DRAFTS.c.id == self.draft_id))).scalar_one()
        return [each["code"] for each in json.loads(errors)]


@pytest.fixture
async def office(database: Database, tmp_path: Path) -> Office:
    return await Office(database, tmp_path / "mailbox").open()


async def test_a_hard_bounce_suppresses_the_recipient_of_the_mail_that_left(office: Office) -> None:
    assert await office.gets(report()) == 1
    assert await office.suppressed() == "hard_bounce"
    assert await office.suppressed("eve@evil.example") is None  # whom the report names does not count
    assert await office.noted() == ["HARD_BOUNCE"]


async def test_a_report_counts_once_even_after_the_suppression_was_lifted(office: Office) -> None:
    assert await office.gets(report()) == 1
    async with office.database.write() as connection:
        await lift(connection, KEYS, "ada@acme.example", "a new mailbox", NOW, "ada")
    assert await office.gets() == 0
    assert await office.gets(report(recipient="again@acme.example")) == 0
    assert await office.suppressed() is None
    assert await office.noted() == ["HARD_BOUNCE"]


@pytest.mark.parametrize("raw", [
    report(key=""), report(original="text/rfc822-headers"), report(status="5.2.1"), report(action="Failed"),
], ids=["by its message id", "headers only", "disabled mailbox", "another case"])
async def test_reports_that_mean_nobody_is_there(office: Office, raw: bytes) -> None:
    assert await office.gets(raw) == 1
    assert await office.suppressed() == "hard_bounce"


@pytest.mark.parametrize("raw", [report(status="5.7.1"), report(status="5.2.2"), report(status="4.4.7"), report(status="")],
                         ids=["policy", "full", "gave up", "no status"])
async def test_other_failures_are_noted_and_suppress_nobody(office: Office, raw: bytes) -> None:
    assert await office.gets(raw) == 1
    assert await office.suppressed() is None
    assert await office.noted() == ["SOFT_BOUNCE"]


async def test_a_complaint_suppresses(office: Office) -> None:
    assert await office.gets(report(complaint="abuse")) == 1
    assert await office.suppressed() == "complaint"


@pytest.mark.parametrize("raw", [
    report(key="sa-2", message_id=""), report(key="", message_id=""), report(key="", message_id="<other@northwind.example>"),
    report(action="delayed"), report(action="delivered"), report(complaint="not-spam"),
    report().replace(b"multipart/report", b"multipart/mixed"), b"Subject: hi\r\n\r\n5.1.1 failed X-Sales-Agent-Key: sa-1\r\n",
], ids=["unknown key", "names nothing", "unknown id", "delayed", "delivered", "not spam", "no report", "plain text"])
async def test_forgeries_and_reports_of_no_consequence_change_nothing(office: Office, raw: bytes) -> None:
    assert await office.gets(raw) == 0
    assert await office.suppressed() is None
    assert await office.noted() == []


async def test_the_audit_trail_has_the_report_once(office: Office) -> None:
    await office.gets(report())
    await office.gets(report(status="5.1.2"))
    async with office.database.read() as connection:
        events = (await connection.execute(select(AUDIT).where(AUDIT.c.subject == office.draft_id,
                                                               AUDIT.c.action == "draft.hard_bounce"))).all()
    assert [json.loads(event.details) for event in events] == [{"attempt": KEY, "status": "5.1.1"}]


async def test_what_is_older_than_asked_for_is_left_out(office: Office) -> None:
    office.mailbox.add_message("INBOX", report(), NOW)
    assert len(await office.mailbox.delivery_reports(NOW)) == 1
    assert await office.mailbox.delivery_reports(NOW + timedelta(seconds=1)) == []


@given(st.binary(max_size=400), st.integers(0, 900))
def test_no_bytes_break_the_reading(noise: bytes, at: int) -> None:
    raw = report()
    for broken in (raw[:at] + noise + raw[at:], raw[:at] + noise, raw[:at] + raw[at + 40:]):
        found = read_report(broken, name="x")
        assert found is None or found.kind in ("hard_bounce", "soft_bounce", "complaint")
