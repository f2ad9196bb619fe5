"""Commands that look after an installation: migrate and doctor."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from sales_agent.core.database import Database


def register(app: typer.Typer) -> None:
    for command in (migrate, doctor):
        app.command()(command)


def migrate() -> None:
    """Bring the database to the schema of this version. Safe to run again, and from several places at once."""
    from sales_agent.cli.context import prepared_settings
    from sales_agent.migrations import run

    settings = prepared_settings()
    run.migrate(settings.database_url)
    print(f"The database is at revision {run.expected_revision()}.")


def doctor() -> None:
    """Check every configured connection with one harmless call, and say what is wrong and how to mend it."""
    findings = asyncio.run(_examine())
    for finding in findings:
        print(f"{'ok  ' if finding.ok else 'FAIL'}  {finding.name:<12} {finding.words}")
    if any(not finding.ok for finding in findings):
        sys.exit(1)


@dataclass(frozen=True)
class Finding:
    name: str
    ok: bool
    words: str


async def _examine() -> list[Finding]:
    from sales_agent.cli.context import prepared_settings
    from sales_agent.connectors.registry import connect
    from sales_agent.core.clock import SystemClock
    from sales_agent.core.database import Database
    from sales_agent.core.settings import pointless_limits
    from sales_agent.workflow.sending import open_door

    settings = prepared_settings()
    database = Database(settings.database_url, pool_size=2)
    try:
        findings = [await _finding("database", _database(database)), await _finding("broker", _broker(settings.broker_url))]
        connections = connect(settings, database, SystemClock())
        for name in ("crm", "mailbox", "calendar", "assets", "writer"):
            findings.append(await _finding(name, getattr(connections, name).check()))
        findings.append(await _finding("door", open_door(settings, database, SystemClock(), connections).check()))
    finally:
        await database.dispose()
    sends = "on: approved drafts can leave" if settings.sending.allow_real_sends else "off: nothing leaves, whatever is approved"
    secret = "set" if settings.intake.webhook_secrets else "not set: unsigned webhooks are accepted (development only)"
    findings += [Finding("sending", True, sends), Finding("webhooks", True, f"HUBSPOT_WEBHOOK_SECRET is {secret}")]
    return findings + [Finding("limits", True, f"note: {words}") for words in pointless_limits(settings.sending)]


async def _finding(name: str, check: Awaitable[str]) -> Finding:
    try:
        return Finding(name, True, await asyncio.wait_for(check, timeout=10))
    except TimeoutError:
        return Finding(name, False, "no answer within 10 seconds")
    except Exception as error:  # noqa: BLE001 (the doctor reports whatever is wrong and goes on to the next patient)
        return Finding(name, False, f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else 'no details'}")


async def _database(database: Database) -> str:
    from sqlalchemy import text
    from sqlalchemy.exc import DBAPIError

    from sales_agent.core.errors import ConfigurationError
    from sales_agent.migrations.run import expected_revision

    await database.ping()
    try:
        async with database.read() as connection:
            found = await connection.scalar(text("SELECT version_num FROM alembic_version"))
    except DBAPIError:
        found = None
    if found != expected_revision():
        raise ConfigurationError(f"revision {found or 'none'}, but this version needs {expected_revision()}: "
                                 "run `sales-agent migrate`")
    return f"{database.url.get_backend_name()}, revision {found}"


async def _broker(url: str) -> str:
    if url.startswith("memory://"):
        return "in this process (set CELERY_BROKER_URL for separate workers)"
    from sales_agent.worker.app import ping_broker

    await asyncio.to_thread(ping_broker, url)
    return f"{url.partition('://')[0]} answers"
