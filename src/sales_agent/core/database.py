"""One way to the database, for SQLite (embedded default) and PostgreSQL (production).

`Database.read()` and `Database.write()` are the only places that open transactions; the
block commits when it ends and rolls back when it raises. On SQLite a write begins with
BEGIN IMMEDIATE: a transaction that reads first and writes later fails at once when
another writer commits in between, and no busy timeout helps against that.
"""

from __future__ import annotations

import asyncio
import threading
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any

from sqlalchemy import DateTime, MetaData, event, text
from sqlalchemy.engine import URL, Dialect, make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, InvalidatePoolError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


_WRITERS: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC datetime on both databases (SQLite itself keeps no time zone)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a datetime without a time zone reached the database layer")
        return value.astimezone(UTC) if dialect.name != "sqlite" else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


# Failures of the connection, not of the statement: the same work may succeed later.
DATABASE_DOWN = (OperationalError, InterfaceError, PoolTimeout, ConnectionError)


# Transactions that got in each other's way (serialization failure, deadlock): try again, nothing is down.
COLLISIONS = ("40001", "40P01")


def is_collision(error: BaseException) -> bool:
    return isinstance(error, DBAPIError) and getattr(error.orig, "sqlstate", None) in COLLISIONS


# The server answers, but not with this schema (42P01: not migrated) or not for writing (25006: a standby).
NOT_READY = ("42P01", "25006")


def is_database_down(error: BaseException) -> bool:
    if is_collision(error):
        return False
    if isinstance(error, DBAPIError) and getattr(error.orig, "sqlstate", None) in NOT_READY:
        return True
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    return isinstance(error, DATABASE_DOWN)


_RESTED_SECONDS = 0.5


class Database:
    """An engine with two kinds of transaction. Belongs to the event loop that first uses it."""

    def __init__(self, url: str, *, pool_size: int = 10, statement_timeout_seconds: float = 30) -> None:
        self.url = normalised_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.engine = _engine(self.url, pool_size, statement_timeout_seconds)
        self._autocommitting = self.engine.execution_options(isolation_level="AUTOCOMMIT")

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A read-only view: nothing written here is kept."""
        async with self.engine.connect() as connection:
            yield connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """One transaction, committed when the block ends."""
        async with self._turn(), self.engine.connect() as connection:
            if self.is_sqlite:
                await connection.execution_options(sqlite_begin="BEGIN IMMEDIATE")
            async with connection.begin():
                yield connection

    @asynccontextmanager
    async def one_statement(self) -> AsyncIterator[AsyncConnection]:
        """Like `write`, for a block whose writing is one statement on PostgreSQL. There it is a transaction
        of its own, which saves the round trips of BEGIN and COMMIT."""
        if self.is_sqlite:
            async with self.write() as connection:
                yield connection
            return
        async with self._autocommitting.connect() as connection:
            yield connection

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        """SQLite has one writer. Within this process (whose loops live in several threads) writers
        take turns here, a millisecond apart; SQLite's own waiting sleeps up to a tenth of a second."""
        if not self.is_sqlite:
            yield
            return
        lock = _WRITERS[str(self.url.database)]
        while not lock.acquire(blocking=False):  # noqa: ASYNC110 (the other loops are in other threads)
            await asyncio.sleep(0.001)
        try:
            yield
        finally:
            lock.release()

    async def ping(self) -> None:
        async with self.read() as connection:
            await connection.execute(text("SELECT 1"))

    async def dispose(self) -> None:
        await self.engine.dispose()


def normalised_url(url: str) -> URL:
    """The URL with the async driver this product ships (psycopg 3, aiosqlite) filled in."""
    parsed = make_url(url)
    drivers = {"postgres": "postgresql+psycopg", "postgresql": "postgresql+psycopg", "sqlite": "sqlite+aiosqlite"}
    return parsed.set(drivername=drivers.get(parsed.drivername, parsed.drivername))


def sqlite_file(url: URL) -> Path | None:
    return Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None


def _engine(url: URL, pool_size: int, statement_timeout_seconds: float) -> AsyncEngine:
    if url.get_backend_name() == "sqlite":
        return _sqlite_engine(url)
    milliseconds = int(statement_timeout_seconds * 1000)
    options = f"-c statement_timeout={milliseconds} -c idle_in_transaction_session_timeout={2 * milliseconds}"
    engine = create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=5,
        hide_parameters=True,  # they hold personal data, and errors end in logs
        connect_args={"connect_timeout": 4, "options": options, "prepare_threshold": 2},
    )
    _ping_the_rested(engine)
    return engine


def _ping_the_rested(engine: AsyncEngine) -> None:
    """Before a connection that has rested is used, ask whether it still lives, and replace it if not.

    Asking before every use (`pool_pre_ping`) costs as much as a statement. One that was alive
    a moment ago and fails now fails like one that breaks in use.
    """
    dialect = engine.sync_engine.dialect

    @event.listens_for(engine.sync_engine, "checkin")
    def on_checkin(_connection: Any, record: Any) -> None:
        record.info["rests_since"] = monotonic()

    @event.listens_for(engine.sync_engine, "checkout")
    def on_checkout(connection: Any, record: Any, _proxy: Any) -> None:
        if monotonic() - record.info.get("rests_since", monotonic()) < _RESTED_SECONDS:
            return
        try:
            dialect.do_ping(connection)
        except dialect.loaded_dbapi.Error as error:
            raise InvalidatePoolError from error


def _sqlite_engine(url: URL) -> AsyncEngine:
    if path := sqlite_file(url):
        path.parent.mkdir(parents=True, exist_ok=True)
    engine = create_async_engine(url, pool_size=5, max_overflow=0, hide_parameters=True, connect_args={"timeout": 15})

    @event.listens_for(engine.sync_engine, "connect")
    def on_connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves, below
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "temp_store=MEMORY"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def on_begin(connection: Any) -> None:
        connection.exec_driver_sql(connection.get_execution_options().get("sqlite_begin", "BEGIN"))

    return engine
