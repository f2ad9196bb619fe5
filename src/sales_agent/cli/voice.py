"""The rep's voice, learned from the rep's own mail."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Voice profiles.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keeps `learn` a sub-command although it is alone."""


@app.command("learn")
def learn(
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Where to write it; stdout when not given.")] = None,
    name: Annotated[str, typer.Option(help="The profile's name.")] = "learned",
    force: Annotated[bool, typer.Option(help="Overwrite an existing file.")] = False,
) -> None:
    """Derive a voice profile from the sent mail in the mailbox. Use it with VOICE_FILE."""
    text = asyncio.run(_learn(name))
    if output is None:
        print(text, end="")
        return
    if output.exists() and not force:
        raise typer.BadParameter(f"{output} exists; use --force to overwrite it", param_hint="--output")
    output.write_text(text, encoding="utf-8")
    print(f"Wrote {output}. Set VOICE_FILE={output} to use it.")


async def _learn(name: str) -> str:
    from sales_agent.cli.context import open_database
    from sales_agent.connectors.registry import connect
    from sales_agent.core.clock import SystemClock
    from sales_agent.core.errors import NotFound
    from sales_agent.drafts.voice_learning import learn_voice, to_yaml

    async with open_database() as (settings, database):
        threads = await connect(settings, database, SystemClock()).mailbox.recent_sent()
        sent = [message.text for thread in threads for message in thread.messages if message.direction == "sent"]
        if not sent:
            raise NotFound("the mailbox holds no sent mail to learn from")
        return to_yaml(learn_voice(sent, name))
