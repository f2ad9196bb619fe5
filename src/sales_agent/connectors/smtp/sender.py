"""The `MailSender` port on SMTP, with the Sent folder on IMAP."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import UTC, datetime
from email.parser import BytesHeaderParser

import structlog

from sales_agent.connectors.smtp.account import MailAccount, parse_account
from sales_agent.connectors.smtp.delivery import deliver, knock
from sales_agent.connectors.smtp.sent_folder import SentFolder
from sales_agent.core.errors import ConfigurationError, ConnectorError
from sales_agent.core.settings import Settings
from sales_agent.ports.mail import Absent, OutgoingMail, SentMail

log = structlog.get_logger()

_DELIVERING, _FILING = 0.75, 0.2  # of the time that a send may take; together less, so that the door hears the outcome
_UNFILED = "IMAP_URL is not set: sent mail is not filed, and only a person can settle an unknown outcome"


class SmtpSender:
    """Hands mail to a server, then files it in the Sent folder.

    SMTP cannot be asked what became of a message. What lies in the Sent folder was sent; what does not may have been
    handed over just before the process died, so absence is never proved and `settle` answers None for it.
    """

    def __init__(self, account: MailAccount, filing: MailAccount | None, patience_seconds: float) -> None:
        """`patience_seconds` is how long a send may take."""
        self._account = account
        self._delivering_seconds, self._filing_seconds = patience_seconds * _DELIVERING, patience_seconds * _FILING
        self._sent = SentFolder(filing, self._filing_seconds) if filing else None
        self.mailbox = _mailbox(account, filing)

    async def send(self, mail: OutgoingMail) -> SentMail:
        await deliver(self._account, mail, self._delivering_seconds)
        if self._sent is not None:
            await self._file(self._sent, mail)
        return _sent_mail({name: str(value) for name, value in BytesHeaderParser().parsebytes(mail.raw).items()}, mail.thread_id)

    async def _file(self, sent: SentFolder, mail: OutgoingMail) -> None:
        """The mail is out: a copy that cannot be filed, or not in time, is a pity, not a failure of the send."""
        try:
            async with asyncio.timeout(self._filing_seconds):
                await sent.file(mail.raw, mail.key, datetime.now(UTC))
        except Exception as error:  # noqa: BLE001 (whatever it was, the mail was sent)
            problem = str(error) if isinstance(error, ConnectorError) else type(error).__name__
            log.warning("mail.not_filed", attempt=mail.key, problem=problem)

    async def settle(self, key: str, since: datetime) -> SentMail | Absent | None:
        headers = await self._sent.find(key, since) if self._sent is not None else None
        return _sent_mail(headers, "") if headers is not None else None

    async def check(self) -> str:
        await knock(self._account, self._delivering_seconds)
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
    account = parse_account("SMTP_URL", smtp_url.get_secret_value(), "smtp")
    filing = parse_account("IMAP_URL", imap_url.get_secret_value(), "imap") if imap_url else None
    if filing is not None and not (filing.username and (filing.username + filing.password).isascii()):
        raise ConfigurationError("IMAP_URL: must hold a user and a password, percent-encoded, both in ASCII")
    return SmtpSender(account, filing, settings.sending.send_timeout_seconds)


def _mailbox(account: MailAccount, filing: MailAccount | None) -> str:
    """The same for the same accounts, whatever their passwords."""
    parts = [(each.place, each.username, each.folder) for each in (account, filing) if each]
    return f"smtp:{hashlib.sha256(repr(parts).encode()).hexdigest()[:24]}"
