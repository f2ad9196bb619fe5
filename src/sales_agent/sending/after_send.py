"""What follows a send, as jobs of their own: each is retried by itself, and none can undo or repeat the send."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

from sales_agent.core.clock import iso
from sales_agent.core.effects import effect_job
from sales_agent.core.rows import Row
from sales_agent.ports.crm import ContactInput

RECIPIENT_STATISTICS = "recipient_statistics"


def after_send_jobs(draft: Any, key: str, sent_at: datetime, now: datetime, base_url: str) -> list[Row]:
    """The jobs for a draft (a row of `drafts`) that was sent under this key. Writing them again changes nothing."""
    orders: dict[str, dict[str, Any]] = {
        RECIPIENT_STATISTICS: {"email": draft.recipient.lower()},
        "crm_note": {**_contact(draft), "body": _note(draft, sent_at, base_url)},
    }
    if draft.workflow_id:
        orders |= {"crm_task_done": {"task_key": f"{draft.workflow_id}:crm_task"},
                   "mailbox_draft_gone": {"draft_key": f"{draft.workflow_id}:mailbox_draft"}}
    return [effect_job(effect, f"{key}:{effect}", arguments, workflow_id=draft.workflow_id or draft.id, now=now)
            for effect, arguments in orders.items()]


def _contact(draft: Any) -> dict[str, Any]:
    """Who it is in the CRM: by id where the lead's run found one, else by what the lead told us."""
    context = json.loads(draft.context)
    crm, lead = context.get("crm") or {}, context.get("lead") or {}
    known = {each.name: str(lead[each.name]) for each in fields(ContactInput) if lead.get(each.name)}
    contact = ContactInput(**{**known, "email": draft.recipient})
    return {"contact_id": str(crm.get("id") or "") if crm.get("in_crm") else "", "lead": asdict(contact)}


def _note(draft: Any, sent_at: datetime, base_url: str) -> str:
    return f"Email sent {iso(sent_at)}. Subject: {draft.subject}. {base_url}/api/operator/drafts/{draft.id}"
