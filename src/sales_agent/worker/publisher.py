"""Hands due jobs to the broker, one short message each: the job's id and nothing else."""

from __future__ import annotations

from collections.abc import Sequence

from celery import Celery
from kombu.common import maybe_declare

from sales_agent.core.relay import Publish


def publisher(app: Celery) -> Publish:
    """A blocking function that publishes a batch over one connection and raises when it cannot.

    The messages are Celery's own, made by its message protocol; the many layers of `send_task`
    above that, and a round trip for each message, would cost ten times as much.
    """
    def publish(jobs: Sequence[tuple[str, str]]) -> None:
        queue = app.amqp.queues[app.conf.task_default_queue]
        with app.producer_pool.acquire(block=True, timeout=5) as producer, producer.batch():
            maybe_declare(queue, producer.channel)  # type: ignore[no-untyped-call]
            for job_id, kind in jobs:
                message = app.amqp.create_task_message(job_id, kind, (job_id,), ignore_result=True,
                                                       argsrepr=f"('{job_id}',)", kwargsrepr="{}")
                # Retrying is the relay's business: the jobs stay due in the database.
                producer.publish(message.body, exchange="", routing_key=queue.name, retry=False, serializer="json",
                                 headers=message.headers, **message.properties)

    return publish
