"""Finds out what became of attempts whose end nobody saw: by asking the provider, never by sending again."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

import structlog
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from sales_agent.core.errors import Conflict, ConnectorError
from sales_agent.drafts import service
from sales_agent.drafts.models import DraftStatus
from sales_agent.ports.mail import Absent, MailSender, SentMail
from sales_agent.sending.attempts import Attempt, record_not_sent, record_sent, record_unknown
from sales_agent.sending.means import Means
from sales_agent.sending.models import ATTEMPTS, AttemptState

log = structlog.get_logger()

ACTOR = "reconciler"
# Between looks; a provider's Sent folder may lag by minutes. After the last one a person decides.
LOOKS = tuple(timedelta(seconds=seconds) for seconds in (15, 30, 60, 120, 300, 600, 1800))
_TURN = timedelta(minutes=2)  # how long one reconciler has an attempt to itself
_BATCH = 50
_NO_ANSWER = "The process that was sending this mail ended before the provider's answer was recorded."


class Reconciler:
    def __init__(self, means: Means, sender: MailSender) -> None:
        self._means = means
        self._sender = sender

    async def run_once(self) -> dict[str, int]:
        """Look at every attempt that is due; answers how many were found sent, not sent, or stay unknown."""
        found: Counter[str] = Counter()
        for row in await self._due():
            if await self._mine(row):
                found[await self._settle(row)] += 1
        if found:
            log.info("sends.reconciled", **found)
        return dict(found)

    async def _due(self) -> list[Any]:
        due = select(ATTEMPTS).where(ATTEMPTS.c.settle_at <= self._means.clock.now()).order_by(ATTEMPTS.c.settle_at)
        async with self._means.database.read() as connection:
            return list(await connection.execute(due.limit(_BATCH)))

    async def _mine(self, row: Any) -> bool:
        """Take the attempt for a while, unless another reconciler was faster. One that was under way is parked:
        whoever was sending it has had more than the time a send may take."""
        now = self._means.clock.now()
        async with self._means.database.write() as connection:
            if row.state == AttemptState.STARTED:
                await record_unknown(connection, _attempt(row), _NO_ANSWER, row.settle_at, now)
            taken = await connection.execute(
                update(ATTEMPTS).where(ATTEMPTS.c.id == row.id, ATTEMPTS.c.settle_at == row.settle_at)
                .values(settle_at=now + _TURN))
        return bool(taken.rowcount)

    async def _settle(self, row: Any) -> str:
        """An attempt from another mailbox (the settings have changed since) is beyond this one: absent here proves nothing."""
        try:
            answer = await self._sender.settle(row.id, row.started_at) if row.mailbox == self._sender.mailbox else None
        except ConnectorError as error:
            log.warning("send.not_settled", attempt=row.id, provider=error.provider)
            await self._look_again(row, looks=row.settles)
            return "unreachable"
        if answer is None:
            await self._look_again(row, looks=row.settles + 1)
            return "unknown"
        return await self._record(row, answer)

    async def _record(self, row: Any, answer: SentMail | Absent) -> str:
        now, base_url = self._means.clock.now(), self._means.settings.runtime.base_url
        async with self._means.database.write() as connection:
            if isinstance(answer, SentMail):
                await record_sent(connection, _attempt(row), answer, row.started_at, now, base_url, actor=ACTOR,
                                  reason="found in the Sent folder")
                return "sent"
            await record_not_sent(connection, _attempt(row), AttemptState.NOT_SENT, "The provider proves that nothing was "
                                  "sent. The draft stays approved; it may be sent again.", now, actor=ACTOR,
                                  reason="the provider proves that nothing was sent")
            return "not_sent"

    async def _look_again(self, row: Any, looks: int) -> None:
        """Later, and ever more rarely; after the last look only a person can tell."""
        later = self._means.clock.now() + LOOKS[looks] if looks < len(LOOKS) else None
        async with self._means.database.write() as connection:
            await connection.execute(
                update(ATTEMPTS).where(ATTEMPTS.c.id == row.id, ATTEMPTS.c.state == AttemptState.UNKNOWN)
                .values(settle_at=later, settles=looks))


class NotUnknown(Conflict):
    code, title = "INVALID_STATE", "The draft is in another state"


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person found out about a send whose outcome nobody knew."""

    outcome: Literal["sent", "not_sent"]
    reason: str
    actor: str


async def decide(connection: AsyncConnection, draft_id: str, decision: Decision, now: datetime, base_url: str) -> Any:
    """Settle a SEND_UNKNOWN draft by a person's word; answers its row. Raises NotFound, NotUnknown."""
    draft = await service.get(connection, draft_id)
    unknown = select(ATTEMPTS).where(ATTEMPTS.c.draft_id == draft_id, ATTEMPTS.c.state == AttemptState.UNKNOWN)
    row = (await connection.execute(unknown)).first()
    if draft.status != DraftStatus.SEND_UNKNOWN or row is None:
        raise NotUnknown(f"A draft that is {draft.status} has no unknown outcome to settle.")
    if decision.outcome == "sent":
        settled = await record_sent(connection, _attempt(row), SentMail("", draft.thread_id or ""), row.started_at, now,
                                    base_url, actor=decision.actor, reason=decision.reason)
    else:
        settled = await record_not_sent(connection, _attempt(row), AttemptState.NOT_SENT, "A person found that nothing was "
                                        "sent.", now, actor=decision.actor, reason=decision.reason)
    if not settled:
        raise NotUnknown("The outcome was settled at the same moment. Load the draft again.")
    return await service.get(connection, draft_id)


def _attempt(row: Any) -> Attempt:
    return Attempt(row.id, row.draft_id, row.actor)
