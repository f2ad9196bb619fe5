"""Writes to other systems that must not hold up a draft: tried at once, retried on their own.

Every effect is idempotent by its key, so trying again after an unknown outcome is safe. An
effect that fails becomes a job of its own, with the usual retries and dead letter.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

import structlog

from sales_agent.connectors.registry import Connections
from sales_agent.core.database import Database
from sales_agent.core.effects import effect_job
from sales_agent.core.errors import ConnectorError
from sales_agent.core.jobs import succeeded
from sales_agent.core.rows import Row
from sales_agent.ports.crm import ContactInput
from sales_agent.ports.mail import DraftMail
from sales_agent.sending.after_send import RECIPIENT_STATISTICS
from sales_agent.sending.history import count_recipient
from sales_agent.workflow.recorder import Claimed, Desk, Record
from sales_agent.workflow.step import LeadRun, Tools

log = structlog.get_logger()

Arguments = Mapping[str, Any]


async def _resolve_contact(connections: Connections, arguments: Arguments, _key: str) -> str:
    return (await connections.crm.resolve_contact(ContactInput(**arguments))).id


async def _add_note(connections: Connections, arguments: Arguments, key: str) -> str:
    contact_id = await _contact_id(connections, arguments)
    return await connections.crm.add_note(contact_id, arguments["body"], key)


async def _create_task(connections: Connections, arguments: Arguments, key: str) -> str:
    contact_id = await _contact_id(connections, arguments)
    due = datetime.fromisoformat(arguments["due_at"])
    return await connections.crm.create_task(contact_id, arguments["subject"], arguments["body"], due,
                                             arguments["owner_id"], key)


async def _contact_id(connections: Connections, arguments: Arguments) -> str:
    """The contact's id; looked up by the form's data where the CRM was down when the lead came."""
    if arguments["contact_id"]:
        return str(arguments["contact_id"])
    return (await connections.crm.resolve_contact(ContactInput(**arguments["lead"]))).id


async def _save_draft(connections: Connections, arguments: Arguments, key: str) -> str:
    draft = DraftMail(**{**arguments, "references": tuple(arguments["references"])})
    return (await connections.mailbox.save_draft(draft, key)).id


async def _complete_task(connections: Connections, arguments: Arguments, _key: str) -> str:
    await connections.crm.complete_task(arguments["task_key"])
    return str(arguments["task_key"])


async def _discard_draft(connections: Connections, arguments: Arguments, _key: str) -> str:
    await connections.mailbox.discard_draft(arguments["draft_key"])
    return str(arguments["draft_key"])


async def _label_thread(connections: Connections, arguments: Arguments, _key: str) -> str:
    await connections.mailbox.label_thread(arguments["thread_id"], arguments["label"])
    return str(arguments["label"])


EFFECTS: Mapping[str, Callable[[Connections, Arguments, str], Awaitable[str]]] = {
    "crm_contact": _resolve_contact,
    "crm_note": _add_note,
    "crm_task": _create_task,
    "mailbox_draft": _save_draft,
    "mailbox_label": _label_thread,
    "crm_task_done": _complete_task,
    "mailbox_draft_gone": _discard_draft,
}


@dataclass
class Delivered:
    """What became of a step's effects: ids of those that worked, jobs for those that did not."""

    ids: dict[str, str] = field(default_factory=dict)
    jobs: list[Row] = field(default_factory=list)

    @property
    def queued(self) -> tuple[str, ...]:
        return tuple(json.loads(row.values["payload"])["effect"] for row in self.jobs)


async def deliver(run: LeadRun, effect: str, arguments: Arguments, into: Delivered) -> None:
    """Try the effect now; if its system refuses or is down, leave a job that tries again."""
    try:
        into.ids[effect] = await EFFECTS[effect](run.tools.connections, arguments, effect_key(run, effect))
    except ConnectorError as error:
        log.warning("effect.queued", workflow_id=run.workflow_id, effect=effect, provider=error.provider)
        into.jobs.append(queued(run, effect, arguments))


def effect_key(run: LeadRun, effect: str) -> str:
    return f"{run.workflow_id}:{effect}"


def queued(run: LeadRun, effect: str, arguments: Arguments) -> Row:
    """The job that delivers an effect later; one per lead and effect."""
    return effect_job(effect, effect_key(run, effect), arguments, workflow_id=run.workflow_id, now=run.tools.clock.now())


def lead_arguments(lead: ContactInput) -> dict[str, Any]:
    return asdict(lead)


class EffectHandler:
    """Does an effect's job; the task boundary retries it or gives it up."""

    def __init__(self, desk: Desk, tools: Tools, database: Database) -> None:
        self._desk = desk
        self._tools = tools
        self._database = database

    async def run(self, claimed: Claimed) -> None:
        order = json.loads(claimed.lease.payload)
        made = await self._deliver(order["effect"], order["arguments"], order["key"])
        result = json.dumps({"draft_id": None, "decision": "delivered", "degraded": [], "effect": order["effect"],
                             "id": made})
        await self._desk.record(Record(claimed.lease, ending=succeeded(result, self._tools.clock.now())))

    async def _deliver(self, effect: str, arguments: Arguments, key: str) -> str:
        """Answers what was made. Our own statistics are the one effect that stays in our database."""
        if effect == RECIPIENT_STATISTICS:
            async with self._database.write() as connection:
                return str(await count_recipient(connection, arguments["email"]))
        return await EFFECTS[effect](self._tools.connections, arguments, key)
