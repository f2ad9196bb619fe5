"""Every answer of the send endpoint, over HTTP, with real adapters; only the provider's moods are scripted."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient
from sqlalchemy import select, update
from web_helpers import assert_problem, connect

from sales_agent.approvals import emergency
from sales_agent.approvals.emergency import Scope
from sales_agent.core.audit import AuditEvent
from sales_agent.core.database import Database
from sales_agent.core.jobs import JOBS
from sales_agent.core.rows import table_of
from sales_agent.drafts.models import DRAFTS
from sales_agent.ports.mail import KEY_HEADER, Absent, OutgoingMail, SendOutcomeUnknown, SendRefused, SentMail
from sales_agent.sending.door import Door
from sales_agent.sending.models import ATTEMPTS, SCHEDULED
from sales_agent.sending.reconciler import Reconciler
from sales_agent.sending.schedule import SEND_SCHEDULED
from sales_agent.sending.suppression import Suppressed, suppress
from sales_agent.web.services import WebServices
from sales_agent.worker.boundary import Boundary
from sales_agent.workflow.recorder import Desk
from sales_agent.workflow.scheduled_send import ScheduledSendHandler

AUDIT = table_of(AuditEvent)
FUTURE = datetime.fromisoformat("2027-01-01T00:00:00+00:00")
BODY = """Hi Lee,

Thanks for asking how Northwind reads from Snowflake. It does so through a read-only role, and the first report is usually
there within a day. Would one of these times suit you for a short call?

{slots}Best regards,
Robin Sommer"""


class ScriptedSender:
    """The MailSender port, in the mood that a test sets. Keeps what it was given."""

    def __init__(self) -> None:
        self.mood: Exception | None = None
        self.hangs = False
        self.mails: list[OutgoingMail] = []
        self.answer: SentMail | Absent | None = None
        self.mailbox = "scripted"
        self.meanwhile: Callable[[], None] = lambda: None  # what happens while the provider takes its time

    async def send(self, mail: OutgoingMail) -> SentMail:
        self.mails.append(mail)
        self.meanwhile()
        if self.hangs:
            await asyncio.sleep(60)
        if self.mood:
            raise self.mood
        return SentMail(f"<{len(self.mails)}@provider.example>", "thread-1", {"Subject": "as delivered"})

    async def settle(self, key: str, since: datetime) -> SentMail | Absent | None:
        return self.answer

    async def check(self) -> str:
        return "scripted"


@pytest.fixture
def sender() -> ScriptedSender:
    return ScriptedSender()


@pytest.fixture
def services(services: WebServices, sender: ScriptedSender) -> WebServices:
    services.settings.sending = services.settings.sending.model_copy(update={  # type: ignore[misc]
        "allow_real_sends": True, "max_emails_per_week": 20, "send_timeout_seconds": 1.0})
    means = services.door.means
    limiter = type(means.limiter)(services.settings.sending, services.database, services.clock)
    return replace(services, door=Door(replace(means, limiter=limiter), sender))


@pytest.fixture
def approved(app_client: AsyncClient, add_draft: Callable[..., Any]) -> Callable[..., Any]:
    """Lay down a draft and approve it over HTTP; answers its id."""
    async def make(number: int = 1, slots: str = "", **values: Any) -> str:
        draft_id = await add_draft(f"form-lead-{number}", **{
            "recipient": "lee@acme.example", "recipient_name": "Lee Park", "subject": "Snowflake and Northwind",
            "body": BODY.format(slots=slots), **values})
        answer = await app_client.post(f"/api/operator/drafts/{draft_id}/approve")
        assert answer.status_code == 200, answer.text
        return str(draft_id)
    return make


def send_path(draft_id: str) -> str:
    return f"/api/operator/drafts/{draft_id}/send"


async def draft_of(client: AsyncClient, draft_id: str) -> dict[str, Any]:
    return dict((await client.get(f"/api/operator/drafts/{draft_id}")).json())


async def actions(database: Database, draft_id: str) -> list[str]:
    async with database.read() as connection:
        query = select(AUDIT.c.action).where(AUDIT.c.subject == draft_id).order_by(AUDIT.c.at, AUDIT.c.id)
        return list((await connection.execute(query)).scalars())


async def test_an_approved_draft_is_sent_once(app_client: AsyncClient, approved: Any, sender: ScriptedSender,
                                              database: Database) -> None:
    draft_id = await approved()
    answer = await app_client.post(send_path(draft_id))
    assert answer.status_code == 200, answer.text
    assert answer.json() == {"status": "SENT", "message_id": "<1@provider.example>", "thread_id": "thread-1",
                             "sent_at": "2026-11-23T09:00:00.000Z"}
    draft = await draft_of(app_client, draft_id)
    assert (draft["status"], draft["sent_by"], draft["message_id"]) == ("SENT", "ada", "<1@provider.example>")
    [mail] = sender.mails
    message = message_from_bytes(mail.raw, policy=policy.default)
    assert (message["To"], message[KEY_HEADER]) == ("Lee Park <lee@acme.example>", mail.key)
    [attempt] = (await app_client.get(f"/api/operator/drafts/{draft_id}/attempts")).json()["attempts"]
    assert (attempt["state"], attempt["headers"], attempt["actor"]) == ("SENT", {"Subject": "as delivered"}, "ada")
    assert set(await actions(database, draft_id)) == {"draft.created", "draft.approved", "draft.sending", "draft.sent"}
    assert_problem(await app_client.post(send_path(draft_id)), 409, "INVALID_STATE")
    assert len(sender.mails) == 1


async def test_what_follows_a_send_is_queued_with_it(app_client: AsyncClient, approved: Any, database: Database) -> None:
    draft_id = await approved()
    await app_client.post(send_path(draft_id))
    async with database.read() as connection:
        orders = [json.loads(row.payload) for row in await connection.execute(select(JOBS))]
    assert {order["effect"] for order in orders} == {
        "recipient_statistics", "crm_note", "crm_task_done", "mailbox_draft_gone"}
    note = next(order for order in orders if order["effect"] == "crm_note")
    assert f"/api/operator/drafts/{draft_id}" in note["arguments"]["body"]


async def test_a_process_that_was_held_up_does_not_send_any_more(app_client: AsyncClient, approved: Any, sender: ScriptedSender,
                                                                 services: WebServices, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between claim and provider: by now the attempt may have been settled, and SMTP cannot be fenced."""
    draft_id, build = await approved(), Door._mail

    def stalled(door: Door, *arguments: Any) -> OutgoingMail:
        time.sleep(services.settings.sending.send_timeout_seconds + 0.1)  # as SIGSTOP does
        return build(door, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(Door, "_mail", stalled)
        problem = assert_problem(await app_client.post(send_path(draft_id)), 502, "PROVIDER_ERROR")
    assert "held up" in problem["detail"]
    assert sender.mails == []
    assert (await app_client.post(send_path(draft_id))).status_code == 200
    assert len(sender.mails) == 1


async def test_many_at_once_send_one_mail(app_client: AsyncClient, approved: Any, sender: ScriptedSender) -> None:
    draft_id = await approved()
    answers = await asyncio.gather(*(app_client.post(send_path(draft_id)) for _ in range(12)))
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 11
    assert len(sender.mails) == 1


async def test_the_emergency_stop_comes_first(app_client: AsyncClient, approved: Any, database: Database, clock: Any,
                                              services: WebServices, sender: ScriptedSender) -> None:
    draft_id = await approved()
    services.settings.sending = services.settings.sending.model_copy(update={"allow_real_sends": False})  # type: ignore[misc]
    async with database.write() as connection:
        await emergency.stop(connection, Scope.ALL, "a customer complained", "ada", clock.now())
    problem = assert_problem(await app_client.post(send_path(draft_id)), 423, "EMERGENCY_STOP")
    assert problem["since"] == "2026-11-23T09:00:00.000Z"
    assert problem["next_step"]
    assert (await draft_of(app_client, draft_id))["status"] == "APPROVED"
    async with database.write() as connection:
        await emergency.resume(connection, "settled", "ada", clock.now())
    assert_problem(await app_client.post(send_path(draft_id)), 403, "SENDS_DISABLED")
    assert sender.mails == []


async def test_people_may_send_while_only_automatic_approval_is_stopped(app_client: AsyncClient, approved: Any,
                                                                        database: Database, clock: Any) -> None:
    async with database.write() as connection:
        await emergency.stop(connection, Scope.AUTO, "a rule misbehaves", "ada", clock.now())
    assert (await app_client.post(send_path(await approved()))).status_code == 200


async def test_only_what_is_approved_leaves(app_client: AsyncClient, add_draft: Any, sender: ScriptedSender) -> None:
    draft_id = await add_draft("form-lead-1")
    assert_problem(await app_client.post(send_path(draft_id)), 409, "NOT_APPROVED")
    await app_client.post(f"/api/operator/drafts/{draft_id}/reject", json={"reason": "no"})
    assert_problem(await app_client.post(send_path(draft_id)), 409, "NOT_APPROVED")
    assert_problem(await app_client.post(send_path("no-such-draft")), 404, "NOT_FOUND")
    assert sender.mails == []


@pytest.mark.parametrize("change", [
    {"body": "Something else entirely"}, {"subject": "Another subject"}, {"recipient": "eve@evil.example"},
    {"recipient_name": "Somebody Else"}, {"in_reply_to": "<other@thread.example>"}, {"language": "de"},
])
async def test_an_approval_does_not_hold_for_anything_else(app_client: AsyncClient, approved: Any, database: Database,
                                                           sender: ScriptedSender, change: dict[str, Any]) -> None:
    draft_id = await approved()
    async with database.write() as connection:  # behind the application's back
        await connection.execute(update(DRAFTS).where(DRAFTS.c.id == draft_id).values(**change))
    problem = assert_problem(await app_client.post(send_path(draft_id)), 409, "APPROVAL_STALE")
    assert "approve" in problem["next_step"]
    draft = await draft_of(app_client, draft_id)
    assert (draft["status"], draft["send_errors"][-1]["code"]) == ("PENDING_APPROVAL", "APPROVAL_STALE")
    assert sender.mails == []


async def test_a_changed_sender_needs_a_new_approval(app_client: AsyncClient, approved: Any, services: WebServices) -> None:
    draft_id = await approved()
    composer = services.door.means.composer
    composer._sender = composer._sender.model_copy(update={"mail_from": "other@northwind.example"})
    assert_problem(await app_client.post(send_path(draft_id)), 409, "APPROVAL_STALE")


@pytest.mark.parametrize("written", ["Mon, 23 Nov 2026 09:30:00 +0000", "Mon, 23 Nov 2026 08:00:00 +0000", "not a date"],
                         ids=["since", "before, and long under way", "nobody knows when"])
async def test_somebody_wrote_meanwhile(app_client: AsyncClient, approved: Any, services: WebServices, clock: Any,
                                        sender: ScriptedSender, written: str) -> None:
    draft_id = await approved()
    letter = (b"From: Lee <lee@acme.example>\r\nTo: robin@northwind.example\r\nSubject: One more thing\r\n"
              b"Date: " + written.encode() + b"\r\nMessage-ID: <more@acme.example>\r\n\r\nPlease wait.\r\n")
    clock.advance(timedelta(hours=1))
    services.door.means.mailbox.add_message("INBOX", letter, clock.now() - timedelta(minutes=30))  # type: ignore[attr-defined]
    problem = assert_problem(await app_client.post(send_path(draft_id)), 409, "APPROVAL_STALE")
    assert problem["new_messages"] == 1
    assert (await draft_of(app_client, draft_id))["status"] == "PENDING_APPROVAL"
    await app_client.post(f"/api/operator/drafts/{draft_id}/approve")  # now that the mail is known
    assert (await app_client.post(send_path(draft_id))).status_code == 200
    assert len(sender.mails) == 1


async def test_an_automatic_reply_is_nobody(app_client: AsyncClient, approved: Any, services: WebServices, clock: Any) -> None:
    draft_id = await approved()
    letter = (b"From: lee@acme.example\r\nTo: robin@northwind.example\r\nSubject: Out of office\r\nAuto-Submitted: auto-replied\r\n"
              b"Date: Mon, 23 Nov 2026 09:30:00 +0000\r\nMessage-ID: <ooo@acme.example>\r\n\r\nI am away.\r\n")
    clock.advance(timedelta(hours=1))
    services.door.means.mailbox.add_message("INBOX", letter, clock.now())  # type: ignore[attr-defined]
    assert (await app_client.post(send_path(draft_id))).status_code == 200


async def test_a_suppressed_recipient_is_not_written_to(app_client: AsyncClient, approved: Any, services: WebServices,
                                                        database: Database, clock: Any, sender: ScriptedSender) -> None:
    draft_id = await approved()
    async with database.write() as connection:
        await suppress(connection, services.door.means.keys, "LEE@acme.example", Suppressed.UNSUBSCRIBED, "link", clock.now(), "x")
    assert_problem(await app_client.post(send_path(draft_id)), 403, "SUPPRESSED")
    assert (await draft_of(app_client, draft_id))["status"] == "APPROVED"
    assert sender.mails == []


SLOT = {"start": "2026-11-24T10:00:00.000Z", "end": "2026-11-24T10:30:00.000Z", "label": "Tue 24 Nov, 11:00–11:30 (CET)"}


async def test_an_offered_time_that_has_passed(app_client: AsyncClient, approved: Any, clock: Any) -> None:
    draft_id = await approved(slots=f"- {SLOT['label']}\n\n", context={"slots": [SLOT]})
    clock.advance(timedelta(days=2))
    assert_problem(await app_client.post(send_path(draft_id)), 409, "APPROVAL_STALE")


@pytest.fixture
def busy(settings: Any, tmp_path: Path) -> Callable[[str], None]:
    """Write a calendar whose one event begins at that time, for 45 minutes or so."""
    def write(start: str) -> None:
        calendar = tmp_path / settings.runtime.var_dir / "calendar"
        calendar.mkdir(parents=True, exist_ok=True)
        (calendar / "rep.ics").write_text(
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:test\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20261101T000000Z\r\n"
            f"DTSTART:{start}\r\nDURATION:PT45M\r\nSUMMARY:x\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n")
    return write


async def test_an_offered_time_that_is_taken_by_now(app_client: AsyncClient, approved: Any, busy: Any) -> None:
    draft_id = await approved(slots=f"- {SLOT['label']}\n\n", context={"slots": [SLOT]})
    busy("20261124T101500Z")
    assert_problem(await app_client.post(send_path(draft_id)), 409, "APPROVAL_STALE")


async def test_offered_times_that_are_free(app_client: AsyncClient, approved: Any, busy: Any) -> None:
    draft_id = await approved(slots=f"- {SLOT['label']}\n\n", context={"slots": [SLOT]})
    busy("20261124T103000Z")  # begins as the offered time ends
    assert (await app_client.post(send_path(draft_id))).status_code == 200


async def test_a_calendar_that_cannot_be_read_is_not_a_free_one(app_client: AsyncClient, approved: Any, settings: Any,
                                                                tmp_path: Path) -> None:
    draft_id = await approved(slots=f"- {SLOT['label']}\n\n", context={"slots": [SLOT]})
    calendar = tmp_path / settings.runtime.var_dir / "calendar"
    calendar.mkdir(parents=True, exist_ok=True)
    (calendar / "broken.ics").write_text("BEGIN:VCALENDAR\r\nnonsense")
    assert_problem(await app_client.post(send_path(draft_id)), 502, "PROVIDER_ERROR")
    assert (await draft_of(app_client, draft_id))["status"] == "APPROVED"


async def test_the_safety_checks_block_and_say_where(app_client: AsyncClient, approved: Any, sender: ScriptedSender) -> None:
    body = BODY.format(slots="") + "\n\nP.S. Hello {{first_name}}"
    draft_id = await approved(body=body)
    problem = assert_problem(await app_client.post(send_path(draft_id)), 422, "SAFETY_VIOLATION")
    [violation] = problem["violations"]
    assert violation["check"] == "placeholders"
    assert body[violation["start"]:violation["end"]] == "{{first_name}}"
    assert sender.mails == []


async def test_a_limit_says_which_and_until_when(app_client: AsyncClient, approved: Any, clock: Any,
                                                 sender: ScriptedSender) -> None:
    for number in (1, 2):
        assert (await app_client.post(send_path(await approved(number)))).status_code == 200
    draft_id = await approved(3)
    # The first two mails are our own words to this person; the third draft is newer than both.
    answer = await app_client.post(send_path(draft_id))
    problem = assert_problem(answer, 429, "RATE_LIMITED")
    assert (problem["limit"], problem["retry_at"]) == ("MAX_EMAILS_PER_CONTACT_PER_WEEK", "2026-11-30T09:00:00.000Z")
    assert answer.headers["Retry-After"] == str(7 * 24 * 3600)
    assert (await draft_of(app_client, draft_id))["status"] == "APPROVED"
    clock.advance(timedelta(days=7, seconds=1))
    assert (await app_client.post(send_path(draft_id))).status_code == 200
    assert len(sender.mails) == 3


async def test_a_refusal_gives_the_place_back(app_client: AsyncClient, approved: Any, sender: ScriptedSender) -> None:
    draft_id = await approved()
    sender.mood = SendRefused("smtp", "the server is busy", transient=True)
    problem = assert_problem(await app_client.post(send_path(draft_id)), 502, "PROVIDER_ERROR")
    assert "busy" in problem["detail"]
    draft = await draft_of(app_client, draft_id)
    assert (draft["status"], draft["send_errors"][-1]["code"]) == ("APPROVED", "PROVIDER_ERROR")
    quota = (await app_client.get("/api/operator/quota/lee@acme.example")).json()
    assert quota["remaining_today"] == 20
    sender.mood = None
    assert (await app_client.post(send_path(draft_id))).status_code == 200
    assert len({mail.key for mail in sender.mails}) == 2  # every attempt has a key of its own


async def test_an_address_that_does_not_exist_is_suppressed(app_client: AsyncClient, approved: Any, sender: ScriptedSender) -> None:
    draft_id = await approved()
    sender.mood = SendRefused("smtp", "no such user", transient=False, bad_recipient=True)
    assert_problem(await app_client.post(send_path(draft_id)), 502, "PROVIDER_ERROR")
    assert_problem(await app_client.post(send_path(draft_id)), 403, "SUPPRESSED")


@pytest.mark.parametrize("mood", [SendOutcomeUnknown("smtp", "no answer after the body"), OSError("reset"), None])
async def test_an_unknown_outcome_is_parked(app_client: AsyncClient, approved: Any, sender: ScriptedSender, clock: Any,
                                            services: WebServices, mood: Exception | None) -> None:
    draft_id = await approved()
    sender.mood, sender.hangs = mood, mood is None
    answer = await app_client.post(send_path(draft_id))
    assert (answer.status_code, answer.json()["status"]) == (202, "SEND_UNKNOWN")
    assert (await draft_of(app_client, draft_id))["status"] == "SEND_UNKNOWN"
    assert_problem(await app_client.post(send_path(draft_id)), 409, "INVALID_STATE")
    assert len(sender.mails) == 1  # never a blind resend
    quota = (await app_client.get("/api/operator/quota/lee@acme.example")).json()
    assert quota["remaining_today"] == 19  # it may have left, so it counts


async def settle_after_unknown(client: AsyncClient, approved: Any, sender: ScriptedSender, clock: Any,
                               services: WebServices) -> tuple[str, dict[str, int]]:
    draft_id = await approved()
    sender.mood = SendOutcomeUnknown("smtp", "no answer after the body")
    await client.post(send_path(draft_id))
    sender.mood = None
    clock.advance(timedelta(minutes=1))
    return draft_id, await Reconciler(services.door.means, sender).run_once()


async def test_found_in_the_sent_folder(app_client: AsyncClient, approved: Any, sender: ScriptedSender, clock: Any,
                                        services: WebServices) -> None:
    sender.answer = SentMail("<found@provider.example>", "t")
    draft_id, counts = await settle_after_unknown(app_client, approved, sender, clock, services)
    draft = await draft_of(app_client, draft_id)
    assert (counts, draft["status"], draft["message_id"], draft["sent_at"]) == (
        {"sent": 1}, "SENT", "<found@provider.example>", "2026-11-23T09:00:00.000Z")


async def test_proved_absent_may_be_sent_again(app_client: AsyncClient, approved: Any, sender: ScriptedSender, clock: Any,
                                               services: WebServices) -> None:
    sender.answer = Absent()
    draft_id, counts = await settle_after_unknown(app_client, approved, sender, clock, services)
    assert (counts, (await draft_of(app_client, draft_id))["status"]) == ({"not_sent": 1}, "APPROVED")
    assert (await app_client.post(send_path(draft_id))).status_code == 200


async def test_another_mailbox_proves_nothing(app_client: AsyncClient, approved: Any, sender: ScriptedSender, clock: Any,
                                              services: WebServices) -> None:
    draft_id = await approved()
    sender.mood, sender.answer = SendOutcomeUnknown("scripted", "silence"), Absent()
    await app_client.post(send_path(draft_id))
    sender.mailbox = "another"  # the settings were changed while nobody knew what became of the mail
    clock.advance(timedelta(minutes=1))
    assert await Reconciler(services.door.means, sender).run_once() == {"unknown": 1}
    assert (await draft_of(app_client, draft_id))["status"] == "SEND_UNKNOWN"


@pytest.mark.parametrize(("outcome", "status"), [("sent", "SENT"), ("not_sent", "APPROVED")])
async def test_otherwise_a_person_decides(app_client: AsyncClient, approved: Any, sender: ScriptedSender, clock: Any,
                                          services: WebServices, database: Database, outcome: str, status: str) -> None:
    draft_id, counts = await settle_after_unknown(app_client, approved, sender, clock, services)
    assert counts == {"unknown": 1}
    for _ in range(10):
        clock.advance(timedelta(hours=1))
        await Reconciler(services.door.means, sender).run_once()
    async with database.read() as connection:
        row = (await connection.execute(select(ATTEMPTS))).one()
    assert (row.state, row.settle_at) == ("UNKNOWN", None)  # nobody asks any more
    settle = f"/api/operator/drafts/{draft_id}/settle"
    assert_problem(await app_client.post(settle, json={"outcome": outcome, "reason": " "}), 422, "VALIDATION_ERROR")
    answer = await app_client.post(settle, json={"outcome": outcome, "reason": "looked into the Sent folder"})
    assert (answer.status_code, answer.json()["status"]) == (200, status)
    assert_problem(await app_client.post(settle, json={"outcome": outcome, "reason": "again"}), 409, "INVALID_STATE")
    assert len(sender.mails) == 1


async def test_send_when_allowed_is_visible_and_can_be_cancelled(app_client: AsyncClient, approved: Any, clock: Any,
                                                                 sender: ScriptedSender, database: Database) -> None:
    clock.moment = datetime.fromisoformat("2026-11-27T18:00:00+00:00")  # Friday evening
    draft_id = await approved()
    answer = await app_client.post(send_path(draft_id), json={"when": "allowed"})
    assert (answer.status_code, answer.json()["status"]) == (202, "QUEUED")
    assert answer.json()["scheduled"]["send_at"] == "2026-11-30T08:00:00.000Z"  # Monday, 9:00 in Berlin
    again = await app_client.post(send_path(draft_id), json={"when": "allowed"})
    assert again.json() == answer.json()
    page = (await app_client.get("/api/operator/scheduled-sends", params={"state": "WAITING"})).json()
    assert [each["draft_id"] for each in page["scheduled"]] == [draft_id]
    cancelled = await app_client.delete(send_path(draft_id))
    assert (cancelled.status_code, cancelled.json()["state"]) == (200, "CANCELLED")
    assert_problem(await app_client.delete(send_path(draft_id)), 404, "NOT_FOUND")
    assert (await draft_of(app_client, draft_id))["status"] == "APPROVED"
    assert sender.mails == []


@pytest.fixture
def perform(services: WebServices, database: Database, clock: Any) -> Callable[..., Any]:
    """Does what a worker does when the job of a queued send is due; answers the row of the queue afterwards."""
    desk = Desk(database, clock, "a worker", timedelta(minutes=1))
    boundary = Boundary(desk, clock, {SEND_SCHEDULED: ScheduledSendHandler(desk, services.door).run}, (60.0,))

    async def run() -> Any:
        async with database.read() as connection:
            row = (await connection.execute(select(SCHEDULED).order_by(SCHEDULED.c.requested_at.desc()))).first()
        assert row is not None
        await boundary.process(row.id)
        async with database.read() as connection:
            return (await connection.execute(select(SCHEDULED).where(SCHEDULED.c.id == row.id))).one()
    return run


async def queue(client: AsyncClient, draft_id: str) -> None:
    assert (await client.post(send_path(draft_id), json={"when": "allowed"})).status_code == 202


async def test_a_queued_send_goes_out_at_its_time_and_once(app_client: AsyncClient, approved: Any, clock: Any, perform: Any,
                                                           sender: ScriptedSender) -> None:
    clock.moment = datetime.fromisoformat("2026-11-27T18:00:00+00:00")  # Friday evening
    draft_id = await approved()
    await queue(app_client, draft_id)
    assert (await perform()).state == "WAITING"  # a message came too early
    clock.moment = datetime.fromisoformat("2026-11-30T08:00:00+00:00")
    assert (await perform()).state == "SENT"
    assert (await perform()).state == "SENT"  # the message came again
    assert (len(sender.mails), (await draft_of(app_client, draft_id))["status"]) == (1, "SENT")


async def test_a_queued_send_waits_for_the_limit(app_client: AsyncClient, approved: Any, clock: Any, perform: Any, services: WebServices,
                                                 sender: ScriptedSender) -> None:
    limits = services.settings.sending.model_copy(update={"max_emails_per_day": 1})
    object.__setattr__(services.door.means, "limiter", type(services.door.means.limiter)(limits, services.database, clock))
    await app_client.post(send_path(await approved(1, recipient="first@acme.example", recipient_name="")))
    draft_id = await approved(2)
    await queue(app_client, draft_id)
    row = await perform()
    assert (row.state, row.send_at.isoformat()) == ("WAITING", "2026-11-24T09:00:00+00:00")
    assert row.reason
    clock.moment = row.send_at
    assert (await perform()).state == "SENT"
    assert len(sender.mails) == 2


async def test_the_stop_holds_a_queued_send_and_a_lapsed_approval_ends_it(app_client: AsyncClient, approved: Any, clock: Any,
                                                                         perform: Any, database: Database) -> None:
    draft_id = await approved()
    await queue(app_client, draft_id)
    async with database.write() as connection:
        await emergency.stop(connection, Scope.ALL, "a test", "ada", clock.now())
    assert (await perform()).state == "WAITING"
    async with database.write() as connection:
        await emergency.resume(connection, "a test", "ada", clock.now())
        await connection.execute(update(DRAFTS).where(DRAFTS.c.id == draft_id).values(subject="not what was approved"))
    clock.advance(timedelta(hours=1))
    row = await perform()
    assert (row.state, (await draft_of(app_client, draft_id))["status"]) == ("STOPPED", "PENDING_APPROVAL")
    assert row.reason


async def test_a_cancelled_send_does_not_go_out_and_one_under_way_cannot_be_cancelled(
        app_client: AsyncClient, approved: Any, perform: Any, sender: ScriptedSender, database: Database) -> None:
    draft_id = await approved()
    await queue(app_client, draft_id)
    assert (await app_client.delete(send_path(draft_id))).status_code == 200
    assert (await perform()).state == "CANCELLED"
    assert sender.mails == []
    await queue(app_client, draft_id)
    async with database.write() as connection:  # as a worker leaves it that dies at the door
        await connection.execute(update(SCHEDULED).where(SCHEDULED.c.state == "WAITING").values(state="UNDER_WAY", requested_at=FUTURE))
    assert_problem(await app_client.delete(send_path(draft_id)), 404, "NOT_FOUND")
    assert (await perform()).state == "SENT"
    assert len(sender.mails) == 1


async def test_only_approved_drafts_are_queued_and_an_edit_takes_them_out(app_client: AsyncClient, approved: Any,
                                                                         add_draft: Any) -> None:
    assert_problem(await app_client.post(send_path(await add_draft("form-lead-9")), json={"when": "allowed"}), 409, "INVALID_STATE")
    draft_id = await approved()
    await app_client.post(send_path(draft_id), json={"when": "allowed"})
    edited = await app_client.patch(f"/api/operator/drafts/{draft_id}", json={"subject": "Better", "version": 1})
    assert edited.status_code == 200
    page = (await app_client.get("/api/operator/scheduled-sends")).json()
    assert [(each["state"], each["reason"]) for each in page["scheduled"]] == [("CANCELLED", "the draft was edited")]


async def test_many_drafts_one_result_each(app_client: AsyncClient, add_draft: Any, sender: ScriptedSender) -> None:
    ids = [await add_draft(f"form-lead-{n}", recipient=f"lee{n}@acme.example", recipient_name="Lee", body=BODY.format(slots=""))
           for n in range(3)]
    approval = {"drafts": [{"id": ids[0]}, {"id": ids[1], "content_hash": "not what it is"}, {"id": "nobody"}]}
    results = (await app_client.post("/api/operator/drafts/bulk-approve", json=approval)).json()["results"]
    assert [(each["ok"], each["status"], each["code"]) for each in results] == [
        (True, "APPROVED", None), (False, None, "APPROVAL_STALE"), (False, None, "NOT_FOUND")]
    results = (await app_client.post("/api/operator/drafts/bulk-send", json={"ids": [*ids, "nobody"]})).json()["results"]
    assert [each["id"] for each in results] == [*ids, "nobody"]
    assert [(each["ok"], each["status"], each["code"]) for each in results] == [
        (True, "SENT", None), (False, None, "NOT_APPROVED"), (False, None, "NOT_APPROVED"), (False, None, "NOT_FOUND")]
    assert len(sender.mails) == 1


async def test_strangers_cannot_send(app: FastAPI, approved: Any, sender: ScriptedSender) -> None:
    draft_id = await approved()
    async with connect(app) as stranger:
        for method, path in (("POST", send_path(draft_id)), ("DELETE", send_path(draft_id)),
                             ("POST", "/api/operator/drafts/bulk-send"), ("POST", f"/api/operator/drafts/{draft_id}/settle")):
            assert_problem(await stranger.request(method, path, json={}), 401, "UNAUTHENTICATED")
    assert sender.mails == []


async def test_the_audit_trail_tells_every_change_of_state(app_client: AsyncClient, approved: Any, sender: ScriptedSender, clock: Any,
                                                           services: WebServices, database: Database) -> None:
    """Replaying the events from the first to the last leads from state to state to the one that the draft is in."""
    draft_id = await approved()
    path = f"/api/operator/drafts/{draft_id}"
    sender.meanwhile = lambda: clock.advance(timedelta(seconds=1))

    async def act(method: str, url: str, mood: Exception | None = None, **body: Any) -> int:
        clock.advance(timedelta(seconds=1))
        sender.mood = mood
        return int((await app_client.request(method, url, json=body or None)).status_code)

    async def reconcile(answer: SentMail | Absent | None) -> None:
        clock.advance(timedelta(minutes=1))
        sender.answer = answer
        await Reconciler(services.door.means, sender).run_once()

    unknown = SendOutcomeUnknown("scripted", "silence")
    assert await act("PATCH", path, version=1, subject="Snowflake, then") == 200
    assert await act("POST", f"{path}/reject", reason="not now") == 200
    assert await act("POST", f"{path}/approve") == 409  # no event: nothing changed
    second = await approved(2)
    path = f"/api/operator/drafts/{second}"
    assert await act("POST", f"{path}/send", SendRefused("scripted", "no", transient=True)) == 502
    assert await act("POST", f"{path}/send", unknown) == 202
    await reconcile(Absent())
    assert await act("POST", f"{path}/send", unknown) == 202
    assert await act("POST", f"{path}/settle", outcome="not_sent", reason="looked") == 200
    assert await act("PATCH", path, version=1, body=BODY.format(slots="") + "\nPS: more") == 200
    assert await act("POST", f"{path}/approve") == 200
    assert await act("POST", f"{path}/send", unknown) == 202
    await reconcile(SentMail("<x@provider.example>", "t"))
    for each, changes in ((draft_id, 4), (second, 15)):
        async with database.read() as connection:
            events = (await connection.execute(select(AUDIT).where(AUDIT.c.subject == each).order_by(AUDIT.c.at))).all()
        moves = [(event.before, event.after) for event in events if event.before or event.after]
        assert len(moves) == changes
        assert [before for before, _ in moves[1:]] == [after for _, after in moves[:-1]]
        assert moves[-1][1] == (await draft_of(app_client, each))["status"]
        assert all(event.actor for event in events)
