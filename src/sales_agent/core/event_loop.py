"""What everything that serves or works runs on: uvloop where there is one (not on Windows)."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")


def new_event_loop() -> asyncio.AbstractEventLoop:
    try:
        import uvloop  # noqa: PLC0415 (optional)
    except ImportError:
        return asyncio.new_event_loop()
    loop: asyncio.AbstractEventLoop = uvloop.new_event_loop()
    return loop


def settle_in() -> None:
    """Before a long life: never look again for garbage in what has been loaded, and look less often in the rest.

    Python's thresholds suit short scripts; a busy server makes 700 objects, after which it looks, in one request.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


def run(work: Coroutine[Any, Any, Result]) -> Result:
    """Like `asyncio.run`, on that loop."""
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        return runner.run(work)
