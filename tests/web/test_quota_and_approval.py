"""The sending quota over HTTP, and the auto-approval engine's reasons."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from httpx2 import AsyncClient
from sqlalchemy import select
from web_helpers import assert_problem

from sales_agent.approvals.engine import AutoApprovalEngine, DraftFacts
from sales_agent.approvals.models import AutoApprovalLog, log_row
from sales_agent.core.database import Database
from sales_agent.core.rows import Row, insert_missing, table_of
from sales_agent.core.settings import ApprovalSettings, SendingSettings
from sales_agent.sending.limits import RateLimiter
from sales_agent.sending.models import AttemptState, SendAttempt

LEAD = "lead@acme.example"
Reserve = Callable[..., Any]


@pytest.fixture
def reserve(database: Database, add_draft: Callable[..., Any]) -> Reserve:
    async def take(at: datetime, number: int, recipient: str = LEAD, released: bool = False) -> None:
        draft_id = await add_draft(f"form-lead-{number}")
        async with database.write() as connection:
            await insert_missing(connection, [Row(SendAttempt, {
                "id": f"r{number}", "draft_id": draft_id, "number": 1, "recipient": recipient, "started_at": at, "actor": "ada",
                "fingerprint": "f", "mailbox": "m", "state": AttemptState.REFUSED if released else AttemptState.SENT})])
    return take


def limiter(database: Database, clock: Any, day: int | None, week: int | None, contact: int | None) -> RateLimiter:
    limits = SendingSettings(max_emails_per_day=day, max_emails_per_week=week, max_emails_per_contact_per_week=contact)
    return RateLimiter(limits, database, clock)


async def test_nothing_sent_leaves_the_whole_quota(app_client: AsyncClient) -> None:
    response = await app_client.get(f"/api/operator/quota/{LEAD}")
    assert response.json() == {"remaining_today": 20, "remaining_this_week": 2, "remaining_for_contact": 2,
                               "retry_at": None}


async def test_a_full_week_says_when_there_is_room_again(app_client: AsyncClient, clock: Any, reserve: Reserve) -> None:
    await reserve(clock.now() - timedelta(days=3), 1)
    await reserve(clock.now() - timedelta(days=1), 2, "other@acme.example")
    quota = (await app_client.get("/api/operator/quota/LEAD@acme.example")).json()
    assert quota == {"remaining_today": 20, "remaining_this_week": 0, "remaining_for_contact": 1,
                     "retry_at": "2026-11-27T09:00:00.000Z"}


@pytest.mark.parametrize("address", ["nonsense", "a%00@b.example", "a%0D%0AB@c.example", "x" * 400])
async def test_a_quota_needs_an_address(app_client: AsyncClient, address: str) -> None:
    assert_problem(await app_client.get(f"/api/operator/quota/{address}"), 422, "VALIDATION_ERROR")


async def test_windows_roll_and_released_places_do_not_count(database: Database, clock: Any, reserve: Reserve) -> None:
    now = clock.now()
    await reserve(now - timedelta(hours=24), 1)  # left the day this very moment
    await reserve(now - timedelta(hours=23), 2)
    await reserve(now - timedelta(days=7), 3)  # left the week
    await reserve(now, 4, released=True)
    quota = await limiter(database, clock, 5, 5, 5).quota(LEAD)
    assert (quota.remaining_today, quota.remaining_this_week, quota.remaining_for_contact) == (4, 3, 3)


async def test_the_latest_of_several_full_limits_decides(database: Database, clock: Any, reserve: Reserve) -> None:
    now = clock.now()
    for number, hours in enumerate((1, 2, 30)):
        await reserve(now - timedelta(hours=hours), number)
    quota = await limiter(database, clock, 1, 10, 2).quota(LEAD)
    assert (quota.remaining_today, quota.remaining_for_contact) == (0, 0)
    assert quota.retry_at == now - timedelta(hours=2) + timedelta(days=7)  # two newest block the contact's week
    clock.advance(quota.retry_at - now)
    assert (await limiter(database, clock, 1, 10, 2).quota(LEAD)).retry_at is None


@pytest.mark.parametrize(("limits", "left"), [((None, None, None), (None, None, None)), ((0, 2, 2), (0, 2, 2))])
async def test_no_limit_and_a_limit_of_none(database: Database, clock: Any, limits: Any, left: Any) -> None:
    quota = await limiter(database, clock, *limits).quota(LEAD)
    assert (quota.remaining_today, quota.remaining_this_week, quota.remaining_for_contact) == left
    assert quota.retry_at is None


@pytest.mark.parametrize(("enabled", "degraded", "says"), [
    (False, (), "AUTO_APPROVE_ENABLED"), (True, ("no free/busy", "no CRM"), "no free/busy, no CRM"),
    (True, (), "No auto-approval rule is enabled")])
def test_the_engine_asks_a_person_and_says_why(enabled: bool, degraded: tuple[str, ...], says: str) -> None:
    engine = AutoApprovalEngine(ApprovalSettings(auto_approve_enabled=enabled))
    evaluation = engine.evaluate_draft(DraftFacts("d1", "form-lead-1", 0.99, degraded))
    assert (evaluation.decision, evaluation.matched_rule, evaluation.confidence) == ("needs_review", None, 0.0)
    assert says in evaluation.reasoning


async def test_an_evaluation_is_logged_once(database: Database, clock: Any, add_draft: Callable[..., Any]) -> None:
    facts = DraftFacts(await add_draft(), "form-lead-1", 0.5)
    evaluation = AutoApprovalEngine(ApprovalSettings()).evaluate_draft(facts)
    for _ in range(2):
        async with database.write() as connection:
            await insert_missing(connection, [log_row(facts, evaluation, clock.now(), key="form-lead-1")])
    async with database.read() as connection:
        rows = (await connection.execute(select(table_of(AutoApprovalLog)))).all()
    assert [(row.draft_id, row.decision, row.inputs) for row in rows] == [
        (facts.draft_id, "needs_review", '{"degraded": [], "icp_score": 0.5}')]
