"""ALLOW_REAL_SENDS: off by default, and nothing else can overrule it."""

from __future__ import annotations

from sales_agent.sending.means import Means, SendCase
from sales_agent.sending.outcome import Blocked, Reason


async def guard(means: Means, _case: SendCase) -> Blocked | None:
    if means.settings.sending.allow_real_sends:
        return None
    return Blocked(Reason.SENDS_DISABLED, "Sending is switched off on this installation (ALLOW_REAL_SENDS).",
                   "The draft stays approved. Whoever runs the installation can set ALLOW_REAL_SENDS=true.")
