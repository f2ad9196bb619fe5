"""Puts the HTTP application together and serves it."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress

import uvicorn
from celery import Celery
from fastapi import FastAPI

from sales_agent.connectors.registry import check_providers, connect
from sales_agent.core.clock import Clock, SystemClock
from sales_agent.core.database import Database
from sales_agent.core.event_loop import settle_in
from sales_agent.core.relay import Relay
from sales_agent.core.settings import Settings
from sales_agent.leads.intake import Intake
from sales_agent.migrations.run import expected_revision
from sales_agent.web.app import create_app
from sales_agent.web.hubspot_docs import intake_openapi
from sales_agent.web.intake import intake_routes
from sales_agent.web.services import Dependency, WebServices
from sales_agent.worker.app import create_celery
from sales_agent.worker.publisher import publisher
from sales_agent.workflow.sending import open_door


def build_app(settings: Settings, celery: Celery | None = None, clock: Clock | None = None) -> FastAPI:
    """The API with its database, intake and relay; they live as long as the application's lifespan."""
    check_providers(settings)
    clock = clock or SystemClock()
    database = Database(settings.database_url, pool_size=settings.database.database_pool_size)
    work = settings.work
    relay = Relay(database, clock, publisher(celery or create_celery(settings)), poll_seconds=work.relay_poll_seconds,
                  republish_seconds=work.relay_republish_seconds)
    door = open_door(settings, database, clock, connect(settings, database, clock))
    intake = Intake(database, clock, allowed_forms=settings.intake.hubspot_allowed_form_ids, on_commit=relay.wake)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        # An in-process queue without a worker in the process would swallow what it is told.
        running = None if settings.embedded and celery is None else asyncio.create_task(relay.run())
        yield
        await door.close()
        if running is not None:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running
        await database.dispose()

    return create_app(WebServices(
        settings=settings, database=database, clock=clock, door=door, extra_routes=intake_routes(intake, settings, clock),
        extra_openapi_paths=intake_openapi(), expected_revision=expected_revision(), lifespan=lifespan,
        dependencies=lambda: _dependencies(settings)))


def _dependencies(settings: Settings) -> dict[str, Dependency]:
    """The providers behind the ports. All of this version's live in this process: none has a circuit that could open."""
    chosen = settings.providers
    return {"crm": Dependency(chosen.crm_provider), "mail": Dependency(chosen.mail_provider),
            "calendar": Dependency(chosen.calendar_provider), "assets": Dependency(chosen.asset_provider),
            "writer": Dependency(chosen.writer_provider)}


class QuietlyEndingServer(uvicorn.Server):
    """Stops on SIGINT and SIGTERM and lets the process go on: uvicorn itself would send the signal
    again once it has stopped, and kill the worker beside it before that could hand its work back."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield  # only the main thread may listen to signals
            return
        earlier = {each: signal.signal(each, self.handle_exit) for each in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for each, handler in earlier.items():
                signal.signal(each, handler)


def server(settings: Settings, app: FastAPI) -> uvicorn.Server:
    return QuietlyEndingServer(uvicorn.Config(
        app, host=settings.runtime.api_host, port=settings.runtime.api_port, access_log=False, log_level="warning",
        server_header=False, timeout_graceful_shutdown=20, backlog=2048))


async def serve(settings: Settings) -> None:
    app = build_app(settings)
    settle_in()
    await server(settings, app).serve()
