"""What the API's tests share."""

from __future__ import annotations

from typing import Any

import httpx2
from fastapi import FastAPI

from sales_agent.connectors.registry import connect as connect_adapters
from sales_agent.core.clock import Clock
from sales_agent.core.database import Database
from sales_agent.core.settings import Settings
from sales_agent.web.services import WebServices
from sales_agent.workflow.sending import open_door


def connect(app: FastAPI, **headers: str) -> httpx2.AsyncClient:
    """A client that sees what a real one would: exceptions must have become answers."""
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://test", headers=headers)


def web_services(settings: Settings, database: Database, clock: Clock, **extra: Any) -> WebServices:
    """With a real door to the local adapters below VAR_DIR."""
    door = open_door(settings, database, clock, connect_adapters(settings, database, clock))
    return WebServices(settings, database, clock, door, **extra)


def assert_problem(response: Any, status: int, code: str) -> dict[str, Any]:
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert (response.status_code, problem["status"], problem["code"]) == (status, status, code)
    assert problem["title"]
    assert problem["detail"]
    assert problem["type"]
    return dict(problem)
