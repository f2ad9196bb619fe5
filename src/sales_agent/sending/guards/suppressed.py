"""Nobody is written to who does not want to hear from us, or whose address is dead."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from sales_agent.core.keys import Keys
from sales_agent.sending.means import Means, SendCase
from sales_agent.sending.outcome import Blocked, Reason
from sales_agent.sending.suppression import is_suppressed


async def guard(means: Means, case: SendCase) -> Blocked | None:
    async with means.database.read() as connection:
        return await unwanted(connection, means.keys, case.recipient)


async def unwanted(connection: AsyncConnection, keys: Keys, recipient: str) -> Blocked | None:
    """The same question inside a transaction."""
    reason = await is_suppressed(connection, keys, recipient)
    if reason is None:
        return None
    return Blocked(Reason.SUPPRESSED, "The recipient is on the suppression list and must not be written to.",
                   "Reject the draft. If the entry is a mistake, an operator can lift it with a reason.",
                   {"suppressed_because": str(reason)})
