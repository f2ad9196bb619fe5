"""A blocked send as a problem: which reason becomes which answer."""

from __future__ import annotations

from datetime import datetime
from math import ceil

from sales_agent.approvals.decisions import ApprovalStale
from sales_agent.core.errors import AppError, Conflict
from sales_agent.drafts.service import InvalidState
from sales_agent.sending.outcome import Blocked, Reason


class SendsDisabled(AppError):
    status, code, title = 403, "SENDS_DISABLED", "Sending is switched off"


class EmergencyStopped(AppError):
    status, code, title = 423, "EMERGENCY_STOP", "The emergency stop is on"


class NotApproved(Conflict):
    code, title = "NOT_APPROVED", "The draft is not approved"


class SafetyViolation(AppError):
    status, code, title = 422, "SAFETY_VIOLATION", "The safety checks object"


class Suppressed(AppError):
    status, code, title = 403, "SUPPRESSED", "The recipient must not be written to"


class RateLimited(AppError):
    status, code, title = 429, "RATE_LIMITED", "A sending limit is reached"


class ProviderError(AppError):
    status, code, title = 502, "PROVIDER_ERROR", "A provider did not do its part"


_ERRORS: dict[Reason, type[AppError]] = {
    Reason.EMERGENCY_STOP: EmergencyStopped, Reason.SENDS_DISABLED: SendsDisabled, Reason.NOT_APPROVED: NotApproved,
    Reason.INVALID_STATE: InvalidState, Reason.APPROVAL_STALE: ApprovalStale, Reason.SUPPRESSED: Suppressed,
    Reason.SAFETY_VIOLATION: SafetyViolation, Reason.RATE_LIMITED: RateLimited, Reason.PROVIDER_ERROR: ProviderError,
}
BLOCKED = tuple(kind for reason, kind in _ERRORS.items() if reason is not Reason.INVALID_STATE)


def blocked_error(blocked: Blocked, now: datetime) -> AppError:
    """The problem that says why nothing was sent, what to do next and, where known, when to try again."""
    wait = {"Retry-After": str(max(1, ceil((blocked.retry_at - now).total_seconds())))} if blocked.retry_at else {}
    return _ERRORS[blocked.reason](blocked.detail, headers=wait, next_step=blocked.next_step, **blocked.extra)
