"""The same promises over AMQP. The queue's name is fixed, so this shares it with whoever else uses the broker:
a stolen message is told again, and a foreign one finds nothing to do."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from celery import Celery
from crash_site import Site, lead
from kombu import Connection
from kombu.exceptions import OperationalError

from sales_agent.core.clock import SystemClock
from sales_agent.core.relay import Relay
from sales_agent.core.settings import Settings
from sales_agent.worker.app import QUEUE, create_celery
from sales_agent.worker.publisher import publisher

URL = os.environ.get("TEST_RABBITMQ_URL", "amqp://guest:guest@127.0.0.1:5672//")


def with_connection(do: Callable[[Connection], object]) -> None:
    with Connection(URL, connect_timeout=3) as connection:
        connection.ensure_connection(max_retries=1)
        do(connection)


@pytest.fixture
def rabbitmq() -> str:
    try:
        with_connection(lambda connection: connection.SimpleQueue(QUEUE).close())
    except (OperationalError, OSError):
        reason = "no RabbitMQ is running"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return URL


@pytest.fixture
def celery(rabbitmq: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):  # type: ignore[no-untyped-def]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CELERY_BROKER_URL", rabbitmq)
    app = create_celery(Settings())
    yield app
    app.close()


@pytest.fixture
async def site(migrated_postgres: str, rabbitmq: str, tmp_path: Path) -> AsyncIterator[Site]:
    site = Site(tmp_path / "site", migrated_postgres, rabbitmq)
    yield site
    await site.close()


@pytest.mark.slow
@pytest.mark.timeout(90)
async def test_leads_survive_a_purged_queue_and_a_killed_worker(site: Site, celery: Celery) -> None:
    calm = await site.submit(*(lead(f"lead{number}") for number in range(10)))
    [deadly] = await site.submit(lead("deadly", "crash:create_draft:after"))
    relay = Relay(site.database, SystemClock(), publisher(celery), poll_seconds=0.1, republish_seconds=1)
    assert await relay.tick() == 11
    await asyncio.to_thread(with_connection, lambda connection: connection.default_channel.queue_purge(QUEUE))
    site.kept("worker")
    await site.until_finished()
    await site.assert_each_has_one_of_everything([*calm, deadly])
    assert (await site.job(deadly)).crashes == 1
