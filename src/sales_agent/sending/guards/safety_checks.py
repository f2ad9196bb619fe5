"""The letter says nothing that it must not say."""

from __future__ import annotations

from sales_agent.sending.checks import violations
from sales_agent.sending.means import Means, SendCase
from sales_agent.sending.outcome import Blocked, Reason
from sales_agent.sending.safety import examine, other_companies


async def guard(means: Means, case: SendCase) -> Blocked | None:
    async with means.database.read() as connection:
        others = await other_companies(connection, case.draft)
    found = violations(examine(means, case.draft, case.letter, others))
    if not found:
        return None
    return Blocked(Reason.SAFETY_VIOLATION, "The safety checks found something that must not leave.",
                   "Edit the draft where they point, and approve it again.",
                   {"violations": [each.as_json() for each in found]})
