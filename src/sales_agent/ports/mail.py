"""The mailbox of the rep in whose name we write."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from sales_agent.ports.common import Checkable

Direction = Literal["sent", "received"]


@dataclass(frozen=True, slots=True)
class MailMessage:
    """One message, parsed. `text` is the newest part in plain text: quoted history and signature removed."""

    id: str
    thread_id: str
    message_id: str  # RFC 5322 Message-ID with angle brackets
    direction: Direction
    sender: str  # addr-spec, lower case
    sender_name: str
    recipients: tuple[str, ...]  # addr-specs, lower case
    subject: str
    date: datetime
    text: str
    references: tuple[str, ...] = ()
    automatic: bool = False  # auto-reply, bounce or list mail by its headers


@dataclass(frozen=True, slots=True)
class MailThread:
    id: str
    subject: str
    messages: tuple[MailMessage, ...]  # oldest first, at least one


@dataclass(frozen=True, slots=True)
class ThreadRef:
    """A search hit: enough to pick the newest thread without reading its bodies."""

    id: str
    subject: str
    last_at: datetime
    message_count: int


@dataclass(frozen=True, slots=True)
class DraftMail:
    """A message to lay down as a draft. A reply names the message it answers."""

    recipient: str
    recipient_name: str
    subject: str
    text: str
    in_reply_to: str = ""
    references: tuple[str, ...] = field(default_factory=tuple)
    thread_id: str = ""


@dataclass(frozen=True, slots=True)
class DraftRef:
    id: str
    thread_id: str


class MailReader(Checkable, Protocol):
    async def search_threads(self, address: str, limit: int = 10) -> list[ThreadRef]:
        """Threads in which this address wrote or was written to, newest first (drafts excluded)."""

    async def read_thread(self, thread_id: str) -> MailThread | None:
        """The thread with its messages (drafts excluded), or None when it is gone."""

    async def recent_sent(self, limit: int = 200) -> list[MailThread]:
        """The newest threads in which we wrote, newest first: our own past, for memory and voice."""


class MailDrafts(Protocol):
    """The mailbox's side notes: drafts and labels. Nothing here sends."""

    async def save_draft(self, draft: DraftMail, key: str) -> DraftRef:
        """Create or replace the draft that belongs to `key`; never a second one."""

    async def label_thread(self, thread_id: str, label: str) -> None:
        """Put the label on the thread; putting it there twice changes nothing."""


class Mailbox(MailReader, MailDrafts, Protocol):
    """What a mail provider's adapter offers, except for sending, which has its own port."""
