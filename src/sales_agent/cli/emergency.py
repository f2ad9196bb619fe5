"""The emergency stop from the command line: it needs the database, and nothing else that runs."""

from __future__ import annotations

import asyncio
import getpass
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from sales_agent.approvals.emergency import StopState

app = typer.Typer(no_args_is_help=True, help="Stop everything that leaves, or only what is approved automatically.")
Reason = Annotated[str, typer.Option(help="Why; it goes into the audit trail")]


class Scope(StrEnum):
    auto = "auto"
    all = "all"


WhichSends = Annotated[Scope, typer.Option(help="auto: people may still send; all: nothing is sent")]


@app.command()
def stop(reason: Reason, scope: WhichSends = Scope.auto) -> None:
    """Pull the stop. Every process honours it from its next send on."""
    print(_words(asyncio.run(_change(scope, reason))))


@app.command()
def resume(reason: Reason) -> None:
    """Let things go again."""
    print(_words(asyncio.run(_change(None, reason))))


@app.command()
def status() -> None:
    """Say whether the stop is on, since when, and why."""
    print(_words(asyncio.run(_status())))


async def _change(scope: Scope | None, reason: str) -> StopState:
    from sales_agent.approvals import emergency
    from sales_agent.cli.context import open_database
    from sales_agent.core.clock import SystemClock

    if not reason.strip():
        raise typer.BadParameter("a reason is needed", param_hint="--reason")
    actor, now = f"{getpass.getuser()} (command line)", SystemClock().now()
    async with open_database() as (_, database), database.write() as connection:
        if scope is None:
            return await emergency.resume(connection, reason, actor, now)
        return await emergency.stop(connection, emergency.Scope(scope), reason, actor, now)


async def _status() -> StopState:
    from sales_agent.approvals import emergency
    from sales_agent.cli.context import open_database

    async with open_database() as (_, database), database.read() as connection:
        return await emergency.current(connection)


def _words(state: StopState) -> str:
    from sales_agent.core.clock import iso

    last = f" (since {iso(state.since)}, by {state.by}: {state.reason})" if state.since else ""
    if not state.active:
        return f"The emergency stop is off{last}."
    stopped = str(state.scope) == Scope.all.value
    what = "nothing is sent" if stopped else "nothing is approved automatically; people may still send"
    return f"The emergency stop is ON: {what}{last}."
