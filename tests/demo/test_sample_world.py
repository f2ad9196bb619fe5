"""The sample world as the real local adapters see it, and the care with which it is laid down."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import yaml

from sales_agent.connectors.local.assets import LocalAssetLibrary
from sales_agent.connectors.local.calendar import IcsCalendar
from sales_agent.connectors.local.crm import LocalCRM
from sales_agent.connectors.local.mailbox import MaildirMailbox
from sales_agent.core.database import Database
from sales_agent.core.settings import Settings, load_settings
from sales_agent.demo.leads import WORLD, sample_leads
from sales_agent.demo.letters import correspondence, workday
from sales_agent.demo.world import plant, write_calendars
from sales_agent.drafts.slots import propose_slots
from sales_agent.ports.crm import ContactInput

BERLIN = ZoneInfo("Europe/Berlin")
LEADS = sample_leads()


class FixedClock:
    def __init__(self, now: datetime) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now


MONDAY = FixedClock(datetime(2026, 11, 23, 9, 0, tzinfo=UTC))
# A week with a change of the clocks in it, day by day, so that every weekday and the weekend are tried.
TODAYS = [datetime(2027, 3, 24, 9, 0, tzinfo=UTC) + timedelta(days=number) for number in range(7)]


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("VAR_DIR", str(tmp_path / "var"))
    return load_settings()


def _snapshot(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


async def test_planting_twice_changes_nothing(settings: Settings, database: Database) -> None:
    await plant(settings, database, MONDAY)
    before = _snapshot(settings.runtime.var_dir)
    await plant(settings, database, FixedClock(MONDAY.now() + timedelta(days=30)))
    assert _snapshot(settings.runtime.var_dir) == before
    assert (await LocalCRM(database, MONDAY).check()).startswith("local CRM in the database, 4 contacts")


@pytest.mark.parametrize("theirs", ["mailbox/new/1.mail", "calendar/mine.ics", "assets/public/ours.md"])
async def test_what_somebody_already_has_is_never_touched(settings: Settings, database: Database, theirs: str) -> None:
    file = settings.runtime.var_dir / theirs
    file.parent.mkdir(parents=True)
    file.write_text("theirs")
    await plant(settings, database, MONDAY)
    folder = settings.runtime.var_dir / theirs.partition("/")[0]
    assert _snapshot(folder) == {theirs.partition("/")[2]: b"theirs"}
    others = {"mailbox", "calendar", "assets"} - {folder.name}
    assert all(_snapshot(settings.runtime.var_dir / name) for name in others)


async def test_a_known_contact_keeps_what_the_crm_knew(settings: Settings, database: Database) -> None:
    crm = LocalCRM(database, MONDAY)
    await crm.resolve_contact(ContactInput("sam.whitfield@juniper-freight.example", job_title="Chief of Everything"))
    await plant(settings, database, MONDAY)
    contact = await crm.resolve_contact(ContactInput("sam.whitfield@juniper-freight.example"))
    assert contact.job_title == "Chief of Everything"


async def test_other_providers_are_left_alone(settings: Settings, database: Database,
                                              monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CRM", "MAIL", "CALENDAR", "ASSET"):
        monkeypatch.setenv(f"{name}_PROVIDER", "elsewhere")
    await plant(load_settings(), database, MONDAY)
    assert not _snapshot(settings.runtime.var_dir)
    assert "0 contacts" in await LocalCRM(database, MONDAY).check()


async def test_an_interrupted_planting_is_done_again(settings: Settings, database: Database) -> None:
    left_over = settings.runtime.var_dir / ".assets.planting" / "public" / "half.md"
    left_over.parent.mkdir(parents=True)
    left_over.write_text("half")
    (settings.runtime.var_dir / "mailbox" / "new").mkdir(parents=True)  # an empty Maildir holds nothing of anybody
    await plant(settings, database, MONDAY)
    assert "half.md" not in " ".join(_snapshot(settings.runtime.var_dir))
    assert _snapshot(settings.runtime.var_dir / "mailbox")
    assert not list(settings.runtime.var_dir.glob(".*"))


async def test_the_crm_knows_the_companies_and_people_of_the_leads(settings: Settings, database: Database) -> None:
    await plant(settings, database, MONDAY)
    crm, known = LocalCRM(database, MONDAY), yaml.safe_load((WORLD / "crm.yaml").read_text(encoding="utf-8"))
    companies = {company["id"]: company for company in known["companies"]}
    emails = {LEADS.email(lead) for lead in LEADS.leads}
    assert {company["domain"] for company in companies.values()} <= {email.partition("@")[2] for email in emails}
    for person in known["contacts"]:
        assert person["email"] in emails
        contact = await crm.resolve_contact(ContactInput(person["email"]))
        assert contact.company is not None
        assert contact.company.employees == companies[person["company"]]["employees"]
        assert (contact.owner_name, contact.timezone) == (person["owner_name"], person["timezone"])
        assert ZoneInfo(contact.timezone)


async def test_the_mailbox_holds_every_thread(settings: Settings, database: Database) -> None:
    await plant(settings, database, MONDAY)
    mailbox = MaildirMailbox(settings.runtime.var_dir / "mailbox", "robin@northwind.example", "Robin Sommer", MONDAY)
    for intended in correspondence().threads:
        found = await mailbox.search_threads(intended.partner().email)
        assert [(each.subject, each.message_count) for each in found] == [(intended.subject, len(intended.messages))]
        thread = await mailbox.read_thread(found[0].id)
        assert thread is not None
        assert [(message.direction == "sent", message.automatic) for message in thread.messages] == [
            (message.sender == "rep", message.automatic) for message in intended.messages]
        for message, written in zip(thread.messages, intended.messages, strict=True):
            assert max(written.text.splitlines(), key=len) in message.text
            assert "wrote:" not in message.text
            assert "> " not in message.text


async def test_only_public_assets_are_offered(settings: Settings, database: Database) -> None:
    await plant(settings, database, MONDAY)
    folder = settings.runtime.var_dir / "assets"
    assert list((folder / "internal").glob("*.md"))
    assets = await LocalAssetLibrary(folder, settings.providers.asset_folders).list_assets()
    assert 5 <= len(assets) == len(list((folder / "public").glob("*.md")))
    for asset in assets:
        assert asset.url.startswith("https://www.northwind.example/")
        assert asset.summary
        assert asset.topics
        assert "internal" not in asset.url
    assert {asset.language for asset in assets} == {"en", "de"}


@pytest.mark.parametrize("now", TODAYS, ids=lambda now: f"{now:%a}")
async def test_the_next_three_working_days_are_partly_busy_and_partly_free(tmp_path: Path, now: datetime) -> None:
    write_calendars(tmp_path, now.date())
    calendar = IcsCalendar(tmp_path)
    for number in (1, 2, 3):
        day = workday(now.date(), number)
        opens, closes = datetime.combine(day, time(9), BERLIN), datetime.combine(day, time(17), BERLIN)
        taken = sum(((min(busy.end, closes) - max(busy.start, opens)) for busy in await calendar.busy(opens, closes)),
                    timedelta())
        assert timedelta(hours=1) <= taken <= timedelta(hours=4)


@pytest.mark.parametrize("now", TODAYS, ids=lambda now: f"{now:%a}")
@pytest.mark.parametrize("zone", ["Europe/Berlin", "Asia/Tokyo", "America/Chicago"])
async def test_there_is_always_something_to_offer(tmp_path: Path, now: datetime, zone: str) -> None:
    write_calendars(tmp_path, now.date())
    busy = await IcsCalendar(tmp_path).busy(now, now + timedelta(days=14))
    assert len(propose_slots(busy, now, "Europe/Berlin", "09:00-17:00", "", zone)) >= 2


async def test_the_company_day_blocks_and_the_trade_fair_does_not(tmp_path: Path) -> None:
    write_calendars(tmp_path, MONDAY.now().date())
    calendar = IcsCalendar(tmp_path)
    closed = datetime.combine(workday(MONDAY.now().date(), 5), time(9), BERLIN)
    fair = datetime.combine(workday(MONDAY.now().date(), 1), time(9), BERLIN)
    assert await calendar.busy(closed, closed + timedelta(hours=8))
    assert not await calendar.busy(fair, fair + timedelta(minutes=30))
