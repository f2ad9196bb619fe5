"""The emergency stop, scope `all`: nothing leaves."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from sales_agent.approvals import emergency
from sales_agent.core.clock import iso
from sales_agent.sending.means import Means, SendCase
from sales_agent.sending.outcome import Blocked, Reason


async def guard(means: Means, _case: SendCase) -> Blocked | None:
    async with means.database.read() as connection:
        return await stopped(connection)


async def stopped(connection: AsyncConnection) -> Blocked | None:
    """The same question inside a transaction."""
    state = await emergency.current(connection)
    if state.scope is not emergency.Scope.ALL or state.since is None:
        return None
    return Blocked(Reason.EMERGENCY_STOP, "The emergency stop is on: nothing is sent.",
                   "The draft stays approved. Send it again once an administrator has resumed sending.",
                   {"since": iso(state.since)})
