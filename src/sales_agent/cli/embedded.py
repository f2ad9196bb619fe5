"""Everything in one process: HTTP, worker and beat, with the sample leads if wanted."""

from __future__ import annotations

import asyncio
import os
import secrets
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import httpx2
import uvicorn
from rich.console import Console

from sales_agent.core.clock import SystemClock
from sales_agent.core.database import Database
from sales_agent.core.errors import ConfigurationError
from sales_agent.core.settings import Settings, load_settings
from sales_agent.migrations.run import ensure_embedded
from sales_agent.web.accounts.models import Role
from sales_agent.web.accounts.service import create_token
from sales_agent.worker.app import create_celery
from sales_agent.worker.embedded import EmbeddedWorker
from sales_agent.worker.tasks import register_tasks

EMBEDDED_CONCURRENCY = 16
SAMPLE_SENDING = {"ALLOW_REAL_SENDS": "true", "MAX_EMAILS_PER_WEEK": "50"}


async def run_everything(settings: Settings, *, sample: bool) -> None:
    """Serve until a signal comes, then finish or hand back what is running."""
    token = await _plant_sample(settings) if sample else ""
    async with Installation(settings) as installation:
        if sample:
            await installation.feed_sample(token)
        print(f"Sales Agent is running at {settings.runtime.base_url} (API reference: /docs). Stop it with Ctrl-C.",
              flush=True)
        await installation.until_stopped()


async def run_demo_world(*, leave: bool) -> int:
    """The sample leads in a temporary place; answers the exit code."""
    with tempfile.TemporaryDirectory(prefix="sales-agent-demo-") as place:
        settings = _demo_settings(Path(place))
        token = await _plant_sample(settings)
        async with Installation(settings) as installation:
            ok = await installation.feed_sample(token)
            if not leave:
                print("Still serving; stop with Ctrl-C.", flush=True)
                await installation.until_stopped()
    return 0 if ok else 1


async def _plant_sample(settings: Settings) -> str:
    """Lay the sample world down before anything reads it; answers a token to follow its leads with."""
    from sales_agent.demo.world import plant

    settings.runtime.var_dir.mkdir(parents=True, exist_ok=True)
    ensure_embedded(settings)
    database = Database(settings.database_url, pool_size=2)
    try:
        await plant(settings, database, SystemClock())
        return await create_token(database, "sample leads", Role.OPERATOR, SystemClock())
    finally:
        await database.dispose()


def prepare_sample() -> None:
    """Sign the sample leads: without a webhook secret of the user's own, one is made and kept in VAR_DIR.

    Mail that stays in the local mailbox may be sent, and enough of it to try things; who has set it otherwise keeps that.
    """
    if load_settings().runtime.api_env != "development":
        raise ConfigurationError("API_ENV: the sample leads are for development only; start without --sample")
    if not os.environ.get("HUBSPOT_WEBHOOK_SECRET") and not load_settings().intake.webhook_secrets:
        kept = load_settings().runtime.var_dir / "hubspot_webhook_secret"
        os.environ["HUBSPOT_WEBHOOK_SECRET"] = _kept_secret(kept)
    _let_mail_into_the_local_mailbox(load_settings())


def _let_mail_into_the_local_mailbox(settings: Settings) -> None:
    if settings.providers.mail_provider != "local":
        return
    for name, value in SAMPLE_SENDING.items():
        if name.lower() not in settings.sending.model_fields_set:
            os.environ[name] = value


def _kept_secret(file: Path) -> str:
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
        file.write_text(secrets.token_urlsafe(32), encoding="utf-8")
    return file.read_text(encoding="utf-8").strip()


def _demo_settings(place: Path) -> Settings:
    os.environ.update({
        "VAR_DIR": str(place), "DATABASE_URL": "", "CELERY_BROKER_URL": "", "REDIS_URL": "", "PUBLIC_BASE_URL": "",
        "API_ENV": "development", "API_PORT": str(_free_port()), "HUBSPOT_WEBHOOK_SECRET": secrets.token_urlsafe(32),
        "MAIL_PROVIDER": "local", **SAMPLE_SENDING})
    from sales_agent.cli.context import prepared_settings

    return prepared_settings()


def _free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Installation:
    """One running process. Entering starts it, leaving stops it in good order."""

    def __init__(self, settings: Settings) -> None:
        from sales_agent.cli.serving import build_app, server

        self.settings = settings
        settings.runtime.var_dir.mkdir(parents=True, exist_ok=True)
        ensure_embedded(settings)
        celery = create_celery(settings)
        self._worker = EmbeddedWorker(celery, register_tasks(celery, settings), concurrency=EMBEDDED_CONCURRENCY,
                                      schedule_file=settings.runtime.var_dir / "beat-schedule")
        self._server: uvicorn.Server = server(settings, build_app(settings, celery))
        self._serving: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Installation:
        await asyncio.to_thread(self._worker.start)
        self._serving = asyncio.create_task(self._server.serve())
        while not self._server.started:
            if self._serving.done():
                await self._stop_worker()
                self._serving.result()
                raise SystemExit(1)  # uvicorn has said why: most often the port is taken
            await asyncio.sleep(0.02)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.should_exit = True
        if self._serving is not None:
            with suppress(asyncio.CancelledError):
                await self._serving
        await self._stop_worker()

    async def _stop_worker(self) -> None:
        await asyncio.to_thread(self._worker.stop)

    async def until_stopped(self) -> None:
        if self._serving is not None:
            await self._serving

    async def feed_sample(self, token: str) -> bool:
        """Post the sample leads, signed, over HTTP, and show the door; whether all went as expected."""
        from sales_agent.demo.front_door import Refused

        try:
            return await self._post_the_leads(token) and await self._show_the_door(token)
        except Refused:
            if self._server.should_exit:  # somebody has stopped it meanwhile
                return False
            raise

    async def _post_the_leads(self, token: str) -> bool:
        """Whether they went as expected, and now: where they are already there, nothing is shown again."""
        from sales_agent.demo.runner import run_demo

        runtime, secret = self.settings.runtime, self.settings.intake.webhook_secrets[0]
        report = await run_demo(f"http://{runtime.api_host}:{runtime.api_port}", token, secret, Console(),
                                signed_url=runtime.base_url, var_dir=runtime.var_dir)
        return report.ok and not report.already_there

    async def _show_the_door(self, token: str) -> bool:
        """Every answer of `send`, on the sample drafts; whether each was as expected. Only where mail stays here."""
        from sales_agent.demo.front_door import FrontDoor
        from sales_agent.demo.screen import show_tour
        from sales_agent.demo.tour import Tour

        runtime = self.settings.runtime
        if not (self.settings.sending.allow_real_sends and self.settings.providers.mail_provider == "local"):
            return True
        database = Database(self.settings.database_url, pool_size=2)
        try:
            async with FrontDoor(f"http://{runtime.api_host}:{runtime.api_port}", token, "") as door:
                shown = await Tour(door, self.settings, database, SystemClock(), token, _another).play()
        finally:
            await database.dispose()
        show_tour(Console(), shown, runtime.var_dir / "mailbox" / ".Sent")
        return all(each.ok for each in shown)


@asynccontextmanager
async def _another(settings: Settings) -> AsyncIterator[httpx2.AsyncBaseTransport]:
    """The API once more in this process, with other settings, reached without a socket."""
    from sales_agent.cli.serving import build_app

    app = build_app(settings)
    async with app.router.lifespan_context(app):
        yield httpx2.ASGITransport(app)
