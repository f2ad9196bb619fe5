"""The edge of the API: one plain ASGI layer around everything, cheap enough for the hot path.

It numbers requests, caps bodies, adds security headers, counts, turns what nobody caught
into a problem, and logs only failures and slow requests.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, MutableMapping
from time import perf_counter
from typing import Any
from uuid import uuid4

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sales_agent.core.errors import AppError
from sales_agent.core.telemetry import described
from sales_agent.web.metrics import record
from sales_agent.web.problems import as_app_error, problem_response

MAX_BODY_BYTES = 256 * 1024
SLOW_SECONDS = 1.0
CLIENT_GONE = 499  # in metrics only: nobody was there to be answered
NOTHING_LOADS = b"default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

Headers = list[tuple[bytes, bytes]]

_HEADERS: Headers = [
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", NOTHING_LOADS),
]
_OVERRIDABLE = frozenset((b"cache-control", b"content-security-policy"))
_HTTPS_ONLY = (b"strict-transport-security", b"max-age=63072000; includeSubDomains")
_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_log = structlog.get_logger(__name__)


class Edge:
    """Wraps `app`. Routes with a fixed path in `direct` are called at once, past the framework's layers."""

    def __init__(self, app: ASGIApp, direct: Iterable[BaseRoute] = (), *, https: bool = False) -> None:
        self._app = app
        self._direct: Mapping[str, Route] = {
            route.path: route for route in direct if isinstance(route, Route) and "{" not in route.path}
        self._headers = [*_HEADERS, _HTTPS_ONLY] if https else _HEADERS

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = perf_counter()
        exchange = _Exchange(scope, receive, send, self._headers)
        error = await self._answer(scope, exchange)
        seconds = perf_counter() - started
        route = _template(scope)
        record(scope["method"], route, exchange.status, seconds)
        if exchange.status >= 500 or seconds > SLOW_SECONDS:
            _report(scope["method"], route, exchange, seconds, error)

    async def _answer(self, scope: Scope, exchange: _Exchange) -> Exception | None:
        """Let the application answer; an exception that it did not turn into an answer is turned here."""
        try:
            exchange.check_declared_length()
            if (route := self._direct.get(scope["path"])) is not None:
                scope["route"], scope["path_params"] = route, {}
                await route.handle(scope, exchange.receive, exchange.send)
            else:
                await self._app(scope, exchange.receive, exchange.send)
        except ClientDisconnect:
            exchange.status = CLIENT_GONE
        except Exception as error:  # noqa: BLE001  (the last place that can answer; reported by the caller)
            await exchange.fail(error)
            return error
        return None


class _Exchange:
    """One request and its answer, as the edge sees them."""

    __slots__ = ("_declared", "_headers", "_receive", "_received", "_scope", "_send", "request_id", "started", "status")

    def __init__(self, scope: Scope, receive: Receive, send: Send, headers: Headers) -> None:
        self._scope, self._receive, self._send, self._headers = scope, receive, send, headers
        self._received = 0
        self._declared = b""
        self.status = 500
        self.started = False
        self.request_id = b""
        for name, value in scope["headers"]:
            if name == b"content-length":
                self._declared = value
            elif name == b"x-request-id" and _REQUEST_ID.fullmatch(value):
                self.request_id = value
        self.request_id = self.request_id or uuid4().hex.encode()

    def check_declared_length(self) -> None:
        if len(self._declared) > 6 or (self._declared.isdigit() and int(self._declared) > MAX_BODY_BYTES):
            raise HTTPException(413)

    async def receive(self) -> Message:
        message = await self._receive()
        self._received += len(message.get("body", b""))
        if self._received > MAX_BODY_BYTES:
            raise HTTPException(413)
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started, self.status = True, message["status"]
            self._complete(message)
        await self._send(message)

    def _complete(self, message: MutableMapping[str, Any]) -> None:
        """Add our headers; a page may bring its own caching and content rules."""
        own = list(message.get("headers", ()))
        brought = {name for name, _ in own if name in _OVERRIDABLE}
        own.extend(header for header in self._headers if header[0] not in brought)
        own.append((b"x-request-id", self.request_id))
        message["headers"] = own

    async def fail(self, error: Exception) -> None:
        """Answer with a problem, unless an answer is already on its way."""
        if not self.started:
            await problem_response(as_app_error(error))(self._scope, self._receive, self.send)


def _template(scope: Scope) -> str:
    path = getattr(scope.get("route"), "path", None)
    return path if isinstance(path, str) else "unmatched"


def _report(method: str, route: str, exchange: _Exchange, seconds: float, error: Exception | None) -> None:
    facts: dict[str, Any] = {"method": method, "route": route, "status": exchange.status,
                             "ms": round(seconds * 1000), "request_id": exchange.request_id.decode()}
    if exchange.status < 500:
        _log.warning("http.slow", **facts)
    elif error is None or isinstance(error, AppError):
        _log.error("http.failed", **facts)
    else:
        _log.error("http.failed", **facts, **described(error))
