"""Where a mail server is and how to sign in, from one URL."""

from __future__ import annotations

import ipaddress
import ssl
from dataclasses import dataclass, field
from urllib.parse import SplitResult, unquote, urlsplit

from sales_agent.core.errors import ConfigurationError

_PORTS = {"smtp": 587, "smtps": 465, "imap": 143, "imaps": 993}


@dataclass(frozen=True, slots=True)
class MailAccount:
    """One account on one server. Over a network there is always TLS: from the first byte, or by STARTTLS."""

    host: str
    port: int
    username: str
    password: str = field(repr=False)
    tls_from_start: bool
    starttls: bool
    folder: str = ""  # the URL's path, for IMAP; blank: none was named

    @property
    def place(self) -> str:
        return f"{self.host}:{self.port}"


def parse_account(variable: str, url: str, scheme: str) -> MailAccount:
    """Read `smtp://user:password@host:587` or `smtps://…`, for `imap` with `/Folder` at the end.

    User and password are percent-encoded. Raises ConfigurationError, which names the variable and repeats nothing.
    """
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:
        raise ConfigurationError(f"{variable}: the host or port is malformed") from None
    if parts.scheme not in (scheme, f"{scheme}s") or not parts.hostname or port == 0 or parts.query or parts.fragment:
        raise ConfigurationError(f"{variable}: must look like {scheme}s://user:password@mail.example.com:{_PORTS[f'{scheme}s']}")
    if bool(parts.username) != bool(parts.password):
        raise ConfigurationError(f"{variable}: must hold both a user and a password, percent-encoded, or neither")
    return _account(parts, port or _PORTS[parts.scheme], parts.scheme.endswith("s"))


def _account(parts: SplitResult, port: int, tls_from_start: bool) -> MailAccount:
    host = parts.hostname or ""
    return MailAccount(host, port, unquote(parts.username or ""), unquote(parts.password or ""), tls_from_start,
                       starttls=not tls_from_start and not _is_loopback(host), folder=unquote(parts.path.strip("/")))


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def tls_context() -> ssl.SSLContext:
    """Certificates are verified against the system's authorities, or those in SSL_CERT_FILE."""
    return ssl.create_default_context()
