"""A process that sends one draft, and kills itself (SIGKILL) at the moment it is told.

    python send_child.py DRAFT_ID POINT       settings come from the environment

POINT is `none`, or one of POINTS.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from sales_agent.connectors.registry import connect
from sales_agent.core.clock import SystemClock
from sales_agent.core.database import Database
from sales_agent.core.settings import load_settings
from sales_agent.sending import door
from sales_agent.workflow.sending import open_door

POINTS = ("before_claim", "claim_not_committed", "after_claim", "during_call", "accepted", "before_record",
          "record_not_committed", "after_record")


def die(*_: Any, **__: Any) -> Any:
    os.kill(os.getpid(), signal.SIGKILL)


def dying_after(real: Callable[..., Any]) -> Callable[..., Any]:
    async def wrapped(*args: Any, **kwargs: Any) -> Any:
        await real(*args, **kwargs)
        die()
    return wrapped


def arm(opened: Any, point: str) -> None:
    """Make the process die at that point of its way through the door."""
    if point == "before_claim":
        door.claim = die
    elif point == "claim_not_committed":
        door.claim = dying_after(door.claim)
    elif point == "after_claim":
        opened._deliver = die
    elif point == "during_call":
        os.link = die
    elif point == "accepted":
        link = os.link
        os.link = lambda *args, **kwargs: (link(*args, **kwargs), die())
    elif point == "before_record":
        opened._sent = die
    elif point == "record_not_committed":
        door.record_sent = dying_after(door.record_sent)


async def main(draft_id: str, point: str) -> None:
    settings, clock = load_settings(), SystemClock()
    database = Database(settings.database_url, pool_size=2)
    opened = open_door(settings, database, clock, connect(settings, database, clock))
    arm(opened, point)
    print(type(await opened.send_draft(draft_id, "ada")).__name__, flush=True)
    if point == "after_record":
        die()
    await database.dispose()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
