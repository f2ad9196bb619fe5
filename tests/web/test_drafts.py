"""The operator's drafts over HTTP: what each call answers, and what it leaves behind."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from httpx2 import AsyncClient
from sqlalchemy import func, select, update
from web_helpers import assert_problem

from sales_agent.core.audit import AuditEvent
from sales_agent.core.database import Database
from sales_agent.core.rows import insert_missing, table_of
from sales_agent.drafts.content import content_hash
from sales_agent.drafts.models import DRAFT_REVISIONS, DRAFTS
from sales_agent.drafts.service import NewDraft, draft_id_for, new_draft_rows
from sales_agent.web.services import WebServices

DRAFTS_URL = "/api/operator/drafts"
AddDraft = Callable[..., Any]


async def audited(database: Database, subject: str) -> list[tuple[str, str]]:
    events = table_of(AuditEvent)
    async with database.read() as connection:
        rows = await connection.execute(select(events.c.actor, events.c.action).where(events.c.subject == subject))
        return [tuple(row) for row in rows]


async def set_status(database: Database, draft_id: str, status: str) -> None:
    async with database.write() as connection:
        await connection.execute(update(DRAFTS).where(DRAFTS.c.id == draft_id).values(status=status))


async def test_a_workflow_draft_is_laid_down_once_however_often_it_is_written(
        database: Database, add_draft: AddDraft) -> None:
    first = await add_draft("form-lead-7", subject="First")
    again = await add_draft("form-lead-7", subject="Second")
    async with database.read() as connection:
        subjects = (await connection.execute(select(DRAFTS.c.subject))).scalars().all()
        revisions = await connection.scalar(select(func.count()).select_from(DRAFT_REVISIONS))
    assert first == again == draft_id_for("form-lead-7")
    assert (list(subjects), revisions) == (["First"], 1)
    assert await audited(database, first) == [("sales-agent", "draft.created")]


async def test_read_answers_the_whole_draft(app_client: AsyncClient, add_draft: AddDraft) -> None:
    draft_id = await add_draft(icp_score=0.75, degraded=["calendar"], context={"who": "Lee"}, safety=[{"check": "x"}],
                               thread_id="t1")
    draft = (await app_client.get(f"{DRAFTS_URL}/{draft_id}")).json()
    expected = {"id": draft_id, "workflow_id": "form-lead-1", "status": "PENDING_APPROVAL", "version": 1,
                "recipient": "lead@acme.example", "icp_score": 0.75, "degraded": ["calendar"],
                "context": {"who": "Lee"}, "safety": [{"check": "x"}], "created_at": "2026-11-23T09:00:00.000Z",
                "approved_at": None, "approved_by": None, "sent_at": None, "message_id": None, "thread_id": "t1",
                "rejected_reason": None, "send_errors": [],
                "content_hash": content_hash("lead@acme.example", "Hello", "Hi Lee,\n\nthanks.")}
    assert {name: draft[name] for name in expected} == expected


@pytest.mark.parametrize("draft_id", ["nobody", "%00", "a" * 500, "%ED%A0%80", "..%2F..", "'; --"])
async def test_unknown_drafts_are_not_found(app_client: AsyncClient, draft_id: str) -> None:
    assert_problem(await app_client.get(f"{DRAFTS_URL}/{draft_id}"), 404, "NOT_FOUND")


async def test_the_queue_has_the_best_lead_first_and_unscored_ones_last(
        app_client: AsyncClient, database: Database, add_draft: AddDraft, clock: Any) -> None:
    ids = {}
    for name, score in (("unscored", None), ("zero", 0.0), ("old", 0.5), ("new", 0.5), ("best", 0.9), ("gone", 1.0)):
        ids[name] = await add_draft(f"form-lead-{name}", icp_score=score)
        clock.advance(timedelta(seconds=1))
    await set_status(database, ids["gone"], "SENT")
    whole = (await app_client.get(f"{DRAFTS_URL}/pending")).json()
    part = (await app_client.get(f"{DRAFTS_URL}/pending", params={"limit": 2, "offset": 1})).json()
    order = [ids[name] for name in ("best", "old", "new", "zero", "unscored")]
    assert [draft["id"] for draft in whole["drafts"]] == order
    assert [draft["id"] for draft in part["drafts"]] == order[1:3]
    assert whole["total_count"] == part["total_count"] == 5


async def test_the_list_filters_by_status_and_text(app_client: AsyncClient, database: Database,
                                                   add_draft: AddDraft) -> None:
    await add_draft("form-lead-1", subject="100% Ready")
    sent = await add_draft("form-lead-2", recipient="SAM@acme.example", subject="Other")
    await set_status(database, sent, "SENT")

    async def count(**params: Any) -> int:
        return int((await app_client.get(DRAFTS_URL, params=params)).json()["total_count"])

    assert await count() == 2
    assert await count(status="SENT") == 1
    assert await count(q="sam@ACME") == 1
    assert await count(q="ready") == 1
    assert await count(q="%") == 1  # a percent sign, not "anything"
    assert await count(q="_") == 0
    assert await count(status="SENT", q="ready") == 0


@pytest.mark.parametrize("query", ["limit=0", "limit=501", "limit=x", "offset=-1", f"offset={2**31 + 1}",
                                   f"offset={'9' * 5000}", "status=NOPE", "q=%00", f"q={'x' * 201}"])
async def test_bad_list_parameters_are_refused(app_client: AsyncClient, query: str) -> None:
    problem = assert_problem(await app_client.get(f"{DRAFTS_URL}?{query}"), 422, "VALIDATION_ERROR")
    assert problem["errors"][0]["loc"][0] == "query"
    assert "9999" not in json.dumps(problem)


async def test_the_largest_offset_is_an_empty_page(app_client: AsyncClient, add_draft: AddDraft) -> None:
    await add_draft()
    page = (await app_client.get(DRAFTS_URL, params={"offset": 2**31})).json()
    assert page == {"total_count": 1, "drafts": []}


async def test_a_hand_written_draft_waits_for_approval(app_client: AsyncClient, database: Database) -> None:
    response = await app_client.post(DRAFTS_URL, json={
        "recipient": " Ada@Acme.example", "subject": "Hi\u202e there", "body": "One\r\ntwo"})
    draft = response.json()
    assert response.status_code == 201
    assert (draft["recipient"], draft["subject"], draft["body"]) == ("ada@acme.example", "Hi there", "One\ntwo")
    assert (draft["status"], draft["workflow_id"], draft["version"]) == ("PENDING_APPROVAL", None, 1)
    assert await audited(database, draft["id"]) == [("ada", "draft.created")]


@pytest.mark.parametrize("change", [
    {"recipient": "no-at-sign"}, {"recipient": "a@b.example\r\nBcc: x@y.example"},
    {"recipient": "a@b.example, c@d.example"}, {"recipient": None}, {"subject": "two\nlines"},
    {"subject": "nul\x00"}, {"subject": "  "}, {"subject": "x" * 201}, {"body": "\ud800"}, {"body": ""}, {"body": 7},
    {"body": "x" * 20_001}, {"status": "APPROVED"}, {"approved_by": "me"}])
async def test_bad_drafts_are_refused_without_an_echo(app_client: AsyncClient, change: dict[str, Any]) -> None:
    draft = {"recipient": "a@b.example", "subject": "s", "body": "b", **change}
    response = await app_client.post(DRAFTS_URL, content=json.dumps(draft),
                                     headers={"content-type": "application/json"})
    problem = assert_problem(response, 422, "VALIDATION_ERROR")
    assert problem["errors"][0]["loc"][0] == "body"
    assert "Bcc" not in response.text
    assert "approved_by" not in response.text
    assert (await app_client.get(DRAFTS_URL)).json()["total_count"] == 0


async def test_an_edit_is_a_new_revision(app_client: AsyncClient, database: Database, add_draft: AddDraft) -> None:
    draft_id = await add_draft()
    edited = (await app_client.patch(f"{DRAFTS_URL}/{draft_id}", json={"subject": "Better", "version": 1})).json()
    assert (edited["subject"], edited["body"], edited["version"]) == ("Better", "Hi Lee,\n\nthanks.", 2)
    assert edited["content_hash"] == content_hash("lead@acme.example", "Better", "Hi Lee,\n\nthanks.")
    async with database.read() as connection:
        query = select(DRAFT_REVISIONS.c.version, DRAFT_REVISIONS.c.subject, DRAFT_REVISIONS.c.author)
        revisions = (await connection.execute(query.order_by(DRAFT_REVISIONS.c.version))).all()
    assert [tuple(row) for row in revisions] == [(1, "Hello", "sales-agent"), (2, "Better", "ada")]


async def test_a_stale_edit_is_refused(app_client: AsyncClient, add_draft: AddDraft) -> None:
    url = f"{DRAFTS_URL}/{await add_draft()}"
    await app_client.patch(url, json={"body": "mine", "version": 1})
    assert_problem(await app_client.patch(url, json={"body": "theirs", "version": 1}), 409, "STALE_VERSION")
    assert (await app_client.get(url)).json()["body"] == "mine"


async def test_of_edits_at_the_same_moment_one_wins(app_client: AsyncClient, add_draft: AddDraft) -> None:
    url = f"{DRAFTS_URL}/{await add_draft()}"
    answers = await asyncio.gather(
        *(app_client.patch(url, json={"body": f"text {n}", "version": 1}) for n in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    assert (await app_client.get(url)).json()["version"] == 2


@pytest.mark.parametrize("change", [{"version": 1}, {"subject": "x"}, {"subject": "x", "version": 0},
                                    {"subject": "x", "version": 10**400}, {"subject": None, "version": 1},
                                    {"subject": "x", "version": True}, {"subject": "x", "version": "1"}])
async def test_bad_edits_are_refused(app_client: AsyncClient, add_draft: AddDraft, change: dict[str, Any]) -> None:
    response = await app_client.patch(f"{DRAFTS_URL}/{await add_draft()}", json=change)
    assert_problem(response, 422, "VALIDATION_ERROR")


async def test_approval_binds_to_what_was_looked_at(app_client: AsyncClient, database: Database, services: WebServices,
                                                    add_draft: AddDraft) -> None:
    draft_id = await add_draft()
    url = f"{DRAFTS_URL}/{draft_id}"
    seen = (await app_client.get(url)).json()["content_hash"]
    await app_client.patch(url, json={"body": "changed meanwhile", "version": 1})
    stale = await app_client.post(f"{url}/approve", json={"content_hash": seen})
    assert_problem(stale, 409, "APPROVAL_STALE")
    now = (await app_client.get(url)).json()["content_hash"]
    approved = (await app_client.post(f"{url}/approve", json={"content_hash": now})).json()
    assert (approved["status"], approved["approved_by"]) == ("APPROVED", "ada")
    assert approved["approved_at"] == "2026-11-23T09:00:00.000Z"
    async with database.read() as connection:
        row = (await connection.execute(select(DRAFTS))).one()
    assert row.approved_hash == services.door.means.composer.letter(row).fingerprint
    assert ("ada", "draft.approved") in await audited(database, draft_id)


@pytest.mark.parametrize("body", [None, {}, {"content_hash": None}])
async def test_approval_without_a_hash_takes_the_draft_as_it_stands(
        app_client: AsyncClient, add_draft: AddDraft, body: Any) -> None:
    url = f"{DRAFTS_URL}/{await add_draft()}/approve"
    response = await (app_client.post(url) if body is None else app_client.post(url, json=body))
    assert response.json()["status"] == "APPROVED"


async def test_a_misspelt_hash_field_does_not_approve(app_client: AsyncClient, add_draft: AddDraft) -> None:
    url = f"{DRAFTS_URL}/{await add_draft()}"
    assert_problem(await app_client.post(f"{url}/approve", json={"contentHash": "0"}), 422, "VALIDATION_ERROR")
    assert (await app_client.get(url)).json()["status"] == "PENDING_APPROVAL"


async def test_editing_an_approved_draft_withdraws_the_approval(app_client: AsyncClient, add_draft: AddDraft) -> None:
    url = f"{DRAFTS_URL}/{await add_draft()}"
    await app_client.post(f"{url}/approve")
    edited = (await app_client.patch(url, json={"body": "other words", "version": 1})).json()
    assert (edited["status"], edited["approved_at"], edited["approved_by"]) == ("PENDING_APPROVAL", None, None)


@pytest.mark.parametrize("approved_first", [False, True])
async def test_a_rejection_needs_a_reason_and_keeps_it(app_client: AsyncClient, database: Database,
                                                       add_draft: AddDraft, approved_first: bool) -> None:
    draft_id = await add_draft()
    url = f"{DRAFTS_URL}/{draft_id}"
    if approved_first:
        await app_client.post(f"{url}/approve")
    for body in ({}, {"reason": " \n"}, {"reason": "x" * 2001}):
        assert_problem(await app_client.post(f"{url}/reject", json=body), 422, "VALIDATION_ERROR")
    rejected = (await app_client.post(f"{url}/reject", json={"reason": "wrong tone"})).json()
    assert (rejected["status"], rejected["rejected_reason"]) == ("REJECTED", "wrong tone")
    assert rejected["rejected_by"] == "ada"
    assert rejected["approved_by"] is None
    assert ("ada", "draft.rejected") in await audited(database, draft_id)


@pytest.mark.parametrize(("status", "refused"), [
    ("APPROVED", ["approve"]), ("SENDING", ["approve", "reject", "edit"]), ("SENT", ["approve", "reject", "edit"]),
    ("REJECTED", ["approve", "reject", "edit"]), ("SEND_UNKNOWN", ["approve", "reject", "edit"])])
async def test_decisions_in_the_wrong_state_change_nothing(
        app_client: AsyncClient, database: Database, add_draft: AddDraft, status: str, refused: list[str]) -> None:
    draft_id = await add_draft()
    await set_status(database, draft_id, status)
    url = f"{DRAFTS_URL}/{draft_id}"
    calls = {"approve": ("POST", f"{url}/approve", {}), "reject": ("POST", f"{url}/reject", {"reason": "no"}),
             "edit": ("PATCH", url, {"body": "x", "version": 1})}
    for name in refused:
        method, address, body = calls[name]
        assert_problem(await app_client.request(method, address, json=body), 409, "INVALID_STATE")
    assert (await app_client.get(url)).json()["status"] == status
    assert await audited(database, draft_id) == [("sales-agent", "draft.created")]


async def test_of_two_decisions_at_the_same_moment_one_holds(app_client: AsyncClient, add_draft: AddDraft) -> None:
    url = f"{DRAFTS_URL}/{await add_draft()}"
    answers = await asyncio.gather(*(app_client.post(f"{url}/approve") for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]


@pytest.mark.parametrize("action", ["approve", "reject"])
async def test_decisions_on_unknown_drafts_are_not_found(app_client: AsyncClient, action: str) -> None:
    body = {"reason": "x"} if action == "reject" else {}
    assert_problem(await app_client.post(f"{DRAFTS_URL}/nobody/{action}", json=body), 404, "NOT_FOUND")


def test_the_hash_covers_every_part_and_its_borders() -> None:
    parts = ("a@b.example", "subject", "text", "html")
    assert content_hash(*parts) == content_hash(*parts)
    variants = [parts, ("x@b.example", *parts[1:]), ("a@b.example", "x", "text", "html"), (*parts[:2], "x", "html"),
                (*parts[:3], "x"), ("a@b.example", "subjectt", "ext", "html"), (*parts[:2], "html", "text")]
    assert len({content_hash(*each) for each in variants}) == len(variants)


async def test_a_crash_in_between_leaves_nothing(database: Database, clock: Any) -> None:
    new = NewDraft("a@b.example", "s", "b", workflow_id="form-lead-9")

    async def write_and_die() -> None:
        async with database.write() as connection:
            await insert_missing(connection, new_draft_rows(new, clock.now()))
            raise RuntimeError("died")

    with pytest.raises(RuntimeError, match="died"):
        await write_and_die()
    async with database.read() as connection:
        assert await connection.scalar(select(func.count()).select_from(DRAFTS)) == 0
