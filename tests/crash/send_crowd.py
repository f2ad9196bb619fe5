"""A process that sends many drafts at the same moment, and says what became of each."""

from __future__ import annotations

import asyncio
import sys

from sales_agent.connectors.registry import connect
from sales_agent.core.clock import SystemClock
from sales_agent.core.database import Database
from sales_agent.core.settings import load_settings
from sales_agent.sending.outcome import Blocked
from sales_agent.workflow.sending import open_door


async def main(draft_ids: list[str]) -> None:
    settings, clock = load_settings(), SystemClock()
    database = Database(settings.database_url, pool_size=5)
    door = open_door(settings, database, clock, connect(settings, database, clock))
    outcomes = await asyncio.gather(*(door.send_draft(draft_id, "ada") for draft_id in draft_ids))
    print(*(outcome.reason if isinstance(outcome, Blocked) else type(outcome).__name__ for outcome in outcomes))
    await database.dispose()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
