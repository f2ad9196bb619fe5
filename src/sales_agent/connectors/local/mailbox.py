"""The rep's mailbox as a Maildir: INBOX, .Sent and .Drafts under one folder, threads by their headers."""

from __future__ import annotations

import asyncio
import hashlib
import json
import threading
from datetime import datetime
from email import message_from_bytes, policy
from pathlib import Path
from typing import Literal

from sales_agent.connectors.local.maildir import Folder, make_maildir, read_files, unique_name, write_message
from sales_agent.connectors.local.mime import build_draft, message_id, parse, references
from sales_agent.core.clock import Clock
from sales_agent.core.errors import ConnectorError
from sales_agent.ports.mail import DraftMail, DraftRef, MailMessage, MailThread, ThreadRef

PROVIDER = "local mailbox"


class MaildirMailbox:
    """The `Mailbox` port on files. Reading is cached; a folder is listed again only when it changed."""

    def __init__(self, root: Path, owner_address: str, owner_name: str, clock: Clock) -> None:
        self._root = root
        self._owner = owner_address.lower()
        self._owner_name = owner_name
        self._clock = clock
        self._inbox, self._sent, self._drafts = root, root / ".Sent", root / ".Drafts"
        for folder in (self._inbox, self._sent, self._drafts):
            make_maildir(folder)
        self._folders = (Folder(self._inbox), Folder(self._sent))
        self._lock = threading.Lock()
        self._messages: dict[str, MailMessage] = {}
        self._thread_of: dict[str, str] = {}  # Message-ID: thread id
        self._threads: dict[str, MailThread] = {}
        self._by_address: dict[str, set[str]] = {}
        self._recent: list[MailThread] = []

    async def search_threads(self, address: str, limit: int = 10) -> list[ThreadRef]:
        await self._refresh()
        found = [self._threads[thread_id] for thread_id in self._by_address.get(address.lower(), ())]
        found.sort(key=lambda thread: thread.messages[-1].date, reverse=True)
        return [ThreadRef(thread.id, thread.subject, thread.messages[-1].date, len(thread.messages))
                for thread in found[:limit]]

    async def read_thread(self, thread_id: str) -> MailThread | None:
        await self._refresh()
        return self._threads.get(thread_id)

    async def recent_sent(self, limit: int = 200) -> list[MailThread]:
        await self._refresh()
        return self._recent[:limit]

    async def save_draft(self, draft: DraftMail, key: str) -> DraftRef:
        name = f"{hashlib.sha256(key.encode()).hexdigest()[:40]}.sales-agent"
        try:
            raw = build_draft(draft, key=key, owner=self._owner, owner_name=self._owner_name, now=self._clock.now())
            await asyncio.to_thread(write_message, self._drafts, f"{name}:2,D", raw)
        except ValueError as error:
            raise ConnectorError(PROVIDER, "the draft cannot be written as an email", transient=False) from error
        except OSError as error:
            raise _unreadable(error) from error
        return DraftRef(name, draft.thread_id or name)

    async def label_thread(self, thread_id: str, label: str) -> None:
        try:
            await asyncio.to_thread(self._add_label, thread_id, label)
        except (OSError, ValueError) as error:
            raise _unreadable(error) from error

    async def check(self) -> str:
        await self._refresh()
        return f"Maildir {self._root}, {len(self._messages)} messages in {len(self._threads)} threads"

    def add_message(self, folder: Literal["INBOX", "Sent"], raw: bytes, when: datetime) -> None:
        """Lay a finished message down, as a delivery would."""
        target = self._inbox if folder == "INBOX" else self._sent
        write_message(target, unique_name(raw, int(when.timestamp())), raw)

    def _add_label(self, thread_id: str, label: str) -> None:
        file = self._root / "labels.json"
        with self._lock:
            labels: dict[str, list[str]] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
            if label not in labels.setdefault(thread_id, []):
                labels[thread_id].append(label)
                temporary = file.with_suffix(".tmp")
                temporary.write_text(json.dumps(labels, indent=1), encoding="utf-8")
                temporary.rename(file)

    async def _refresh(self) -> None:
        """Take in what changed on disk; without a change this costs a few stat calls."""
        try:
            if any(folder.changed() for folder in self._folders):
                await asyncio.to_thread(self._scan)
        except OSError as error:
            raise _unreadable(error) from error

    def _scan(self) -> None:
        with self._lock:
            for folder in self._folders:
                folder.scan()
            present = self._folders[0].files | self._folders[1].files
            new = {name: path for name, path in present.items() if name not in self._messages}
            gone = [name for name in self._messages if name not in present]
            if new or gone:
                for name in gone:
                    del self._messages[name]
                read_files(new, self._take)
                self._group()

    def _take(self, name: str, raw: bytes) -> None:
        thread_id = self._thread_for(raw, name)
        self._messages[name] = parse(raw, name=name, thread_id=thread_id, owner=self._owner)

    def _thread_for(self, raw: bytes, name: str) -> str:
        """The thread of any message it refers to, else a new one named after the first id of the chain."""
        message = message_from_bytes(raw, policy=policy.default)
        own = message_id(message) or f"<{name}>"
        chain = [*references(message), own]
        thread_id = next((self._thread_of[each] for each in chain if each in self._thread_of), _thread_name(chain[0]))
        for each in chain:
            self._thread_of.setdefault(each, thread_id)
        return thread_id

    def _group(self) -> None:
        grouped: dict[str, list[MailMessage]] = {}
        for message in self._messages.values():
            grouped.setdefault(message.thread_id, []).append(message)
        threads: dict[str, MailThread] = {}
        people: dict[str, set[str]] = {}
        for thread_id, messages in grouped.items():
            messages.sort(key=lambda message: (message.date, message.id))
            threads[thread_id] = MailThread(thread_id, messages[0].subject, tuple(messages))
            for address in {address for message in messages for address in (message.sender, *message.recipients)}:
                people.setdefault(address, set()).add(thread_id)
        self._threads, self._by_address = threads, people
        self._recent = sorted((thread for thread in threads.values() if _ours(thread)),
                              key=lambda thread: thread.messages[-1].date, reverse=True)


def _ours(thread: MailThread) -> bool:
    return any(message.direction == "sent" for message in thread.messages)


def _thread_name(first_id: str) -> str:
    return hashlib.sha256(first_id.encode()).hexdigest()[:24]


def _unreadable(error: Exception) -> ConnectorError:
    return ConnectorError(PROVIDER, f"the mailbox cannot be used ({type(error).__name__})", transient=True)
