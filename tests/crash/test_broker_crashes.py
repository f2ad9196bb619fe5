"""The broker may lose everything, repeat itself, or be gone: the jobs table is the queue of record."""

from __future__ import annotations

import asyncio

import pytest
from crash_broker import PrivateRedis
from crash_site import Site, lead

from sales_agent.core.clock import SystemClock
from sales_agent.core.jobs import JOBS
from sales_agent.core.relay import Relay
from sales_agent.core.settings import Settings
from sales_agent.leads.intake import PROCESS_LEAD
from sales_agent.worker.app import QUEUE, create_celery
from sales_agent.worker.publisher import publisher

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]


@pytest.fixture
def publish(broker: PrivateRedis, monkeypatch: pytest.MonkeyPatch, tmp_path):  # type: ignore[no-untyped-def]
    """What the relay publishes with, from this process."""
    monkeypatch.chdir(tmp_path)  # no .env of the developer's
    monkeypatch.setenv("CELERY_BROKER_URL", broker.url)
    celery = create_celery(Settings())
    yield publisher(celery)
    celery.close()


async def test_a_flushed_broker_loses_no_lead(postgres_site: Site, broker: PrivateRedis, publish) -> None:  # type: ignore[no-untyped-def]
    site = postgres_site
    workflow_ids = await site.submit(*(lead(f"lead{number}") for number in range(50)))
    relay = Relay(site.database, SystemClock(), publish, poll_seconds=0.1, republish_seconds=1)
    assert await relay.tick() == 50
    assert broker.client.llen(QUEUE) == 50
    broker.client.flushall()
    site.worker()
    await site.until_finished()
    await site.assert_each_has_one_of_everything(workflow_ids)


async def test_a_broker_that_dies_holds_leads_up_and_loses_none(postgres_site: Site, broker: PrivateRedis) -> None:
    site = postgres_site
    site.worker()
    before = await site.submit(*(lead(f"before{number}") for number in range(20)))
    await site.until_finished()
    broker.kill()
    while_gone = await site.submit(*(lead(f"while{number}") for number in range(20)))
    await asyncio.sleep(1)
    assert {(await site.job(each)).status for each in while_gone} == {"PENDING"}
    broker.start()
    await site.until_finished(60)
    await site.assert_each_has_one_of_everything([*before, *while_gone])


async def test_a_message_delivered_three_times_is_worked_on_once(postgres_site: Site, publish) -> None:  # type: ignore[no-untyped-def]
    """Two workers, and a lease long enough that nobody else may ever take the job."""
    site = postgres_site
    workflow_ids = await site.submit(*(lead(f"lead{number}", "slow:write_draft:0.3") for number in range(20)))
    for _ in range(3):
        await asyncio.to_thread(publish, [(each, PROCESS_LEAD) for each in workflow_ids])
    for _ in range(2):
        site.worker(WORKER_LEASE_SECONDS="60", RELAY_REPUBLISH_SECONDS="60")
    await site.until_finished()
    await site.assert_each_has_one_of_everything(workflow_ids)
    assert set(await site.column(JOBS, "attempts")) == {1}
