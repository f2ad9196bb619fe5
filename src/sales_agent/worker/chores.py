"""What is done from time to time. Each chore is idempotent, so two beats started by mistake do no harm.

To add one: a function here and a line in CHORES.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy import delete

from sales_agent.core.audit_seal import seal_new_events
from sales_agent.core.clock import Clock
from sales_agent.core.database import Database
from sales_agent.leads.models import THROTTLES
from sales_agent.sending.bounces import collect_reports
from sales_agent.sending.means import Means
from sales_agent.sending.reconciler import Reconciler

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Workshop:
    """What chores work with; one per worker process."""

    database: Database
    clock: Clock
    reconciler: Reconciler
    means: Means


@dataclass(frozen=True, slots=True)
class Chore:
    task: str  # the Celery task's name
    every: timedelta
    run: Callable[[Workshop], Awaitable[Any]]


async def _forget_throttles(workshop: Workshop) -> None:
    """Delete the addresses whose hour is long over."""
    async with workshop.database.write() as connection:
        old = delete(THROTTLES).where(THROTTLES.c.until < workshop.clock.now() - timedelta(days=1))
        deleted = (await connection.execute(old)).rowcount
    log.info("throttles.forgotten", count=deleted)


async def _reconcile_sends(workshop: Workshop) -> None:
    """Find out what became of sends whose end nobody saw."""
    await workshop.reconciler.run_once()


async def _collect_reports(workshop: Workshop) -> None:
    """Write to nobody again who is not there, or who complained."""
    await collect_reports(workshop.means)


async def _seal_audit_trail(workshop: Workshop) -> None:
    """Bind the newest audit events, so that nobody can change them unnoticed."""
    await seal_new_events(workshop.database, workshop.means.keys, workshop.clock.now())


CHORES = (
    Chore("forget_throttles_async", timedelta(hours=1), _forget_throttles),
    Chore("reconcile_sends_async", timedelta(seconds=15), _reconcile_sends),
    Chore("collect_reports_async", timedelta(minutes=5), _collect_reports),
    Chore("seal_audit_trail_async", timedelta(minutes=1), _seal_audit_trail),
)
