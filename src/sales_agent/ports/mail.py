"""The mailbox of the rep in whose name we write."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from sales_agent.core.errors import ConnectorError
from sales_agent.ports.common import Checkable

Direction = Literal["sent", "received"]
MESSAGE_ID = re.compile(r"<(?![^<>]*=\?)[!-;=?-~]{3,250}>")  # printable ASCII, and nothing that decodes to more
KEY_HEADER = "X-Sales-Agent-Key"  # carries the idempotency key of a send or draft; providers keep it


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
    arrived: datetime | None = None  # when a received one came in, where that is known: `date` is the writer's word

    @property
    def seen_from(self) -> datetime:
        """From when on it could be read here."""
        return max(self.date, self.arrived or self.date)


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
    last_arrival: datetime  # when the newest came into the mailbox; a mail may be days under way


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


ReportKind = Literal["hard_bounce", "soft_bounce", "complaint"]


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """What a server says became of a message. Anybody can forge one: believe it only of what was sent under `key`,
    or, where that is blank, with `message_id`."""

    id: str
    kind: ReportKind  # hard: there is nobody at the address
    status: str  # enhanced status code (RFC 3463), or blank
    key: str  # from the header KEY_HEADER of the message that came back, or blank
    message_id: str  # its Message-ID with angle brackets, or blank


class MailReader(Checkable, Protocol):
    async def search_threads(self, address: str, limit: int = 10) -> list[ThreadRef]:
        """Threads in which this address wrote or was written to, newest first (drafts excluded)."""

    async def read_thread(self, thread_id: str) -> MailThread | None:
        """The thread with its messages (drafts excluded), or None when it is gone."""

    async def recent_sent(self, limit: int = 200) -> list[MailThread]:
        """The newest threads in which we wrote, newest first: our own past, for memory and voice."""

    async def delivery_reports(self, since: datetime) -> list[DeliveryReport]:
        """Bounces and complaints that came in since then, in no order."""


class MailDrafts(Protocol):
    """The mailbox's side notes: drafts and labels. Nothing here sends."""

    async def save_draft(self, draft: DraftMail, key: str) -> DraftRef:
        """Create or replace the draft that belongs to `key`; never a second one."""

    async def discard_draft(self, key: str) -> None:
        """Remove the draft that belongs to `key`, if there is one: what it said has been sent."""

    async def label_thread(self, thread_id: str, label: str) -> None:
        """Put the label on the thread; putting it there twice changes nothing."""


class Mailbox(MailReader, MailDrafts, Protocol):
    """What a mail provider's adapter offers, except for sending, which has its own port."""


@dataclass(frozen=True, slots=True)
class OutgoingMail:
    """A finished message on its way out."""

    key: str  # idempotency key of this attempt, also in the header KEY_HEADER
    sender: str  # envelope sender, addr-spec
    recipient: str  # the one envelope recipient, addr-spec
    raw: bytes  # RFC 5322, CRLF lines
    thread_id: str = ""  # the provider's thread to put it in; blank: a new one


@dataclass(frozen=True, slots=True)
class SentMail:
    """What the provider made of it. `headers` as delivered; Message-ID may differ from the one we wrote."""

    message_id: str
    thread_id: str
    headers: Mapping[str, str] = field(default_factory=dict)


class SendRefused(ConnectorError):
    """A definite no: nothing was sent and nothing will be. `bad_recipient`: the address itself does not exist."""

    def __init__(self, provider: str, message: str, *, transient: bool, bad_recipient: bool = False) -> None:
        super().__init__(provider, message, transient=transient)
        self.bad_recipient = bad_recipient


class SendOutcomeUnknown(ConnectorError):
    """The provider may or may not have sent it. Never to be answered by sending again."""

    def __init__(self, provider: str, message: str) -> None:
        super().__init__(provider, message, transient=False)


class Absent:
    """The provider proves that nothing was sent under a key, and that nothing will be any more."""


class MailSender(Checkable, Protocol):
    @property
    def mailbox(self) -> str:
        """Names the one mailbox that this sends from, without secrets. Only a sender of the same mailbox can settle."""

    async def send(self, mail: OutgoingMail) -> SentMail:
        """Send once; never tries again by itself. Raises SendRefused or SendOutcomeUnknown, nothing else."""

    async def settle(self, key: str, since: datetime) -> SentMail | Absent | None:
        """What became of an earlier attempt: the message if it is in the Sent folder; Absent only where
        that is proof, and then a `send` under this key that is still running somewhere must fail; None
        when nobody can tell. `since` is when the attempt began. Raises ConnectorError when unreachable."""
