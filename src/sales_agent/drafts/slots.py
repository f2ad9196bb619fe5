"""Free times to offer: in the rep's business hours, at a decent time of day for the lead."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sales_agent.drafts.slot_labels import slot_label
from sales_agent.ports.calendar import Busy
from sales_agent.ports.writer import Slot

_BUSINESS_DAYS_AHEAD = 3
_SEARCHED_DAYS = 21  # enough to find three business days around any run of holidays
_GRID = timedelta(minutes=30)
_NOON = time(12)
# The lead's day, in minutes: offered where possible, and the widest that may be offered at all.
_COMFORTABLE = (8 * 60, 18 * 60)
_TOLERABLE_MINUTES = 60  # outside the comfortable hours
_BEST_START = {False: 10 * 60, True: 14 * 60}  # rep's morning and afternoon, in minutes


class _Candidate(NamedTuple):
    discomfort: int  # minutes outside the lead's comfortable hours
    from_best: int  # minutes from the best start of the half-day
    start: datetime


def propose_slots(
        busy: Sequence[Busy], now: datetime, business_zone: str, hours: str, holiday_country: str,
                  lead_zone: str, count: int = 3, duration: timedelta = timedelta(minutes=30),
                  buffer: timedelta = timedelta(minutes=15), notice: timedelta = timedelta(hours=3),
                  language: str = "en") -> list[Slot]:
    """At most `count` free slots on the rep's next three business days, sorted, one per half-day at most.

    `hours` is the rep's day ("09:00-17:00") in `business_zone`; `holiday_country` an ISO 3166 code or blank.
    Empty when nothing is free at a time that can be offered to the lead. Raises ValueError for malformed settings.
    """
    zone, lead = ZoneInfo(business_zone), ZoneInfo(lead_zone)
    opens, closes = _hours(hours)
    best: dict[tuple[date, bool], _Candidate] = {}
    for day in _business_days(now.astimezone(zone).date(), holiday_country):
        for start in _starts(day, opens, closes, zone, duration):
            discomfort = _discomfort(start, duration, lead)
            if discomfort > _TOLERABLE_MINUTES or start < now + notice:
                continue
            if _taken(busy, start - buffer, start + duration + buffer):
                continue
            local = start.astimezone(zone)
            half = (day, local.time() >= _NOON)
            candidate = _Candidate(discomfort, abs(_minutes(local) - _BEST_START[half[1]]), start)
            best[half] = min(candidate, best.get(half, candidate))
    return [Slot(start, start + duration, slot_label(start, start + duration, lead, language))
            for start in sorted(_spread(best, count))]


def _hours(hours: str) -> tuple[time, time]:
    try:
        opens, closes = (time.fromisoformat(part.strip()) for part in hours.split("-"))
    except ValueError:
        raise ValueError("business hours must look like 09:00-17:00") from None
    return opens, closes


def _business_days(today: date, country: str) -> Iterator[date]:
    found = 0
    for day in (today + timedelta(days=ahead) for ahead in range(1, _SEARCHED_DAYS)):
        if is_business_day(day, country):
            yield day
            found += 1
        if found == _BUSINESS_DAYS_AHEAD:
            return


def is_business_day(day: date, country: str) -> bool:
    """Whether people work on that day in the country (ISO 3166 code, or blank for no holidays)."""
    return day.weekday() < 5 and day not in _holidays(country, day.year)


@lru_cache(maxsize=32)
def _holidays(country: str, year: int) -> frozenset[date]:
    if not country:
        return frozenset()
    import holidays  # noqa: PLC0415  (a quarter of a second that only a worker needs to spend)

    try:
        return frozenset(holidays.country_holidays(country, years=year))
    except NotImplementedError:
        raise ValueError(f"no holidays are known for the country '{country}'") from None


def _starts(day: date, opens: time, closes: time, zone: tzinfo, duration: timedelta) -> Iterator[datetime]:
    """Starts every half-hour, in UTC, so that a change of the clocks neither skips nor repeats one."""
    start = datetime.combine(day, opens, zone).astimezone(UTC)
    end = datetime.combine(day, closes, zone).astimezone(UTC)
    while start + duration <= end:
        yield start
        start += _GRID


def _minutes(moment: datetime) -> int:
    return moment.hour * 60 + moment.minute


def _discomfort(start: datetime, duration: timedelta, lead: tzinfo) -> int:
    """By how many minutes the slot leaves the lead's comfortable hours; very many at the lead's weekend."""
    local = start.astimezone(lead)
    if local.weekday() >= 5:
        return 24 * 60
    first = _minutes(local)
    last = first + int(duration.total_seconds() // 60)
    return max(0, _COMFORTABLE[0] - first, last - _COMFORTABLE[1])


def _taken(busy: Iterable[Busy], start: datetime, end: datetime) -> bool:
    return any(taken.start < end and start < taken.end for taken in busy)


def _spread(best: dict[tuple[date, bool], _Candidate], count: int) -> list[datetime]:
    """One per day first, mornings and afternoons in turn; a second one per day or an uncomfortable time if it must."""
    comfortable = {half: candidate for half, candidate in best.items() if candidate.discomfort == 0}
    pool = comfortable if len(comfortable) >= min(2, count) else best
    days = sorted({day for day, _ in pool})
    first_choice: list[tuple[date, bool]] = []
    for number, day in enumerate(days):
        wanted = (day, number % 2 == 0)  # afternoon first: it leaves most time to answer
        first_choice.append(wanted if wanted in pool else (day, not wanted[1]))
    rest = sorted(half for half in pool if half not in first_choice)
    return [pool[half].start for half in [*first_choice, *rest][:count]]
