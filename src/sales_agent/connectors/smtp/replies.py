"""What a mail server's reply means for us. Its text is not kept: it comes from outside and may hold addresses."""

from __future__ import annotations

import re
import ssl
from collections.abc import Mapping

from aiosmtplib import (
    SMTPAuthenticationError,
    SMTPNotSupported,
    SMTPRecipientRefused,
    SMTPResponseException,
    SMTPSenderRefused,
)
from aiosmtplib.response import SMTPResponse

from sales_agent.ports.mail import SendOutcomeUnknown, SendRefused

PROVIDER = "mail server"
_STATUS = re.compile(r"#?([245]\.\d{1,3}\.\d{1,3})(?![\d.])")  # only at the start: further on it may be an IP address
# Nobody is at this address. A bare 550 does not say so: it may as well be our own server that does not relay for us.
_NOBODY_THERE = frozenset({"5.1.0", "5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"})

RECIPIENT = "the recipient"
_REFUSED: Mapping[type[SMTPResponseException], str] = {
    SMTPAuthenticationError: "the user and password of SMTP_URL", SMTPSenderRefused: "the sender",
    SMTPRecipientRefused: RECIPIENT}


def refusal(code: int, text: str, what: str) -> SendRefused:
    """A definite no: 4xx may be a yes later, anything else will not be. `what` was refused."""
    found = _STATUS.match(text)
    status = found[1] if found else ""
    return SendRefused(PROVIDER, f"it refused {what} ({f'{code} {status}'.strip()})", transient=400 <= code < 500,
                       bad_recipient=what == RECIPIENT and 500 <= code < 600 and status in _NOBODY_THERE)


def refused_by(error: SMTPResponseException) -> SendRefused:
    """The same for an error reply before the message."""
    what = next((what for kind, what in _REFUSED.items() if isinstance(error, kind)), "the connection")
    return refusal(error.code, error.message, what)


def broken_by(error: Exception, place: str) -> SendRefused:
    """For what went wrong before the message without a reply. `place` is the server."""
    if isinstance(_first_cause(error), ssl.SSLCertVerificationError):
        return SendRefused(PROVIDER, f"the certificate of {place} cannot be verified", transient=False)
    if isinstance(error, SMTPNotSupported):
        return SendRefused(PROVIDER, f"{place} offers no STARTTLS, or no way to sign in that we know", transient=False)
    if isinstance(error, ValueError):
        return SendRefused(PROVIDER, "the addresses cannot be put into an envelope", transient=False)
    return SendRefused(PROVIDER, f"{place} cannot be reached ({type(error).__name__})", transient=True)


def _first_cause(error: BaseException) -> BaseException:
    while (earlier := error.__cause__ or error.__context__) is not None:
        error = earlier
    return error


def judge_final(reply: SMTPResponse) -> None:
    """The reply to the whole message: returns when the server took it.

    By RFC 5321 (4.2.5) a 4xx or 5xx here means that the server has not taken the message and will not deliver it. A
    421 is the exception: it may answer anything, from a server that is just going down. Raises SendRefused for the
    first, SendOutcomeUnknown for the latter and for what is no reply at all.
    """
    if 200 <= reply.code < 300:
        return
    if reply.code != 421 and 400 <= reply.code < 600:
        raise refusal(reply.code, reply.message, "the message")
    raise SendOutcomeUnknown(PROVIDER, f"it gave no clear answer to the message ({reply.code})")
