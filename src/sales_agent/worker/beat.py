"""The periodic chores. Each is idempotent, so two beats started by mistake do no harm."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import structlog
from celery import Celery
from sqlalchemy import delete

from sales_agent.core.clock import Clock
from sales_agent.core.database import Database
from sales_agent.leads.models import THROTTLES

log = structlog.get_logger()

FORGET_THROTTLES = "forget_throttles_async"
SCHEDULE: dict[str, dict[str, Any]] = {
    "forget throttles that have run out": {"task": FORGET_THROTTLES, "schedule": timedelta(hours=1)},
}


async def forget_throttles(database: Database, clock: Clock) -> int:
    """Delete the addresses whose hour is long over; answers how many."""
    async with database.write() as connection:
        old = delete(THROTTLES).where(THROTTLES.c.until < clock.now() - timedelta(days=1))
        deleted = (await connection.execute(old)).rowcount
    log.info("throttles.forgotten", count=deleted)
    return int(deleted)


def schedule(app: Celery) -> None:
    app.conf.beat_schedule = SCHEDULE
