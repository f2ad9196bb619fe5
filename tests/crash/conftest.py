"""Installations to crash: SQLite in one process, PostgreSQL with a Redis of one's own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from sales_agent.migrations.run import migrate

pytest.register_assert_rewrite("crash_site")  # before its first import, so that it says what differs

from crash_broker import PrivateRedis, redis_program  # noqa: E402
from crash_site import Site  # noqa: E402


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[PrivateRedis]:
    server = PrivateRedis(redis_program(), tmp_path)
    yield server
    server.client.close()
    server.kill()


@pytest.fixture
def migrated_postgres(postgres_url: str) -> str:
    migrate(postgres_url)
    return postgres_url


@pytest.fixture
async def postgres_site(migrated_postgres: str, broker: PrivateRedis, tmp_path: Path) -> AsyncIterator[Site]:
    """The production shape: nothing runs yet."""
    site = Site(tmp_path / "site", migrated_postgres, broker.url)
    yield site
    await site.close()


@pytest.fixture
async def sqlite_site(tmp_path: Path) -> AsyncIterator[Site]:
    """The embedded shape: nothing runs yet, but the database is there."""
    url = f"sqlite:///{tmp_path / 'sales_agent.db'}"
    migrate(url)
    site = Site(tmp_path / "site", url, "memory://")
    yield site
    await site.close()


@pytest.fixture(params=["sqlite", "postgres"])
def site(request: pytest.FixtureRequest) -> Site:
    return request.getfixturevalue(f"{request.param}_site")  # type: ignore[no-any-return]


@pytest.fixture
def shape(site: Site) -> str:
    """What works on leads in this installation: one process with everything, or a worker."""
    return "up" if site.database.is_sqlite else "worker"
