"""How many emails may still go out: in all a day, in all a week, to one contact a week.

Windows roll: 24 hours and 7 days back from now. A limit of 0 allows none, no limit is None.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from sales_agent.core.clock import Clock
from sales_agent.core.database import Database
from sales_agent.core.settings import SendingSettings
from sales_agent.sending.models import RESERVATIONS

DAY, WEEK = timedelta(hours=24), timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Quota:
    """What is left of each limit (None: no such limit). `retry_at` is the moment from which a mail to
    this contact may go out when none may now; None when one may now, or when a limit is 0."""

    remaining_today: int | None
    remaining_this_week: int | None
    remaining_for_contact: int | None
    retry_at: datetime | None


@dataclass(frozen=True, slots=True)
class _Window:
    limit: int | None
    span: timedelta
    recipient: str | None = None

    def counted(self, now: datetime) -> Sequence[Any]:
        """The conditions that pick the reservations that use up this window now."""
        whose = [RESERVATIONS.c.recipient == self.recipient] if self.recipient else []
        return [RESERVATIONS.c.released_at.is_(None), RESERVATIONS.c.reserved_at > now - self.span, *whose]


class RateLimiter:
    def __init__(self, settings: SendingSettings, database: Database, clock: Clock) -> None:
        self._settings = settings
        self._database = database
        self._clock = clock

    async def quota(self, contact_email: str) -> Quota:
        """What may still be sent, counting every reservation that was not released."""
        now, windows = self._clock.now(), self._windows(contact_email.lower())
        async with self._database.read() as connection:
            today, week, contact = [await _left(connection, window, now) for window in windows]
            full = [window for window, left in zip(windows, (today, week, contact), strict=True) if left == 0]
            return Quota(today, week, contact, await _free_at(connection, full, now))

    def _windows(self, recipient: str) -> tuple[_Window, ...]:
        limits = self._settings
        return (_Window(limits.max_emails_per_day, DAY), _Window(limits.max_emails_per_week, WEEK),
                _Window(limits.max_emails_per_contact_per_week, WEEK, recipient))


async def _left(connection: AsyncConnection, window: _Window, now: datetime) -> int | None:
    if window.limit is None:
        return None
    used = await connection.scalar(select(func.count()).select_from(RESERVATIONS).where(*window.counted(now)))
    return max(0, window.limit - (used or 0))


async def _free_at(connection: AsyncConnection, full: Sequence[_Window], now: datetime) -> datetime | None:
    """When the last of the full windows has room again: as its limit-th newest reservation leaves it."""
    moments = []
    for window in full:
        if not window.limit:
            return None
        blocking = (select(RESERVATIONS.c.reserved_at).where(*window.counted(now))
                    .order_by(RESERVATIONS.c.reserved_at.desc()).offset(window.limit - 1).limit(1))
        reserved_at = (await connection.execute(blocking)).scalar_one_or_none()
        if reserved_at is not None:  # none: a place was released since we counted
            moments.append(reserved_at + window.span)
    return max(moments, default=None)
