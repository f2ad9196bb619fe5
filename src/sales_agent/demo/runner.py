"""Plays the sample leads through the real front door, follows each to its end and checks the outcome."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx2
from rich.console import Console

from sales_agent.demo.front_door import Accepted, FrontDoor, Refused
from sales_agent.demo.leads import SampleLead, SampleLeads, sample_leads
from sales_agent.demo.report import DemoReport, DemoRow, unmet
from sales_agent.demo.screen import Screen, screen_for, show_report, where_to_look

_POLL_SECONDS = 0.1
_ENDED = ("SUCCESS", "FAILURE")


async def run_demo(base_url: str, token: str, secret: str, console: Console, *, signed_url: str | None = None,
                   var_dir: Path | None = None, patience_seconds: float = 120,
                   transport: httpx2.AsyncBaseTransport | None = None) -> DemoReport:
    """Post the sample leads to the server at `base_url`, show what happens, and report it.

    `secret` signs the webhook, `token` reads the results. `signed_url` is the public base URL
    where it is not `base_url`; `var_dir` is only named on the screen, as the place to look. A server that has answered
    the sample leads before is left alone: within the hour it would rightly skip them all.
    Raises Refused when nobody answers at `base_url`, or the token is not accepted.
    """
    world = sample_leads()
    async with FrontDoor(base_url, token, secret, signed_url, transport) as door:
        if await door.has_draft_for(world.email(world.leads[0])):
            console.print("The sample leads are already here; nothing was posted.", highlight=False)
            where_to_look(console, base_url, var_dir)
            return DemoReport(already_there=True)
        with screen_for(console) as screen:
            rows = await _Run(door, world, screen, patience_seconds).play()
    report = DemoReport(rows, [problem for row in rows for problem in unmet(world, row)])
    show_report(console, report, base_url, var_dir)
    return report


@dataclass(frozen=True, slots=True)
class _Run:
    door: FrontDoor
    world: SampleLeads
    screen: Screen
    patience_seconds: float

    async def play(self) -> list[DemoRow]:
        """Post in order, one at a time: what is a duplicate or too soon depends on it. Follow side by side."""
        run_id = uuid.uuid4().hex[:8]
        accepted: dict[str, Accepted] = {}
        endings: list[asyncio.Task[DemoRow]] = []
        for lead in self.world.leads:
            try:
                accepted[lead.key] = await self.door.submit(self.world.submission(lead, run_id))
            except Refused as error:
                endings.append(asyncio.create_task(self._refused(lead, error)))
                continue
            first = accepted.get(lead.repeats or "")
            endings.append(asyncio.create_task(self._outcome(lead, accepted[lead.key], first)))
        return list(await asyncio.gather(*endings))

    async def _refused(self, lead: SampleLead, error: Refused) -> DemoRow:
        return self._shown(DemoRow(lead, "refused", str(error)))

    async def _outcome(self, lead: SampleLead, accepted: Accepted, first: Accepted | None) -> DemoRow:
        if accepted.duplicate and first and accepted.workflow_id == first.workflow_id:
            return self._shown(DemoRow(lead, "duplicate", "duplicate"))
        return self._shown(await self._follow(lead, accepted.status_url))

    def _shown(self, row: DemoRow) -> DemoRow:
        self.screen.finished(row)
        return row

    async def _follow(self, lead: SampleLead, status_url: str) -> DemoRow:
        task: dict[str, Any] = {}
        try:
            async with asyncio.timeout(self.patience_seconds):
                while (task := await self.door.task(status_url))["status"] not in _ENDED:
                    self.screen.moved(lead, task)
                    await asyncio.sleep(_POLL_SECONDS)
                return await self._row(lead, task)
        except Refused as error:
            return DemoRow(lead, "unfinished", f"its status could not be read: {error}")
        except TimeoutError:
            return DemoRow(lead, "unfinished", f"{task.get('status', 'no answer')} after {self.patience_seconds:.0f} s")

    async def _row(self, lead: SampleLead, task: dict[str, Any]) -> DemoRow:
        accepted, finished = (datetime.fromisoformat(task[name]) for name in ("created_at", "finished_at"))
        seconds = (finished - accepted).total_seconds()
        if task["status"] != "SUCCESS":
            return DemoRow(lead, "dead_letter", f"failed: {task['error']['type']}", seconds=seconds)
        result = task["result"]
        degraded = tuple(result["degraded"])
        if result["draft_id"] is None:
            return DemoRow(lead, result["decision"], result["decision"], degraded, seconds)
        return DemoRow(lead, "draft", result["decision"], degraded, seconds, await self.door.draft(result["draft_id"]))
