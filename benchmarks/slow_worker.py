"""The product's worker with local adapters whose every call takes a while.

    python -m benchmarks.slow_worker SECONDS
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import Any

from sales_agent.cli.running import worker
from sales_agent.connectors import registry

ADAPTERS: tuple[tuple[Any, str], ...] = (
    (registry.CRMS, "local"), (registry.MAILBOXES, "local"), (registry.CALENDARS, "local"),
    (registry.ASSET_LIBRARIES, "local"), (registry.WRITERS, "template"))


class Slow:
    """An adapter that waits before it answers."""

    def __init__(self, adapter: Any, seconds: float) -> None:
        self._adapter = adapter
        self._seconds = seconds

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        call = getattr(self._adapter, name)

        async def slowly(*arguments: Any) -> Any:
            await asyncio.sleep(self._seconds)
            return await call(*arguments)

        return slowly


def slow(make: Callable[[Any], Any], seconds: float) -> Callable[[Any], Any]:
    return lambda sources: Slow(make(sources), seconds)


if __name__ == "__main__":
    for makers, name in ADAPTERS:
        makers[name] = slow(makers[name], float(sys.argv[1]))
    worker()
