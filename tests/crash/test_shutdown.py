"""SIGTERM: what runs is finished, or given back so that somebody else can have it at once."""

from __future__ import annotations

import asyncio
import subprocess
import time

import pytest
from crash_site import Site, lead

from sales_agent.core.jobs import JOBS

pytestmark = [pytest.mark.slow, pytest.mark.timeout(90)]


def start(site: Site, **env: str) -> subprocess.Popen[bytes]:
    """With a lease that no test waits for: what comes back was given back."""
    return site.single("up" if site.database.is_sqlite else "worker", WORKER_LEASE_SECONDS="600",
                       RELAY_REPUBLISH_SECONDS="600", **env)


async def terminated_while_busy(site: Site, process: subprocess.Popen[bytes], workflow_id: str) -> float:
    """Send SIGTERM while the lead dawdles; answers the seconds until the process was gone."""
    await site.until(lambda: site.flagged(workflow_id), 20)
    assert (await site.job(workflow_id)).status == "STARTED"
    sent = time.monotonic()
    process.terminate()
    code = await asyncio.to_thread(process.wait, 30)
    assert code == 0
    return time.monotonic() - sent


async def test_a_worker_finishes_what_takes_a_moment(site: Site) -> None:
    process = start(site)
    [workflow_id] = await site.submit(lead("brief", "slow:write_draft:2"))
    await terminated_while_busy(site, process, workflow_id)
    job = await site.job(workflow_id)
    assert (job.status, job.attempts) == ("SUCCESS", 1)
    await site.assert_each_has_one_of_everything([workflow_id])


async def test_a_worker_hands_back_what_takes_too_long_and_another_finishes_it_at_once(site: Site) -> None:
    process = start(site, WORKER_SHUTDOWN_SECONDS="1")
    [workflow_id] = await site.submit(lead("long", "slow:write_draft:30"))
    assert await terminated_while_busy(site, process, workflow_id) < 20
    job = await site.job(workflow_id)
    assert (job.status, job.lease_owner, job.lease_until) == ("PENDING", None, None)

    start(site)
    await site.until_finished(20)
    job = await site.job(workflow_id)
    assert (job.status, job.attempts, job.crashes, job.retries) == ("SUCCESS", 2, 0, 0)
    await site.assert_each_has_one_of_everything([workflow_id])


async def test_a_worker_that_stops_in_the_rush_takes_no_message_to_its_grave(postgres_site: Site) -> None:
    """What it was told and did not do is told again at once, not when RELAY_REPUBLISH_SECONDS are over."""
    site = postgres_site
    process = start(site, WORKER_SHUTDOWN_SECONDS="1", WORKER_CONCURRENCY="8")
    workflow_ids = await site.submit(*(lead(f"lead{number}", "drag:write_draft:0.3") for number in range(150)))
    while len(site.mailbox_drafts()) < 20:
        await asyncio.sleep(0.02)
    process.terminate()
    workflow_ids += await site.submit(*(lead(f"late{number}") for number in range(50)))
    assert await asyncio.to_thread(process.wait, 30) == 0

    start(site)
    await site.until_finished(30)
    await site.assert_each_has_one_of_everything(workflow_ids)
    assert not any(await site.column(JOBS, "crashes"))
