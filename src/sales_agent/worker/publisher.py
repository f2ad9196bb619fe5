"""Hands due jobs to the broker, one short message each: the job's id and nothing else."""

from __future__ import annotations

from collections.abc import Sequence

from celery import Celery

from sales_agent.core.relay import Publish


def publisher(app: Celery) -> Publish:
    """A blocking function that publishes a batch over one connection and raises when it cannot."""
    # Retrying is the relay's business: the jobs stay due in the database.
    app.conf.task_publish_retry = False

    def publish(jobs: Sequence[tuple[str, str]]) -> None:
        with app.producer_pool.acquire(block=True, timeout=5) as producer:
            for job_id, kind in jobs:
                app.send_task(kind, args=(job_id,), task_id=job_id, producer=producer, ignore_result=True)

    return publish
