"""Lays the sample world down: mailbox, calendar, sales assets and CRM of an invented company."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from string import Template
from typing import Literal
from zoneinfo import ZoneInfo

from sales_agent.connectors.local.crm import seed_crm
from sales_agent.connectors.local.mailbox import MaildirMailbox
from sales_agent.core.clock import Clock
from sales_agent.core.database import Database
from sales_agent.core.settings import Settings
from sales_agent.demo.leads import WORLD
from sales_agent.demo.letters import Person, Rep, sample_letters, workday

_WORKDAYS = 8  # how many of the coming working days the calendar templates may name


async def plant(settings: Settings, database: Database, clock: Clock) -> None:
    """Put the sample world where the local adapters look for it.

    Only what is not there yet: a mailbox, calendar or asset folder that already holds a file
    is left exactly as it is, and so is everything that belongs to a provider other than `local`.
    """
    var_dir, providers = settings.runtime.var_dir, settings.providers
    today = clock.now().astimezone(ZoneInfo(settings.sender.business_timezone)).date()
    if providers.mail_provider == "local" and _empty(var_dir / "mailbox"):
        await _plant_mailbox(var_dir / "mailbox", settings, clock, today)
    if providers.calendar_provider == "local" and _empty(var_dir / "calendar"):
        with _all_or_nothing(var_dir / "calendar") as folder:
            write_calendars(folder, today)
    if providers.asset_provider == "local" and _empty(var_dir / "assets"):
        with _all_or_nothing(var_dir / "assets") as folder:
            shutil.copytree(WORLD / "assets", folder, dirs_exist_ok=True)
    if providers.crm_provider == "local":
        await seed_crm(database, WORLD / "crm.yaml")


async def _plant_mailbox(path: Path, settings: Settings, clock: Clock, today: date) -> None:
    sender = settings.sender
    rep = Rep(person=Person(name=sender.sender_name, email=sender.mail_from), company=sender.sender_company)
    with _all_or_nothing(path) as folder:
        mailbox = MaildirMailbox(folder, sender.mail_from, sender.sender_name, clock)
        for letter in sample_letters(rep, today, ZoneInfo(sender.business_timezone)):
            folder_name: Literal["INBOX", "Sent"] = "Sent" if letter.direction == "sent" else "INBOX"
            mailbox.add_message(folder_name, letter.message.as_bytes(), letter.when)


def write_calendars(folder: Path, today: date) -> None:
    """Write the calendar templates as .ics files whose days count from `today`."""
    dates = {f"workday{number}": workday(today, number) for number in range(1, _WORKDAYS + 1)}
    dates |= {f"day_after_{name}": day + timedelta(days=1) for name, day in dates.items()}
    last_week = today - timedelta(days=today.weekday() + 7)
    dates |= {"monday": last_week, "thursday": last_week + timedelta(days=3)}
    values = {name: f"{day:%Y%m%d}" for name, day in dates.items()} | {"stamp": f"{last_week:%Y%m%d}T080000Z"}
    for template in sorted((WORLD / "calendar").glob("*.ics")):
        text = Template(template.read_text(encoding="utf-8")).substitute(values)
        (folder / template.name).write_text(text, encoding="utf-8", newline="\r\n")


def _empty(path: Path) -> bool:
    """Whether there is no file below the path. Empty folders, such as a fresh Maildir's, do not count."""
    return not any(each.is_file() for each in path.rglob("*"))


@contextmanager
def _all_or_nothing(path: Path) -> Iterator[Path]:
    """A folder to fill, which takes the (empty) place of `path` at the end. A crash leaves `path` as it was."""
    staging = path.with_name(f".{path.name}.planting")
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir(parents=True)
    yield staging
    if path.exists():
        shutil.rmtree(path)
    staging.rename(path)
