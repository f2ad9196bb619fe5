"""The webhooks over HTTP: every answer the contract names."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import func, select
from web_helpers import assert_problem, connect, web_services

from sales_agent.core.database import Database
from sales_agent.core.jobs import JOBS
from sales_agent.core.settings import Settings
from sales_agent.leads.intake import Intake
from sales_agent.leads.models import SUBMISSIONS
from sales_agent.web.app import create_app
from sales_agent.web.hubspot_docs import intake_openapi
from sales_agent.web.intake import intake_routes

FORM = "/api/webhooks/hubspot/form-submission"
SECRET = "a-webhook-secret-of-ours"
BASE = "https://leads.example.com"


def body(submission: str = "s-1", email: str = "ada@acme.example", **changes: Any) -> bytes:
    fields = [{"name": "email", "value": email}, {"name": "firstname", "value": "Ada"}]
    return json.dumps({"portalId": 62515, "formId": "contact-form", "formSubmissionId": submission, "fieldValues": fields,
                       **changes}).encode()


def signed(content: bytes, clock: Any, path: str = FORM, secret: str = SECRET, skew_ms: int = 0) -> dict[str, str]:
    timestamp = str(int(clock.now().timestamp() * 1000) + skew_ms)
    message = b"POST" + (BASE + path).encode() + content + timestamp.encode()
    signature = base64.b64encode(hmac.new(secret.encode(), message, hashlib.sha256).digest()).decode()
    return {"X-HubSpot-Signature-v3": signature, "X-HubSpot-Request-Timestamp": timestamp}


@pytest.fixture
def guarded(monkeypatch: pytest.MonkeyPatch, database: Database, clock: Any, settings: Settings) -> FastAPI:
    monkeypatch.setenv("HUBSPOT_WEBHOOK_SECRET", f"the-next-secret,{SECRET}")
    monkeypatch.setenv("PUBLIC_BASE_URL", BASE)
    monkeypatch.setenv("HUBSPOT_ALLOWED_FORM_IDS", "contact-form, demo-form")
    strict = Settings()
    intake = Intake(database, clock, allowed_forms=strict.intake.hubspot_allowed_form_ids)
    return create_app(web_services(strict, database, clock, extra_routes=intake_routes(intake, strict, clock),
                                   extra_openapi_paths=intake_openapi()))


async def count(database: Database) -> tuple[Any, Any]:
    async with database.read() as connection:
        return (await connection.scalar(select(func.count()).select_from(SUBMISSIONS)),
                await connection.scalar(select(func.count()).select_from(JOBS)))


async def test_a_signed_submission_is_accepted_committed_and_followed(guarded: FastAPI, database: Database, clock: Any,
                                                                      token: str) -> None:
    async with connect(guarded, Authorization=f"Bearer {token}") as client:
        content = body()
        answer = await client.post(FORM, content=content, headers=signed(content, clock))
        accepted = answer.json()
        assert answer.status_code == 202
        assert accepted["task_id"] == accepted["workflow_id"] == f"form-lead-{accepted['submission_id']}"
        assert (accepted["status"], accepted["duplicate"]) == ("accepted", False)
        assert await count(database) == (1, 1)
        status = await client.get(accepted["status_url"])
        assert (status.status_code, status.json()["status"]) == (200, "PENDING")


async def test_the_same_submission_again_is_a_duplicate(guarded: FastAPI, database: Database, clock: Any) -> None:
    async with connect(guarded) as client:
        content = body()
        answers = await asyncio.gather(*(client.post(FORM, content=content, headers=signed(content, clock)) for _ in range(20)))
        assert {answer.status_code for answer in answers} == {202}
        assert len({answer.json()["workflow_id"] for answer in answers}) == 1
        assert sum(not answer.json()["duplicate"] for answer in answers) == 1
        assert await count(database) == (1, 1)


@pytest.mark.parametrize("headers", [
    lambda content, clock: {},
    lambda content, clock: signed(content, clock, secret="another-secret-entirely"),
    lambda content, clock: signed(content, clock, skew_ms=-301_000),
    lambda content, clock: signed(content, clock, skew_ms=301_000),
    lambda content, clock: signed(content + b" ", clock),
    lambda content, clock: signed(content, clock, path=FORM + "/"),
    lambda content, clock: {**signed(content, clock), "X-HubSpot-Request-Timestamp": "soon"},
    lambda content, clock: {"X-HubSpot-Signature": hashlib.sha256(SECRET.encode() + content).hexdigest(),
                            "X-HubSpot-Signature-Version": "v1"},
])
async def test_anything_but_a_right_signature_is_refused(guarded: FastAPI, database: Database, clock: Any, headers: Any) -> None:
    async with connect(guarded) as client:
        answer = await client.post(FORM, content=body(), headers=headers(body(), clock))
        assert_problem(answer, 401, "INVALID_SIGNATURE")
        assert await count(database) == (0, 0)


async def test_the_host_header_has_no_say_in_the_signature(guarded: FastAPI, clock: Any) -> None:
    content = body()
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(guarded), base_url="http://evil.example") as client:
        answer = await client.post(FORM, content=content, headers={**signed(content, clock), "X-Forwarded-Proto": "http"})
        assert answer.status_code == 202


@pytest.mark.parametrize(("content", "status", "code"), [
    (b"{not json", 400, "MALFORMED_BODY"), (b"", 400, "MALFORMED_BODY"), (b"[" * 5000, 400, "MALFORMED_BODY"),
    (b"{}", 422, "INVALID_SUBMISSION"), (b"[]", 422, "INVALID_SUBMISSION"), (body(email="nobody"), 422, "INVALID_SUBMISSION"),
    (body(fieldValues=[]), 422, "INVALID_SUBMISSION"), (body(portalId="x"), 422, "INVALID_SUBMISSION"),
    (body(email="a@b.example\r\nBcc: c@d.example"), 422, "INVALID_SUBMISSION"),
    (body(formId="newsletter"), 422, "UNKNOWN_FORM"), (b" " * (256 * 1024 + 1), 413, "BODY_TOO_LARGE"),
])
async def test_bad_input_is_named(guarded: FastAPI, database: Database, clock: Any, content: bytes, status: int, code: str) -> None:
    async with connect(guarded) as client:
        assert_problem(await client.post(FORM, content=content, headers=signed(content, clock)), status, code)
        assert await count(database) == (0, 0)


async def test_a_database_that_is_down_is_503_and_never_202(settings: Settings, clock: Any) -> None:
    database = Database("postgresql://nobody@127.0.0.1:1/none")
    app = create_app(web_services(settings, database, clock, extra_routes=intake_routes(Intake(database, clock), settings, clock)))
    async with connect(app) as client:
        answer = await client.post(FORM, content=body())
        assert_problem(answer, 503, "UNAVAILABLE")
        assert answer.headers["retry-after"].isdigit()
    await database.dispose()


async def test_without_a_secret_development_accepts_unsigned_ones(app_client: httpx2.AsyncClient) -> None:
    assert (await app_client.post(FORM, content=body())).status_code == 202


async def test_a_workflow_contact_with_a_v2_signature(guarded: FastAPI, database: Database) -> None:
    path = "/api/webhooks/hubspot/workflow"
    content = json.dumps({"vid": 7, "portal-id": 62515, "properties": {"email": {"value": "zoe@acme.example"}}, "form-submissions": [
        {"conversion-id": "c-1", "form-id": "demo-form", "timestamp": 1}]}).encode()
    signature = hashlib.sha256(SECRET.encode() + b"POST" + (BASE + path).encode() + content).hexdigest()
    headers = {"X-HubSpot-Signature": signature, "X-HubSpot-Signature-Version": "v2"}
    async with connect(guarded) as client:
        first, again = [await client.post(path, content=content, headers=headers) for _ in range(2)]
        assert [first.json()["duplicate"], again.json()["duplicate"]] == [False, True]
        assert await count(database) == (1, 1)


EVENTS = "/api/webhooks/hubspot/events"


async def test_a_batch_of_events_is_answered_also_for_those_ignored(app_client: httpx2.AsyncClient, database: Database) -> None:
    events = [{"eventId": n, "portalId": 1, "objectId": n, "occurredAt": 5, "subscriptionType": kind, "changeSource": source}
              for n, (kind, source) in enumerate([("contact.creation", "FORM"), ("contact.creation", "IMPORT"),
                                                  ("contact.propertyChange", "CRM"), ("contact.creation", "FORM")])]
    answer = (await app_client.post(EVENTS, json=events)).json()
    assert (answer["ignored"], len(answer["results"])) == (2, 2)
    assert await count(database) == (2, 2)
    empty = await app_client.post(EVENTS, content=b"[]")
    assert (empty.status_code, empty.json()["results"]) == (202, [])


async def test_with_an_allow_list_of_forms_events_are_ignored_for_they_name_none(guarded: FastAPI, database: Database,
                                                                                clock: Any) -> None:
    content = json.dumps([{"eventId": 1, "portalId": 1, "objectId": 1, "subscriptionType": "contact.creation",
                           "changeSource": "FORM"}]).encode()
    async with connect(guarded) as client:
        answer = await client.post(EVENTS, content=content, headers=signed(content, clock, path=EVENTS))
        assert (answer.status_code, answer.json()["ignored"]) == (202, 1)
        assert await count(database) == (0, 0)


async def test_a_get_changes_nothing(guarded: FastAPI, database: Database) -> None:
    async with connect(guarded) as client:
        for path in (FORM, "/api/webhooks/hubspot/workflow", "/api/webhooks/hubspot/events"):
            assert_problem(await client.get(path), 405, "METHOD_NOT_ALLOWED")
        assert await count(database) == (0, 0)


async def test_the_webhooks_are_in_the_openapi_document(guarded: FastAPI) -> None:
    async with connect(guarded) as client:
        document = (await client.get("/openapi.json")).json()
        operation = document["paths"][FORM]["post"]
        assert set(operation["responses"]) >= {"202", "400", "401", "413", "422", "503"}
        assert (await client.get("/docs")).status_code == 200
