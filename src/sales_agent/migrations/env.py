"""Alembic's entry: runs the chain over a synchronous connection, under a lock on PostgreSQL."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import create_engine, text
from sqlalchemy.engine import Connection

import sales_agent.migrations.models  # noqa: F401  (registers every table)
from sales_agent.core.database import Base, UtcDateTime, normalised_url

LOCK = 7255_2026  # any number that nothing else on this database uses


def run() -> None:
    url = normalised_url(context.config.attributes["database_url"])
    sync_drivers = {"sqlite+aiosqlite": "sqlite"}
    engine = create_engine(url.set(drivername=sync_drivers.get(url.drivername, url.drivername)))
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text(f"SELECT pg_advisory_xact_lock({LOCK})"))
        _migrate(connection)
    engine.dispose()


def _render_item(kind: str, item: Any, _context: AutogenContext) -> str | Literal[False]:
    """Migrations stand on their own: they name plain SQLAlchemy types, not ours."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, UtcDateTime) else False


def _migrate(connection: Connection) -> None:
    context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True,
                      compare_type=True, render_item=_render_item)
    with context.begin_transaction():
        context.run_migrations()


run()
