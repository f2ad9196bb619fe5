"""The audit trail: only ever added to, sealed in batches, and proved."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from threading import Thread
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

import sales_agent.migrations.models  # noqa: F401
from sales_agent.core import audit_seal
from sales_agent.core.audit import AUDIT, audit_row
from sales_agent.core.audit_seal import SEALED, batch_bytes, event_digest, seal_new_events
from sales_agent.core.audit_verify import Verification, verify_trail
from sales_agent.core.database import Base, Database
from sales_agent.core.keys import Keys
from sales_agent.core.rows import insert_missing
from sales_agent.migrations.run import migrate

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
KEYS = Keys(["a key that is not in the database"])
TABLES = ("audit_events", "audit_seals", "audit_sealed_events")


async def add(database: Database, *numbers: int) -> None:
    async with database.write() as connection:
        await insert_missing(connection, [
            audit_row("ada", "draft.approved", f"draft-{number}", NOW + timedelta(seconds=number), key=str(number), before="A",
                      after="B", reason="fine", number=number) for number in numbers])


async def seal(database: Database, keys: Keys = KEYS) -> int:
    return await seal_new_events(database, keys, NOW + timedelta(minutes=1))


async def verify(database: Database, keys: Keys = KEYS, expected: str = "") -> Verification:
    async with database.read() as connection:
        return await verify_trail(connection, keys, expected)


async def execute(database: Database, statement: str) -> None:
    async with database.write() as connection:
        await connection.execute(text(statement))


async def forge(database: Database, *statements: str) -> None:
    """What somebody does who may alter the schema: the triggers are no obstacle."""
    triggers = {True: ("no_update", "no_delete"), False: ("no_change", "no_truncate")}[database.is_sqlite]
    for table in TABLES:
        for trigger in triggers:
            await execute(database, f"DROP TRIGGER {table}_{trigger}" + ("" if database.is_sqlite else f" ON {table}"))
    for statement in statements:
        await execute(database, statement)


@pytest.mark.parametrize("made_by", ["model", "migration"])
@pytest.mark.parametrize("table", TABLES)
async def test_the_database_refuses_to_change_or_remove_a_row(database_url: str, made_by: str, table: str) -> None:
    database = Database(database_url)
    if made_by == "migration":
        migrate(database_url)
    else:
        async with database.engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)
    await add(database, 1)
    await seal(database)
    column = {"audit_events": "reason", "audit_seals": "digest", "audit_sealed_events": "event_id"}[table]
    changes = [f"UPDATE {table} SET {column} = 'x'", f"DELETE FROM {table}"] + ([] if database.is_sqlite else [f"TRUNCATE {table}"])
    for change in changes:
        with pytest.raises(DBAPIError, match="append-only"):
            await execute(database, change)
    assert (await verify(database)).problem == ""
    await database.dispose()


async def test_what_was_sealed_is_proved_and_the_rest_is_counted(database: Database) -> None:
    assert await verify(database) == Verification(0, 0, 0)
    await add(database, 1, 2, 3)
    assert await seal(database) == 3
    await add(database, 4)
    found = await verify(database)
    assert (found.seals, found.events, found.unsealed, found.problem) == (1, 3, 1, "")
    assert await seal(database) == 1
    assert await seal(database) == 0
    found = await verify(database)
    assert (found.seals, found.events, found.unsealed) == (2, 4, 0)
    assert found.head.startswith("2:")
    assert (await verify(database, expected=found.head)).problem == ""


COLUMNS = [column.name for column in AUDIT.c]


@pytest.mark.parametrize("column", COLUMNS)
async def test_a_change_of_any_column_shows(database: Database, column: str) -> None:
    await add(database, 1, 2, 3)
    await seal(database)
    value = "'2026-11-23 10:00:00.000000'" if column == "at" else "'forged'"
    await forge(database, f"UPDATE audit_events SET {column} = {value} WHERE subject = 'draft-2'")
    found = await verify(database)
    assert found.problem.startswith("seal 1: the event ")
    assert event_id(2) in found.problem


def event_id(number: int) -> str:
    return str(audit_row("", "", "", NOW, key=str(number)).values["id"])


EVENT = "(SELECT event_id FROM audit_sealed_events WHERE seal = 1 AND position = 1)"
DIGEST_OF_NEW = event_digest(SimpleNamespace(id="new", at=NOW, actor="eve", action="draft.approved", subject="draft-9", before=None,
                                             after=None, reason=None, details="{}"))
NEW_EVENT = ("INSERT INTO audit_events (id, at, actor, action, subject, details) "
             "VALUES ('new', '2026-11-23 09:00:00.000000', 'eve', 'draft.approved', 'draft-9', '{}')")

PUT_IN = f"INSERT INTO audit_sealed_events VALUES ('new', 1, 3, '{DIGEST_OF_NEW}')"


@pytest.mark.parametrize(("statements", "says"), [
    ((f"DELETE FROM audit_events WHERE id = {EVENT}",), "has been removed"),
    ((f"DELETE FROM audit_events WHERE id = {EVENT}", "DELETE FROM audit_sealed_events WHERE seal = 1 AND position = 1"), "should have 3"),
    ((NEW_EVENT, PUT_IN), "should have 3"),
    ((NEW_EVENT, PUT_IN, "UPDATE audit_seals SET events = 4 WHERE number = 1"),
     "has been changed"),
    ((NEW_EVENT, f"UPDATE audit_sealed_events SET event_id = 'new' WHERE event_id = {EVENT}"), "the event new is not"),
    (("UPDATE audit_sealed_events SET position = 3 - position WHERE seal = 1 AND position > 0",), "has been changed"),
    (("DELETE FROM audit_seals WHERE number = 1",), "seal 1 is missing"),
    (("DELETE FROM audit_seals WHERE number = 2",), "seal 2 is missing, though events name it"),
    (("DELETE FROM audit_seals WHERE number = 1", "UPDATE audit_seals SET number = 1 WHERE number = 2"), "does not follow"),
    (("UPDATE audit_seals SET previous = digest WHERE number = 2",), "does not follow"),
    (("UPDATE audit_seals SET digest = previous WHERE number = 1",), "has been changed"),
    (("UPDATE audit_seals SET at = '2026-11-23 10:00:00.000000' WHERE number = 1",), "has been changed"),
    (("INSERT INTO audit_sealed_events VALUES ('hidden', 0, 0, '')",), "seal 0 is missing"),
    (("UPDATE audit_sealed_events SET digest = 'x' WHERE seal = 1 AND position = 1",), "is not as it was sealed"),
    (("DELETE FROM audit_seals", "DELETE FROM audit_sealed_events WHERE seal = 2"), "seal 1 is missing, though events name it"),
])
async def test_every_forgery_of_a_sealed_batch_shows(database: Database, statements: tuple[str, ...], says: str) -> None:
    await add(database, 1, 2, 3)
    await seal(database)
    await add(database, 4)
    await seal(database)
    assert (await verify(database)).problem == ""
    await forge(database, *statements)
    assert says in (await verify(database)).problem


async def test_only_a_head_noted_elsewhere_shows_that_the_end_was_cut_off(database: Database) -> None:
    await add(database, 1)
    await seal(database)
    await add(database, 2)
    await seal(database)
    noted = (await verify(database)).head
    await forge(database, "DELETE FROM audit_events WHERE subject = 'draft-2'", "DELETE FROM audit_sealed_events WHERE seal = 2",
                "DELETE FROM audit_seals WHERE number = 2")
    assert (await verify(database)).problem == ""
    assert "cut off" in (await verify(database, expected=noted)).problem


async def test_without_the_key_nobody_can_seal_or_verify(database: Database) -> None:
    await add(database, 1)
    await seal(database, Keys(["the forger's key"]))
    assert "a key that is not in SECRET_KEY" in (await verify(database)).problem


async def test_after_a_rotation_old_seals_are_verified_with_the_old_key(database: Database) -> None:
    rotated = Keys(["the new key", "a key that is not in the database"])
    await add(database, 1)
    await seal(database)
    await add(database, 2)
    await seal(database, rotated)
    assert (await verify(database, rotated)).problem == ""
    assert "seal 1 cannot be verified" in (await verify(database, Keys(["the new key"]))).problem


async def test_many_writers_and_sealers_seal_every_event_once(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_seal, "BATCH", 7)  # many small batches

    async def write(start: int) -> None:
        for number in range(start, start + 20):
            await add(database, number)

    await asyncio.gather(*(write(start) for start in (0, 100, 200)), *(seal(database) for _ in range(4)))
    await seal(database)
    found = await verify(database)
    assert (found.events, found.unsealed, found.problem) == (60, 0, "")
    async with database.read() as connection:
        assert len((await connection.execute(select(SEALED))).all()) == 60


async def test_an_event_that_commits_late_is_sealed_later(database: Database) -> None:
    await add(database, 5)
    await seal(database)
    await add(database, 1)  # it is older, and came to be seen only now
    assert await seal(database) == 1
    assert (await verify(database)).problem == ""


async def test_what_a_worker_left_while_it_was_off_for_days_is_sealed_when_it_is_back(database: Database) -> None:
    await add(database, 1)
    await seal(database)
    await add(database, 2, 3 * 86_400)
    assert await seal_new_events(database, KEYS, NOW + timedelta(days=9)) == 2


async def test_only_the_whole_look_finds_what_is_far_older_than_the_last_seal(database: Database) -> None:
    await add(database, 3 * 86_400)
    later = NOW + timedelta(days=4)
    assert await seal_new_events(database, KEYS, later) == 1
    await add(database, 1)
    assert await seal_new_events(database, KEYS, later) == 0
    assert (await verify(database)).unsealed == 1
    assert await seal_new_events(database, KEYS, later, everything=True) == 1
    assert (await verify(database)).problem == ""


async def test_a_clock_that_was_far_ahead_does_not_keep_later_events_from_being_sealed(database: Database) -> None:
    await add(database, 365 * 86_400)
    assert await seal(database) == 1
    await add(database, 1)
    assert await seal(database) == 1


async def test_a_long_backlog_is_sealed_to_its_end(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_seal, "BATCH", 3)
    await add(database, *range(0, 10 * 86_400, 43_200))  # ten days, two a day
    assert await seal_new_events(database, KEYS, NOW + timedelta(days=30)) == 20
    assert (await verify(database)).seals == 7


async def test_the_proof_is_of_one_moment_whatever_is_sealed_meanwhile(database: Database) -> None:
    await add(database, 1)
    await seal(database)

    async def seal_another(number: int) -> None:
        other = Database(database.url.render_as_string(hide_password=False), pool_size=1)
        await add(other, number)
        await seal(other)
        await other.dispose()

    def meanwhile(done: int, _total: int) -> None:
        if done < 4:  # or it would never end
            thread = Thread(target=asyncio.run, args=(seal_another(done + 1),))
            thread.start()
            thread.join()

    async with database.read() as connection:
        found = await verify_trail(connection, KEYS, progress=meanwhile)
    assert (found.seals, found.events, found.unsealed, found.problem) == (1, 1, 0, "")
    assert (await verify(database)).seals == 2


def test_every_column_is_signed() -> None:
    """One that is added must be signed by a new version of the seal, or the seals that are there break."""
    assert list(audit_seal.SIGNED) == COLUMNS


TEXTS = st.one_of(st.none(), st.text(max_size=20))


@given(st.lists(TEXTS, min_size=8, max_size=8), st.lists(TEXTS, min_size=8, max_size=8))
def test_two_different_rows_never_have_the_same_digest(one: list[Any], other: list[Any]) -> None:
    names = [name for name in COLUMNS if name != "at"]
    rows = [SimpleNamespace(at=NOW, **dict(zip(names, values, strict=True))) for values in (one, other)]
    assert (event_digest(rows[0]) == event_digest(rows[1])) is (one == other)


def test_a_batch_is_bound_to_its_number_time_and_predecessor() -> None:
    base: tuple[int, datetime, str, list[str]] = (1, NOW, "0" * 64, [])
    variants = [base, (2, *base[1:]), (1, NOW + timedelta(microseconds=1), *base[2:]), (1, NOW, "1" * 64, [])]
    assert len({batch_bytes(*each) for each in variants}) == len(variants)
