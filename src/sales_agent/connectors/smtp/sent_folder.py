"""The Sent folder on an IMAP server: where a mail that left is filed and found again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from email.parser import BytesHeaderParser
from typing import TypeVar

from imapclient import SEEN, IMAPClient
from imapclient.imapclient import SENT

from sales_agent.connectors.smtp.account import MailAccount, tls_context
from sales_agent.core.errors import ConnectorError
from sales_agent.ports.mail import KEY_HEADER

PROVIDER = "IMAP server"
_HEADERS = b"BODY[HEADER]"
Answer = TypeVar("Answer")


class SentFolder:
    """One connection for each question; they are rare. Every method raises ConnectorError, transient, when the server
    cannot be asked. `patience_seconds` is for each step of a question."""

    def __init__(self, account: MailAccount, patience_seconds: float) -> None:
        self._account = account
        self._patience_seconds = patience_seconds

    async def find(self, key: str, since: datetime) -> dict[str, str] | None:
        """The headers of the message with this key, if it lies there."""
        return await self._ask(lambda client: _find(client, key, since))

    async def file(self, raw: bytes, key: str, at: datetime) -> None:
        """Put the message there as read, unless the server has done so by itself."""
        def append(client: IMAPClient) -> None:
            if _find(client, key, at) is None:
                client.append(self._folder(client), raw, flags=(SEEN,), msg_time=at)
        await self._ask(append)

    async def check(self) -> str:
        """Name the folder and how many messages it holds."""
        def look(client: IMAPClient) -> str:
            status = client.folder_status(self._folder(client), [b"MESSAGES"])
            return f"Sent folder '{self._folder(client)}' on {self._account.place} with {status[b'MESSAGES']} messages"
        return await self._ask(look)

    async def _ask(self, question: Callable[[IMAPClient], Answer]) -> Answer:
        return await asyncio.to_thread(self._answer, question)

    def _answer(self, question: Callable[[IMAPClient], Answer]) -> Answer:
        try:
            with self._selected() as client:
                return question(client)
        except ConnectorError:
            raise
        except Exception as error:  # the library stumbles in many ways over what a broken server may answer
            raise ConnectorError(PROVIDER, f"{self._account.place} cannot be asked ({type(error).__name__})",
                                 transient=True) from error

    @contextmanager
    def _selected(self) -> Iterator[IMAPClient]:
        account = self._account
        with IMAPClient(account.host, account.port, ssl=account.tls_from_start, ssl_context=tls_context(),
                        timeout=self._patience_seconds) as client:
            if account.starttls:
                client.starttls(tls_context())
            client.login(account.username, account.password)
            client.select_folder(self._folder(client), readonly=False)
            yield client

    def _folder(self, client: IMAPClient) -> str:
        """The one that IMAP_URL names, else the one that the server says is for sent mail."""
        found = self._account.folder or client.find_special_folder(SENT)
        if not found:
            raise ConnectorError(PROVIDER, "there is no folder for sent mail; name it in IMAP_URL", transient=False)
        return str(found)


def _find(client: IMAPClient, key: str, since: datetime) -> dict[str, str] | None:
    """IMAP looks for a part of the header; it is ours only if the whole of it is the key."""
    found = client.search(["SINCE", (since - timedelta(days=1)).date(), "HEADER", KEY_HEADER, key])
    for data in client.fetch(found, ["BODY.PEEK[HEADER]"]).values() if found else ():
        headers = {name: str(value) for name, value in BytesHeaderParser().parsebytes(data[_HEADERS]).items()}
        if headers.get(KEY_HEADER) == key:
            return headers
    return None
