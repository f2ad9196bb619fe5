"""Rows as data: what a piece of work wants written, in the transaction that records the work.

Many rows travel as one JSON parameter. The text of a statement is then the same for one row
or two hundred, so it is compiled once and prepared once; a list of VALUES would cost both
again for every new number of rows.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import JSON, Dialect, Select, String, Table, Text, any_, bindparam, cast, column, func, select, true
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import psycopg
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.sql.schema import ScalarElementColumnDefault

from sales_agent.core import driver

ROWS, KEYS = "json_rows", "json_keys"  # the names of the parameters


@dataclass(frozen=True, slots=True)
class Row:
    """An insert that is a no-op when the row is already there, so that it can be repeated."""

    model: type[DeclarativeBase]
    values: Mapping[str, Any]


def insert(connection: AsyncConnection, table: Table) -> Any:
    """The dialect's INSERT, which knows ON CONFLICT on both databases."""
    return _inserts(connection.dialect.name)(table)


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
        await insert_many(connection, table_of(model), values, unless_there)


def plainly(statement: Any) -> Any:
    """A row that is already there is an error."""
    return statement


def unless_there(statement: Any) -> Any:
    return statement.on_conflict_do_nothing()


async def insert_many(connection: AsyncConnection, table: Table, values: Sequence[Mapping[str, Any]],
                      finish: Callable[[Any], Any] = plainly) -> list[tuple[Any, ...]]:
    """One statement for all the rows, which name the same columns. Answers what it returns.

    `finish` adds what is to follow (ON CONFLICT, RETURNING). It is called once and then
    remembered, so it must be a function of a module, not one made on the spot.
    """
    dialect = connection.dialect.name
    if defaults := _defaults(table, tuple(values[0])):
        values = [{**row, **defaults} for row in values]
    statement, constants = _insert_statement(dialect, table, tuple(values[0]), finish)
    return await driver.execute(connection, statement, {**constants, ROWS: as_json(dialect, values)})


async def among(connection: AsyncConnection, keys: Sequence[str], build: Callable[[Any], Any],
                **parameters: Any) -> list[tuple[Any, ...]]:
    """Execute the statement that `build(one_of)` makes; answers what it returns.

    `one_of(column)` is the condition that the column holds one of the keys; `parameters` are
    the statement's own `bindparam`s. For `build` holds what `insert_many` says of `finish`.
    """
    dialect = connection.dialect.name
    statement, constants = _statement(dialect, build)
    values = {name: _MOMENTS[dialect](value) if isinstance(value, datetime) else value
              for name, value in parameters.items()}
    return await driver.execute(connection, statement, {**constants, **values, KEYS: _keys(dialect, keys)})


async def found_among(connection: AsyncConnection, keys: Sequence[str], build: Callable[[Any], Any]) -> Sequence[Any]:
    """The rows that the SELECT `build(one_of)` finds, with the types of their columns; see `among`."""
    dialect = connection.dialect.name
    return (await connection.execute(_select(dialect, build), {KEYS: _keys(dialect, keys)})).all()


async def update_each(connection: AsyncConnection, table: Table, values: Sequence[Mapping[str, Any]],
                      build: Callable[[Any], Any]) -> list[tuple[Any, ...]]:
    """Execute the UPDATE that `build(given)` makes, whose FROM is `given`: the rows, under the table's own
    column names. They name the same columns. Answers what it returns."""
    dialect = connection.dialect.name
    statement, constants = _update_statement(dialect, table, tuple(values[0]), build)
    return await driver.execute(connection, statement, {**constants, ROWS: as_json(dialect, values)})


def as_json(dialect: str, values: Sequence[Mapping[str, Any]]) -> str:
    """The rows as the value of the parameter ROWS. Text that is not Unicode fails at the driver."""
    return json.dumps(values, ensure_ascii=False, default=_MOMENTS[dialect])


def _keys(dialect: str, keys: Sequence[str]) -> Any:
    return json.dumps(keys) if dialect == "sqlite" else list(keys)


@cache
def json_rows(dialect: str, table: Table, columns: tuple[str, ...]) -> Select[Any]:
    """The rows in the parameter ROWS as a SELECT of these columns, with the types of the table's."""
    if dialect == "sqlite":
        each = func.json_each(bindparam(ROWS, type_=Text())).table_valued("value")
        # Without a WHERE, SQLite would take the ON of ON CONFLICT for that of a join.
        return select(*(func.json_extract(each.c.value, f"$.{name}").label(name) for name in columns)).where(true())
    record = func.json_to_recordset(cast(bindparam(ROWS, type_=Text()), JSON)).table_valued(
        *(column(name, table.c[name].type) for name in columns), name="given").render_derived(with_types=True)
    return select(*record.c)


@cache
def _defaults(table: Table, columns: tuple[str, ...]) -> Mapping[str, Any]:
    """What the model says about columns that were left out."""
    return {column.name: column.default.arg for column in table.c
            if column.name not in columns and isinstance(column.default, ScalarElementColumnDefault)}


@cache
def _insert_statement(dialect: str, table: Table, columns: tuple[str, ...],
                      finish: Callable[[Any], Any]) -> tuple[str, Mapping[str, Any]]:
    rows = json_rows(dialect, table, columns)
    return _compiled(dialect, finish(_inserts(dialect)(table).from_select(columns, rows, include_defaults=False)))


@cache
def _statement(dialect: str, build: Callable[[Any], Any]) -> tuple[str, Mapping[str, Any]]:
    return _compiled(dialect, _select(dialect, build))


@cache
def _select(dialect: str, build: Callable[[Any], Any]) -> Any:
    return build(_ONE_OF[dialect])


@cache
def _update_statement(dialect: str, table: Table, columns: tuple[str, ...],
                      build: Callable[[Any], Any]) -> tuple[str, Mapping[str, Any]]:
    return _compiled(dialect, build(json_rows(dialect, table, columns).subquery("given")))


def _compiled(dialect: str, statement: Any) -> tuple[str, Mapping[str, Any]]:
    """The text, and the parameters that are the same every time."""
    compiled = statement.compile(dialect=_DIALECTS[dialect])
    constants = {name: str(value) if isinstance(value, str) else value for name, value in compiled.params.items()}
    return str(compiled), constants


def _inserts(dialect: str) -> Callable[[Table], Any]:
    return sqlite.insert if dialect == "sqlite" else postgresql.insert


def _utc(value: Any) -> datetime:
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise ValueError(f"{type(value).__name__} without a form in the database, or a datetime without a time zone")
    return value.astimezone(UTC)


_ONE_OF: Mapping[str, Callable[[Any], Any]] = {
    "sqlite": lambda column: column.in_(select(func.json_each(bindparam(KEYS, type_=Text())).table_valued("value").c.value)),
    "postgresql": lambda column: column == any_(bindparam(KEYS, type_=postgresql.ARRAY(String))),
}
_DIALECTS: Mapping[str, Dialect] = {"sqlite": sqlite.dialect(paramstyle="named"), "postgresql": psycopg.dialect()}  # type: ignore[no-untyped-call]

# How a moment is written: as SQLAlchemy keeps it in SQLite, and as PostgreSQL reads it.
_MOMENTS: Mapping[str, Callable[[Any], str]] = {
    "sqlite": lru_cache(lambda value: _utc(value).replace(tzinfo=None).isoformat(" ", "microseconds")),
    "postgresql": lru_cache(lambda value: _utc(value).isoformat(" ", "microseconds")),
}
