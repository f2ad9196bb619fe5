"""What may stand in the way of a send, in the order in which it is asked.

Each guard answers why not, or None. Whatever goes wrong in one of them, nothing is sent. The claim
(sending/attempts.py) asks the database's share once more, in the transaction that takes the place.
To add one: a file here and a line in GUARDS.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from sales_agent.sending.guards import (
    approval,
    conversation,
    emergency_stop,
    offered_slots,
    rate_limits,
    real_sends,
    safety_checks,
    suppressed,
)
from sales_agent.sending.means import Means, SendCase
from sales_agent.sending.outcome import Blocked

Guard = Callable[[Means, SendCase], Awaitable[Blocked | None]]

GUARDS: tuple[Guard, ...] = (
    emergency_stop.guard,
    real_sends.guard,
    approval.guard,
    conversation.guard,
    suppressed.guard,
    offered_slots.guard,
    safety_checks.guard,
    rate_limits.guard,
)


async def first_objection(means: Means, case: SendCase) -> Blocked | None:
    """The first guard's answer that is not None."""
    for guard in GUARDS:
        if (blocked := await guard(means, case)) is not None:
            return blocked
    return None
