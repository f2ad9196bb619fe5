"""The operator's drafts: list, read, write, reword, decide."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Security
from pydantic import BaseModel, ConfigDict, Field, model_validator

from sales_agent.approvals import decisions
from sales_agent.approvals.decisions import ApprovalStale
from sales_agent.core.errors import NotFound, Unavailable
from sales_agent.drafts import service
from sales_agent.drafts.models import DraftStatus
from sales_agent.drafts.service import InvalidState, NewDraft, StaleVersion
from sales_agent.leads.language import detect_language
from sales_agent.sending.safety import judged
from sales_agent.sending.schedule import unschedule
from sales_agent.web.auth import BEARER, CurrentActor, GuardedRoute
from sales_agent.web.fields import Address, Body, Id, KnownParametersOnly, Limit, Moment, Note, Offset, Search, Subject
from sales_agent.web.problems import BodyTooLarge, InvalidInput, MalformedBody, Unauthenticated, answers
from sales_agent.web.services import WebServices, services_of

Services = Annotated[WebServices, Depends(services_of)]
PATH = "/api/operator/drafts"
READ = (Unauthenticated, BodyTooLarge, Unavailable)
WRITE = (*READ, MalformedBody, InvalidInput)

router = APIRouter(route_class=GuardedRoute, tags=["Operator"], dependencies=[Security(BEARER)])


class DraftOut(BaseModel):
    """A draft with everything a person needs to judge it."""

    id: str
    workflow_id: str | None
    submission_id: str | None
    status: DraftStatus
    recipient: str
    recipient_name: str
    subject: str
    body: str
    content_hash: str
    version: int
    icp_score: float | None
    degraded: list[Any]
    context: dict[str, Any]
    safety: list[Any]
    language: str
    created_at: Moment
    updated_at: Moment
    approved_at: Moment | None
    approved_by: str | None
    sent_at: Moment | None
    sent_by: str | None
    message_id: str | None
    thread_id: str | None
    rejected_at: Moment | None
    rejected_by: str | None
    rejected_reason: str | None
    send_errors: list[Any]


class DraftPage(BaseModel):
    total_count: int
    drafts: list[DraftOut]


class DraftIn(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    recipient: Address
    subject: Subject
    body: Body


class DraftEdit(BaseModel):
    """At least one of subject and body."""

    model_config = ConfigDict(extra="forbid", strict=True, json_schema_extra={
        "anyOf": [{"required": ["subject"]}, {"required": ["body"]}]})

    version: int = Field(ge=1, le=2**31 - 1, description="The version that was looked at")
    subject: Subject = Field(default_factory=str)
    body: Body = Field(default_factory=str)

    @model_validator(mode="after")
    def _something_changes(self) -> DraftEdit:
        if not self.model_fields_set & {"subject", "body"}:
            raise ValueError("name a new subject, a new body, or both")
        return self


class Approval(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    content_hash: str | None = Field(None, max_length=200, description="Of what was looked at; checked when given")


class Rejection(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    reason: Note


@router.get(PATH, responses=answers(*READ, InvalidInput), dependencies=[KnownParametersOnly])
async def list_drafts(services: Services, status: DraftStatus | None = None, q: Search = "", limit: Limit = 50,
                      offset: Offset = 0) -> DraftPage:
    """Drafts, newest first."""
    async with services.database.read() as connection:
        return _page(*await service.listing(connection, status, q, limit, offset))


@router.get(f"{PATH}/pending", responses=answers(*READ, InvalidInput), dependencies=[KnownParametersOnly])
async def list_pending_drafts(services: Services, limit: Limit = 50, offset: Offset = 0) -> DraftPage:
    """Drafts that wait for a decision, best lead first."""
    async with services.database.read() as connection:
        return _page(*await service.pending(connection, limit, offset))


@router.get(f"{PATH}/{{draft_id}}", responses=answers(*READ, NotFound))
async def read_draft(services: Services, draft_id: Id) -> DraftOut:
    async with services.database.read() as connection:
        return draft_out(await service.get(connection, draft_id))


@router.post(PATH, status_code=201, responses=answers(*WRITE))
async def create_draft(services: Services, actor: CurrentActor, draft: DraftIn) -> DraftOut:
    """Write a draft by hand. It takes the same door as every other."""
    new = NewDraft(recipient=draft.recipient, subject=draft.subject, body=draft.body, language=detect_language(draft.body))
    async with services.database.write() as connection:
        row = await service.create(connection, new, actor.name, services.clock.now())
        return draft_out(await judged(connection, services.door.means, row))


@router.patch(f"{PATH}/{{draft_id}}", responses=answers(*WRITE, NotFound, InvalidState, StaleVersion))
async def edit_draft(services: Services, actor: CurrentActor, draft_id: Id, change: DraftEdit) -> DraftOut:
    """Reword a draft. An approved one waits for approval again."""
    now = services.clock.now()
    async with services.database.write() as connection:
        row = await service.edit(connection, draft_id, change.version, actor.name, now,
                                 subject=change.subject or None, body=change.body or None)
        await unschedule(connection, draft_id, "the draft was edited", now)
        return draft_out(await judged(connection, services.door.means, row))


@router.post(f"{PATH}/{{draft_id}}/approve", responses=answers(*WRITE, NotFound, InvalidState, ApprovalStale))
async def approve_draft(services: Services, actor: CurrentActor, draft_id: Id,
                        approval: Approval | None = None) -> DraftOut:
    """Approve the draft as it stands, or as it was looked at if `content_hash` says so."""
    seen = approval.content_hash if approval else None
    async with services.database.write() as connection:
        return draft_out(await decisions.approve(connection, services.door.means.composer, draft_id, actor.name, seen,
                                                 services.clock.now()))


@router.post(f"{PATH}/{{draft_id}}/reject", responses=answers(*WRITE, NotFound, InvalidState))
async def reject_draft(services: Services, actor: CurrentActor, draft_id: Id, rejection: Rejection) -> DraftOut:
    """Reject a draft that waits, or take back an approval."""
    now = services.clock.now()
    async with services.database.write() as connection:
        row = await decisions.reject(connection, draft_id, actor.name, rejection.reason, now)
        await unschedule(connection, draft_id, "the draft was rejected", now)
        return draft_out(row)


def _page(total: int, rows: Sequence[Any]) -> DraftPage:
    return DraftPage(total_count=total, drafts=[draft_out(row) for row in rows])


def draft_out(row: Any) -> DraftOut:
    """A row of `drafts` as the API shows it."""
    kept_as_json = ("degraded", "context", "safety", "send_errors")
    return DraftOut.model_validate({**row._mapping, **{name: json.loads(row._mapping[name]) for name in kept_as_json}})
