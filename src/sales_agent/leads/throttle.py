"""At most one lead per address and hour goes on; the others are recorded as skipped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_
from sqlalchemy.ext.asyncio import AsyncConnection

from sales_agent.core.database import Database
from sales_agent.core.group_commit import GroupCommit
from sales_agent.core.rows import insert_many
from sales_agent.leads.models import THROTTLES


@dataclass(frozen=True, slots=True)
class Ticket:
    email: str
    submission_id: str
    received_at: datetime


class Throttle:
    """One conditional upsert decides, so two workers with two submissions of one address cannot both pass."""

    def __init__(self, database: Database, window: timedelta) -> None:
        self._window = window
        self._commit: GroupCommit[Ticket, bool] = GroupCommit(database, self._decide)

    async def admits(self, ticket: Ticket) -> bool:
        """Whether this submission is the one that counts. Asking again gives the same answer."""
        return not self._window or await self._commit.submit(ticket)

    async def _decide(self, connection: AsyncConnection, batch: Sequence[Ticket]) -> list[bool]:
        admitted: set[str] = set()
        waiting = sorted(set(batch), key=lambda ticket: (ticket.received_at, ticket.submission_id))
        while waiting:  # a statement may touch a row once, so each round takes one ticket an address
            first = {ticket.email: ticket for ticket in reversed(waiting)}
            admitted |= await self._round(connection, list(first.values()))
            waiting = [ticket for ticket in waiting if first[ticket.email] is not ticket]
        return [ticket.submission_id in admitted for ticket in batch]

    async def _round(self, connection: AsyncConnection, tickets: Sequence[Ticket]) -> set[str]:
        rows = [{"email": t.email, "submission_id": t.submission_id, "since": t.received_at,
                 "until": t.received_at + self._window} for t in tickets]
        return {counts for counts, in await insert_many(connection, THROTTLES, rows, _unless_another_counts)}


def _unless_another_counts(statement: Any) -> Any:
    new = statement.excluded
    return statement.on_conflict_do_update(
        index_elements=["email"],
        set_={"submission_id": new.submission_id, "since": new.since, "until": new.until},
        where=or_(THROTTLES.c.submission_id == new.submission_id, THROTTLES.c.until <= new.since),
    ).returning(THROTTLES.c.submission_id)
