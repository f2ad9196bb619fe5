"""Errors as RFC 9457 problem JSON: which error becomes which answer. Nothing of the input is echoed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from sales_agent.core.database import is_database_down
from sales_agent.core.errors import AppError, NotFound, Unavailable

MEDIA_TYPE = "application/problem+json"


class Problem(BaseModel):
    """What every error answer looks like. `code` is stable; the texts may be reworded."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    detail: str
    code: str


class FieldError(BaseModel):
    loc: list[str | int]
    msg: str


class ValidationProblem(Problem):
    errors: list[FieldError]


class MalformedBody(AppError):
    status, code, title = 400, "MALFORMED_BODY", "Malformed body"


class Unauthenticated(AppError):
    status, code, title = 401, "UNAUTHENTICATED", "Not authenticated"

    def __init__(self, detail: str) -> None:
        super().__init__(detail, headers={"WWW-Authenticate": 'Bearer realm="sales-agent"'})


class MethodNotAllowed(AppError):
    status, code, title = 405, "METHOD_NOT_ALLOWED", "Method not allowed"


class BodyTooLarge(AppError):
    status, code, title = 413, "BODY_TOO_LARGE", "Body too large"


class InvalidInput(AppError):
    status, code, title = 422, "VALIDATION_ERROR", "Invalid input"


_BY_STATUS: dict[int, tuple[type[AppError], str]] = {
    400: (MalformedBody, "The body could not be read as JSON."),
    404: (NotFound, "There is nothing at this address."),
    405: (MethodNotAllowed, "This address does not take this method."),
    413: (BodyTooLarge, "The body is larger than 256 KiB."),
}


def as_app_error(error: BaseException) -> AppError:
    """The answer that an exception deserves; one that nobody expected says nothing about itself."""
    if isinstance(error, AppError):
        return error
    if isinstance(error, RequestValidationError):
        return _invalid(error.errors())
    if isinstance(error, HTTPException) and error.status_code in _BY_STATUS:
        kind, detail = _BY_STATUS[error.status_code]
        return kind(detail, headers=error.headers)
    if is_database_down(error):
        return Unavailable("The database cannot be reached right now. Try again shortly.")
    return AppError("The request could not be handled. The log knows why, under this answer's X-Request-ID.")


def _invalid(errors: Sequence[Any]) -> AppError:
    if any(each["type"] == "json_invalid" for each in errors):
        return MalformedBody("The body is not valid JSON.")
    found = [{"loc": _location(each), "msg": each["msg"].removeprefix("Value error, ")} for each in errors]
    return InvalidInput("Some fields are not as they must be; see errors.", errors=found)


def _location(error: Any) -> list[str | int]:
    """Where it is wrong. An unknown field's name is the caller's text, so it is not repeated."""
    return [*error["loc"][:-1], "(unknown field)"] if error["type"] == "extra_forbidden" else list(error["loc"])


def problem_response(error: AppError) -> Response:
    content = {"type": f"/docs#{error.code}", "title": error.title, "status": error.status, "detail": error.detail,
               "code": error.code, **error.extra}
    return Response(json.dumps(content), error.status, error.headers, MEDIA_TYPE)


async def answer_with_problem(_request: Request, error: Exception) -> Response:
    return problem_response(as_app_error(error))


def answers(*kinds: type[AppError]) -> dict[int | str, dict[str, Any]]:
    """The OpenAPI responses for these errors, grouped by status."""
    by_status: dict[int | str, dict[str, Any]] = {}
    for kind in kinds:
        entry = by_status.setdefault(kind.status, {"x-codes": [], "content": {MEDIA_TYPE: {"schema": _schema(kind)}}})
        entry["x-codes"].append(kind.code)
        entry["description"] = " or ".join(f"`{code}`" for code in entry["x-codes"])
    return by_status


def _schema(kind: type[AppError]) -> dict[str, str]:
    name = ValidationProblem.__name__ if kind is InvalidInput else Problem.__name__
    return {"$ref": f"#/components/schemas/{name}"}
