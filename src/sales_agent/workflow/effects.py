"""Writes to other systems that must not hold up a draft: tried at once, retried on their own.

Every effect is idempotent by its key, so trying again after an unknown outcome is safe. An
effect that fails becomes a job of its own, with the usual retries and dead letter.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

import structlog

from sales_agent.connectors.registry import Connections
from sales_agent.core.errors import ConnectorError
from sales_agent.core.jobs import Job, new_job, succeeded
from sales_agent.core.rows import Row
from sales_agent.ports.crm import ContactInput
from sales_agent.ports.mail import DraftMail
from sales_agent.workflow.recorder import Claimed, Desk, Record
from sales_agent.workflow.step import LeadRun, Tools

log = structlog.get_logger()

DELIVER_EFFECT = "deliver_effect_async"
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


async def _label_thread(connections: Connections, arguments: Arguments, _key: str) -> str:
    await connections.mailbox.label_thread(arguments["thread_id"], arguments["label"])
    return str(arguments["label"])


EFFECTS: Mapping[str, Callable[[Connections, Arguments, str], Awaitable[str]]] = {
    "crm_contact": _resolve_contact,
    "crm_note": _add_note,
    "crm_task": _create_task,
    "mailbox_draft": _save_draft,
    "mailbox_label": _label_thread,
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
    key = effect_key(run, effect)
    payload = json.dumps({"effect": effect, "key": key, "arguments": dict(arguments)})
    job_id = f"effect-{uuid.uuid5(uuid.NAMESPACE_URL, key)}"
    return Row(Job, new_job(job_id, DELIVER_EFFECT, run.tools.clock.now(), workflow_id=run.workflow_id, payload=payload))


def lead_arguments(lead: ContactInput) -> dict[str, Any]:
    return asdict(lead)


class EffectHandler:
    """Does an effect's job; the task boundary retries it or gives it up."""

    def __init__(self, desk: Desk, tools: Tools) -> None:
        self._desk = desk
        self._tools = tools

    async def run(self, claimed: Claimed) -> None:
        order = json.loads(claimed.lease.payload)
        made = await EFFECTS[order["effect"]](self._tools.connections, order["arguments"], order["key"])
        result = json.dumps({"draft_id": None, "decision": "delivered", "degraded": [], "effect": order["effect"],
                             "id": made})
        await self._desk.record(Record(claimed.lease, ending=succeeded(result, self._tools.clock.now())))
