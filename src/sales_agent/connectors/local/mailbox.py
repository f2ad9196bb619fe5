"""The rep's mailbox as a Maildir: INBOX, .Sent and .Drafts under one folder, threads by their headers."""

from __future__ import annotations

import asyncio
import hashlib
import os
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal
from urllib.parse import quote, unquote

import structlog

from sales_agent.connectors.local.draft_bytes import build_draft
from sales_agent.connectors.local.maildir import Folder, make_maildir, message_names, unique_name, write_message
from sales_agent.connectors.local.mime import MAX_RAW, parse
from sales_agent.connectors.local.reports import read_report
from sales_agent.connectors.local.thread_index import ThreadIndex
from sales_agent.core.clock import Clock
from sales_agent.core.errors import ConnectorError
from sales_agent.ports.mail import DeliveryReport, Direction, DraftMail, DraftRef, MailMessage, MailThread, ThreadRef

log = structlog.get_logger()
PROVIDER = "local mailbox"


class MaildirMailbox:
    """The `Mailbox` port on files. Reading is cached; a folder is listed again only when it changed."""

    def __init__(self, root: Path, owner_address: str, owner_name: str, clock: Clock) -> None:
        self._root = root
        self._owner = owner_address.lower()
        self._owner_name = owner_name
        self._clock = clock
        self._labels = root / "labels"  # a folder for each thread, in it an empty file for each label
        self._inbox, self._sent, self._drafts = root, root / ".Sent", root / ".Drafts"
        for folder in (self._inbox, self._sent, self._drafts):
            make_maildir(folder)
        self._saved: set[str] | None = None  # drafts that were there at the first save, and since
        self._folders: tuple[tuple[Folder, Direction], ...] = (
            (Folder(self._inbox), "received"), (Folder(self._sent), "sent"))
        self._messages: dict[tuple[Direction, str], MailMessage | None] = {}  # None: a file that is no message
        self._reports: dict[str, tuple[datetime, DeliveryReport]] = {}  # by file: when it came in, and what it says
        self._index = ThreadIndex(())
        self._scanning: asyncio.Task[None] | None = None
        self._scanned_at = 0  # when the newest finished look at the disk began, in monotonic nanoseconds

    async def search_threads(self, address: str, limit: int = 10) -> list[ThreadRef]:
        return (await self._current()).with_person(address, limit)

    async def read_thread(self, thread_id: str) -> MailThread | None:
        return (await self._current()).thread(thread_id)

    async def recent_sent(self, limit: int = 200) -> list[MailThread]:
        return (await self._current()).sent[:limit]

    async def delivery_reports(self, since: datetime) -> list[DeliveryReport]:
        await self._current()
        return [report for arrived, report in list(self._reports.values()) if arrived >= since]

    async def save_draft(self, draft: DraftMail, key: str) -> DraftRef:
        name = _draft_name(key)
        try:
            raw = build_draft(draft, key=key, owner=self._owner, owner_name=self._owner_name, now=self._clock.now())
            await asyncio.to_thread(self._write_draft, name, raw)
        except ValueError as error:
            raise ConnectorError(PROVIDER, f"the draft cannot be written: {error}", transient=False) from error
        except OSError as error:
            raise _unusable(error) from error
        return DraftRef(name, draft.thread_id or name)

    def _write_draft(self, name: str, raw: bytes) -> None:
        """A mail program renames a draft that somebody opened; the renamed one is the one to replace."""
        if self._saved is None:
            self._saved = set(message_names(self._drafts))
        file = f"{name}:2,D"
        if name in self._saved and not (self._drafts / "cur" / file).exists():
            file = message_names(self._drafts).get(name, file)
        write_message(self._drafts, file, raw)
        self._saved.add(name)

    async def discard_draft(self, key: str) -> None:
        try:
            await asyncio.to_thread(self._remove_draft, _draft_name(key))
        except OSError as error:
            raise _unusable(error) from error

    def _remove_draft(self, name: str) -> None:
        if (file := message_names(self._drafts).get(name)) is not None:
            (self._drafts / "cur" / file).unlink(missing_ok=True)
        if self._saved is not None:
            self._saved.discard(name)

    async def label_thread(self, thread_id: str, label: str) -> None:
        try:
            folder = self._labels / _file_name(thread_id)
            folder.mkdir(parents=True, exist_ok=True)
            (folder / _file_name(label)).touch()
        except OSError as error:
            raise _unusable(error) from error

    def labels(self, thread_id: str) -> set[str]:
        folder = self._labels / _file_name(thread_id)
        return {unquote(path.name[1:]) for path in folder.iterdir()} if folder.exists() else set()

    async def check(self) -> str:
        index = await self._current()
        count = sum(len(thread.messages) for thread in index.newest_first)
        return f"Maildir {self._root}, {count} messages in {len(index.newest_first)} threads"

    def add_message(self, folder: Literal["INBOX", "Sent"], raw: bytes, when: datetime) -> None:
        """Lay a finished message down, as a delivery at that moment would."""
        target = self._inbox if folder == "INBOX" else self._sent
        seconds = int(when.timestamp())
        os.utime(write_message(target, unique_name(raw, seconds), raw), (seconds, seconds))

    async def _current(self) -> ThreadIndex:
        """The threads as they are on disk; without a change this costs a few stat calls."""
        asked = time.monotonic_ns()
        try:
            while self._scanned_at < asked and any(folder.changed() for folder, _ in self._folders):
                await self._scan_once()
        except OSError as error:
            raise _unusable(error) from error
        return self._index

    async def _scan_once(self) -> None:
        """Callers that come together share one scan; one that is cancelled does not take it from the others."""
        if self._scanning is None or self._scanning.done():
            self._scanning = asyncio.create_task(asyncio.to_thread(self._scan))
        await asyncio.shield(self._scanning)

    def _scan(self) -> None:
        began = time.monotonic_ns()
        present: dict[tuple[Direction, str], Path] = {}
        for folder, direction in self._folders:
            folder.scan()
            present |= {(direction, name): path for name, path in folder.files.items()}
        new = {key: path for key, path in present.items() if key not in self._messages}
        gone = [key for key in self._messages if key not in present]
        for key in gone:
            del self._messages[key]
            self._reports.pop(key[1], None)
        for (direction, name), path in new.items():
            self._read(direction, name, path)
        if new or gone:
            self._index = ThreadIndex(message for message in self._messages.values() if message is not None)
        self._scanned_at = began

    def _read(self, direction: Direction, name: str, path: Path) -> None:
        """A file that is no message is reported once, by its name only; one that just moved is found next time."""
        try:
            with path.open("rb") as file:
                arrived = datetime.fromtimestamp(os.fstat(file.fileno()).st_mtime, UTC)
                raw = file.read(MAX_RAW)
            self._messages[direction, name] = parse(raw, name=name, direction=direction, arrived=arrived)
            if direction == "received" and (report := read_report(raw, name=name)) is not None:
                self._reports[name] = (arrived, report)
        except FileNotFoundError:
            return
        except Exception as error:  # noqa: BLE001 - one bad message must not hide the others
            self._messages[direction, name] = None
            log.warning("mailbox.message_skipped", file=name, error=type(error).__name__)


def _draft_name(key: str) -> str:
    return f"{hashlib.sha256(key.encode('utf-8', 'surrogatepass')).hexdigest()[:40]}.sales-agent"


def _file_name(text: str) -> str:
    """As one harmless file name: never a path, never `.` or `..`."""
    return "=" + quote(text, safe="")[:200]


def _unusable(error: OSError) -> ConnectorError:
    return ConnectorError(PROVIDER, f"the mailbox cannot be used ({type(error).__name__})", transient=True)
