"""What the door answers. A blocked send is a value, not an exception: nothing is wrong with the program."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class Reason(StrEnum):
    """Why a send did not happen. Stable; the API's problem codes."""

    EMERGENCY_STOP = "EMERGENCY_STOP"
    SENDS_DISABLED = "SENDS_DISABLED"
    NOT_APPROVED = "NOT_APPROVED"
    INVALID_STATE = "INVALID_STATE"
    APPROVAL_STALE = "APPROVAL_STALE"
    SUPPRESSED = "SUPPRESSED"
    SAFETY_VIOLATION = "SAFETY_VIOLATION"
    RATE_LIMITED = "RATE_LIMITED"
    PROVIDER_ERROR = "PROVIDER_ERROR"


@dataclass(frozen=True, slots=True)
class Blocked:
    """Nothing was sent. `detail` says why, `next_step` what to do about it.

    `lapses`: the approval does not hold any more, so the draft waits for a person again; `seen_at` is then
    up to when that person can have seen the conversation. `transient`: later may be better, by itself.
    """

    reason: Reason
    detail: str
    next_step: str
    extra: Mapping[str, Any] = field(default_factory=dict)
    lapses: bool = False
    seen_at: datetime | None = None
    transient: bool = False
    retry_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    message_id: str
    thread_id: str
    sent_at: datetime


@dataclass(frozen=True, slots=True)
class Unknown:
    """It may or may not have left. The reconciler finds out, or a person decides; it is not sent again."""

    detail: str


Outcome = Sent | Blocked | Unknown
