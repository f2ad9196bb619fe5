"""The edge: who gets in, what every answer carries, and what an error may say."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
import structlog
from fastapi import FastAPI
from httpx2 import AsyncClient
from prometheus_client import REGISTRY
from sqlalchemy import select, text, update
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from web_helpers import assert_problem, connect

from sales_agent.core.database import Database
from sales_agent.core.errors import Conflict
from sales_agent.web.accounts.models import API_TOKENS, OPERATORS, Role
from sales_agent.web.accounts.service import create_operator, create_token
from sales_agent.web.app import create_app
from sales_agent.web.openapi import operations
from sales_agent.web.services import Dependency, WebServices

DRAFTS_URL = "/api/operator/drafts"
OPEN = {"/u/{token}", "/health", "/health/liveness", "/health/readiness", "/health/dependencies", "/metrics"}
TOO_LARGE = 256 * 1024 + 1


class Unreachable(Database):
    """A database behind a port where nobody listens."""

    def __init__(self) -> None:
        super().__init__("postgresql://127.0.0.1:1/none", pool_size=2)


async def test_everything_but_probes_needs_a_token(app: FastAPI, stranger: AsyncClient) -> None:
    guarded = [(method, path) for method, path, _ in operations(app.openapi()) if path not in OPEN]
    assert len(guarded) >= 12
    for method, path in guarded:
        url = re.sub(r"\{.*?\}", "x@y.example", path)
        response = await stranger.request(method, url, content=b"not even json")
        assert_problem(response, 401, "UNAUTHENTICATED")
        assert response.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic abc", "Bearer sa_wrong", "Bearer " + "x" * 9000,
                                    "bearer\tsa_x", "Bearer sa_\xff\xfe", "Bearer sa_" + "x" * 200])
async def test_bad_tokens_are_refused(stranger: AsyncClient, header: str) -> None:
    response = await stranger.get(DRAFTS_URL, headers=[(b"authorization", header.encode("latin-1"))])
    assert_problem(response, 401, "UNAUTHENTICATED")


async def test_a_revoked_token_is_refused(app_client: AsyncClient, database: Database, clock: Any) -> None:
    assert (await app_client.get(DRAFTS_URL)).status_code == 200
    async with database.write() as connection:
        await connection.execute(update(API_TOKENS).values(revoked_at=clock.now()))
    assert_problem(await app_client.get(DRAFTS_URL), 401, "UNAUTHENTICATED")


async def test_only_the_hash_of_a_token_is_kept(database: Database, clock: Any) -> None:
    token = await create_token(database, "robot", Role.ADMIN, clock)
    async with database.read() as connection:
        row = (await connection.execute(select(API_TOKENS))).one()
    assert token.startswith("sa_")
    assert len(token) >= 46
    assert token not in str(row)
    assert (row.name, row.role) == ("robot", "admin")


async def test_operators_have_hashed_passwords_and_unique_names(database: Database, clock: Any) -> None:
    await create_operator(database, "ada", "correct horse battery", Role.OPERATOR, clock)
    with pytest.raises(Conflict):
        await create_operator(database, "ada", "another long password", Role.ADMIN, clock)
    for name, password in (("bob", "elevenchars"), ("", "correct horse battery"), ("a\nb", "correct horse battery")):
        with pytest.raises(ValueError, match="must"):
            await create_operator(database, name, password, Role.OPERATOR, clock)
    async with database.read() as connection:
        row = (await connection.execute(select(OPERATORS))).one()
    assert row.password_hash.startswith("$argon2id$")


@pytest.mark.parametrize("path", ["/", "/nope", "/api/operator/drafts/", "/docs/../etc", "/%00", "/%ff",
                                  "//evil.example"])
async def test_unknown_addresses_are_problems(stranger: AsyncClient, path: str) -> None:
    assert_problem(await stranger.get(path), 404, "NOT_FOUND")


async def test_wrong_methods_are_problems(stranger: AsyncClient) -> None:
    response = await stranger.delete(DRAFTS_URL)
    assert_problem(response, 405, "METHOD_NOT_ALLOWED")
    assert response.headers["allow"]


@pytest.mark.parametrize("path", ["/health/liveness", "/nope", DRAFTS_URL])
async def test_every_answer_carries_the_headers(stranger: AsyncClient, path: str) -> None:
    headers = (await stranger.get(path)).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["content-security-policy"].startswith("default-src 'none'")
    assert re.fullmatch(r"[0-9a-f]{32}", headers["x-request-id"])
    assert "strict-transport-security" not in headers  # plain http on this machine


async def test_a_sound_request_id_is_kept_and_any_other_replaced(stranger: AsyncClient) -> None:
    for sent, kept in ((b"abc-1.2_3", True), (b"a b", False), (b"x" * 65, False), (b"\xff", False)):
        answer = await stranger.get("/health/liveness", headers=[(b"x-request-id", sent)])
        assert (answer.headers["x-request-id"].encode("latin-1") == sent) is kept


async def test_behind_https_browsers_are_told_to_stay_there(services: WebServices,
                                                            monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PUBLIC_BASE_URL", "https://leads.example.com")
    async with connect(create_app(replace(services, settings=type(services.settings)()))) as client:
        assert "max-age" in (await client.get("/health/liveness")).headers["strict-transport-security"]


async def chunks(size: int) -> AsyncIterator[bytes]:
    for _ in range(size // 1024 + 1):
        yield b"x" * 1024


@pytest.mark.parametrize("path", [DRAFTS_URL, "/health/liveness", "/nope", "/api/webhooks/hubspot/form-submission"])
async def test_declared_bodies_over_256_kib_are_refused(app_client: AsyncClient, path: str) -> None:
    assert_problem(await app_client.post(path, content=b"x" * TOO_LARGE), 413, "BODY_TOO_LARGE")


@pytest.mark.parametrize("path", [DRAFTS_URL, "/api/webhooks/hubspot/form-submission"])
async def test_streamed_bodies_over_256_kib_are_refused(app_client: AsyncClient, path: str) -> None:
    response = await app_client.post(path, content=chunks(TOO_LARGE), headers={"content-type": "application/json"})
    assert_problem(response, 413, "BODY_TOO_LARGE")


@pytest.mark.parametrize("body", [b"{", b"nope", b"\xff\xfe\x00", b"[" * 100_000, b'{"a":' * 50_000, b"9" * 5_000,
                                  b'{"recipient": "\\ud8', b"\x00"])
async def test_what_is_not_json_is_malformed(app_client: AsyncClient, body: bytes) -> None:
    response = await app_client.post(DRAFTS_URL, content=body, headers={"content-type": "application/json"})
    assert_problem(response, 400, "MALFORMED_BODY")


def failing(services: WebServices, error: Exception) -> FastAPI:
    async def fail(_request: Any) -> PlainTextResponse:
        raise error
    return create_app(replace(services, extra_routes=[Route("/direct", fail), Route("/by/{name}", fail)]))


@pytest.mark.parametrize("path", ["/direct", "/by/lee@acme.example"])
async def test_the_unexpected_is_a_problem_that_says_nothing(services: WebServices, path: str) -> None:
    """The log knows where it happened, but not whose data it was about."""
    with structlog.testing.capture_logs() as logs:
        async with connect(failing(services, ValueError("lead lee@acme.example broke it"))) as client:
            response = await client.get(path)
    assert_problem(response, 500, "INTERNAL_ERROR")
    assert len(logs) == 1
    assert (logs[0]["error"], logs[0]["status"]) == ("ValueError", 500)
    assert logs[0]["request_id"] == response.headers["x-request-id"]
    assert any("fail (test_edge.py" in place for place in logs[0]["at"])
    assert "lee@" not in json.dumps(logs) + response.text


async def test_expected_errors_keep_their_code_on_the_direct_way(services: WebServices) -> None:
    async with connect(failing(services, Conflict("taken", limit="day"))) as client:
        assert assert_problem(await client.get("/direct"), 409, "CONFLICT")["limit"] == "day"
        assert_problem(await client.post("/direct"), 405, "METHOD_NOT_ALLOWED")


async def test_an_unreachable_database_is_temporary(services: WebServices) -> None:
    async with connect(create_app(replace(services, database=Unreachable())), Authorization="Bearer sa_x") as client:
        for path in (DRAFTS_URL, "/health/readiness", "/health"):
            response = await client.get(path)
            assert_problem(response, 503, "UNAVAILABLE")
            assert int(response.headers["retry-after"]) > 0
        assert (await client.get("/health/liveness")).json() == {"status": "alive"}
        assert (await client.get("/health/dependencies")).status_code == 200


async def test_readiness_needs_this_versions_migration(services: WebServices, database: Database) -> None:
    async with connect(create_app(replace(services, expected_revision="0002"))) as client:
        assert "migrate" in assert_problem(await client.get("/health/readiness"), 503, "UNAVAILABLE")["detail"]
        async with database.write() as connection:
            await connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32))"))
            await connection.execute(text("INSERT INTO alembic_version VALUES ('0001')"))
        assert_problem(await client.get("/health/readiness"), 503, "UNAVAILABLE")
        async with database.write() as connection:
            await connection.execute(text("UPDATE alembic_version SET version_num = '0002'"))
        assert (await client.get("/health/readiness")).json() == {"status": "ready"}
        assert (await client.get("/health")).json()["status"] == "ok"


async def test_dependencies_come_from_memory(services: WebServices) -> None:
    def report() -> dict[str, Dependency]:
        return {"crm": Dependency("local"), "mail": Dependency("gmail", "open", "timed out")}
    async with connect(create_app(replace(services, dependencies=report))) as client:
        assert (await client.get("/health/dependencies")).json() == {"dependencies": {
            "crm": {"provider": "local", "circuit": "closed", "detail": ""},
            "mail": {"provider": "gmail", "circuit": "open", "detail": "timed out"}}}


async def test_metrics_count_by_route_and_never_by_address(app_client: AsyncClient) -> None:
    labels = {"method": "GET", "route": "/api/operator/quota/{contact_email}", "status": "200"}
    before = REGISTRY.get_sample_value("sales_agent_http_requests_total", labels) or 0
    await app_client.get("/api/operator/quota/secret.person@acme.example")
    await app_client.get("/no/such/secret.person")
    await app_client.request("BREW", "/health")
    page = await app_client.get("/metrics")
    assert REGISTRY.get_sample_value("sales_agent_http_requests_total", labels) == before + 1
    assert page.headers["content-type"].startswith("text/plain")
    assert 'route="unmatched"' in page.text
    assert "secret.person" not in page.text
    assert "BREW" not in page.text


async def test_the_docs_page_lists_every_operation_and_loads_nothing(app: FastAPI, stranger: AsyncClient) -> None:
    page = await stranger.get("/docs")
    for _, path, _operation in operations(app.openapi()):
        assert path in page.text
    assert 'id="STALE_VERSION"' in page.text
    assert "<script" not in page.text
    assert "http://" not in page.text.replace("http://test", "")
    assert "script-src" not in page.headers["content-security-policy"]
    assert "style-src 'sha256-" in page.headers["content-security-policy"]


async def test_every_documented_error_is_a_problem(app: FastAPI) -> None:
    for method, path, operation in operations(app.openapi()):
        for status, response in operation["responses"].items():
            media = set(response.get("content", {}))
            assert status < "400" or media == {"application/problem+json"}, (method, path, status)


async def test_the_lifespan_that_was_given_runs(services: WebServices) -> None:
    seen: list[str] = []

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        seen.append("up")
        yield
        seen.append("down")

    app: Callable[..., Any] = create_app(replace(services, lifespan=lifespan))
    messages = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    answers: list[str] = []

    async def receive() -> dict[str, str]:
        return messages.pop(0)

    async def send(message: dict[str, str]) -> None:
        answers.append(message["type"])

    await app({"type": "lifespan", "asgi": {"version": "3.0"}}, receive, send)
    assert seen == ["up", "down"]
    assert answers == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
