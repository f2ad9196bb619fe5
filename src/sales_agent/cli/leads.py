"""Leads from a file, through the same intake as the webhook."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

app = typer.Typer(help="Leads.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keeps `submit` a sub-command although it is alone."""


@app.command("submit")
def submit(
    source: Annotated[str, typer.Argument(metavar="FILE|-", help="One form submission as JSON, or a list of them.")],
) -> None:
    """Store form submissions as if HubSpot had posted them; a running worker takes them up."""
    try:
        text = sys.stdin.read() if source == "-" else Path(source).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise typer.BadParameter(f"{source} cannot be read ({type(error).__name__})") from error
    for answer in asyncio.run(_submit(text)):
        print(json.dumps(answer))


async def _submit(text: str) -> list[dict[str, Any]]:
    from sales_agent.cli.context import open_database
    from sales_agent.core.clock import SystemClock
    from sales_agent.leads.hubspot_payloads import MalformedBody, received_form
    from sales_agent.leads.intake import Intake
    from sales_agent.web.intake import accepted_answer

    try:
        parsed = json.loads(text)
    except ValueError as error:
        raise MalformedBody(f"the file is not valid JSON ({error})") from error
    received = [received_form(json.dumps(each).encode()) for each in (parsed if isinstance(parsed, list) else [parsed])]
    async with open_database() as (settings, database):
        intake = Intake(database, SystemClock(), allowed_forms=settings.intake.hubspot_allowed_form_ids)
        return [accepted_answer(accepted) for accepted in await asyncio.gather(*map(intake.accept, received))]
