"""Two processes that lock the same rows in opposite orders: PostgreSQL ends one of them, and nobody notices."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from sales_agent.connectors.local.crm_models import COMPANIES, CrmCompany
from sales_agent.core.database import Database
from sales_agent.core.group_commit import GroupCommit
from sales_agent.core.rows import Row, insert_missing


def company(name: str) -> Row:
    return Row(CrmCompany, {"id": name, "match_key": name, "name": name, "domain": "", "industry": "",
                            "employees": None, "country": ""})


async def test_the_victim_of_a_deadlock_is_written_all_the_same(migrated_postgres: str) -> None:
    databases = [Database(migrated_postgres, pool_size=2) for _ in range(2)]
    crossing = asyncio.Barrier(2)
    tries = 0

    async def flush(connection: AsyncConnection, names: Sequence[str]) -> list[None]:
        nonlocal tries
        tries += 1
        [first, second] = names[0]
        await insert_missing(connection, [company(first)])
        if tries <= 2:  # both hold their first row before either asks for its second
            await crossing.wait()
        await insert_missing(connection, [company(second)])
        return [None]

    desks: list[GroupCommit[str, None]] = [GroupCommit(database, flush) for database in databases]
    await asyncio.gather(desks[0].submit("ab"), desks[1].submit("ba"))
    assert tries == 3, "there was no deadlock, so this test means nothing"
    async with databases[0].read() as connection:
        assert {row.id for row in await connection.execute(COMPANIES.select())} == {"a", "b"}
    for database in databases:
        await database.dispose()
