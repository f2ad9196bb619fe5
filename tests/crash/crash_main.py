"""A process of the product in which a lead's own text says where it is to die or to dawdle.

    python crash_main.py worker|up          one process, as `sales-agent worker|up`
    python crash_main.py keep worker|up     the same, started again whenever it was killed

A lead whose page title holds `crash:STEP:WHEN` kills its process (SIGKILL) at that moment,
once. WHEN is `before` the step, `after` it ran but before its record, or `recorded` after the
commit; STEP may also name an effect (`crm_note`, …). `slow:STEP:SECONDS` sleeps before the
step, once; `drag:STEP:SECONDS` every time; `poison:STEP:SECONDS` sleeps and kills every time.
`CRASH_DIR` remembers what has happened.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
import threading
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

# Everything a life needs is imported before the first fork, so that a restart is quick.
import kombu.transport.redis  # noqa: F401

from sales_agent.cli import running
from sales_agent.worker import boundary
from sales_agent.workflow import effects, orchestrator
from sales_agent.workflow.recorder import Desk, Record
from sales_agent.workflow.step import Done, LeadRun, Step

ORDER = re.compile(r"(crash|slow|drag|poison):(\w+):([\w.]+)")
# Where dozens of kills follow each other within seconds, a lead may be bystander to many of them.
boundary.MAX_CRASHES = int(os.environ.get("MAX_CRASHES", boundary.MAX_CRASHES))
orders: dict[str, re.Match[str]] = {}  # by workflow id


def first_time(workflow_id: str) -> bool:
    """Whether this has not happened yet in any life; remembered before it happens."""
    flag = Path(os.environ["CRASH_DIR"]) / workflow_id
    try:
        flag.touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


def reached(workflow_id: str, step: str, when: str) -> None:
    """Die here if that is the lead's order."""
    order = orders.get(workflow_id)
    if order is not None and order.groups() == ("crash", step, when) and first_time(workflow_id):
        die()


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


async def dawdle(workflow_id: str, step: str) -> None:
    """Take as long as the lead orders, and die of it if it is poison."""
    order = orders.get(workflow_id)
    if order is None or order[1] == "crash" or order[2] != step or (order[1] == "slow" and not first_time(workflow_id)):
        return
    await asyncio.sleep(float(order[3]))
    if order[1] == "poison":
        die()


def watched(step: Step) -> Step:
    async def run(lead: LeadRun) -> Done:
        if order := ORDER.search(lead.payload):
            orders[lead.workflow_id] = order
        reached(lead.workflow_id, step.name, "before")
        await dawdle(lead.workflow_id, step.name)
        done = await step.run(lead)
        reached(lead.workflow_id, step.name, "after")
        return done

    return replace(step, run=run)


def watched_effect(name: str, effect: Callable[..., Awaitable[str]]) -> Callable[..., Awaitable[str]]:
    async def run(connections: Any, arguments: Any, key: str) -> str:
        made = await effect(connections, arguments, key)
        reached(key.rpartition(":")[0], name, "after")
        return made

    return run


class WatchedDesk(Desk):
    async def record(self, record: Record) -> None:
        await super().record(record)
        for row in record.steps:
            reached(record.lease.workflow_id, row["step"], "recorded")


def install_hooks() -> None:
    from sales_agent.worker import process

    class WatchedOrchestrator(orchestrator.FormleadOrchestrator):
        def __init__(self, desk: Desk, tools: Any) -> None:
            super().__init__(desk, tools, tuple(watched(step) for step in orchestrator.STEPS))

    process.FormleadOrchestrator = WatchedOrchestrator  # type: ignore[misc]
    process.Desk = WatchedDesk  # type: ignore[misc]
    effects.EFFECTS = {name: watched_effect(name, effect) for name, effect in effects.EFFECTS.items()}


def live(what: str) -> None:
    install_hooks()
    if what == "worker":
        running.worker()
    else:
        running.up(sample=False)


def keep(what: str) -> None:
    """Start a life; when it was killed, start the next. Any other end is the end."""
    stopping = threading.Event()
    while True:
        assert threading.active_count() == 1, "a fork must not happen beside other threads"
        child = os.fork()
        if child == 0:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            live(what)
            return

        def stop(*_: object, child: int = child) -> None:
            stopping.set()
            os.kill(child, signal.SIGTERM)

        signal.signal(signal.SIGTERM, stop)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if code != -signal.SIGKILL or stopping.is_set():
            sys.exit(code if code >= 0 else 1)


if __name__ == "__main__":
    (keep if sys.argv[1] == "keep" else live)(sys.argv[-1])
