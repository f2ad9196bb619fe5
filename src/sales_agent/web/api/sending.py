"""Sending over HTTP: one draft or many, now or when it is allowed, and what became of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Response, Security
from pydantic import BaseModel, ConfigDict, Field

from sales_agent.approvals import decisions
from sales_agent.core.errors import AppError, NotFound
from sales_agent.drafts import service
from sales_agent.drafts.models import DraftStatus
from sales_agent.drafts.service import InvalidState
from sales_agent.sending import reconciler, schedule
from sales_agent.sending.history import attempts_of
from sales_agent.sending.models import AttemptState, ScheduleState
from sales_agent.sending.outcome import Blocked, Outcome, Sent
from sales_agent.sending.reconciler import Decision, NotUnknown
from sales_agent.web.accounts.service import Actor
from sales_agent.web.api.drafts import PATH, READ, WRITE, DraftOut, Services, draft_out
from sales_agent.web.auth import BEARER, CurrentActor, GuardedRoute
from sales_agent.web.blocked import BLOCKED, blocked_error
from sales_agent.web.fields import Id, KnownParametersOnly, Limit, Moment, Note, Offset
from sales_agent.web.problems import InvalidInput, answers
from sales_agent.web.services import WebServices

BULK_LIMIT = 100
_AT_ONCE = 8  # sends of one bulk request that are under way side by side

router = APIRouter(route_class=GuardedRoute, tags=["Operator"], dependencies=[Security(BEARER)])


class SendOrder(BaseModel):
    """`allowed`: at the next moment in business hours at which the limits let it go."""

    model_config = ConfigDict(extra="forbid", strict=True)

    when: Literal["now", "allowed"] = "now"


class SentOut(BaseModel):
    status: Literal["SENT"] = "SENT"
    message_id: str
    thread_id: str
    sent_at: Moment


class UnknownOut(BaseModel):
    """It may or may not have left. That is being found out; it is not sent again."""

    status: Literal["SEND_UNKNOWN"] = "SEND_UNKNOWN"
    detail: str


class ScheduledOut(BaseModel):
    """A draft that waits, or waited, for its moment."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    draft_id: str
    state: ScheduleState
    send_at: Moment
    requested_by: str
    requested_at: Moment
    reason: str
    ended_at: Moment | None


class QueuedOut(BaseModel):
    status: Literal["QUEUED"] = "QUEUED"
    scheduled: ScheduledOut


class ScheduledPage(BaseModel):
    total_count: int
    scheduled: list[ScheduledOut]


class AttemptOut(BaseModel):
    """One pass through the door. `headers` are those of the message as it was delivered."""

    id: str
    number: int
    state: AttemptState
    actor: str
    started_at: Moment
    ended_at: Moment | None
    message_id: str | None
    thread_id: str | None
    headers: dict[str, str]
    error: str | None


class AttemptList(BaseModel):
    total_count: int
    attempts: list[AttemptOut]


class Settlement(BaseModel):
    """What a person found in the Sent folder, and how."""

    model_config = ConfigDict(extra="forbid", strict=True)

    outcome: Literal["sent", "not_sent"]
    reason: Note


DraftId = Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,40}$")]


class Seen(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    id: DraftId
    content_hash: str | None = Field(None, max_length=200, description="Of what was looked at; checked when given")


class BulkApproval(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    drafts: list[Seen] = Field(min_length=1, max_length=BULK_LIMIT)


class BulkSend(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    ids: list[DraftId] = Field(min_length=1, max_length=BULK_LIMIT)


class BulkResult(BaseModel):
    """What became of one draft: its new status, or the `code` and `detail` of what stood in the way."""

    id: str
    ok: bool
    status: DraftStatus | None = None
    code: str | None = None
    detail: str | None = None


class BulkOut(BaseModel):
    results: list[BulkResult]


@router.post(f"{PATH}/{{draft_id}}/send", response_model=SentOut, responses={
    202: {"model": QueuedOut | UnknownOut, "description": "Queued, or the outcome is not known yet"},
    **answers(*WRITE, NotFound, InvalidState, *BLOCKED)})
async def send_draft(services: Services, actor: CurrentActor, response: Response, draft_id: Id,
                     order: SendOrder | None = None) -> Any:
    """Send an approved draft through the one door, or queue it."""
    if order and order.when == "allowed":
        response.status_code = 202
        async with services.database.write() as connection:
            row = await schedule.schedule(connection, services.door.means, draft_id, actor.name)
        return _answer(QueuedOut(scheduled=ScheduledOut.model_validate(row)), 202)
    outcome = await services.door.send_draft(draft_id, actor.name)
    if isinstance(outcome, Blocked):
        raise blocked_error(outcome, services.clock.now())
    if isinstance(outcome, Sent):
        return SentOut(message_id=outcome.message_id, thread_id=outcome.thread_id, sent_at=outcome.sent_at)
    return _answer(UnknownOut(detail=outcome.detail), 202)


@router.delete(f"{PATH}/{{draft_id}}/send", responses=answers(*READ, NotFound))
async def cancel_scheduled_send(services: Services, actor: CurrentActor, draft_id: Id) -> ScheduledOut:
    """Take a queued draft out of the queue. It stays approved."""
    async with services.database.write() as connection:
        row = await schedule.cancel(connection, draft_id, actor.name, services.clock.now())
    return ScheduledOut.model_validate(row)


@router.get("/api/operator/scheduled-sends", responses=answers(*READ, InvalidInput), dependencies=[KnownParametersOnly])
async def list_scheduled_sends(services: Services, state: ScheduleState | None = None, limit: Limit = 50,
                               offset: Offset = 0) -> ScheduledPage:
    """Drafts that wait to be sent, or waited; the next one first."""
    async with services.database.read() as connection:
        total, rows = await schedule.listing(connection, state, limit, offset)
    return ScheduledPage(total_count=total, scheduled=[ScheduledOut.model_validate(row) for row in rows])


@router.get(f"{PATH}/{{draft_id}}/attempts", responses=answers(*READ, NotFound))
async def list_attempts(services: Services, draft_id: Id) -> AttemptList:
    """Every attempt to send the draft, the first one first."""
    async with services.database.read() as connection:
        await service.get(connection, draft_id)
        rows = await attempts_of(connection, draft_id)
    found = [AttemptOut.model_validate({**row._mapping, "headers": json.loads(row.headers)}) for row in rows]
    return AttemptList(total_count=len(found), attempts=found)


@router.post(f"{PATH}/{{draft_id}}/settle", responses=answers(*WRITE, NotFound, NotUnknown))
async def settle_draft(services: Services, actor: CurrentActor, draft_id: Id, settlement: Settlement) -> DraftOut:
    """Say what became of a send whose outcome is unknown, after looking into the Sent folder."""
    decision = Decision(settlement.outcome, settlement.reason, actor.name)
    base_url = services.settings.runtime.base_url
    async with services.database.write() as connection:
        return draft_out(await reconciler.decide(connection, draft_id, decision, services.clock.now(), base_url))


@router.post(f"{PATH}/bulk-approve", responses=answers(*WRITE))
async def approve_many(services: Services, actor: CurrentActor, approval: BulkApproval) -> BulkOut:
    """Approve many drafts, each by itself; one result for each, in the order asked."""
    results = []
    for each in approval.drafts:
        results.append(await _result(each.id, lambda each=each: _approve(services, actor, each)))  # type: ignore[misc]
    return BulkOut(results=results)


@router.post(f"{PATH}/bulk-send", responses=answers(*WRITE))
async def send_many(services: Services, actor: CurrentActor, order: BulkSend) -> BulkOut:
    """Send many drafts, each through the door by itself; one result for each, in the order asked."""
    places = asyncio.Semaphore(_AT_ONCE)

    async def send(draft_id: str) -> BulkResult:
        async with places:
            return await _result(draft_id, lambda: _send(services, actor, draft_id))

    return BulkOut(results=await asyncio.gather(*(send(draft_id) for draft_id in order.ids)))


async def _approve(services: WebServices, actor: Actor, seen: Seen) -> DraftStatus:
    async with services.database.write() as connection:
        row = await decisions.approve(connection, services.door.means.composer, seen.id, actor.name, seen.content_hash,
                                      services.clock.now())
    return DraftStatus(row.status)


async def _send(services: WebServices, actor: Actor, draft_id: str) -> DraftStatus:
    outcome: Outcome = await services.door.send_draft(draft_id, actor.name)
    if isinstance(outcome, Blocked):
        raise blocked_error(outcome, services.clock.now())
    return DraftStatus.SENT if isinstance(outcome, Sent) else DraftStatus.SEND_UNKNOWN


async def _result(draft_id: str, act: Callable[[], Awaitable[DraftStatus]]) -> BulkResult:
    """A refusal of one draft is its result, not the whole request's."""
    try:
        return BulkResult(id=draft_id, ok=True, status=await act())
    except AppError as error:
        if error.status >= 500 and error.code != "PROVIDER_ERROR":
            raise
        return BulkResult(id=draft_id, ok=False, code=error.code, detail=error.detail)


def _answer(body: BaseModel, status: int) -> Response:
    return Response(body.model_dump_json(), status, media_type="application/json")
