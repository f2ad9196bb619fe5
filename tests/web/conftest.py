"""The API in this process, on a real database, with an operator's token."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from web_helpers import connect, web_services

from sales_agent.core.database import Database
from sales_agent.core.rows import insert_missing
from sales_agent.core.settings import Settings
from sales_agent.drafts.service import NewDraft, new_draft_rows
from sales_agent.leads.intake import Intake
from sales_agent.web.accounts.models import Role
from sales_agent.web.accounts.service import create_token
from sales_agent.web.app import create_app
from sales_agent.web.intake import intake_routes
from sales_agent.web.services import WebServices


class SettableClock:
    def __init__(self) -> None:
        self.moment = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment

    def advance(self, by: timedelta) -> None:
        self.moment += by


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Settings:
    monkeypatch.chdir(tmp_path)  # no .env of the developer's
    monkeypatch.delenv("HUBSPOT_WEBHOOK_SECRET", raising=False)
    return Settings()


@pytest.fixture
def services(settings: Settings, database: Database, clock: SettableClock) -> WebServices:
    return web_services(settings, database, clock, extra_routes=intake_routes(Intake(database, clock), settings, clock))


@pytest.fixture
def app(services: WebServices) -> FastAPI:
    return create_app(services)


@pytest.fixture
async def token(database: Database, clock: SettableClock) -> str:
    return await create_token(database, "ada", Role.OPERATOR, clock)


@pytest.fixture
async def app_client(app: FastAPI, token: str) -> AsyncIterator[httpx2.AsyncClient]:
    async with connect(app, Authorization=f"Bearer {token}") as client:
        yield client


@pytest.fixture
async def stranger(app: FastAPI) -> AsyncIterator[httpx2.AsyncClient]:
    async with connect(app) as client:
        yield client


@pytest.fixture
def add_draft(database: Database, clock: SettableClock) -> Callable[..., Any]:
    """Lay down a draft as a workflow does; answers its id."""
    async def add(workflow_id: str = "form-lead-1", **values: Any) -> str:
        new = NewDraft(**{"recipient": "lead@acme.example", "subject": "Hello", "body": "Hi Lee,\n\nthanks.",
                          "workflow_id": workflow_id, **values})
        rows = new_draft_rows(new, clock.now())
        async with database.write() as connection:
            await insert_missing(connection, rows)
        return str(rows[0].values["id"])
    return add
