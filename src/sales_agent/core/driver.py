"""The short way to the database, for the few statements that every lead needs.

A compiled statement goes to the driver itself, in the transaction that the connection is in.
SQLAlchemy's own execution costs several times what such a statement does, most of it for
switching between its synchronous core and the asynchronous driver, several times a statement.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection


async def execute(connection: AsyncConnection, statement: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """The rows that the statement answers. Parameters are named as the driver names them, values are the driver's.

    Raises the same exceptions as SQLAlchemy would.
    """
    raw = _driver(connection)
    try:
        if connection.dialect.name == "sqlite":
            return list(await raw.execute_fetchall(statement, parameters))
        cursor = await raw.execute(statement, parameters)
        return await cursor.fetchall() if cursor.description else []
    except _errors(connection) as error:
        raise await _translated(connection, raw, error) from error


def _driver(connection: AsyncConnection) -> Any:
    """The driver's connection. It is there already: nothing is awaited or connected here."""
    assert connection.sync_connection is not None
    return connection.sync_connection.connection.driver_connection


def _errors(connection: AsyncConnection) -> type[Exception]:
    kind: type[Exception] = connection.dialect.loaded_dbapi.Error
    return kind


async def _translated(connection: AsyncConnection, raw: Any, error: Exception) -> BaseException:
    gone = connection.dialect.is_disconnect(error, raw, None)  # type: ignore[arg-type]
    if gone:
        await connection.invalidate(error)
    return DBAPIError.instance(None, None, error, _errors(connection), connection_invalidated=gone,
                               dialect=connection.dialect)
