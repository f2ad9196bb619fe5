"""The audit trail from the command line: show it, seal it, prove it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from sales_agent.core.audit_verify import Verification

app = typer.Typer(no_args_is_help=True, help="Who did what, when and why; and the proof that nobody has changed it since.")


Head = Annotated[str, typer.Option(help="A head noted earlier (NUMBER:DIGEST): proves that nothing was cut off since")]


@app.command()
def verify(expect: Head = "") -> None:
    """Recompute every seal. Exit code 1 when something is not as it was sealed."""
    found = asyncio.run(_verify(expect.strip()))
    if found.problem:
        print(f"THE AUDIT TRAIL HAS BEEN CHANGED, OR CANNOT BE VERIFIED: {found.problem}.")
        raise typer.Exit(1)
    print(f"{found.events:,} events in {found.seals:,} seals are as they were sealed; {found.unsealed:,} newer ones are not "
          "sealed yet.")
    _show_head(found.head)


@app.command()
def seal() -> None:
    """Seal everything that is not sealed yet. The worker does so every minute."""
    count, head = asyncio.run(_seal())
    print(f"{count:,} events were sealed.")
    _show_head(head)


@app.command()
def show(subject: Annotated[str, typer.Option(help="Only about this draft, lead or setting: its id")] = "",
         limit: Annotated[int, typer.Option(min=1, max=10_000)] = 50) -> None:
    """List events, newest first."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from sales_agent.core.text import one_line

    table = Table("When", "Who", "What", "About", "Change", "Why")
    for row in asyncio.run(_show(subject, limit)):
        change = f"{row.before or '-'} → {row.after or '-'}" if row.before or row.after else "-"
        cells = (f"{row.at:%Y-%m-%d %H:%M:%S}", row.actor, row.action, row.subject, change, row.reason or "-")
        table.add_row(*(Text(one_line(cell, 2_000)) for cell in cells))  # no escape sequence reaches the terminal
    Console().print(table)


def _show_head(head: str) -> None:
    if head:
        print(f"Head: {head}  (note it elsewhere: `sales-agent audit verify --expect` then proves that nothing was cut off)")


async def _verify(expected: str) -> Verification:
    from rich.console import Console
    from rich.progress import Progress

    from sales_agent.cli.context import open_database
    from sales_agent.core.audit_verify import verify_trail
    from sales_agent.core.keys import load_keys

    with Progress(console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task("Verifying seals", total=None)
        async with open_database() as (settings, database), database.read() as connection:
            return await verify_trail(connection, load_keys(settings.runtime), expected,
                                      lambda done, total: progress.update(bar, completed=done, total=total))


async def _seal() -> tuple[int, str]:
    from sales_agent.cli.context import open_database
    from sales_agent.core.audit_seal import head, seal_new_events
    from sales_agent.core.clock import SystemClock
    from sales_agent.core.keys import load_keys

    async with open_database() as (settings, database):
        count = await seal_new_events(database, load_keys(settings.runtime), SystemClock().now(), everything=True)
        async with database.read() as connection:
            newest = await head(connection)
    return count, f"{newest.number}:{newest.digest}" if newest else ""


async def _show(subject: str, limit: int) -> Sequence[Any]:
    from sqlalchemy import select

    from sales_agent.cli.context import open_database
    from sales_agent.core.audit import AUDIT

    query = select(AUDIT).order_by(AUDIT.c.at.desc(), AUDIT.c.id).limit(limit)
    async with open_database() as (_, database), database.read() as connection:
        return (await connection.execute(query.where(AUDIT.c.subject == subject) if subject else query)).all()
