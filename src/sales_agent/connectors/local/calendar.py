"""The rep's calendar from `.ics` files: time zones, recurrences, and never free by mistake."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from pathlib import Path
from typing import Any

import icalendar
import recurring_ical_events
from icalendar.timezone import tzp

from sales_agent.core.errors import ConnectorError
from sales_agent.ports.calendar import Busy

PROVIDER = "local calendar"
Fingerprint = tuple[tuple[str, int, int], ...]
Window = tuple[Fingerprint, date, date]
_BEGINS, _ENDS = re.compile(rb"^BEGIN:", re.MULTILINE | re.IGNORECASE), re.compile(rb"^END:", re.MULTILINE | re.IGNORECASE)
_EVERY_MOMENT = re.compile(rb"FREQ=(?:SECOND|MINUTE)LY", re.IGNORECASE)


class IcsCalendar:
    """The `Calendar` port on every `*.ics` file in a folder. A folder or file that cannot be read is an error.

    `owner_address` tells whose refusals count: an invitation that the owner declined takes no time. `zone` is the
    IANA name of the owner's time zone, in which all-day events are meant where a calendar does not name its own.
    """

    def __init__(self, folder: Path, owner_address: str = "", zone: str = "UTC") -> None:
        self._folder = folder
        self._owner = owner_address.lower()
        self._zone = zone
        self._cached: dict[Window, list[Busy]] = {}
        self._expanding = asyncio.Lock()

    async def busy(self, start: datetime, end: datetime) -> list[Busy]:
        found = await self._whole_days(start.astimezone(UTC).date(), end.astimezone(UTC).date() + timedelta(days=1))
        return [each for each in found if each.start < end and start < each.end]

    async def check(self) -> str:
        now = datetime.now(UTC)
        busy = await self.busy(now, now + timedelta(days=7))
        return f"{len(self._files())} .ics files in {self._folder}, {len(busy)} busy times in the coming week"

    async def _whole_days(self, first: date, last: date) -> list[Busy]:
        """Busy times of whole UTC days, kept until a file or the window changes: expansion is slow."""
        window = (self._fingerprint(), first, last)
        if (kept := self._cached.get(window)) is not None:
            return kept
        async with self._expanding:  # leads that come together wait for one expansion
            if (kept := self._cached.get(window)) is None:
                kept = await asyncio.to_thread(self._expand, first, last)
                self._cached = {window: kept}
        return kept

    def _files(self) -> list[Path]:
        try:
            files = sorted(path for path in self._folder.iterdir() if path.suffix.lower() == ".ics")
        except OSError as error:
            raise _unreadable(f"the folder {self._folder}", error) from error
        if not files:
            raise ConnectorError(PROVIDER, f"there is no .ics file in {self._folder}", transient=False)
        return files

    def _fingerprint(self) -> Fingerprint:
        try:
            return tuple((path.name, stat.st_mtime_ns, stat.st_size) for path in self._files() if (stat := path.stat()))
        except OSError as error:
            raise _unreadable("a file", error) from error

    def _expand(self, first: date, last: date) -> list[Busy]:
        return _merged(each for path in self._files() for each in _busy_in(path, first, last, self._owner, self._zone))


def _busy_in(path: Path, first: date, last: date, owner: str, owner_zone: str) -> list[Busy]:
    try:
        raw = path.read_bytes()
        _refuse_half_a_file(raw)
        calendar = icalendar.Calendar.from_ical(raw)
        _refuse_what_would_be_lost(calendar)
        zone = _zone(calendar, owner_zone)
        # A day wider on both sides: all-day events in far zones reach over midnight UTC.
        events = recurring_ical_events.of(calendar).between(first - timedelta(days=1), last + timedelta(days=1))
        return [_interval(event, zone) for event in events if _takes_time(event, owner)]
    except Exception as error:  # whatever is wrong with the file, it must not read as free
        raise _unreadable(path.name, error) from error


def _refuse_half_a_file(raw: bytes) -> None:
    """The parser answers with what is complete, which may leave out the rest of a file that is still being written.
    And a rule that recurs every few seconds would keep it busy for minutes."""
    if len(_BEGINS.findall(raw)) != len(_ENDS.findall(raw)) or _EVERY_MOMENT.search(raw):
        raise ValueError("the file is cut off, or something in it never stops")


def _refuse_what_would_be_lost(calendar: Any) -> None:
    """The parser passes over lines and zones it does not understand, and over free/busy lists."""
    for component in calendar.walk():
        if component.name == "VFREEBUSY":
            raise ValueError("free/busy lists are not supported")
        if component.name == "VEVENT" and component.errors:
            raise ValueError("an event holds a line that is not understood")
        for name in ("DTSTART", "DTEND", "RECURRENCE-ID"):
            value = component.get(name)
            if isinstance(value, list) or (value is not None and "TZID" in value.params and not _has_zone(value.dt)):
                raise ValueError("an event's time is ambiguous")


def _has_zone(moment: date | datetime) -> bool:
    return not isinstance(moment, datetime) or moment.tzinfo is not None


def _takes_time(event: Any, owner: str) -> bool:
    if str(event.get("TRANSP", "OPAQUE")).upper() == "TRANSPARENT":
        return False
    return str(event.get("STATUS", "CONFIRMED")).upper() != "CANCELLED" and not _declined(event, owner)


def _declined(event: Any, owner: str) -> bool:
    attendees = event.get("ATTENDEE", [])
    for attendee in attendees if isinstance(attendees, list) else [attendees]:
        if owner and str(attendee).lower().removeprefix("mailto:") == owner:
            return str(attendee.params.get("PARTSTAT", "")).upper() == "DECLINED"
    return False


def _zone(calendar: Any, owner_zone: str) -> tzinfo:
    """The zone of all-day and floating times: the calendar's own, else the first it defines, else the owner's."""
    name = str(calendar.get("X-WR-TIMEZONE", "")) or next(
        (str(zone.get("TZID")) for zone in calendar.walk("VTIMEZONE")), owner_zone)
    zone = tzp.timezone(name)
    if zone is None:
        raise ValueError("the calendar's time zone is not known")
    return zone


def _interval(event: Any, zone: tzinfo) -> Busy:
    return Busy(_utc(event.start, zone), _utc(event.end, zone))


def _utc(moment: date | datetime, zone: tzinfo) -> datetime:
    if not isinstance(moment, datetime):
        moment = datetime.combine(moment, time())
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)


def _merged(intervals: Iterable[Busy]) -> list[Busy]:
    merged: list[Busy] = []
    for each in sorted(intervals):
        if merged and each.start <= merged[-1].end:
            merged[-1] = Busy(merged[-1].start, max(merged[-1].end, each.end))
        else:
            merged.append(each)
    return merged


def _unreadable(what: str, error: Exception) -> ConnectorError:
    return ConnectorError(PROVIDER, f"{what} cannot be read ({type(error).__name__})", transient=False)
