"""The Celery application: transport for wake-ups. What a task does is in the database."""

from __future__ import annotations

from celery import Celery

from sales_agent.core.effects import DELIVER_EFFECT
from sales_agent.core.settings import Settings
from sales_agent.leads.intake import PROCESS_LEAD
from sales_agent.sending.schedule import SEND_SCHEDULED

QUEUE = "sales-agent"
KINDS = (PROCESS_LEAD, DELIVER_EFFECT, SEND_SCHEDULED)


def create_celery(settings: Settings) -> Celery:
    """Configured for messages that may be lost or repeated without harm.

    Acknowledged early on purpose: a message is only a hint, and a lease that runs out brings
    the job back. So no visibility timeout and no redelivery loop can run work twice.
    """
    app = Celery("sales_agent", broker=settings.broker_url, set_as_current=False)
    app.conf.update(
        task_default_queue=QUEUE,
        task_ignore_result=True,
        task_serializer="json",
        accept_content=["json"],
        task_acks_late=False,
        worker_pool="threads",
        worker_concurrency=settings.work.worker_concurrency,
        worker_prefetch_multiplier=2,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        worker_enable_remote_control=not settings.embedded,
        broker_connection_retry_on_startup=True,
        broker_transport_options=_transport_options(settings),
        timezone="UTC",
    )
    return app


def ping_broker(url: str) -> None:
    """Connect once and hang up. Blocking; raises whatever the transport raises."""
    with Celery(broker=url, set_as_current=False).connection_for_write(connect_timeout=4) as connection:
        connection.ensure_connection(max_retries=1, timeout=5)


def _transport_options(settings: Settings) -> dict[str, float | int]:
    if settings.embedded:
        return {"polling_interval": 0.02}
    if settings.broker_url.startswith("redis"):
        return {"visibility_timeout": 3600, "socket_connect_timeout": 3, "socket_timeout": 15, "health_check_interval": 15}
    return {}
