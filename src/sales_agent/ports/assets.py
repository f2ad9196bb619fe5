"""Sales material that may be shared with a lead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from sales_agent.ports.common import Checkable


@dataclass(frozen=True, slots=True)
class Asset:
    """One document from an allow-listed folder. `url` is what a lead may be given."""

    id: str
    title: str
    url: str
    summary: str = ""
    topics: tuple[str, ...] = ()  # lower-case keywords
    language: str = "en"  # ISO 639-1


class AssetLibrary(Checkable, Protocol):
    async def list_assets(self) -> list[Asset]:
        """Every asset in the allow-listed folders. Raises ConnectorError when they cannot be read."""
