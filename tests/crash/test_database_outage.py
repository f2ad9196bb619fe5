"""The database throws everybody out, again and again, while leads come in and are worked on."""

from __future__ import annotations

import asyncio

import httpx2
import psycopg
import pytest
from crash_site import Site, lead

LEADS = 300


def throw_everybody_out(url: str) -> int:
    """As a restart of the server does; answers how many sessions ended."""
    end = ("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
           "WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'")
    with psycopg.connect(url, autocommit=True) as connection:
        return int(connection.execute(end).fetchone()[0])  # type: ignore[index]


@pytest.mark.slow
@pytest.mark.timeout(120)
async def test_lost_connections_cost_no_acknowledged_lead(postgres_site: Site, migrated_postgres: str) -> None:
    site = postgres_site
    patient = {"RETRY_DELAYS_SECONDS": ",".join(["0.5"] * 20)}
    site.command("api")
    for _ in range(2):
        site.worker(**patient)
    await site.until_serving()
    promised: dict[str, str] = {}

    async def post_until_accepted(client: httpx2.AsyncClient, number: int) -> None:
        body = lead(f"lead{number}")
        while (answer := await site.post(client, body)).status_code != 202:
            assert answer.status_code == 503, answer.text
            assert int(answer.headers["Retry-After"]) > 0
            await asyncio.sleep(0.05)
        promised[body["formSubmissionId"]] = answer.json()["workflow_id"]

    async def post_all() -> None:
        async with httpx2.AsyncClient(limits=httpx2.Limits(max_connections=8), timeout=30) as client:
            for start in range(0, LEADS, 20):
                await asyncio.gather(*(post_until_accepted(client, n) for n in range(start, start + 20)))
                await asyncio.sleep(0.1)

    posting = asyncio.create_task(post_all())
    thrown_out = 0
    while not posting.done():
        await asyncio.sleep(0.25)
        thrown_out += await asyncio.to_thread(throw_everybody_out, migrated_postgres)
    await posting
    await asyncio.to_thread(throw_everybody_out, migrated_postgres)
    assert thrown_out > 10, "hardly anybody was connected: this test means nothing"
    await site.until_finished(60)
    await site.assert_each_has_one_of_everything(list(promised.values()))
