"""Rows as data: what a piece of work wants written, in the transaction that records the work."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import DeclarativeBase


@dataclass(frozen=True, slots=True)
class Row:
    """An insert that is a no-op when the row is already there, so that it can be repeated."""

    model: type[DeclarativeBase]
    values: Mapping[str, Any]


def insert(connection: AsyncConnection, table: Table) -> Any:
    """The dialect's INSERT, which knows ON CONFLICT on both databases."""
    if connection.dialect.name == "sqlite":
        return sqlite.insert(table)
    return postgresql.insert(table)


def table_of(model: type[DeclarativeBase]) -> Table:
    table = model.__table__
    assert isinstance(table, Table)
    return table


async def insert_missing(connection: AsyncConnection, rows: Iterable[Row]) -> None:
    """Insert the rows, one statement a table, in the order in which tables first appear."""
    by_shape: dict[tuple[type[DeclarativeBase], frozenset[str]], list[Mapping[str, Any]]] = {}
    for row in rows:
        by_shape.setdefault((row.model, frozenset(row.values)), []).append(row.values)
    for (model, _), values in by_shape.items():
        await insert_many(connection, insert(connection, table_of(model)).on_conflict_do_nothing(), values)


async def insert_many(connection: AsyncConnection, statement: Any, values: Sequence[Mapping[str, Any]]) -> None:
    """One multi-row statement. (Without RETURNING the drivers would send one statement a row.)"""
    key = next(iter(statement.table.primary_key))
    await connection.execute(statement.returning(key), [dict(each) for each in values])
