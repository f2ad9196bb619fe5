"""The outside of each port as a test needs it: the adapter, and hands to put things there and look at them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from sqlalchemy import func, select

from sales_agent.connectors.local.assets import LocalAssetLibrary
from sales_agent.connectors.local.calendar import IcsCalendar
from sales_agent.connectors.local.crm import LocalCRM
from sales_agent.connectors.local.crm_models import CrmCompany, CrmContact, CrmNote, CrmTask
from sales_agent.connectors.local.mailbox import MaildirMailbox
from sales_agent.core.clock import SystemClock
from sales_agent.core.database import Database
from sales_agent.core.rows import table_of
from sales_agent.ports.assets import AssetLibrary
from sales_agent.ports.calendar import Calendar
from sales_agent.ports.crm import CRM
from sales_agent.ports.mail import Mailbox

OWNER = "robin@northwind.example"
MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
FRONT = "title: Case study\nurl: https://www.northwind.example/case\nsummary: How it went.\ntopics: [Logistics, ROI]\nlanguage: de"


class CrmWorld(Protocol):
    crm: CRM

    def another(self) -> CRM:
        """A second connection to the same CRM, as another process has it."""

    async def counts(self) -> dict[str, int]:
        """How many contacts, companies, notes and tasks the CRM holds."""


_CRM_MODELS = {"contacts": CrmContact, "companies": CrmCompany, "notes": CrmNote, "tasks": CrmTask}


class LocalCrmWorld:
    def __init__(self, database: Database) -> None:
        self.database = database
        self.crm: CRM = self.another()

    def another(self) -> CRM:
        return LocalCRM(self.database, SystemClock())

    async def counts(self) -> dict[str, int]:
        async with self.database.read() as connection:
            return {name: int(await connection.scalar(select(func.count()).select_from(table_of(model))) or 0)
                    for name, model in _CRM_MODELS.items()}


class MailWorld(Protocol):
    mailbox: Mailbox

    def deliver(self, raw: bytes) -> None: ...

    def sent(self, raw: bytes) -> None: ...

    def drafts(self) -> list[bytes]: ...

    def labels(self, thread_id: str) -> set[str]: ...


class MaildirWorld:
    def __init__(self, root: Path) -> None:
        self.root = root
        self.local = MaildirMailbox(root, OWNER, "Robin Sommer", SystemClock())
        self.mailbox: Mailbox = self.local

    def deliver(self, raw: bytes) -> None:
        self.local.add_message("INBOX", raw, MONDAY)

    def sent(self, raw: bytes) -> None:
        self.local.add_message("Sent", raw, MONDAY)

    def drafts(self) -> list[bytes]:
        return [path.read_bytes() for part in ("cur", "new", "tmp") for path in (self.root / ".Drafts" / part).iterdir()]

    def labels(self, thread_id: str) -> set[str]:
        return self.local.labels(thread_id)


class CalendarWorld(Protocol):
    calendar: Calendar

    def put(self, *events: str, name: str = "a.ics", zone: str = "") -> None:
        """Let the calendar hold these events: lines of a VEVENT with spaces between them, `_` for a space in a line."""


class IcsWorld:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.calendar: Calendar = IcsCalendar(folder, OWNER)

    def put(self, *events: str, name: str = "a.ics", zone: str = "") -> None:
        lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:test", *([f"X-WR-TIMEZONE:{zone}"] if zone else [])]
        for number, event in enumerate(events):
            uid = [] if "UID:" in event else [f"UID:{number}"]
            lines += ["BEGIN:VEVENT", *uid, "DTSTAMP:20261101T000000Z",
                      *(line.replace("_", " ") for line in event.split()), "END:VEVENT"]
        (self.folder / name).write_text("\r\n".join([*lines, "END:VCALENDAR", ""]))


class AssetWorld(Protocol):
    library: AssetLibrary

    def put(self, name: str, front: str = FRONT, folder: str = "public") -> None: ...


class FolderWorld:
    def __init__(self, root: Path) -> None:
        self.root = root
        for folder in ("public", "partner", "internal"):
            (root / folder).mkdir(parents=True)
        self.library: AssetLibrary = LocalAssetLibrary(root, ("public", "partner"))

    def put(self, name: str, front: str = FRONT, folder: str = "public") -> None:
        (self.root / folder / name).write_text(f"---\n{front}\n---\nText for people.\n", encoding="utf-8")
