"""Brings a database to the schema this version needs. One chain of migrations for both databases."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sales_agent.core.database import normalised_url
from sales_agent.core.settings import Settings

if TYPE_CHECKING:
    from alembic.config import Config

HERE = Path(__file__).parent


def migrate(database_url: str) -> None:
    """Run every migration that is missing. Safe to call from several processes at once."""
    from alembic import command  # noqa: PLC0415 (0.7 s to import; most commands never migrate)

    command.upgrade(_config(database_url), "head")


@cache
def expected_revision() -> str:
    """The newest migration's id: what `alembic_version` must hold for this version to work."""
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    return ScriptDirectory.from_config(_config("sqlite://")).get_current_head() or ""


def ensure_embedded(settings: Settings) -> None:
    """The embedded database belongs to this program alone, so it is migrated without being asked."""
    url = normalised_url(settings.database_url)
    if url.get_backend_name() == "sqlite":
        if url.database:
            Path(url.database).parent.mkdir(parents=True, exist_ok=True)
        migrate(settings.database_url)


def _config(database_url: str) -> Config:
    from alembic.config import Config as AlembicConfig  # noqa: PLC0415

    config = AlembicConfig()
    config.set_main_option("script_location", str(HERE))
    config.attributes["database_url"] = database_url
    return config
