"""The `sales-agent` command."""

from __future__ import annotations

import os
import sys

import typer

from sales_agent.cli import accounts, audit, emergency, leads, running, suppression, tending, voice

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False,
                  help="Answers inbound B2B leads in minutes, in the rep's own voice, with a human's approval.")
for module in (running, tending):
    module.register(app)
app.add_typer(accounts.tokens, name="token")
app.add_typer(accounts.operators, name="operator")
app.add_typer(audit.app, name="audit")
app.add_typer(emergency.app, name="emergency")
app.add_typer(leads.app, name="leads")
app.add_typer(suppression.app, name="suppression")
app.add_typer(voice.app, name="voice")


def main() -> None:
    """Run the command; a wrong setting or an expected failure is one line on stderr and exit code 2."""
    from sales_agent.core.errors import AppError, ConfigurationError

    os.umask(0o077)  # what we write holds personal data: for this user alone
    try:
        app()
    except (ConfigurationError, AppError) as error:
        print(f"sales-agent: {error}", file=sys.stderr)
        sys.exit(2)
    except Exception as error:
        if "sqlalchemy" not in sys.modules or not _is_database_down(error):
            raise
        print("sales-agent: DATABASE_URL: the database cannot be reached", file=sys.stderr)
        sys.exit(2)


def _is_database_down(error: Exception) -> bool:
    from sales_agent.core.database import is_database_down

    return is_database_down(error)
