"""How many emails may still go out: in all a day, in all a week, to one contact a week.

Windows roll: 24 hours and 7 days back from now. A limit of 0 allows none, no limit is None.
An attempt counts from the moment it is written down, before anything is sent, until it is known
that nothing was sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from sales_agent.core.clock import Clock
from sales_agent.core.database import Database
from sales_agent.core.settings import SendingSettings
from sales_agent.sending.models import ATTEMPTS, COUNTED

DAY, WEEK = timedelta(hours=24), timedelta(days=7)
_LOCK = 7255_2027  # any number that nothing else on this database locks


@dataclass(frozen=True, slots=True)
class Quota:
    """What is left of each limit (None: no such limit). `retry_at` is the moment from which a mail to
    this contact may go out when none may now; None when one may now, or when a limit is 0."""

    remaining_today: int | None
    remaining_this_week: int | None
    remaining_for_contact: int | None
    retry_at: datetime | None


@dataclass(frozen=True, slots=True)
class LimitReached:
    """The setting that stands in the way longest, and when a send is possible again (None: never as it is set)."""

    limit: str
    retry_at: datetime | None


@dataclass(frozen=True, slots=True)
class _Window:
    name: str
    limit: int | None
    span: timedelta
    recipient: str | None = None

    def counted(self, now: datetime) -> Sequence[Any]:
        """The conditions that pick the attempts that use up this window now."""
        whose = [ATTEMPTS.c.recipient == self.recipient] if self.recipient else []
        return [ATTEMPTS.c.state.in_(COUNTED), ATTEMPTS.c.started_at > now - self.span, *whose]


class RateLimiter:
    """`check_can_send` and `record_send` belong into one transaction that holds `lock`: checking and
    taking a place are then one act, whoever else is sending."""

    def __init__(self, settings: SendingSettings, database: Database, clock: Clock) -> None:
        self._settings = settings
        self._database = database
        self._clock = clock

    async def quota(self, contact_email: str) -> Quota:
        """What may still be sent, counting every attempt that may have sent something."""
        now, windows = self._clock.now(), self._windows(contact_email.lower())
        async with self._database.read() as connection:
            today, week, contact = [await _left(connection, window, now) for window in windows]
            reached = await _reached(connection, windows, now)
            return Quota(today, week, contact, reached.retry_at if reached else None)

    @staticmethod
    async def lock(connection: AsyncConnection) -> None:
        """Let one transaction at a time take places, until it ends. SQLite has one writer anyway."""
        if connection.dialect.name == "postgresql":
            await connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))

    async def check_can_send(self, connection: AsyncConnection, recipient: str) -> LimitReached | None:
        """None when a mail to this address (lower case) may leave now."""
        return await _reached(connection, self._windows(recipient), self._clock.now())

    @staticmethod
    async def record_send(connection: AsyncConnection, attempt: dict[str, Any]) -> None:
        """Take a place: write the attempt down. `attempt` holds the values of its row.

        Raises IntegrityError when the draft has an attempt that may have sent something.
        """
        await connection.execute(insert(ATTEMPTS).values(**attempt))

    def _windows(self, recipient: str) -> tuple[_Window, ...]:
        limits = self._settings
        return (_Window("MAX_EMAILS_PER_DAY", limits.max_emails_per_day, DAY),
                _Window("MAX_EMAILS_PER_WEEK", limits.max_emails_per_week, WEEK),
                _Window("MAX_EMAILS_PER_CONTACT_PER_WEEK", limits.max_emails_per_contact_per_week, WEEK, recipient))


async def _left(connection: AsyncConnection, window: _Window, now: datetime) -> int | None:
    if window.limit is None:
        return None
    used = await connection.scalar(select(func.count()).select_from(ATTEMPTS).where(*window.counted(now)))
    return max(0, window.limit - (used or 0))


async def _reached(connection: AsyncConnection, windows: Sequence[_Window], now: datetime) -> LimitReached | None:
    """Of the limits that are reached, the one that stays so longest."""
    found: LimitReached | None = None
    for window in windows:
        if window.limit == 0:
            return LimitReached(window.name, None)
        free_at = await _free_at(connection, window, now)
        if free_at and (found is None or found.retry_at is None or free_at > found.retry_at):
            found = LimitReached(window.name, free_at)
    return found


async def _free_at(connection: AsyncConnection, window: _Window, now: datetime) -> datetime | None:
    """When there is room again: as the limit-th newest attempt leaves the window. None: there is room now."""
    if not window.limit:
        return None
    blocking = (select(ATTEMPTS.c.started_at).where(*window.counted(now))
                .order_by(ATTEMPTS.c.started_at.desc()).offset(window.limit - 1).limit(1))
    started_at = (await connection.execute(blocking)).scalar_one_or_none()
    return None if started_at is None else started_at + window.span
