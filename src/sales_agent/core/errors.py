"""Errors with a meaning: what the API answers, and whether a task may try again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class AppError(Exception):
    """An expected failure that a caller can act on.

    Carries its HTTP `status` and a stable upper-case `code`; the API turns it into
    RFC 9457 problem JSON. `detail` is shown to the caller, so it holds no secret.
    """

    status = 500
    code = "INTERNAL_ERROR"
    title = "Something went wrong"

    def __init__(self, detail: str, *, headers: Mapping[str, str] | None = None, **extra: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.headers = dict(headers or {})
        self.extra = extra


class NotFound(AppError):
    status, code, title = 404, "NOT_FOUND", "Not found"


class Conflict(AppError):
    status, code, title = 409, "CONFLICT", "Conflict"


class Unavailable(AppError):
    """The database (or another part we cannot do without) cannot be reached right now."""

    status, code, title = 503, "UNAVAILABLE", "Temporarily unavailable"

    def __init__(self, detail: str, retry_after_seconds: int = 5) -> None:
        super().__init__(detail, headers={"Retry-After": str(retry_after_seconds)})


class ConfigurationError(Exception):
    """A setting is missing, weak or malformed. The message names the variable."""


class ConnectorError(Exception):
    """A call to an outside system failed.

    `transient` says whether trying again later can help (timeouts, 429, 5xx) or not
    (bad credentials, not found, refused input).
    """

    def __init__(self, provider: str, message: str, *, transient: bool) -> None:
        super().__init__(f"{provider}: {message}")
        self.provider = provider
        self.transient = transient


class PermanentError(Exception):
    """Work that can never succeed as it stands: no retry, straight to the dead letters."""


class LeaseLost(Exception):
    """Another worker owns this job now; whatever we were about to record is not ours to record."""
