"""Who may call: tokens for programs, operators for people."""

from __future__ import annotations

import asyncio
import sys
from enum import StrEnum
from typing import Annotated

import typer

tokens = typer.Typer(help="API tokens.", no_args_is_help=True)
operators = typer.Typer(help="Operators: the people who judge drafts.", no_args_is_help=True)


class Role(StrEnum):
    operator = "operator"
    admin = "admin"


@tokens.command("create")
def create_token(
    name: Annotated[str, typer.Option(help="Who or what will use it; shown in the audit trail.")],
    role: Annotated[Role, typer.Option()] = Role.operator,
) -> None:
    """Make a token and print it, alone, on stdout. It is stored hashed and cannot be shown again."""
    from sales_agent.cli.context import open_database
    from sales_agent.core.clock import SystemClock
    from sales_agent.web.accounts import models
    from sales_agent.web.accounts import service as accounts

    async def create() -> str:
        async with open_database() as (_, database):
            return await accounts.create_token(database, name, models.Role(role), SystemClock())

    try:
        print(asyncio.run(create()))
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--name") from error


@operators.command("create")
def create_operator(
    name: Annotated[str, typer.Option(prompt=True)],
    role: Annotated[Role, typer.Option()] = Role.operator,
    password: Annotated[str, typer.Option(prompt=True, hide_input=True, confirmation_prompt=True,
                                          help="Asked for when not given; at least 12 characters.")] = "",
) -> None:
    """Make an operator who can sign in."""
    from sales_agent.cli.context import open_database
    from sales_agent.core.clock import SystemClock
    from sales_agent.web.accounts import models
    from sales_agent.web.accounts import service as accounts

    async def create() -> None:
        async with open_database() as (_, database):
            await accounts.create_operator(database, name, password, models.Role(role), SystemClock())

    try:
        asyncio.run(create())
    except ValueError as error:
        print(f"sales-agent: {error}", file=sys.stderr)
        raise typer.Exit(2) from error
    print(f"Operator '{name}' can sign in now.")
