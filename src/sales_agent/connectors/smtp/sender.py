"""The `MailSender` port on SMTP, with the Sent folder on IMAP."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from email.parser import BytesHeaderParser

import structlog

from sales_agent.connectors.smtp.account import MailAccount, parse_account
from sales_agent.connectors.smtp.delivery import deliver, signed_in
from sales_agent.connectors.smtp.sent_folder import SentFolder
from sales_agent.core.errors import ConfigurationError, ConnectorError
from sales_agent.core.settings import Settings
from sales_agent.ports.mail import Absent, OutgoingMail, SentMail

log = structlog.get_logger()

_UNFILED = "IMAP_URL is not set: sent mail is not filed, and only a person can settle an unknown outcome"


class SmtpSender:
    """Hands mail to a server, then files it in the Sent folder.

    SMTP cannot be asked what became of a message. What lies in the Sent folder was sent; what does not may have been
    handed over just before the process died, so absence is never proved and `settle` answers None for it.
    """

    def __init__(self, account: MailAccount, sent: SentFolder | None, mailbox: str, patience_seconds: float) -> None:
        self._account = account
        self._sent = sent
        self._patience_seconds = patience_seconds
        self.mailbox = mailbox

    async def send(self, mail: OutgoingMail) -> SentMail:
        await deliver(self._account, mail, self._patience_seconds)
        if self._sent is not None:
            await self._file(self._sent, mail)
        return _sent_mail({name: str(value) for name, value in BytesHeaderParser().parsebytes(mail.raw).items()}, mail.thread_id)

    async def _file(self, sent: SentFolder, mail: OutgoingMail) -> None:
        """The mail is out: a copy that cannot be filed is a pity, not a failure of the send."""
        try:
            await sent.file(mail.raw, mail.key, datetime.now(UTC))
        except ConnectorError as error:
            log.warning("mail.not_filed", attempt=mail.key, problem=str(error))

    async def settle(self, key: str, since: datetime) -> SentMail | Absent | None:
        headers = await self._sent.find(key, since) if self._sent is not None else None
        return _sent_mail(headers, "") if headers is not None else None

    async def check(self) -> str:
        async with signed_in(self._account, self._patience_seconds) as smtp:
            await smtp.noop()
        filing = await self._sent.check() if self._sent is not None else _UNFILED
        return f"SMTP {self._account.place}{', signed in' if self._account.username else ''}; {filing}"


def _sent_mail(headers: dict[str, str], thread_id: str) -> SentMail:
    message_id = headers.get("Message-ID", "").strip()
    first = (headers.get("References", "").split() or [message_id])[0]
    return SentMail(message_id, thread_id or first, headers)


def smtp_sender(settings: Settings) -> SmtpSender:
    """The sender that SMTP_URL and IMAP_URL describe. Raises ConfigurationError."""
    smtp_url, imap_url = settings.providers.smtp_url, settings.providers.imap_url
    if smtp_url is None:
        raise ConfigurationError("SMTP_URL: must be set for MAIL_PROVIDER smtp")
    patience = settings.sending.send_timeout_seconds * 0.8  # within the door's own, so that ours is heard
    account = parse_account("SMTP_URL", smtp_url.get_secret_value(), "smtp")
    filing = parse_account("IMAP_URL", imap_url.get_secret_value(), "imap") if imap_url else None
    if filing is not None and not filing.username:
        raise ConfigurationError("IMAP_URL: must hold a user and a password, percent-encoded")
    return SmtpSender(account, SentFolder(filing, patience) if filing else None, _mailbox(account, filing), patience)


def _mailbox(account: MailAccount, filing: MailAccount | None) -> str:
    """The same for the same accounts, whatever their passwords."""
    parts = [(each.place, each.username, each.folder) for each in (account, filing) if each]
    return f"smtp:{hashlib.sha256(repr(parts).encode()).hexdigest()[:24]}"
