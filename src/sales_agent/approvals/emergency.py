"""The emergency stop: one row that every process asks before it decides or sends.

It lives in the database alone, so it works while everything else is down and survives restarts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from sales_agent.approvals.models import STOP, EmergencyStop
from sales_agent.core.audit import audit_row
from sales_agent.core.rows import Row, insert_missing


class Scope(StrEnum):
    AUTO = "auto"  # nothing is approved automatically; people may still send
    ALL = "all"  # nothing is sent


@dataclass(frozen=True, slots=True)
class StopState:
    """`scope` is None while the stop is not active; `since` and `by` tell the last change, if there was one."""

    scope: Scope | None = None
    reason: str = ""
    since: datetime | None = None
    by: str = ""

    @property
    def active(self) -> bool:
        return self.scope is not None


async def current(connection: AsyncConnection) -> StopState:
    row = (await connection.execute(select(STOP))).first()
    if row is None:
        return StopState()
    return StopState(Scope(row.scope) if row.scope else None, row.reason, row.since, row.by)


async def stop(connection: AsyncConnection, scope: Scope, reason: str, actor: str, now: datetime) -> StopState:
    """Pull the stop, or change its scope. Pulling it again in the same scope changes nothing."""
    return await _set(connection, scope, reason, actor, now)


async def resume(connection: AsyncConnection, reason: str, actor: str, now: datetime) -> StopState:
    """Let things go again. Does nothing when nothing is stopped."""
    return await _set(connection, None, reason, actor, now)


async def _set(connection: AsyncConnection, scope: Scope | None, reason: str, actor: str, now: datetime) -> StopState:
    if not reason.strip():
        raise ValueError("the emergency stop needs a reason")
    before = await current(connection)
    if before.scope == scope:
        return before
    values = {"scope": scope, "reason": reason, "since": now, "by": actor}
    await insert_missing(connection, [Row(EmergencyStop, {"id": 1, **values})])
    await connection.execute(update(STOP).values(**values))
    await insert_missing(connection, [audit_row(
        actor, "emergency.stopped" if scope else "emergency.resumed", "emergency-stop", now,
        before=before.scope or "off", after=scope or "off", reason=reason)])
    return StopState(scope, reason, now, actor)
