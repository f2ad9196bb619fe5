"""What most commands need first: settings, logging, and a database that is ready."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sales_agent.core.database import Database
from sales_agent.core.settings import Settings, load_settings


def prepared_settings() -> Settings:
    """Read the settings and set up logging. Raises ConfigurationError."""
    from sales_agent.core.telemetry import configure_logging

    settings = load_settings()
    configure_logging(settings.runtime.log_level, settings.runtime.log_format)
    return settings


def settings_to_run() -> Settings:
    """Like `prepared_settings`, for what keeps running: says which limits make each other pointless."""
    import structlog

    from sales_agent.core.settings import pointless_limits

    settings = prepared_settings()
    for warning in pointless_limits(settings.sending):
        structlog.get_logger().warning("limits.pointless", warning=warning)
    return settings


@asynccontextmanager
async def open_database() -> AsyncIterator[tuple[Settings, Database]]:
    """The configured database, for one short command. An embedded SQLite is created when it is missing."""
    from sales_agent.migrations.run import ensure_embedded

    settings = prepared_settings()
    ensure_embedded(settings)
    database = Database(settings.database_url, pool_size=2)
    try:
        yield settings, database
    finally:
        await database.dispose()
