"""Probes: is this process alive, may it get traffic, how are the systems around it?"""

from __future__ import annotations

import asyncio
from typing import Literal

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.responses import Response

from sales_agent import __version__
from sales_agent.core.database import is_database_down
from sales_agent.core.errors import Unavailable
from sales_agent.web.api.drafts import Services
from sales_agent.web.problems import BodyTooLarge, answers
from sales_agent.web.services import WebServices

PROBE_SECONDS = 5  # an answer that takes longer is a no

router = APIRouter(tags=["Health"])


class Alive(BaseModel):
    status: Literal["alive"] = "alive"


class Ready(BaseModel):
    status: Literal["ready"] = "ready"


class Healthy(BaseModel):
    status: Literal["ok"] = "ok"
    version: str


class DependencyOut(BaseModel):
    provider: str
    circuit: Literal["closed", "open", "half_open"]
    detail: str


class Dependencies(BaseModel):
    dependencies: dict[str, DependencyOut]


@router.get("/health/liveness", responses=answers(BodyTooLarge))
async def liveness() -> Alive:
    """This process answers. Nothing else is looked at."""
    return Alive()


@router.get("/health/readiness", responses=answers(BodyTooLarge, Unavailable))
async def readiness(services: Services) -> Ready:
    """Leads can be accepted: the database is there and migrated."""
    await _check_ready(services)
    return Ready()


@router.get("/health/dependencies", responses=answers(BodyTooLarge))
async def dependencies(services: Services) -> Dependencies:
    """Each provider and the state of its circuit, from memory."""
    report = services.dependencies()
    return Dependencies(dependencies={
        name: DependencyOut(provider=each.provider, circuit=each.circuit, detail=each.detail)
        for name, each in report.items()})


@router.get("/health", responses=answers(BodyTooLarge, Unavailable))
async def health(services: Services) -> Healthy:
    """Ready, and which version."""
    await _check_ready(services)
    return Healthy(version=__version__)


@router.get("/metrics", response_class=PlainTextResponse, responses=answers(BodyTooLarge))
async def metrics() -> Response:
    """Counters in the Prometheus text format."""
    return Response(generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})


async def _check_ready(services: WebServices) -> None:
    """Raises Unavailable with the reason."""
    try:
        async with asyncio.timeout(PROBE_SECONDS), services.database.read() as connection:
            await connection.execute(text("SELECT 1"))
            found = await _revision(connection) if services.expected_revision else None
    except TimeoutError:
        raise Unavailable(f"The database did not answer within {PROBE_SECONDS} seconds.") from None
    except Exception as error:
        if not is_database_down(error):
            raise
        raise Unavailable("The database cannot be reached.") from error
    if found != services.expected_revision:
        raise Unavailable("The database is not migrated to this version; run 'sales-agent migrate'.")


async def _revision(connection: AsyncConnection) -> str | None:
    try:
        revision: str | None = await connection.scalar(text("SELECT version_num FROM alembic_version"))
    except DBAPIError as error:
        if error.connection_invalidated:
            raise
        return None  # no such table: nothing was ever migrated
    return revision
