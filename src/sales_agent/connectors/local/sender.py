"""The `MailSender` port on the local Maildir: nothing leaves the machine, and absence can be proved."""

from __future__ import annotations

import asyncio
import hashlib
import os
import uuid
from contextlib import suppress
from datetime import datetime
from email.parser import BytesHeaderParser
from pathlib import Path

from sales_agent.connectors.local.maildir import make_maildir, message_names
from sales_agent.connectors.local.thread_index import thread_name
from sales_agent.core.errors import ConnectorError
from sales_agent.ports.mail import Absent, OutgoingMail, SendOutcomeUnknown, SendRefused, SentMail

PROVIDER = "local mailbox"


class MaildirSender:
    """Puts messages into `.Sent`. For every key there is one file in `sends`, which is the decision about it:
    the message, once it is sent; or an empty file, once it is settled that it never will be. Sender and
    reconciler both make that file in one atomic step, so one of them is first and the other one sees it.
    """

    def __init__(self, root: Path) -> None:
        self._sent, self._decisions = root / ".Sent", root / "sends"
        make_maildir(self._sent)
        self._decisions.mkdir(parents=True, exist_ok=True)
        self._mailbox = f"local:{_identity(self._decisions / 'mailbox-id')}"

    @property
    def mailbox(self) -> str:
        return self._mailbox

    async def send(self, mail: OutgoingMail) -> SentMail:
        """A second send under one key answers the first one's message, and makes no other."""
        try:
            decided = await asyncio.to_thread(self._send, mail)
        except OSError as error:
            raise SendOutcomeUnknown(PROVIDER, f"the mailbox cannot be used ({type(error).__name__})") from error
        if decided is None:
            raise SendRefused(PROVIDER, "this attempt was settled as not sent", transient=False)
        return _sent_mail(decided, mail.thread_id)

    async def settle(self, key: str, since: datetime) -> SentMail | Absent | None:
        try:
            decided = await asyncio.to_thread(self._settle, key)
        except OSError as error:
            raise ConnectorError(PROVIDER, f"the mailbox cannot be used ({type(error).__name__})", transient=True) from error
        return Absent() if decided is None else _sent_mail(decided, "")

    async def check(self) -> str:
        return f"Maildir {self._sent}: sent mail stays on this machine"

    def _send(self, mail: OutgoingMail) -> bytes | None:
        """The message under this key, or None when it was settled that there is none."""
        decision = self._decision(mail.key)
        temporary = self._sent / "tmp" / f"{decision.name}.{uuid.uuid4().hex}"
        try:
            _write(temporary, mail.raw)
            os.link(temporary, decision)  # the moment of sending
        except FileExistsError:
            pass  # decided before, one way or the other
        finally:
            temporary.unlink(missing_ok=True)
        return self._carry_out(decision)

    def _settle(self, key: str) -> bytes | None:
        decision = self._decision(key)
        with suppress(FileExistsError):
            os.close(os.open(decision, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        return self._carry_out(decision)

    def _carry_out(self, decision: Path) -> bytes | None:
        """Make the folder say what was decided: a crash may have come between the two."""
        _sync_folder(self._decisions)
        raw = decision.read_bytes()
        if not raw:
            return None
        name = f"{decision.name}.sales-agent"
        if name not in message_names(self._sent):
            with suppress(FileExistsError):  # somebody else did it just now
                os.link(decision, self._sent / "cur" / f"{name}:2,S")
            _sync_folder(self._sent / "cur")
        return raw

    def _decision(self, key: str) -> Path:
        return self._decisions / hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:40]


def _identity(path: Path) -> str:
    """What tells this folder from every other one, wherever it is mounted. Made once, whoever comes first."""
    temporary = path.with_name(f".{uuid.uuid4().hex}")
    _write(temporary, uuid.uuid4().hex.encode())
    try:
        with suppress(FileExistsError):
            os.link(temporary, path)
    finally:
        temporary.unlink()
    return path.read_text(encoding="ascii")


def _write(path: Path, raw: bytes) -> None:
    with path.open("wb") as file:
        file.write(raw)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sent_mail(raw: bytes, thread_id: str) -> SentMail:
    headers = {name: str(value) for name, value in BytesHeaderParser().parsebytes(raw).items()}
    message_id = headers.get("Message-ID", "")
    return SentMail(message_id, thread_id or thread_name(message_id), headers)
