"""Puts a draft before the safety checks with all that they need to know."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from sales_agent.drafts.letter import Letter
from sales_agent.drafts.models import DRAFTS
from sales_agent.drafts.service import NewDraft
from sales_agent.sending.checks import run_checks
from sales_agent.sending.checks.case import CheckCase, Finding
from sales_agent.sending.means import Means

_RECENT = 200  # drafts whose companies may not be named to anybody else


def examine(means: Means, draft: Any, letter: Letter, other_companies: tuple[str, ...] = ()) -> list[Finding]:
    """What the checks find in the letter. `draft` is a row of `drafts`, or what will become one."""
    context, sender = json.loads(draft.context), means.settings.sender
    return run_checks(CheckCase(
        letter=letter, body=draft.body.rstrip(), policy=means.policy, language=draft.language,
        recipient_company=_company(context), sender_company=sender.sender_company, sender_address=sender.sender_address,
        base_url=means.settings.runtime.base_url, other_companies=other_companies,
        known_addresses=(letter.sender, letter.recipient), known_phones=tuple(filter(None, [_lead(context).get("phone")])),
        in_production=means.settings.runtime.api_env != "development",
        unsubscribe_works=lambda url: means.unsubscribe.is_for(url, letter.recipient)))


def preview(means: Means, new: NewDraft) -> list[dict[str, Any]]:
    """What the checks find in a draft that is not laid down yet, as JSON. Other leads' companies are not asked for."""
    draft = SimpleNamespace(
        recipient=new.recipient, recipient_name=new.recipient_name, subject=new.subject, body=new.body,
        language=new.language, in_reply_to=new.in_reply_to, references=json.dumps(list(new.references)),
        thread_id=new.thread_id, context=json.dumps(dict(new.context)))
    return [each.as_json() for each in examine(means, draft, means.composer.letter(draft))]


async def judged(connection: AsyncConnection, means: Means, draft: Any) -> Any:
    """The draft's row with what the checks find in it as it now stands, for whoever decides about it."""
    findings = examine(means, draft, means.composer.letter(draft), await other_companies(connection, draft))
    safety = json.dumps([each.as_json() for each in findings])
    changed = update(DRAFTS).where(DRAFTS.c.id == draft.id).values(safety=safety).returning(*DRAFTS.c)
    return (await connection.execute(changed)).one()


async def other_companies(connection: AsyncConnection, draft: Any) -> tuple[str, ...]:
    """The companies of the newest drafts to other people."""
    query = (select(DRAFTS.c.context).where(DRAFTS.c.recipient != draft.recipient)
             .order_by(DRAFTS.c.created_at.desc(), DRAFTS.c.id).limit(_RECENT))
    names = {_company(json.loads(context)) for context in (await connection.execute(query)).scalars()}
    return tuple(sorted(names - {"", _company(json.loads(draft.context))}))


def _lead(context: dict[str, Any]) -> dict[str, Any]:
    return context.get("lead") or {}


def _company(context: dict[str, Any]) -> str:
    return str(_lead(context).get("company") or "").strip()
