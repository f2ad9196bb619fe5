"""When the chores are due."""

from __future__ import annotations

from celery import Celery

from sales_agent.worker.chores import CHORES


def schedule(app: Celery) -> None:
    app.conf.beat_schedule = {chore.task: {"task": chore.task, "schedule": chore.every} for chore in CHORES}
