"""The suppression list from the command line."""

from __future__ import annotations

import asyncio
import getpass
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="Who must not be written to.")
Address = Annotated[str, typer.Argument(help="One email address")]
Why = Annotated[str, typer.Option(help="Why; it goes into the audit trail, so no personal data")]


@app.command()
def add(address: Address, reason: Why) -> None:
    """Never write to this address again."""
    asyncio.run(_add(_plain(address), reason))
    print("The address is on the suppression list.")


@app.command()
def check(address: Address) -> None:
    """Say whether the address is on the list, and why. Exit code 1 when it is."""
    found = asyncio.run(_check(_plain(address)))
    print(f"On the suppression list: {found.replace('_', ' ')}." if found else "Not on the suppression list.")
    raise typer.Exit(1 if found else 0)


@app.command()
def lift(address: Address, reason: Why,
         force: Annotated[bool, typer.Option(help="Even for somebody who complained")] = False) -> None:
    """Take the address off the list: it was a mistake, or the person asked for it."""
    asyncio.run(_lift(_plain(address), reason, force))
    print("The address may be written to again.")


def _plain(address: str) -> str:
    from sales_agent.leads.addresses import parse_address

    try:
        parse_address(address)
    except ValueError as error:
        raise typer.BadParameter(f"this is not one plain email address ({error})", param_hint="ADDRESS") from None
    return address


async def _add(address: str, reason: str) -> None:
    from sales_agent.cli.context import open_database
    from sales_agent.core.clock import SystemClock
    from sales_agent.core.keys import load_keys
    from sales_agent.sending.suppression import Suppressed, suppress

    async with open_database() as (settings, database), database.write() as connection:
        await suppress(connection, load_keys(settings.runtime), address, Suppressed.MANUAL, f"command line: {_said(reason)}",
                       SystemClock().now(), _actor())


async def _check(address: str) -> str:
    from sales_agent.cli.context import open_database
    from sales_agent.core.keys import load_keys
    from sales_agent.sending.suppression import is_suppressed

    async with open_database() as (settings, database), database.read() as connection:
        return await is_suppressed(connection, load_keys(settings.runtime), address) or ""


async def _lift(address: str, reason: str, force: bool) -> None:
    from sales_agent.cli.context import open_database
    from sales_agent.core.clock import SystemClock
    from sales_agent.core.keys import load_keys
    from sales_agent.sending.suppression import lift

    async with open_database() as (settings, database), database.write() as connection:
        await lift(connection, load_keys(settings.runtime), address, _said(reason), SystemClock().now(), _actor(), force=force)


def _said(reason: str) -> str:
    if not reason.strip():
        raise typer.BadParameter("a reason is needed", param_hint="--reason")
    return reason.strip()


def _actor() -> str:
    return f"{getpass.getuser()} (command line)"
