"""An installation made of real processes, and what must be true of it after whatever happened."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx2
from sqlalchemy import Table, func, select

from sales_agent.connectors.local.crm_models import CrmNote, CrmTask
from sales_agent.core.clock import SystemClock
from sales_agent.core.database import Database
from sales_agent.core.dead_letters import FAILED_TASKS
from sales_agent.core.jobs import JOBS
from sales_agent.core.rows import table_of
from sales_agent.demo.signature import signed_headers
from sales_agent.drafts.models import DRAFTS
from sales_agent.leads.hubspot_payloads import received_form
from sales_agent.leads.intake import Intake
from sales_agent.leads.models import SUBMISSIONS
from sales_agent.workflow.models import STEP_RESULTS
from sales_agent.workflow.names import STEP_NAMES

HERE = Path(__file__).parent
SALES_AGENT = str(Path(sys.executable).parent / "sales-agent")
SECRET = "crash-test-secret-0123456789"
WEBHOOK = "/api/webhooks/hubspot/form-submission"
NOTES, TASKS = table_of(CrmNote), table_of(CrmTask)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def lead(name: str, orders: str = "", *, email: str | None = None, company: str | None = None) -> dict[str, Any]:
    """A form submission by a person of their own; `orders` is for crash_main."""
    return {"portalId": 62515, "formId": "contact-form", "formSubmissionId": f"submission-{name}", "pageTitle": orders,
            "fieldValues": [{"name": "email", "value": email or f"{name}@{name}-works.example"},
                            {"name": "firstname", "value": "Ada"},
                            {"name": "company", "value": company or f"{name} Works"},
                            {"name": "message", "value": "We would like a demo of your reporting next week."}]}


def furnish(var: Path) -> None:
    """A calendar and an asset library, empty but there: nothing is degraded unless a test breaks it."""
    (var / "assets" / "public").mkdir(parents=True)
    (var / "calendar").mkdir()
    (var / "calendar" / "work.ics").write_text("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:test\r\nEND:VCALENDAR\r\n")


class Site:
    """One database, one folder, and the processes started for them."""

    def __init__(self, place: Path, database_url: str, broker_url: str) -> None:
        self.place = place
        self.database = Database(database_url, pool_size=2)
        self.port = free_port()
        self.processes: list[subprocess.Popen[bytes]] = []
        flags = place / "flags"
        flags.mkdir(parents=True)
        furnish(place / "var")
        self.env = {
            **{name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ},
            "CRASH_DIR": str(flags), "VAR_DIR": str(place / "var"),
            "DATABASE_URL": database_url, "CELERY_BROKER_URL": broker_url, "API_PORT": str(self.port),
            "HUBSPOT_WEBHOOK_SECRET": SECRET, "PUBLIC_BASE_URL": self.base_url, "DATABASE_POOL_SIZE": "5",
            "WORKER_LEASE_SECONDS": "1", "RELAY_POLL_SECONDS": "0.1", "RELAY_REPUBLISH_SECONDS": "1",
            "RETRY_DELAYS_SECONDS": "0.2,0.2,0.2", "LOG_LEVEL": "WARNING"}

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    # processes

    def single(self, what: str, **env: str) -> subprocess.Popen[bytes]:
        """`worker` or `up`, watched for orders, and not started again."""
        return self._start([sys.executable, str(HERE / "crash_main.py"), what], env)

    def worker(self, **env: str) -> subprocess.Popen[bytes]:
        return self.single("worker", **env)

    def kept(self, what: str, **env: str) -> subprocess.Popen[bytes]:
        """`worker` or `up` under a supervisor that starts it again when it is killed."""
        return self._start([sys.executable, str(HERE / "crash_main.py"), "keep", what], env)

    def command(self, *words: str, **env: str) -> subprocess.Popen[bytes]:
        """The installed command itself, without any hooks."""
        return self._start([SALES_AGENT, *words], env)

    def _start(self, command: Sequence[str], env: Mapping[str, str]) -> subprocess.Popen[bytes]:
        self.place.joinpath("logs").mkdir(exist_ok=True)
        with self.place.joinpath("logs", f"{len(self.processes)}.log").open("ab") as log:
            process = subprocess.Popen(command, env={**self.env, **env}, cwd=self.place, stdout=log, stderr=log,
                                       start_new_session=True)
        self.processes.append(process)
        return process

    def kill_all(self) -> None:
        """kill -9, with everything they forked."""
        for process in self.processes:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    async def close(self) -> None:
        self.kill_all()
        await self.database.dispose()

    # leads

    async def submit(self, *leads: Mapping[str, Any]) -> list[str]:
        """Through the intake, straight into the database; answers the workflow ids."""
        intake = Intake(self.database, SystemClock())
        received = [received_form(json.dumps(each).encode()) for each in leads]
        return [accepted.workflow_id for accepted in await asyncio.gather(*map(intake.accept, received))]

    async def post(self, client: httpx2.AsyncClient, body: Mapping[str, Any], base_url: str = "") -> httpx2.Response:
        """Signed, as HubSpot posts it."""
        content = json.dumps(body).encode()
        headers = signed_headers(SECRET, "POST", self.base_url + WEBHOOK, content, int(time.time() * 1000))
        return await client.post((base_url or self.base_url) + WEBHOOK, content=content, headers=headers)

    async def until_serving(self, base_url: str = "") -> None:
        async with httpx2.AsyncClient() as client:
            async def ready() -> bool:
                try:
                    return (await client.get(f"{base_url or self.base_url}/health/readiness")).status_code == 200
                except httpx2.HTTPError:
                    return False
            await self.until(ready, 30)

    # what is true

    async def until(self, condition: Callable[[], Awaitable[bool]], seconds: float) -> None:
        """Wait for it; a timeout tells what the jobs and the processes had to say."""
        end = time.monotonic() + seconds
        while not await condition():
            if time.monotonic() > end:
                raise AssertionError(f"not within {seconds} s; {await self._story()}")
            await asyncio.sleep(0.05)

    async def until_finished(self, seconds: float = 30) -> None:
        """Wait until no job is open."""
        async def none_open() -> bool:
            assert any(process.poll() is None for process in self.processes), f"nobody is left; {await self._story()}"
            open_jobs = select(func.count()).where(JOBS.c.status.not_in(("SUCCESS", "FAILURE")))
            return not await self.scalar(open_jobs)
        await self.until(none_open, seconds)

    async def _story(self) -> str:
        columns = (JOBS.c.id, JOBS.c.status, JOBS.c.attempts, JOBS.c.crashes, JOBS.c.wake_at, JOBS.c.error)
        jobs = await self.rows(select(*columns).where(JOBS.c.status != "SUCCESS").limit(5))
        logs = [file.read_text(errors="replace")[-1500:] for file in sorted(self.place.glob("logs/*"))]
        return "\n".join([*map(str, jobs), *logs])

    async def rows(self, statement: Any) -> Sequence[Any]:
        async with self.database.read() as connection:
            return (await connection.execute(statement)).all()

    async def scalar(self, statement: Any) -> Any:
        return (await self.rows(statement))[0][0]

    async def column(self, table: Table, name: str) -> list[Any]:
        return [row[0] for row in await self.rows(select(table.c[name]))]

    async def job(self, job_id: str) -> Any:
        return (await self.rows(select(JOBS).where(JOBS.c.id == job_id)))[0]

    async def flagged(self, workflow_id: str) -> bool:
        """Whether the lead's order has been carried out."""
        return Path(self.env["CRASH_DIR"], workflow_id).exists()

    def mailbox_drafts(self) -> list[str]:
        return [file.name for file in (self.place / "var" / "mailbox" / ".Drafts" / "cur").glob("*")]

    async def assert_each_has_one_of_everything(self, workflow_ids: Collection[str]) -> None:
        """The invariant: nothing lost, nothing twice, nothing stuck, nothing that belongs to nobody."""
        assert Counter(await self.column(SUBMISSIONS, "workflow_id")) == dict.fromkeys(workflow_ids, 1)
        await self.assert_drafted_once(workflow_ids)

    async def assert_drafted_once(self, workflow_ids: Collection[str]) -> None:
        """The same, where some submissions were skipped and these were not."""
        assert await self.column(FAILED_TASKS, "error") == []  # first, because it says why
        assert Counter(await self.column(DRAFTS, "workflow_id")) == dict.fromkeys(workflow_ids, 1)
        assert Counter(await self.column(NOTES, "key")) == {f"{each}:crm_note": 1 for each in workflow_ids}
        assert Counter(await self.column(TASKS, "key")) == {f"{each}:crm_task": 1 for each in workflow_ids}
        assert Counter(self.mailbox_drafts()) == {mailbox_name(each): 1 for each in workflow_ids}
        assert set(await self.column(JOBS, "status")) == {"SUCCESS"}
        last_step = select(STEP_RESULTS.c.workflow_id).where(STEP_RESULTS.c.step == STEP_NAMES[-1])
        assert {row[0] for row in await self.rows(last_step)} == set(workflow_ids)
        steps = select(STEP_RESULTS.c.workflow_id, func.count()).group_by(STEP_RESULTS.c.workflow_id)
        counts = dict(map(tuple, await self.rows(steps)))
        assert {counts[each] for each in workflow_ids} == {len(STEP_NAMES)}


def mailbox_name(workflow_id: str) -> str:
    return f"{hashlib.sha256(f'{workflow_id}:mailbox_draft'.encode()).hexdigest()[:40]}.sales-agent:2,D"
