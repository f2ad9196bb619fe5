"""Unsubscribing over HTTP: a reader's one click works for years, a link scanner's visit does nothing."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient
from sqlalchemy import delete, select
from web_helpers import assert_problem, connect, web_services

from sales_agent.core.audit import AuditEvent
from sales_agent.core.database import Database
from sales_agent.core.keys import Keys
from sales_agent.core.rows import table_of
from sales_agent.drafts.models import DRAFT_REVISIONS, DRAFTS
from sales_agent.sending.suppression import Suppressed, is_suppressed, lift, suppress
from sales_agent.sending.suppression_models import SUPPRESSIONS
from sales_agent.sending.unsubscribe import Unsubscribe
from sales_agent.web.app import create_app
from sales_agent.web.services import WebServices

LEE = "lee@acme.example"
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def link(services: WebServices) -> str:
    """The path of the link in a mail to Lee."""
    return "/" + services.door.means.unsubscribe.url(LEE).split("/", 3)[3]


async def listed(database: Database) -> list[Any]:
    async with database.read() as connection:
        return list(await connection.execute(select(SUPPRESSIONS)))


async def why(services: WebServices, address: str) -> Suppressed | None:
    async with services.database.read() as connection:
        return await is_suppressed(connection, services.door.means.keys, address)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_looking_changes_nothing(stranger: AsyncClient, link: str, database: Database, method: str) -> None:
    for _ in range(3):
        answer = await stranger.request(method, link)
        assert answer.status_code == 200
    assert await listed(database) == []
    assert "form-action 'self'" in answer.headers["content-security-policy"]
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "noindex" in answer.headers["x-robots-tag"]


@pytest.mark.parametrize("how", [{"data": ONE_CLICK}, {"files": {"List-Unsubscribe": (None, "One-Click")}}, {"content": b""}])
async def test_one_click_is_enough_and_twice_is_once(stranger: AsyncClient, services: WebServices, link: str,
                                                      database: Database, how: dict[str, Any]) -> None:
    for _ in range(2):
        answer = await stranger.post(link, **how)
        assert (answer.status_code, answer.is_redirect) == (200, False)
    assert await why(services, " LEE@Acme.example ") is Suppressed.UNSUBSCRIBED
    assert await why(services, "somebody.else@acme.example") is None
    [row] = await listed(database)
    assert LEE not in f"{row} {link}"
    async with database.read() as connection:
        events = (await connection.execute(select(table_of(AuditEvent)))).all()
    assert [(each.action, each.actor) for each in events] == [("recipient.suppressed", "recipient")]


async def test_forged_links_get_the_same_answer_and_do_nothing(stranger: AsyncClient, link: str, database: Database) -> None:
    good = await stranger.post(link)
    [row] = await listed(database)
    token = link.rpartition("/")[2]
    raw = bytearray(urlsafe_b64decode(token))
    raw[0] ^= 1
    for forged in (urlsafe_b64encode(bytes(raw)).decode(), token[:-1], token + "A", token[:-1] + "é", "x", "A" * 64, "%00"):
        answer = await stranger.post(f"/u/{forged}")
        assert (answer.status_code, answer.text) == (200, good.text)
    assert [each.address_key for each in await listed(database)] == [row.address_key]


async def test_every_single_changed_bit_is_a_forgery(services: WebServices, link: str) -> None:
    token, reads = link.rpartition("/")[2], services.door.means.unsubscribe.reads
    assert reads(token)
    raw = urlsafe_b64decode(token)
    for bit in range(8 * len(raw)):
        forged = bytearray(raw)
        forged[bit // 8] ^= 1 << bit % 8
        assert reads(urlsafe_b64encode(bytes(forged)).decode()) is None


async def test_a_link_outlives_the_draft_it_came_with(stranger: AsyncClient, services: WebServices, link: str,
                                                      add_draft: Any, database: Database) -> None:
    await add_draft(recipient=LEE)
    async with database.write() as connection:
        await connection.execute(delete(DRAFT_REVISIONS))
        await connection.execute(delete(DRAFTS))
    await stranger.post(link)
    assert await why(services, LEE) is Suppressed.UNSUBSCRIBED


async def test_keys_are_rotated_by_putting_a_new_one_in_front(database: Database, clock: Any) -> None:
    old, both = Keys(["an old key"]), Keys(["a new key", "an old key"])
    async with database.write() as connection:
        await suppress(connection, old, LEE, Suppressed.COMPLAINT, "test", clock.now(), "x")
        assert await is_suppressed(connection, both, LEE) is Suppressed.COMPLAINT
        assert await is_suppressed(connection, Keys(["a new key"]), LEE) is None
    token = Unsubscribe("https://a.example", old).url(LEE).rpartition("/")[2]
    assert Unsubscribe("https://a.example", both).reads(token)
    assert Unsubscribe("https://a.example", Keys(["a new key"])).reads(token) is None


async def test_an_international_domain_has_one_spelling(database: Database, clock: Any) -> None:
    keys = Keys(["k"])
    async with database.write() as connection:
        await suppress(connection, keys, "José@bücher.example", Suppressed.MANUAL, "test", clock.now(), "x")
        assert await is_suppressed(connection, keys, "JOSÉ@XN--BCHER-KVA.example")
        assert not await is_suppressed(connection, keys, "jose+news@bücher.example")


async def test_lifting_needs_a_reason_and_spares_complaints(database: Database, clock: Any) -> None:
    keys = Keys(["k"])
    async with database.write() as connection:
        await suppress(connection, keys, LEE, Suppressed.COMPLAINT, "test", clock.now(), "x")
        with pytest.raises(ValueError, match="reason"):
            await lift(connection, keys, LEE, " ", clock.now(), "ada")
        with pytest.raises(Exception, match="complained"):
            await lift(connection, keys, LEE, "asked for it", clock.now(), "ada")
        await lift(connection, keys, LEE, "asked for it", clock.now(), "ada", force=True)
        assert await is_suppressed(connection, keys, LEE) is None


async def test_a_database_that_is_down_says_try_again(settings: Any, clock: Any) -> None:
    nowhere = Database("postgresql://nobody@127.0.0.1:1/none")
    services = web_services(settings, nowhere, clock)
    app: FastAPI = create_app(services)
    path = "/" + services.door.means.unsubscribe.url(LEE).split("/", 3)[3]
    async with connect(app) as client:
        assert (await client.get(path)).status_code == 200
        assert_problem(await client.post(path), 503, "UNAVAILABLE")
    await nowhere.dispose()
