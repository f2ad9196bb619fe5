"""What is special to a calendar of `.ics` files: whatever cannot be understood must not read as free."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sales_agent.connectors.local.calendar import IcsCalendar
from sales_agent.core.errors import ConnectorError

DAY = (datetime(2026, 11, 10, tzinfo=UTC), datetime(2026, 11, 11, tzinfo=UTC))
EVENT = "BEGIN:VEVENT\nUID:1\nDTSTART:20261110T100000Z\nDTEND:20261110T110000Z\n{}END:VEVENT\n"
FILE = "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\n{}END:VCALENDAR\n"


@pytest.mark.parametrize("text", [
    "", "hello", "<html>sign in</html>", "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nDTSTART:20261110T100000Z\n",
    FILE.format(EVENT.format("RRULE FREQ=DAILY\n")), FILE.format(EVENT.format("RRULE:FREQ=NEVERLY\n")),
    FILE.format(EVENT.replace("DTSTART:", "DTSTART;TZID=Mars/Base:").replace("Z\nDTEND", "\nDTEND").format("")),
    FILE.format(EVENT.replace("20261110T100000Z", "next week").format("")),
    FILE.format("X-WR-TIMEZONE:Mars/Base\n" + EVENT.format("")),
    FILE.format("BEGIN:VFREEBUSY\nUID:1\nFREEBUSY:20261110T100000Z/PT1H\nEND:VFREEBUSY\n"), "\x00\xff",
    FILE.format(EVENT.format("")) + "BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\n", FILE.format(EVENT.format("")) * 2,
    FILE.format(EVENT.format("RRULE:FREQ=SECONDLY\n")), FILE.format(EVENT.replace("DTSTART:20261110T100000Z\n", "").format("")),
], ids=["empty", "text", "login page", "cut off", "lost rule", "bad rule", "unknown zone", "bad start", "bad calendar zone",
        "free/busy list", "binary", "cut off in the second", "two calendars", "every second", "no start"])
async def test_a_file_that_cannot_be_understood_is_never_free(tmp_path: Path, text: str) -> None:
    (tmp_path / "good.ics").write_text(FILE.format(EVENT.format("")))
    (tmp_path / "bad.ics").write_text(text, encoding="latin-1")
    with pytest.raises(ConnectorError) as caught:
        await IcsCalendar(tmp_path).busy(*DAY)
    assert not caught.value.transient
    assert "bad.ics" in str(caught.value)


async def test_a_missing_folder_or_none_with_a_calendar_is_never_free(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for folder in (tmp_path / "missing", tmp_path / "empty"):
        with pytest.raises(ConnectorError) as caught:
            await IcsCalendar(folder).busy(*DAY)
        assert not caught.value.transient


async def test_a_calendar_that_becomes_unreadable_is_not_answered_from_memory(tmp_path: Path) -> None:
    calendar = IcsCalendar(tmp_path)
    (tmp_path / "a.ics").write_text(FILE.format(EVENT.format("")))
    assert len(await calendar.busy(*DAY)) == 1
    (tmp_path / "a.ics").unlink()
    with pytest.raises(ConnectorError):
        await calendar.busy(*DAY)


@pytest.mark.parametrize(("zone", "from_utc"), [("Europe/Berlin", -1), ("America/Los_Angeles", 8), ("Asia/Tokyo", -9)])
async def test_an_all_day_event_of_a_calendar_without_a_zone_is_the_owners_day(
        tmp_path: Path, zone: str, from_utc: int) -> None:
    day = "BEGIN:VEVENT\nUID:1\nDTSTART;VALUE=DATE:20261110\nEND:VEVENT\n"
    (tmp_path / "a.ics").write_text(FILE.format(day))
    (busy,) = await IcsCalendar(tmp_path, zone=zone).busy(*DAY)
    assert (busy.start, busy.end) == (DAY[0] + timedelta(hours=from_utc), DAY[1] + timedelta(hours=from_utc))


async def test_the_calendars_own_zone_comes_before_the_owners(tmp_path: Path) -> None:
    day = "X-WR-TIMEZONE:Asia/Tokyo\nBEGIN:VEVENT\nUID:1\nDTSTART;VALUE=DATE:20261110\nEND:VEVENT\n"
    (tmp_path / "a.ics").write_text(FILE.format(day))
    (busy,) = await IcsCalendar(tmp_path, zone="Europe/Berlin").busy(*DAY)
    assert busy.start == DAY[0] - timedelta(hours=9)
