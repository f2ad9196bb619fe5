"""Bounces and complaints: who is not there, or does not want us, is not written to again."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from sales_agent.core.audit import AUDIT, audit_row
from sales_agent.core.rows import insert
from sales_agent.ports.mail import DeliveryReport, ReportKind
from sales_agent.sending.attempts import note_error
from sales_agent.sending.means import Means
from sales_agent.sending.models import ATTEMPTS, COUNTED
from sales_agent.sending.suppression import suppress
from sales_agent.sending.suppression_models import Suppressed

log = structlog.get_logger()

LOOK_BACK = timedelta(days=14)  # bounces come within days; a worker that was off for longer than that is rare
ACTOR = "mailbox"
_SUPPRESSED_BY: dict[ReportKind, Suppressed] = {"hard_bounce": Suppressed.HARD_BOUNCE, "complaint": Suppressed.COMPLAINT}
_SAID: dict[ReportKind, str] = {
    "hard_bounce": "The mail came back: there is nobody at this address. It is not written to again.",
    "soft_bounce": "The mail came back; the address may be right. Look into the mailbox for the reason.",
    "complaint": "The recipient marked the mail as unwanted. The address is not written to again.",
}


async def collect_reports(means: Means) -> int:
    """Take note of reports about mail that we sent; answers how many were new. Doing it again changes nothing.

    A report counts only when it names a message that left through the door, and it speaks for that message's
    recipient alone, whomever it names. Raises ConnectorError when the mailbox cannot be read.
    """
    now = means.clock.now()
    reports = await means.mailbox.delivery_reports(now - LOOK_BACK)
    new = 0
    for report in reports:
        async with means.database.write() as connection:
            new += await _take_note(connection, means, report, now)
    if new:
        log.info("reports.collected", new=new)
    return new


async def _take_note(connection: AsyncConnection, means: Means, report: DeliveryReport, now: datetime) -> bool:
    attempt = await _attempt(connection, report)
    if attempt is None or not await _is_news(connection, attempt, report, now):
        return False
    await note_error(connection, attempt.draft_id, report.kind.upper(), _SAID[report.kind], now)
    if (reason := _SUPPRESSED_BY.get(report.kind)) is not None:
        await suppress(connection, means.keys, attempt.recipient, reason, f"report on {attempt.id}", now, ACTOR)
    return True


async def _attempt(connection: AsyncConnection, report: DeliveryReport) -> Any:
    if not report.key and not report.message_id:
        return None
    named = ATTEMPTS.c.id == report.key if report.key else ATTEMPTS.c.message_id == report.message_id
    query = select(ATTEMPTS).where(named, ATTEMPTS.c.state.in_(COUNTED)).limit(1)
    return (await connection.execute(query)).first()


async def _is_news(connection: AsyncConnection, attempt: Any, report: DeliveryReport, now: datetime) -> bool:
    """Whether this is the first report of its kind on the attempt: the audit event is written once."""
    event = audit_row(ACTOR, f"draft.{report.kind}", attempt.draft_id, now, key=f"report:{attempt.id}:{report.kind}",
                      attempt=attempt.id, status=report.status)
    new = insert(connection, AUDIT).values(**event.values).on_conflict_do_nothing().returning(AUDIT.c.id)
    return (await connection.execute(new)).first() is not None
