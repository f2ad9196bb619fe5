"""No more mail than the limits allow."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from sales_agent.core.clock import iso
from sales_agent.sending.limits import RateLimiter
from sales_agent.sending.means import Means, SendCase
from sales_agent.sending.outcome import Blocked, Reason


async def guard(means: Means, case: SendCase) -> Blocked | None:
    async with means.database.read() as connection:
        return await used_up(connection, means.limiter, case.recipient)


async def used_up(connection: AsyncConnection, limiter: RateLimiter, recipient: str) -> Blocked | None:
    """The same question inside a transaction."""
    reached = await limiter.check_can_send(connection, recipient)
    if reached is None:
        return None
    if reached.retry_at is None:
        return Blocked(Reason.RATE_LIMITED, f"No mail may be sent at all: {reached.limit} is 0.",
                       "The draft stays approved. Whoever runs the installation can raise the limit.",
                       {"limit": reached.limit, "retry_at": None})
    when = iso(reached.retry_at)
    return Blocked(Reason.RATE_LIMITED, f"{reached.limit} is reached; a mail may leave again at {when}.",
                   "The draft stays approved. Send it then, or let it be sent when it is allowed.",
                   {"limit": reached.limit, "retry_at": when}, transient=True, retry_at=reached.retry_at)
