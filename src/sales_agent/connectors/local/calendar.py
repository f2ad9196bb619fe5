"""The rep's calendar from `.ics` files: time zones, recurrences, and never free by mistake."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from pathlib import Path
from typing import Any

import icalendar
import recurring_ical_events

from sales_agent.core.errors import ConnectorError
from sales_agent.ports.calendar import Busy

PROVIDER = "local calendar"
Fingerprint = tuple[tuple[str, int, int], ...]


class IcsCalendar:
    """The `Calendar` port on every `*.ics` file in a folder. A folder or file that cannot be read is an error."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._cached: dict[tuple[Fingerprint, date, date], list[Busy]] = {}

    async def busy(self, start: datetime, end: datetime) -> list[Busy]:
        first, last = start.astimezone(UTC).date(), end.astimezone(UTC).date() + timedelta(days=1)
        key = (self._fingerprint(), first, last)
        if key not in self._cached:
            found = await asyncio.to_thread(self._expand, first, last)
            self._cached = {key: found}  # the older windows are in the past
        return [each for each in self._cached[key] if each.start < end and start < each.end]

    async def check(self) -> str:
        now = datetime.now(UTC)
        busy = await self.busy(now, now + timedelta(days=7))
        return f"{len(self._fingerprint())} .ics files in {self._folder}, {len(busy)} busy times in the coming week"

    def _fingerprint(self) -> Fingerprint:
        try:
            files = [(path.name, path.stat()) for path in sorted(self._folder.glob("*.ics"))]
        except OSError as error:
            raise ConnectorError(PROVIDER, f"the folder cannot be read ({type(error).__name__})", transient=False) from error
        if not files:
            raise ConnectorError(PROVIDER, f"there is no .ics file in {self._folder}", transient=False)
        return tuple((name, stat.st_mtime_ns, stat.st_size) for name, stat in files)

    def _expand(self, first: date, last: date) -> list[Busy]:
        found: list[Busy] = []
        for path in sorted(self._folder.glob("*.ics")):
            found += _busy_in(path, first, last)
        return _merged(found)


def _busy_in(path: Path, first: date, last: date) -> list[Busy]:
    try:
        calendar = icalendar.Calendar.from_ical(path.read_bytes())
        zone = _zone(calendar)
        # A day wider on both sides: all-day events in far zones reach over midnight UTC.
        events = recurring_ical_events.of(calendar).between(first - timedelta(days=1), last + timedelta(days=1))
        return [_interval(event, zone) for event in events if _takes_time(event)]
    except Exception as error:  # whatever is wrong with the file, it must not read as free
        raise ConnectorError(PROVIDER, f"{path.name} cannot be read ({type(error).__name__})", transient=False) from error


def _takes_time(event: Any) -> bool:
    if str(event.get("TRANSP", "OPAQUE")).upper() == "TRANSPARENT":
        return False
    return str(event.get("STATUS", "CONFIRMED")).upper() != "CANCELLED"


def _zone(calendar: Any) -> tzinfo:
    from zoneinfo import ZoneInfo  # noqa: PLC0415

    name = str(calendar.get("X-WR-TIMEZONE", "")) or next(
        (str(zone.get("TZID")) for zone in calendar.walk("VTIMEZONE")), "UTC")
    return ZoneInfo(name)


def _interval(event: Any, zone: tzinfo) -> Busy:
    start, end = event.start, event.end
    if not isinstance(start, datetime):
        start, end = datetime.combine(start, time(), zone), datetime.combine(end, time(), zone)
    return Busy(_utc(start, zone), _utc(end, zone))


def _utc(moment: datetime, zone: tzinfo) -> datetime:
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)


def _merged(intervals: Iterable[Busy]) -> list[Busy]:
    merged: list[Busy] = []
    for each in sorted(intervals):
        if merged and each.start <= merged[-1].end:
            merged[-1] = Busy(merged[-1].start, max(merged[-1].end, each.end))
        else:
            merged.append(each)
    return merged
