"""The running server as HubSpot and an operator see it: everything goes over HTTP."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import httpx2

from sales_agent.demo.signature import signed_headers

WEBHOOK = "/api/webhooks/hubspot/form-submission"
DRAFTS = "/api/operator/drafts"


class Refused(Exception):
    """The server answered something else than was hoped for (the message holds status and problem code), or nothing."""


@dataclass(frozen=True, slots=True)
class Accepted:
    workflow_id: str
    status_url: str
    duplicate: bool


class FrontDoor:
    """A client of one server. Raises Refused for any error answer, and when nobody answers."""

    def __init__(self, base_url: str, token: str, secret: str, signed_url: str | None = None,
                 transport: httpx2.AsyncBaseTransport | None = None) -> None:
        self._client = httpx2.AsyncClient(base_url=base_url, timeout=30, transport=transport)
        self._operator = {"Authorization": f"Bearer {token}"}
        self._secret = secret
        self._signed_url = (signed_url or base_url).rstrip("/") + WEBHOOK

    async def __aenter__(self) -> FrontDoor:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None,
                        trace: TracebackType | None) -> None:
        await self._client.aclose()

    async def submit(self, submission: Mapping[str, Any]) -> Accepted:
        """Post the form submission, signed as HubSpot signs."""
        body = json.dumps(submission, ensure_ascii=False).encode()
        headers = signed_headers(self._secret, "POST", self._signed_url, body, int(time.time() * 1000))
        answer = await self._call("POST", WEBHOOK, content=body, headers=headers)
        return Accepted(answer["workflow_id"], answer["status_url"], answer["duplicate"])

    async def task(self, status_url: str) -> dict[str, Any]:
        return await self.ask("GET", status_url)

    async def draft(self, draft_id: str) -> dict[str, Any]:
        return await self.ask("GET", f"{DRAFTS}/{draft_id}")

    async def has_draft_for(self, address: str) -> bool:
        page = await self.ask("GET", DRAFTS, params={"q": address, "limit": 1})
        return bool(page["total_count"])

    async def order(self, method: str, path: str, **request: Any) -> tuple[int, dict[str, Any]]:
        """What the server answers the operator, whatever it is: the status and the JSON object. Raises Refused when
        there is none."""
        try:
            answer = await self._client.request(method, path, headers=self._operator, **request)
            return answer.status_code, answer.json() if "json" in answer.headers.get("content-type", "") else {}
        except (httpx2.HTTPError, ValueError) as error:
            raise Refused(f"no answer ({type(error).__name__})") from error

    async def ask(self, method: str, path: str, **request: Any) -> dict[str, Any]:
        """What the server answers the operator. Raises Refused for any error answer, and when nobody answers."""
        return await self._call(method, path, headers=self._operator, **request)

    async def _call(self, method: str, url: str, **request: Any) -> dict[str, Any]:
        try:
            return _content(await self._client.request(method, url, **request))
        except httpx2.HTTPError as error:
            raise Refused(f"no answer ({type(error).__name__})") from error


def _content(answer: httpx2.Response) -> dict[str, Any]:
    try:
        content = answer.json()
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise Refused(f"{answer.status_code}, and no JSON object")
    if answer.is_error:
        raise Refused(f"{answer.status_code} {content.get('code', '')}".rstrip())
    return content
