"""What became of a draft's attempts, and how often somebody was written to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from sales_agent.approvals.models import APPROVED_RECIPIENTS
from sales_agent.core.rows import insert
from sales_agent.sending.models import ATTEMPTS, AttemptState


async def attempts_of(connection: AsyncConnection, draft_id: str) -> Sequence[Any]:
    """The rows of `send_attempts`, the first one first."""
    query = select(ATTEMPTS).where(ATTEMPTS.c.draft_id == draft_id).order_by(ATTEMPTS.c.number)
    return (await connection.execute(query)).all()


async def count_recipient(connection: AsyncConnection, email: str) -> int:
    """Bring the recipient's statistics up to date; answers the number of sends. Counted afresh, so doing it
    again changes nothing."""
    sent = (ATTEMPTS.c.recipient == email, ATTEMPTS.c.state == AttemptState.SENT)
    sends, last = (await connection.execute(select(func.count(), func.max(ATTEMPTS.c.ended_at)).where(*sent))).one()
    values = {"sends": sends, "last_sent_at": last}
    upsert = insert(connection, APPROVED_RECIPIENTS).values(email=email, **values)
    await connection.execute(upsert.on_conflict_do_update(index_elements=["email"], set_=values))
    return int(sends)
