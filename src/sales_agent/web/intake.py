"""The webhook endpoints: the hot path, so plain ASGI with one compiled validation and one commit."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from sales_agent.core.clock import Clock
from sales_agent.core.settings import Settings
from sales_agent.leads import hubspot_payloads as payloads
from sales_agent.leads.hubspot_signature import SignedRequest, Version, verify
from sales_agent.leads.intake import Accepted, Intake

PREFIX = "/api/webhooks/hubspot"


@dataclass(frozen=True, slots=True)
class Gate:
    """Who may post: the secrets, and the public base URL that HubSpot signs against."""

    secrets: Sequence[str]
    base_url: bytes
    clock: Clock

    def check(self, scope: Scope, headers: Mapping[bytes, bytes], body: bytes, accepted: Sequence[Version]) -> None:
        """Raises InvalidSignature. Without a secret (development only) everything passes."""
        if not self.secrets:
            return
        path: bytes = scope.get("raw_path") or scope["path"].encode()
        query: bytes = scope["query_string"]
        uri = self.base_url + path + (b"?" + query if query else b"")
        request = SignedRequest(scope["method"].encode(), uri, headers, body)
        verify(request, self.secrets, accepted, int(self.clock.now().timestamp() * 1000))


class WebhookEndpoint:
    """One webhook as an ASGI application: read, authenticate, validate, commit, answer."""

    def __init__(self, gate: Gate, accepted: Sequence[Version], answer: Callable[[bytes], Awaitable[bytes]]) -> None:
        self._gate = gate
        self._accepted = accepted
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        body = await read_body(receive)
        self._gate.check(scope, headers, body, self._accepted)
        content = await self._answer(body)
        await send({"type": "http.response.start", "status": 202, "headers": [
            (b"content-type", b"application/json"), (b"content-length", b"%d" % len(content))]})
        await send({"type": "http.response.body", "body": content})


async def read_body(receive: Receive) -> bytes:
    """The whole body. How large it may be is the edge's business."""
    message: Message = await receive()
    body: bytes = message.get("body", b"")
    while message.get("more_body", False):
        message = await receive()
        body += message.get("body", b"")
    return body


def intake_routes(intake: Intake, settings: Settings, clock: Clock) -> list[Route]:
    """The three webhooks. v1 and v2 signatures count only where HubSpot sends nothing better."""
    gate = Gate(settings.intake.webhook_secrets, settings.runtime.base_url.encode(), clock)

    async def form(body: bytes) -> bytes:
        return _accepted_json(await intake.accept(payloads.received_form(body)))

    async def workflow(body: bytes) -> bytes:
        return _accepted_json(await intake.accept(payloads.received_workflow(body)))

    async def events(body: bytes) -> bytes:
        received = payloads.received_events(body)
        # An event does not say which form it was: with an allow-list, none can be known to be on it.
        wanted = [each for each in received if each is not None and not settings.intake.hubspot_allowed_form_ids]
        results = await asyncio.gather(*(intake.accept(each) for each in wanted))
        return json.dumps({"status": "accepted", "ignored": len(received) - len(wanted),
                           "results": [accepted_answer(each) for each in results]}).encode()

    endpoints: list[tuple[str, Sequence[Version], Callable[[bytes], Awaitable[bytes]]]] = [
        ("/form-submission", ("v3", "v2"), form),
        ("/workflow", ("v3", "v2"), workflow),
        ("/events", ("v3", "v1"), events),
    ]
    return [Route(PREFIX + path, WebhookEndpoint(gate, accepted, answer), methods=["POST"])
            for path, accepted, answer in endpoints]


def accepted_answer(accepted: Accepted) -> dict[str, Any]:
    workflow_id = accepted.workflow_id
    return {"status": "accepted", "submission_id": accepted.submission_id, "workflow_id": workflow_id,
            "task_id": workflow_id, "status_url": f"/api/async/tasks/{workflow_id}/status",
            "duplicate": accepted.duplicate}


_ANSWER = json.dumps(accepted_answer(Accepted("%(id)s", duplicate=False))).replace("false", "%(duplicate)s")


def _accepted_json(accepted: Accepted) -> bytes:
    """`accepted_answer` as JSON. Its only variable parts are an id of our own and a boolean."""
    return (_ANSWER % {"id": accepted.submission_id, "duplicate": "true" if accepted.duplicate else "false"}).encode()
