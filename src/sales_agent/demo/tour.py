"""Shows every answer that the one door can give, on the sample drafts and the local mailbox."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

import httpx2
from pydantic import SecretStr

from sales_agent.approvals import emergency
from sales_agent.connectors.local.mailbox import MaildirMailbox
from sales_agent.core.clock import Clock
from sales_agent.core.database import Database
from sales_agent.core.settings import ProviderSettings, Settings
from sales_agent.demo.front_door import DRAFTS, FrontDoor, Refused
from sales_agent.demo.leads import sample_leads
from sales_agent.demo.rude_server import server_that_hangs_up

# Another installation over the same database, with other settings: how it is reached.
Another = Callable[[Settings], AbstractAsyncContextManager[httpx2.AsyncBaseTransport]]
PAT = "pat.doyle@harbourline.example"
_LETTER = """Hi {name},

Thank you for the call this morning. You asked how our reports are put together, so here is the short answer: from your own
tables, every night, through a role that can only read.

Tell me whether that answers it, or whether you would like to see it on your own data.

Best regards,
{sender}"""


@dataclass(frozen=True, slots=True)
class Shown:
    """One answer of the door. `got` is a status or a problem code."""

    case: str
    expected: str
    got: str
    detail: str

    @property
    def ok(self) -> bool:
        return self.got == self.expected


@dataclass(frozen=True)
class Tour:
    """Everything goes over HTTP, but for the emergency stop, which is pulled in the database as the command line does."""

    door: FrontDoor
    settings: Settings
    database: Database
    clock: Clock
    token: str
    another: Another

    async def play(self) -> list[Shown]:
        """Raises Refused when the server does something else than answer."""
        stops: tuple[tuple[str, str, Callable[[], Awaitable[tuple[str, str]]]], ...] = (
            ("Sending is switched off (ALLOW_REAL_SENDS)", "SENDS_DISABLED", self._switched_off),
            ("The emergency stop is pulled", "EMERGENCY_STOP", self._stopped),
            ("Nobody has approved the draft", "NOT_APPROVED", self._not_approved),
            ("The best lead's draft, approved", "SENT", self._sent),
            ("The lead wrote again after the approval", "APPROVAL_STALE", self._stale),
            ("The draft promises a result and shows a password", "SAFETY_VIOLATION", self._unsafe),
            ("A third mail to one person within a week", "RATE_LIMITED", self._too_many),
            ("That person has used the unsubscribe link", "SUPPRESSED", self._unsubscribed),
            ("The mail server cannot be reached", "PROVIDER_ERROR", self._unreachable),
            ("The mail server hangs up in the middle", "SEND_UNKNOWN", self._no_answer),
        )
        return [Shown(case, expected, *await show()) for case, expected, show in stops]

    async def _switched_off(self) -> tuple[str, str]:
        draft_id = await self._lead_draft(0, approve=True)
        sending = self.settings.sending.model_copy(update={"allow_real_sends": False})
        async with self._elsewhere(sending=sending) as door:
            return await _send(door, draft_id)

    async def _stopped(self) -> tuple[str, str]:
        draft_id = await self._lead_draft(0)
        async with self.database.write() as connection:
            await emergency.stop(connection, emergency.Scope.ALL, "shown in the demo", "demo", self.clock.now())
        try:
            return await _send(self.door, draft_id)
        finally:
            async with self.database.write() as connection:
                await emergency.resume(connection, "shown in the demo", "demo", self.clock.now())

    async def _not_approved(self) -> tuple[str, str]:
        return await _send(self.door, await self._lead_draft(1))

    async def _sent(self) -> tuple[str, str]:
        return await _send(self.door, await self._lead_draft(0))

    async def _stale(self) -> tuple[str, str]:
        draft_id = await self._lead_draft(1, approve=True)
        self._deliver(sample_leads().email(sample_leads().leads[1]))
        return await _send(self.door, draft_id)

    async def _unsafe(self) -> tuple[str, str]:
        words = "We guarantee that your revenue doubles. Your password: Winter-2026!x\n\nBest regards"
        return await _send(self.door, await self._letter(PAT, "Pat", lambda body: body.replace("Best regards", words)))

    async def _too_many(self) -> tuple[str, str]:
        answer = "", ""
        for _ in range((self.settings.sending.max_emails_per_contact_per_week or 0) + 1):
            answer = await _send(self.door, await self._letter(PAT, "Pat"))
        return answer

    async def _unsubscribed(self) -> tuple[str, str]:
        draft_id = await self._letter(PAT, "Pat")
        sent = await self._first({"q": PAT, "status": "SENT"})
        attempts = await self.door.ask("GET", f"{DRAFTS}/{sent}/attempts")
        link = attempts["attempts"][0]["headers"]["List-Unsubscribe"].strip("<>")
        await self.door.order("POST", httpx2.URL(link).path, data={"List-Unsubscribe": "One-Click"})
        return await _send(self.door, draft_id)

    async def _unreachable(self) -> tuple[str, str]:
        draft_id = await self._letter("kim.lund@oresund-tools.example", "Kim")
        async with self._elsewhere(providers=_smtp(self.settings, 9)) as door:
            return await _send(door, draft_id)

    async def _no_answer(self) -> tuple[str, str]:
        draft_id = await self._letter("noor.aziz@delta-freight.example", "Noor")
        async with server_that_hangs_up() as port, self._elsewhere(providers=_smtp(self.settings, port)) as door:
            return await _send(door, draft_id)

    async def _lead_draft(self, number: int, *, approve: bool = False) -> str:
        """The draft for one of the sample leads."""
        world = sample_leads()
        draft_id = await self._first({"q": world.email(world.leads[number])})
        if approve:
            await self.door.ask("POST", f"{DRAFTS}/{draft_id}/approve")
        return draft_id

    async def _first(self, search: dict[str, str]) -> str:
        page = await self.door.ask("GET", DRAFTS, params=search)
        if not page["drafts"]:
            raise Refused("a draft that should be there is not")
        return str(page["drafts"][0]["id"])

    async def _letter(self, recipient: str, name: str, change: Callable[[str], str] = str) -> str:
        """A draft written by hand, and approved."""
        body = change(_LETTER.format(name=name, sender=self.settings.sender.sender_name))
        draft = await self.door.ask("POST", DRAFTS, json={
            "recipient": recipient, "subject": "How the reports are put together", "body": body})
        await self.door.ask("POST", f"{DRAFTS}/{draft['id']}/approve")
        return str(draft["id"])

    def _deliver(self, sender: str) -> None:
        """A new mail from the lead, as the mail server would lay it down."""
        mail, now = EmailMessage(SMTP), self.clock.now()
        mail["From"], mail["To"], mail["Subject"] = sender, self.settings.sender.mail_from, "One more thing"
        mail["Date"], mail["Message-ID"] = now, f"<one-more-thing.{now.timestamp()}@{sender.rpartition('@')[2]}>"
        mail.set_content("Before you answer: we have changed our plans.\n")
        sender_settings = self.settings.sender
        mailbox = MaildirMailbox(self.settings.runtime.var_dir / "mailbox", sender_settings.mail_from,
                                 sender_settings.sender_name, self.clock)
        mailbox.add_message("INBOX", mail.as_bytes(), now)

    @asynccontextmanager
    async def _elsewhere(self, **groups: Any) -> AsyncIterator[FrontDoor]:
        """A door with some groups of settings changed."""
        settings = Settings.__new__(Settings)
        settings.__dict__ |= {**self.settings.__dict__, **groups}
        base_url = f"http://{settings.runtime.api_host}:{settings.runtime.api_port}"
        async with self.another(settings) as transport, FrontDoor(base_url, self.token, "", transport=transport) as door:
            yield door


async def _send(door: FrontDoor, draft_id: str) -> tuple[str, str]:
    """What the door answers, and why."""
    status, answer = await door.order("POST", f"{DRAFTS}/{draft_id}/send")
    if status == httpx2.codes.OK:
        return answer["status"], "It lies in the mailbox's Sent folder on this machine."
    return str(answer.get("code", answer.get("status"))), str(answer.get("detail", ""))


def _smtp(settings: Settings, port: int) -> ProviderSettings:
    return settings.providers.model_copy(update={"mail_provider": "smtp", "smtp_url": SecretStr(f"smtp://127.0.0.1:{port}")})
