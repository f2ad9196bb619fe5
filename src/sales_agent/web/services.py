"""What the HTTP surface is built from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, Literal

from fastapi import FastAPI, Request
from starlette.routing import BaseRoute

from sales_agent.core.clock import Clock
from sales_agent.core.database import Database
from sales_agent.core.settings import Settings
from sales_agent.sending.door import Door


@dataclass(frozen=True, slots=True)
class Dependency:
    """One outside system as this process last saw it."""

    provider: str
    circuit: Literal["closed", "open", "half_open"] = "closed"
    detail: str = ""


def no_dependencies() -> Mapping[str, Dependency]:
    return {}


@dataclass(frozen=True)
class WebServices:
    """Everything the API needs, put together by whoever starts it.

    `extra_routes` with a fixed path are served ahead of the framework's layers;
    `extra_openapi_paths` describes them. `dependencies` answers from memory.
    `expected_revision` is the newest migration; None skips that part of the readiness probe.
    """

    settings: Settings
    database: Database
    clock: Clock
    door: Door
    extra_routes: Sequence[BaseRoute] = ()
    extra_openapi_paths: Mapping[str, Any] = field(default_factory=dict)
    dependencies: Callable[[], Mapping[str, Dependency]] = no_dependencies
    expected_revision: str | None = None
    lifespan: Callable[[FastAPI], AbstractAsyncContextManager[None]] | None = None


def services_of(request: Request) -> WebServices:
    services: WebServices = request.app.state.services
    return services
