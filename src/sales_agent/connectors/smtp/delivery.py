"""One message over one SMTP connection, step by step: what breaks before the message was handed over is a definite no,
what breaks after it is not known."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import cast

from aiosmtplib import SMTP, SMTPException, SMTPNotSupported, SMTPResponseException

from sales_agent.connectors.smtp.account import MailAccount, tls_context
from sales_agent.connectors.smtp.replies import PROVIDER, broken_by, judge_final, refusal, refused_by
from sales_agent.ports.mail import OutgoingMail, SendOutcomeUnknown, SendRefused

_GO_ON = 354
_PATH = re.compile(r"[!#-;=?A-~]{1,64}@[!#-;=?A-~]{1,255}")  # nothing that could end it or begin another command
_LEADING_DOT = re.compile(rb"(?m)^\.")
_LONE_LINE_END = re.compile(rb"\r(?!\n)|(?<!\r)\n")  # servers differ on what it ends: the way to smuggle a second message


async def deliver(account: MailAccount, mail: OutgoingMail, patience_seconds: float) -> None:
    """Hand the message over. Half of the patience is for getting there, half for the server's last word.

    Raises SendRefused or SendOutcomeUnknown, nothing else.
    """
    if not (_PATH.fullmatch(mail.sender) and _PATH.fullmatch(mail.recipient)):
        raise SendRefused(PROVIDER, "sender or recipient is not one plain ASCII address", transient=False)
    if _LONE_LINE_END.search(mail.raw):
        raise SendRefused(PROVIDER, "a line of the message does not end with CRLF", transient=False)
    body = _LEADING_DOT.sub(b"..", mail.raw) + (b".\r\n" if mail.raw.endswith(b"\r\n") else b"\r\n.\r\n")
    try:
        async with asyncio.timeout(patience_seconds / 2):
            smtp = await _ready_for_message(account, mail, patience_seconds)
    except TimeoutError:
        raise SendRefused(PROVIDER, f"{account.place} did not answer in time", transient=True) from None
    try:
        await _hand_over(smtp, body, patience_seconds / 2)
    finally:
        _hang_up(smtp)


async def _hand_over(smtp: SMTP, body: bytes, patience_seconds: float) -> None:
    protocol = smtp.protocol
    if protocol is None:
        raise SendRefused(PROVIDER, "the connection was lost", transient=True)  # before a byte of the message
    try:
        protocol.write(body)
        reply = await protocol.read_response(timeout=patience_seconds)
    except (SMTPException, OSError) as error:
        raise SendOutcomeUnknown(PROVIDER, f"no answer to the message ({type(error).__name__})") from error
    judge_final(reply)
    with suppress(SMTPException):  # it has the message; goodbye is only polite
        protocol.write(b"QUIT\r\n")


async def _ready_for_message(account: MailAccount, mail: OutgoingMail, patience_seconds: float) -> SMTP:
    """A connection on which the server has said that it wants the message now."""
    smtp = _client(account, patience_seconds)
    try:
        with _definite(account):
            await _sign_in(smtp, account)
            await smtp.mail(mail.sender)
            await smtp.rcpt(mail.recipient)
            reply = await smtp.execute_command(b"DATA")
        if reply.code != _GO_ON:
            raise refusal(reply.code, reply.message, "the message")
    except BaseException:
        _hang_up(smtp)
        raise
    return smtp


async def knock(account: MailAccount, patience_seconds: float) -> None:
    """Sign in, and leave. Raises SendRefused when that cannot be done."""
    smtp = _client(account, patience_seconds)
    try:
        with _definite(account):
            await _sign_in(smtp, account)
            await smtp.noop()
    finally:
        _hang_up(smtp)


def _hang_up(smtp: SMTP) -> None:
    """At once: what the other side has not taken by now must not trickle out later."""
    if smtp.transport is not None:
        cast(asyncio.WriteTransport, smtp.transport).abort()
    smtp.close()


def _client(account: MailAccount, patience_seconds: float) -> SMTP:
    return SMTP(hostname=account.host, port=account.port, use_tls=account.tls_from_start, start_tls=False,
                tls_context=tls_context(), timeout=patience_seconds / 2)


async def _sign_in(smtp: SMTP, account: MailAccount) -> None:
    await smtp.connect()
    if account.starttls:
        await smtp.ehlo()
        if not smtp.supports_extension("starttls"):
            raise SMTPNotSupported("STARTTLS")
        await smtp.starttls()
    if account.username:
        await smtp.login(account.username, account.password)


@contextmanager
def _definite(account: MailAccount) -> Iterator[None]:
    """Whatever goes wrong in here happened before the message: a definite no."""
    try:
        yield
    except SMTPResponseException as error:
        raise refused_by(error) from error
    except (SMTPException, OSError, ValueError) as error:
        raise broken_by(error, account.place) from error
