"""What every port shares."""

from __future__ import annotations

from typing import Protocol


class Checkable(Protocol):
    async def check(self) -> str:
        """Make one harmless call; answer a sentence on what was found. Raises ConnectorError."""
