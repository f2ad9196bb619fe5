"""What the relay hands to the broker is a message of Celery's own."""

from __future__ import annotations

import pytest
from celery import Celery
from kombu.exceptions import OperationalError

from sales_agent.worker.app import QUEUE
from sales_agent.worker.publisher import publisher


def app_on(broker: str) -> Celery:
    app = Celery("test", broker=broker, set_as_current=False)
    app.conf.update(task_default_queue=QUEUE, task_ignore_result=True, task_serializer="json", accept_content=["json"])
    return app


def test_each_job_is_the_message_that_send_task_would_have_sent() -> None:
    app = app_on("memory://")
    publisher(app)([("form-lead-1", "process"), ("form-lead-2", "process")])
    app.send_task("process", args=("form-lead-1",), task_id="form-lead-1", ignore_result=True)
    with app.connection_for_read() as connection, connection.SimpleQueue(app.amqp.queues[QUEUE]) as queue:
        first, second, reference = (queue.get(timeout=1) for _ in range(3))
    assert first.payload == reference.payload == [["form-lead-1"], {}, reference.payload[2]]
    assert first.headers == reference.headers
    assert first.delivery_info == reference.delivery_info
    assert (first.content_type, first.properties["correlation_id"]) == ("application/json", "form-lead-1")
    assert (second.headers["id"], second.payload[0]) == ("form-lead-2", ["form-lead-2"])


def test_a_broker_that_is_away_is_an_error_at_once() -> None:
    app = app_on("redis://127.0.0.1:1/0")
    with pytest.raises((OperationalError, ConnectionError)):
        publisher(app)([("form-lead-1", "process")])
