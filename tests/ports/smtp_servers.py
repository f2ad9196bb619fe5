"""A real SMTP server for tests: aiosmtpd in whatever mood."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP as SmtpServer
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword, Session

USER, PASSWORD = "robin@northwind.example", "p@ss:word/1"
QUOTED = "robin%40northwind.example:p%40ss%3Aword%2F1"


class Authority:
    """An authority that only the tests trust, and a certificate of it for this machine."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        authority = trustme.CA()
        leaf = authority.issue_cert("localhost", "127.0.0.1")
        self.bundle, self.certificate, self.key = folder / "ca.pem", folder / "cert.pem", folder / "key.pem"
        authority.cert_pem.write_to_path(self.bundle)
        leaf.private_key_pem.write_to_path(self.key)
        for blob in leaf.cert_chain_pems:
            blob.write_to_path(self.certificate, append=True)

    def context(self) -> ssl.SSLContext:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.certificate, self.key)
        return context


class Mood:
    """What the server answers at each step; `None` lets it pass. Keeps what it took."""

    def __init__(self, mail: str | None = None, rcpt: str | None = None, data: str | None = None,
                 after: Callable[[SmtpServer], Any] | None = None) -> None:
        self.mail, self.rcpt, self.data, self.after = mail, rcpt, data, after
        self.taken: list[Envelope] = []
        self.users: list[str] = []
        self.left = threading.Event()  # somebody said goodbye

    async def handle_MAIL(self, server: SmtpServer, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:
        if self.mail:
            return self.mail
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server: SmtpServer, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:
        if self.rcpt:
            return self.rcpt
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SmtpServer, session: Session, envelope: Envelope) -> str:
        """The whole message is here."""
        if self.after is not None:
            await self.after(server)
        if self.data is None:
            self.taken.append(envelope)
        return self.data or "250 2.0.0 OK, taken"

    async def handle_QUIT(self, server: SmtpServer, session: Session, envelope: Envelope) -> str:
        self.left.set()
        return "221 Bye"

    def authenticator(self, server: SmtpServer, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        good = isinstance(data, LoginPassword) and (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        if good:
            self.users.append(data.login.decode())
        return AuthResult(success=good, handled=False)


class Server(Controller):
    """Ends with no connection left open, so that none is found unclosed in a later test."""

    def factory(self) -> SmtpServer:
        made = SmtpServer(self.handler, **self.SMTP_kwargs)
        self.made = [*getattr(self, "made", ()), made]
        return made

    def stop(self, no_assert: bool = False) -> None:
        asyncio.run_coroutine_threadsafe(self._hang_up(), self.loop).result(timeout=5)
        super().stop(no_assert)

    async def _hang_up(self) -> None:
        for server in self.made:
            if server.transport is not None:
                cast(asyncio.Transport, server.transport).abort()
        await asyncio.sleep(0.05)  # for the transports to close; those amid a TLS handshake belong to nobody yet


@contextmanager
def smtp_server(mood: Mood, *, tls: ssl.SSLContext | None = None, starttls: ssl.SSLContext | None = None,
                auth: bool = False) -> Iterator[int]:
    """Serve on loopback in a thread; answers the port."""
    controller = Server(
        mood, hostname="127.0.0.1", port=free_port(), ssl_context=tls, tls_context=starttls, require_starttls=starttls is not None,
        auth_required=auth, auth_require_tls=False, authenticator=mood.authenticator if auth else None, enable_SMTPUTF8=False)
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


async def hang_up(server: SmtpServer) -> None:
    cast(asyncio.Transport, server.transport).abort()


async def say_nothing(server: SmtpServer) -> None:
    await asyncio.sleep(30)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
