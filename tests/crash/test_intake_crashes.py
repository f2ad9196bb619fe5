"""What a 202 is worth: it holds when the API is killed, and whoever posts twice gets one workflow."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Mapping, Sequence
from typing import Any

import httpx2
import pytest
from crash_site import Site, free_port, lead

from sales_agent.leads.models import SUBMISSIONS

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]
CONNECTIONS = httpx2.Limits(max_connections=16)


class Sender:
    """HubSpot's side: remembers every promise it got, and what it has to post again."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self.promised: dict[str, str] = {}  # submission id: workflow id
        self.unanswered: list[Mapping[str, Any]] = []

    async def post_all(self, leads: Sequence[Mapping[str, Any]]) -> None:
        async with httpx2.AsyncClient(limits=CONNECTIONS, timeout=20) as client:
            await asyncio.gather(*(self._post(client, each) for each in leads))

    async def _post(self, client: httpx2.AsyncClient, body: Mapping[str, Any]) -> None:
        try:
            answer = await self._site.post(client, body)
        except httpx2.HTTPError:
            self.unanswered.append(body)
            return
        assert answer.status_code == 202, answer.text
        self.promised[body["formSubmissionId"]] = answer.json()["workflow_id"]


def api_of(site: Site) -> subprocess.Popen[bytes]:
    return site.command("up" if site.database.is_sqlite else "api")


async def test_every_202_survives_kill_9_of_the_api(site: Site) -> None:
    api, sender = api_of(site), Sender(site)
    await site.until_serving()
    posting = asyncio.create_task(sender.post_all([lead(f"lead{number}") for number in range(200)]))
    while len(sender.promised) < 60:
        await asyncio.sleep(0.001)
    api.kill()
    await posting
    assert sender.unanswered, "the API was killed too late for this test to mean anything"

    stored = set(await site.column(SUBMISSIONS, "workflow_id"))
    assert set(sender.promised.values()) <= stored
    api_of(site)
    if not site.database.is_sqlite:
        site.worker()
    await site.until_serving()
    promises = dict(sender.promised)
    await sender.post_all(sender.unanswered)
    assert len(sender.promised) == 200
    assert promises.items() <= sender.promised.items()
    await site.until_finished(60)
    await site.assert_each_has_one_of_everything(list(sender.promised.values()))


async def test_twenty_posts_of_one_submission_at_once_are_one_workflow(site: Site) -> None:
    """On PostgreSQL to two API processes: then no process can know what the other has just taken."""
    urls = [site.base_url]
    api_of(site)
    if not site.database.is_sqlite:
        other = free_port()
        urls.append(f"http://127.0.0.1:{other}")
        site.command("api", API_PORT=str(other))
        site.worker()
    for url in urls:
        await site.until_serving(url)
    async with httpx2.AsyncClient(timeout=20) as client:
        answers = await asyncio.gather(*(site.post(client, lead("twin"), urls[n % len(urls)]) for n in range(20)))
    assert {answer.status_code for answer in answers} == {202}
    assert [answer.json()["duplicate"] for answer in answers].count(False) == 1
    [workflow_id] = {answer.json()["workflow_id"] for answer in answers}
    await site.until_finished()
    await site.assert_each_has_one_of_everything([workflow_id])
