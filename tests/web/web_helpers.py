"""What the API's tests share."""

from __future__ import annotations

from typing import Any

import httpx2
from fastapi import FastAPI


def connect(app: FastAPI, **headers: str) -> httpx2.AsyncClient:
    """A client that sees what a real one would: exceptions must have become answers."""
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://test", headers=headers)


def assert_problem(response: Any, status: int, code: str) -> dict[str, Any]:
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert (response.status_code, problem["status"], problem["code"]) == (status, status, code)
    assert problem["title"]
    assert problem["detail"]
    assert problem["type"]
    return dict(problem)
