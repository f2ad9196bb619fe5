"""The one door: an approved draft leaves as an email through `Door.send_draft`, and in no other way.

Claim and commit, send, record. The claim is in the database before the provider is called, so after a
crash at any point the attempt is found and settled; and a second attempt is impossible while the first
one may have sent something.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from sales_agent.approvals.decisions import lapse
from sales_agent.core.audit import audit_row
from sales_agent.core.rows import insert_missing
from sales_agent.drafts import service
from sales_agent.ports.mail import MailSender, OutgoingMail, SendRefused, SentMail
from sales_agent.sending.attempts import Attempt, claim, note_error, record_not_sent, record_sent, record_unknown
from sales_agent.sending.guards import first_objection
from sales_agent.sending.means import Means, SendCase
from sales_agent.sending.message import build_message
from sales_agent.sending.models import AttemptState
from sales_agent.sending.outcome import Blocked, Outcome, Reason, Sent, Unknown
from sales_agent.sending.suppression import Suppressed, suppress

log = structlog.get_logger()

FIRST_LOOK = timedelta(seconds=15)  # after an unknown outcome, until the reconciler asks the provider
_TOO_LATE = "it was held up for too long between the decision to send and the sending"
_RECORD_WAITS = (0.1, 0.5, 0.0)  # seconds after each failed try to write the outcome down


class Door:
    """Holds the mail sender; nobody else does."""

    def __init__(self, means: Means, sender: MailSender) -> None:
        self.means = self._means = means
        self._sender = sender
        self._under_way: set[asyncio.Task[Outcome]] = set()

    async def send_draft(self, draft_id: str, actor: str) -> Outcome:
        """Send the draft once, or say why not. Raises NotFound.

        A caller that goes away does not stop it: what has been claimed is sent and recorded.
        """
        task = asyncio.create_task(self._send(draft_id, actor))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        return await asyncio.shield(task)

    async def check(self) -> str:
        """What stands behind the door, found by asking it; raises ConnectorError when it cannot send."""
        return await self._sender.check()

    async def close(self) -> None:
        """Wait until what is under way has been recorded."""
        await asyncio.gather(*self._under_way, return_exceptions=True)

    async def _send(self, draft_id: str, actor: str) -> Outcome:
        case = await self._case(draft_id, actor)
        objection = await first_objection(self._means, case)
        if objection is None:
            deadline = asyncio.get_running_loop().time() + self._means.settings.sending.send_timeout_seconds
            async with self._means.database.write() as connection:
                claimed = await claim(connection, self._means, case, self._sender.mailbox)
            if isinstance(claimed, Attempt):
                return await self._deliver(case, claimed, deadline)
            objection = claimed
        await self._note(case, objection)
        return objection

    async def _case(self, draft_id: str, actor: str) -> SendCase:
        async with self._means.database.read() as connection:
            draft = await service.get(connection, draft_id)
        return SendCase(draft, self._means.composer.letter(draft), actor)

    async def _note(self, case: SendCase, blocked: Blocked) -> None:
        """Leave the reason on the draft; where the approval lapsed, let it wait for a person again."""
        if blocked.reason is Reason.INVALID_STATE:
            return
        now, draft = self._means.clock.now(), case.draft
        async with self._means.database.write() as connection:
            await note_error(connection, draft.id, blocked.reason, blocked.detail, now)
            await insert_missing(connection, [audit_row(
                case.actor, "draft.send_blocked", draft.id, now, reason=blocked.reason, version=draft.version)])
            if blocked.lapses:
                await lapse(connection, draft, case.actor, blocked.detail, now, seen_at=blocked.seen_at)

    async def _deliver(self, case: SendCase, attempt: Attempt, deadline: float) -> Outcome:
        """Hand it over before the deadline, or not at all: later the attempt may have been settled by somebody else."""
        try:
            mail = self._mail(case, attempt)
        except ValueError as error:
            return await self._refused(case, attempt, SendRefused("message", str(error), transient=False))
        if asyncio.get_running_loop().time() >= deadline:
            return await self._refused(case, attempt, SendRefused("this process", _TOO_LATE, transient=True))
        try:
            async with asyncio.timeout_at(deadline):
                sent = await self._sender.send(mail)
        except SendRefused as error:
            return await self._refused(case, attempt, error)
        except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001 (whatever it was: it may have been sent)
            return await self._unknown(attempt, error)
        return await self._sent(attempt, sent)

    def _mail(self, case: SendCase, attempt: Attempt) -> OutgoingMail:
        raw = build_message(case.letter, key=attempt.key, at=self._means.clock.now())
        return OutgoingMail(key=attempt.key, sender=case.letter.sender, recipient=case.letter.recipient, raw=raw,
                            thread_id=case.letter.thread_id)

    async def _sent(self, attempt: Attempt, sent: SentMail) -> Outcome:
        now, base_url = self._means.clock.now(), self._means.settings.runtime.base_url

        async def record(connection: AsyncConnection) -> bool:
            return await record_sent(connection, attempt, sent, now, now, base_url)

        if await self._recorded(attempt, record):
            return Sent(sent.message_id, sent.thread_id, now)
        return Unknown("The mail was handed over, but that could not be recorded yet. It will be found in the Sent folder.")

    async def _refused(self, case: SendCase, attempt: Attempt, error: SendRefused) -> Outcome:
        now, keys = self._means.clock.now(), self._means.keys

        async def record(connection: AsyncConnection) -> bool:
            if error.bad_recipient:
                await suppress(connection, keys, case.recipient, Suppressed.HARD_BOUNCE, "mail server", now, "sales-agent")
            return await record_not_sent(connection, attempt, AttemptState.REFUSED, str(error), now)

        await self._recorded(attempt, record)
        return Blocked(Reason.PROVIDER_ERROR, f"The mail provider did not take the mail: {error}",
                       "Nothing was sent. The draft stays approved; send it again when that is put right.",
                       transient=error.transient)

    async def _unknown(self, attempt: Attempt, error: BaseException) -> Outcome:
        now, detail = self._means.clock.now(), "The mail provider gave no clear answer: the mail may or may not have left."
        log.warning("send.outcome_unknown", attempt=attempt.key, error=type(error).__name__)

        async def record(connection: AsyncConnection) -> bool:
            return await record_unknown(connection, attempt, detail, now + FIRST_LOOK, now)

        await self._recorded(attempt, record)
        return Unknown(detail)

    async def _recorded(self, attempt: Attempt, record: Callable[[AsyncConnection], Awaitable[bool]]) -> bool:
        """Write down what became of the attempt. Where that fails, the reconciler finds out by itself later."""
        for wait_seconds in _RECORD_WAITS:
            try:
                async with self._means.database.write() as connection:
                    if await record(connection):
                        return True
                log.critical("send.was_settled_otherwise", attempt=attempt.key)
                return False
            except Exception as error:  # noqa: BLE001 (the outcome is a fact; only our note of it is missing)
                log.error("send.not_recorded", attempt=attempt.key, error=type(error).__name__)
                await asyncio.sleep(wait_seconds)
        return False
