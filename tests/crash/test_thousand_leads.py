"""A thousand at once, over HTTP, to two API processes with two workers: each ends as a draft or as a visible skip."""

from __future__ import annotations

import asyncio
import json

import httpx2
import pytest
from crash_site import Site, free_port, lead
from sqlalchemy import select, text

from sales_agent.core.jobs import JOBS
from sales_agent.drafts.models import DRAFTS
from sales_agent.leads.models import SUBMISSIONS

PEOPLE, AGAIN = 950, 50  # so many people, and so many second submissions by some of them
COMPANIES = 20  # colleagues come at the same time, to both workers


def submissions() -> list[dict[str, object]]:
    people = [lead(f"lead{n}", email=f"person{n}@company{n % COMPANIES}.example", company=f"Company {n % COMPANIES}")
              for n in range(PEOPLE)]
    again = [lead(f"again{n}", email=f"person{n}@company{n % COMPANIES}.example") for n in range(AGAIN)]
    return [*people, *again]


@pytest.mark.slow
@pytest.mark.timeout(180)
async def test_none_of_a_thousand_is_lost(postgres_site: Site) -> None:
    site = postgres_site
    normal = {"WORKER_LEASE_SECONDS": "60", "RELAY_REPUBLISH_SECONDS": "60"}
    second = free_port()
    doors = (site.base_url, f"http://127.0.0.1:{second}")
    site.command("api", **normal)
    site.command("api", **normal, API_PORT=str(second))
    for _ in range(2):
        site.command("worker", **normal)
    for door in doors:
        await site.until_serving(door)
    async with httpx2.AsyncClient(limits=httpx2.Limits(max_connections=50), timeout=60) as client:
        answers = await asyncio.gather(*(site.post(client, body, doors[n % 2]) for n, body in enumerate(submissions())))
    assert {answer.status_code for answer in answers} == {202}
    workflow_ids = {answer.json()["workflow_id"] for answer in answers}
    assert len(workflow_ids) == PEOPLE + AGAIN
    await site.until_finished(120)

    assert set(await site.column(SUBMISSIONS, "workflow_id")) == workflow_ids
    results = {row.id: json.loads(row.result) for row in await site.rows(select(JOBS.c.id, JOBS.c.result))}
    assert results.keys() == workflow_ids, "a job that is no lead: a write had to be queued although nothing was down"
    skipped = {each for each, result in results.items() if result["decision"] == "skipped"}
    assert len(skipped) == AGAIN
    assert all(results[each]["reason"] for each in skipped)
    await site.assert_drafted_once(workflow_ids - skipped)
    await assert_nobody_stumbled(site)


async def assert_nobody_stumbled(site: Site) -> None:
    """Nothing failed here, so nothing may have been tried twice or left out, or waited for in vain."""
    assert set(map(tuple, await site.rows(select(JOBS.c.attempts, JOBS.c.retries).distinct()))) == {(1, 0)}
    assert set(await site.column(DRAFTS, "degraded")) == {"[]"}
    deadlocks = text("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
    assert await site.scalar(deadlocks) == 0
