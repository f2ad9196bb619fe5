"""The rep's calendar: when is there no time?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sales_agent.ports.common import Checkable


@dataclass(frozen=True, slots=True, order=True)
class Busy:
    """A taken interval, in UTC: start inclusive, end exclusive."""

    start: datetime
    end: datetime


class Calendar(Checkable, Protocol):
    async def busy(self, start: datetime, end: datetime) -> list[Busy]:
        """Taken intervals that touch [start, end), sorted. Raises ConnectorError when it is not known:
        an unreadable calendar is never an empty one."""
