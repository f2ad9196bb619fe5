"""Slots: always free, in the future, in business hours, and at a decent hour for the lead."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sales_agent.drafts.slots import propose_slots
from sales_agent.ports.calendar import Busy
from sales_agent.ports.writer import Slot

BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def propose(busy: list[Busy] | None = None, now: datetime = MONDAY, lead: str = "Europe/Berlin",
            **options: object) -> list[Slot]:
    return propose_slots(busy or [], now, "Europe/Berlin", "09:00-17:00", "DE", lead,
                         **options)  # type: ignore[arg-type]


def local(slots: list[Slot], zone: str = "Europe/Berlin") -> list[str]:
    return [f"{slot.start.astimezone(ZoneInfo(zone)):%a %d %H:%M}" for slot in slots]


MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)).map(lambda moment: moment.replace(tzinfo=UTC))
OFFSETS = st.lists(st.tuples(st.integers(0, 10 * 24 * 60), st.integers(1, 24 * 60)), max_size=12)


@settings(max_examples=80, deadline=None)
@given(MOMENTS, OFFSETS,
       st.sampled_from(["Europe/Berlin", "Asia/Tokyo", "America/New_York", "America/Los_Angeles", "Asia/Kolkata"]),
       st.integers(1, 3), st.sampled_from([15, 30, 60]))
def test_every_slot_can_be_kept(now: datetime, offsets: list[tuple[int, int]], lead: str, count: int,
                                minutes: int) -> None:
    busy = [Busy(now + timedelta(minutes=start), now + timedelta(minutes=start + length)) for start, length in offsets]
    slots = propose(busy, now, lead, count=count, duration=timedelta(minutes=minutes))
    assert len(slots) <= count
    assert [slot.start for slot in slots] == sorted(slot.start for slot in slots)
    half_days = set()
    for slot in slots:
        begin, end = slot.start.astimezone(BERLIN), slot.end.astimezone(BERLIN)
        assert slot.end - slot.start == timedelta(minutes=minutes)
        assert slot.start >= now + timedelta(hours=3)
        assert begin.weekday() < 5
        assert time(9) <= begin.time() < end.time() <= time(17)
        assert now.astimezone(BERLIN).date() < begin.date()
        margin = timedelta(minutes=15)
        assert all(slot.end + margin <= taken.start or taken.end <= slot.start - margin for taken in busy)
        there = slot.start.astimezone(ZoneInfo(lead))
        assert time(7) <= there.time() <= time(19)
        assert there.weekday() < 5
        half_days.add((begin.date(), begin.hour >= 12))
    assert len(half_days) == len(slots)


def test_three_days_mornings_and_afternoons_in_turn() -> None:
    slots = propose()
    assert local(slots) == ["Tue 24 14:00", "Wed 25 10:00", "Thu 26 14:00"]
    assert [slot.label for slot in slots][:1] == ["Tue 24 Nov, 14:00–14:30 (CET)"]


def test_weekends_and_holidays_are_skipped() -> None:
    before_christmas = datetime(2026, 12, 24, 8, 0, tzinfo=UTC)  # a Thursday; 25 and 26 December are holidays
    assert {slot.start.date() for slot in propose(now=before_christmas)} == {date(2026, 12, 28), date(2026, 12, 29),
                                                                             date(2026, 12, 30)}
    friday = datetime(2026, 11, 27, 8, 0, tzinfo=UTC)
    assert local(propose(now=friday))[0].startswith("Mon")


def test_a_full_calendar_offers_nothing_and_a_gap_is_found() -> None:
    full = [Busy(MONDAY, MONDAY + 10 * DAY)]
    assert propose(full) == []
    gap = datetime(2026, 11, 25, 13, 45, tzinfo=UTC)
    slots = propose([Busy(MONDAY, gap), Busy(gap + timedelta(minutes=60), MONDAY + 10 * DAY)])
    assert local(slots) == ["Wed 25 15:00"]


def test_the_buffer_is_kept_free() -> None:
    gap = datetime(2026, 11, 25, 14, 0, tzinfo=UTC)
    assert propose([Busy(MONDAY, gap), Busy(gap + timedelta(minutes=45), MONDAY + 10 * DAY)]) == []


def test_notice_is_given_also_just_before_the_day_begins() -> None:
    now = datetime(2026, 11, 23, 22, 59, tzinfo=UTC)  # 23:59 in Berlin: tomorrow is a minute away
    slots = propose(now=now, notice=timedelta(hours=15))
    assert slots[0].start >= now + timedelta(hours=15)


def test_a_lead_in_tokyo_gets_the_end_of_their_day() -> None:
    slots = propose(lead="Asia/Tokyo")
    assert local(slots, "Asia/Tokyo") == ["Tue 24 17:30", "Wed 25 17:30", "Thu 26 17:30"]
    assert slots[0].label == "Tue 24 Nov, 17:30–18:00 (JST)"


def test_a_lead_far_west_gets_the_least_early_times() -> None:
    assert local(propose(lead="America/Los_Angeles"), "America/Los_Angeles") == ["Tue 24 07:30", "Wed 25 07:30",
                                                                                 "Thu 26 07:30"]


def test_nobody_is_asked_to_talk_at_night() -> None:
    assert propose(lead="Pacific/Auckland") == []


@pytest.mark.parametrize(("now", "utc_hour"),
                         [(datetime(2026, 3, 26, 10, tzinfo=UTC), [13, 8, 12]),
                          (datetime(2026, 10, 22, 10, tzinfo=UTC), [12, 9, 13])])
def test_hours_stay_the_reps_own_when_the_clocks_change(now: datetime, utc_hour: list[int]) -> None:
    slots = propose(now=now)  # a Thursday; the clocks change on the Sunday
    assert [slot.start.hour for slot in slots] == utc_hour
    assert [stamp.split()[2] for stamp in local(slots)] == ["14:00", "10:00", "14:00"]


@pytest.mark.parametrize(("language", "zone", "label"), [
    ("de", "Europe/Berlin", "Di., 24. Nov., 14:00–14:30 Uhr (MEZ)"),
    ("fr", "Europe/Paris", "mar. 24 nov., 14:00–14:30 (CET)"),
    ("es", "Europe/Madrid", "mar. 24 nov., 14:00–14:30 (CET)"),
    ("nl", "Europe/Amsterdam", "Tue 24 Nov, 14:00–14:30 (CET)"),
    ("en", "Asia/Dubai", "Tue 24 Nov, 17:00–17:30 (Asia/Dubai)")])
def test_labels_in_the_leads_language_and_zone(language: str, zone: str, label: str) -> None:
    assert propose(lead=zone, language=language)[0].label == label


def test_malformed_settings_are_refused() -> None:
    with pytest.raises(ValueError, match="09:00-17:00"):
        propose_slots([], MONDAY, "Europe/Berlin", "nine to five", "DE", "Europe/Berlin")
    with pytest.raises(ValueError, match="'XX'"):
        propose_slots([], MONDAY, "Europe/Berlin", "09:00-17:00", "XX", "Europe/Berlin")


def test_no_holiday_country_means_no_holidays() -> None:
    new_years_eve = datetime(2026, 12, 31, 8, 0, tzinfo=UTC)
    slots = propose_slots([], new_years_eve, "Europe/Berlin", "09:00-17:00", "", "Europe/Berlin")
    assert slots[0].start.date() == date(2027, 1, 1)
