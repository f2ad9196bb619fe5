"""What every calendar adapter must do."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from port_worlds import OWNER, CalendarWorld


@pytest.fixture
def world(calendar_world: CalendarWorld) -> CalendarWorld:
    return calendar_world


def at(day: int, hour: int, minute: int = 0, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


async def _busy(world: CalendarWorld, start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
    return [(each.start, each.end) for each in await world.calendar.busy(start, end)]


async def test_an_event_is_busy_and_the_rest_is_free(world: CalendarWorld) -> None:
    world.put("DTSTART:20261110T100000Z DTEND:20261110T110000Z")
    assert await _busy(world, at(10, 0), at(11, 0)) == [(at(10, 10), at(10, 11))]
    assert await _busy(world, at(10, 11), at(10, 12)) == []
    assert await _busy(world, at(10, 9), at(10, 10)) == []
    assert await _busy(world, at(10, 10, 59), at(10, 12)) == [(at(10, 10), at(10, 11))]


async def test_overlapping_and_touching_events_are_one_interval_in_order(world: CalendarWorld) -> None:
    world.put("DTSTART:20261110T140000Z DTEND:20261110T150000Z", "DTSTART:20261110T100000Z DTEND:20261110T120000Z",
              "DTSTART:20261110T103000Z DTEND:20261110T110000Z", "DTSTART:20261110T120000Z DURATION:PT30M")
    assert await _busy(world, at(10, 0), at(11, 0)) == [(at(10, 10), at(10, 12, 30)), (at(10, 14), at(10, 15))]


async def test_a_zoned_series_keeps_its_local_hour_over_the_change_of_clocks(world: CalendarWorld) -> None:
    world.put("DTSTART;TZID=Europe/Berlin:20261019T090000 DTEND;TZID=Europe/Berlin:20261019T100000 RRULE:FREQ=WEEKLY")
    assert await _busy(world, at(19, 0, month=10), at(3, 0)) == [
        (at(19, 7, month=10), at(19, 8, month=10)), (at(26, 8, month=10), at(26, 9, month=10)), (at(2, 8), at(2, 9))]


async def test_a_moved_and_a_dropped_occurrence_of_a_series(world: CalendarWorld) -> None:
    series = "UID:s DTSTART:20261109T090000Z DTEND:20261109T100000Z RRULE:FREQ=DAILY;COUNT=3 EXDATE:20261111T090000Z"
    world.put(series, "UID:s RECURRENCE-ID:20261110T090000Z DTSTART:20261110T150000Z DTEND:20261110T160000Z")
    assert await _busy(world, at(9, 0), at(13, 0)) == [(at(9, 9), at(9, 10)), (at(10, 15), at(10, 16))]


async def test_an_all_day_event_is_busy_for_the_day_where_the_calendar_is(world: CalendarWorld) -> None:
    world.put("DTSTART;VALUE=DATE:20261110 DTEND;VALUE=DATE:20261111", zone="America/Los_Angeles")
    assert await _busy(world, at(9, 0), at(13, 0)) == [(at(10, 8), at(11, 8))]
    assert await _busy(world, at(11, 7), at(11, 9)) == [(at(10, 8), at(11, 8))]


async def test_a_time_without_a_zone_is_the_calendars(world: CalendarWorld) -> None:
    world.put("DTSTART:20261110T100000 DTEND:20261110T110000", zone="Europe/Berlin")
    assert await _busy(world, at(10, 0), at(11, 0)) == [(at(10, 9), at(10, 10))]


async def test_windows_names_of_time_zones_are_understood(world: CalendarWorld) -> None:
    world.put("DTSTART;TZID=W._Europe_Standard_Time:20261110T100000 DURATION:PT1H")
    assert await _busy(world, at(9, 0), at(13, 0)) == [(at(10, 9), at(10, 10))]


@pytest.mark.parametrize("line", [
    "TRANSP:TRANSPARENT", "STATUS:CANCELLED", f"ATTENDEE;PARTSTAT=DECLINED:mailto:{OWNER}",
    f"ATTENDEE;PARTSTAT=ACCEPTED:mailto:x@y.example ATTENDEE;PARTSTAT=DECLINED:MAILTO:{OWNER.upper()}"])
async def test_what_takes_no_time_is_free(world: CalendarWorld, line: str) -> None:
    world.put(f"DTSTART:20261110T100000Z DTEND:20261110T110000Z {line}")
    assert await _busy(world, at(10, 0), at(11, 0)) == []


@pytest.mark.parametrize("line", [
    "TRANSP:OPAQUE", "STATUS:TENTATIVE", f"ATTENDEE;PARTSTAT=TENTATIVE:mailto:{OWNER}",
    "ATTENDEE;PARTSTAT=DECLINED:mailto:somebody@else.example"])
async def test_what_may_take_time_is_busy(world: CalendarWorld, line: str) -> None:
    world.put(f"DTSTART:20261110T100000Z DTEND:20261110T110000Z {line}")
    assert await _busy(world, at(10, 0), at(11, 0)) == [(at(10, 10), at(10, 11))]


async def test_a_change_is_seen_at_once_though_answers_are_kept(world: CalendarWorld) -> None:
    world.put("DTSTART:20261110T100000Z DTEND:20261110T110000Z")
    assert len(await _busy(world, at(10, 0), at(11, 0))) == 1
    world.put("DTSTART:20261110T140000Z DTEND:20261110T150000Z", name="b.ics")
    assert len(await _busy(world, at(10, 0), at(11, 0))) == 2
    world.put(name="a.ics")
    assert await _busy(world, at(10, 0), at(11, 0)) == [(at(10, 14), at(10, 15))]


async def test_many_askers_at_once_get_the_same_answer(world: CalendarWorld) -> None:
    world.put("DTSTART:20261110T100000Z DTEND:20261110T110000Z RRULE:FREQ=DAILY")
    start = at(10, 0)
    answers = await asyncio.gather(*(world.calendar.busy(start, start + timedelta(days=21)) for _ in range(64)))
    assert len(answers[0]) == 21
    assert all(answer == answers[0] for answer in answers)


async def test_check_says_what_is_there(world: CalendarWorld) -> None:
    world.put("DTSTART:20261110T100000Z DTEND:20261110T110000Z")
    assert "1 .ics files" in await world.calendar.check()
