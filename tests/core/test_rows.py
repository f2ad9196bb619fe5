"""Many rows in one parameter: what goes in comes out the same, on both databases."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError, IntegrityError

from sales_agent.core.audit import AuditEvent, audit_row
from sales_agent.core.database import Database, is_database_down
from sales_agent.core.ids import time_ordered_uuid
from sales_agent.core.jobs import JOBS, JobStatus, new_job
from sales_agent.core.rows import among, found_among, insert_many, insert_missing, table_of, update_each

NOW = datetime(2026, 11, 23, 10, 0, 0, 123456, UTC)
AUDIT = table_of(AuditEvent)


async def jobs(database: Database) -> dict[str, Any]:
    async with database.read() as connection:
        return {row.id: row for row in await connection.execute(select(JOBS))}


async def test_every_kind_of_value_comes_back_as_it_was(database: Database) -> None:
    texts = ["plain", "Ünïcødé 🚀", 'quote " backslash \\ percent %s %(x)s :name {}', "line\nbreak\ttab", ""]
    east = timezone(timedelta(hours=9))
    rows = [new_job(f"job-{n}", "kind", NOW, workflow_id="w", payload=text, due_at=(NOW + timedelta(days=n)).astimezone(east))
            for n, text in enumerate(texts)]
    async with database.write() as connection:
        await insert_many(connection, JOBS, rows)
    found = await jobs(database)
    assert [found[f"job-{n}"].payload for n in range(len(texts))] == texts
    assert [found[f"job-{n}"].due_at for n in range(len(texts))] == [NOW + timedelta(days=n) for n in range(len(texts))]
    assert {(row.status, row.attempts, row.lease_owner, row.created_at) for row in found.values()} == {("PENDING", 0, None, NOW)}


async def test_columns_that_are_left_out_get_their_defaults(database: Database) -> None:
    short = {name: value for name, value in new_job("a", "kind", NOW, workflow_id="w").items()
             if name not in ("status", "attempts", "payload")}
    async with database.write() as connection:
        await insert_many(connection, JOBS, [short])
    row = (await jobs(database))["a"]
    assert (row.status, row.attempts, row.payload) == (JobStatus.PENDING, 0, "{}")


async def test_a_row_that_is_there_is_left_alone_or_refused(database: Database) -> None:
    first = audit_row("ada", "first", "s", NOW, key="k")
    second = audit_row("ada", "second", "s", NOW, key="k")
    async with database.write() as connection:
        await insert_missing(connection, [first, second, audit_row("ada", "other", "s", NOW)])
    async with database.read() as connection:
        actions = (await connection.execute(select(AUDIT.c.action))).scalars().all()
    assert sorted(actions) == ["first", "other"]
    with pytest.raises(IntegrityError):
        async with database.write() as connection:
            await insert_many(connection, AUDIT, [dict(second.values)])


async def test_what_the_database_cannot_hold_is_an_error_and_stores_nothing(database: Database) -> None:
    lone_surrogate = new_job("a", "kind", NOW, workflow_id="w", payload="\ud800")
    with pytest.raises((DBAPIError, UnicodeError)):
        async with database.write() as connection:
            await insert_many(connection, JOBS, [new_job("b", "kind", NOW, workflow_id="w"), lone_surrogate])
    with pytest.raises(ValueError, match="time zone"):
        async with database.write() as connection:
            await insert_many(connection, JOBS, [new_job("a", "kind", NOW.replace(tzinfo=None), workflow_id="w")])
    assert await jobs(database) == {}


def _of_kind_b(one_of: Any) -> Any:
    return select(JOBS.c.id).where(one_of(JOBS.c.id), JOBS.c.kind == "b").order_by(JOBS.c.id)


def _renamed(given: Any) -> Any:
    return JOBS.update().where(JOBS.c.id == given.c.id).values(kind=given.c.kind).returning(JOBS.c.id)


@pytest.mark.parametrize("count", [1, 2, 300])
async def test_keys_and_updates_travel_in_any_number(database: Database, count: int) -> None:
    ids = [f"job-{n:03}" for n in range(count)]
    async with database.write() as connection:
        await insert_many(connection, JOBS, [new_job(each, "a", NOW, workflow_id="w") for each in [*ids, "untouched"]])
        changed = await update_each(connection, JOBS, [{"id": each, "kind": "b"} for each in [*ids, "unknown"]], _renamed)
        assert sorted(changed) == [(each,) for each in ids]
        assert await among(connection, [*ids, "untouched", "unknown"], _of_kind_b) == [(each,) for each in ids]
        assert [row.id for row in await found_among(connection, ids[:1], _of_kind_b)] == ids[:1]


async def lose_the_connection_and_write(database: Database) -> None:
    async with database.write() as connection:
        pid = (await connection.exec_driver_sql("SELECT pg_backend_pid()")).scalar_one()
        async with database.write() as other:
            await other.exec_driver_sql(f"SELECT pg_terminate_backend({pid})")
        await insert_many(connection, JOBS, [new_job("lost", "kind", NOW, workflow_id="w")])


async def test_a_lost_connection_reads_as_one_and_the_next_one_works(postgres_url: str) -> None:
    import sales_agent.migrations.models  # noqa: F401
    from sales_agent.core.database import Base

    database = Database(postgres_url, pool_size=2)
    async with database.engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    with pytest.raises(DBAPIError) as failure:
        await lose_the_connection_and_write(database)
    assert is_database_down(failure.value)
    async with database.write() as connection:
        await insert_many(connection, JOBS, [new_job("kept", "kind", NOW, workflow_id="w")])
    assert set(await jobs(database)) == {"kept"}
    await database.dispose()


def test_ids_sort_by_time_and_are_uuids() -> None:
    made = [time_ordered_uuid() for _ in range(1_000)]
    assert len(set(made)) == 1_000
    assert {uuid.UUID(each).version for each in made} == {7}
    assert [each[:13] for each in made] == sorted(each[:13] for each in made)
