"""A mail that the SMTP server took was sent, whatever the server with the Sent folder does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from imap_servers import dovecot
from sender_worlds import settings_with
from smtp_servers import QUOTED, USER, Authority, Mood, free_port, smtp_server

from sales_agent.connectors.smtp.sender import smtp_sender
from sales_agent.core.errors import ConfigurationError, ConnectorError
from sales_agent.ports.mail import KEY_HEADER, OutgoingMail, SendRefused

RAW = f"Message-ID: <m1@northwind.example>\r\n{KEY_HEADER}: sa-1\r\n\r\nText\r\n".encode()
MAIL = OutgoingMail("sa-1", USER, "ada@acme.example", RAW)
HELLO = b"* OK ready\r\n"
CAPABLE = (HELLO, b"* CAPABILITY IMAP4rev1\r\nTAG OK done\r\n")
SIGNED_IN = (*CAPABLE, b"* CAPABILITY IMAP4rev1\r\nTAG OK done\r\n", b"* 0 EXISTS\r\nTAG OK [READ-WRITE] SELECT done\r\n")


@asynccontextmanager
async def imap_server(*answers: bytes, delay_seconds: float = 0.0) -> AsyncIterator[int]:
    """Says one answer to each command, the first as its greeting, and then nothing more; answers its port."""
    gone: list[asyncio.Future[None]] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        gone.append(left := asyncio.get_running_loop().create_future())
        with suppress(ConnectionError):
            await _converse(reader, writer, answers, delay_seconds)
        writer.close()
        left.set_result(None)

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield int(server.sockets[0].getsockname()[1])
        await asyncio.gather(*gone)


async def _converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answers: Sequence[bytes], delay_seconds: float) -> None:
    tag = b""
    for answer in answers:
        await asyncio.sleep(delay_seconds)
        writer.write(answer.replace(b"TAG", tag))
        tag = (await reader.readline()).partition(b" ")[0]
    await reader.read()  # until the other side has had enough


async def sent_and_settled(smtp: int, imap: int, path: str = "/Sent") -> str:
    """The Message-ID of what was sent, within the time that the door allows; then settling must say that it cannot."""
    settings = settings_with(SMTP_URL=f"smtp://127.0.0.1:{smtp}", IMAP_URL=f"imap://{QUOTED}@127.0.0.1:{imap}{path}")
    sender = smtp_sender(settings)
    async with asyncio.timeout(settings.sending.send_timeout_seconds):
        message_id = (await sender.send(MAIL)).message_id
    with pytest.raises(ConnectorError):
        await sender.settle("sa-1", datetime.now(UTC))
    return message_id


@pytest.mark.parametrize("answers", [
    (), (b"\xff\x00 garbage\r\n",), (HELLO,), (*CAPABLE, b"TAG NO wrong password\r\n"), (*CAPABLE, b"* BYE too many connections\r\n"),
    SIGNED_IN, (*CAPABLE, *[b"TAG OK done\r\n"] * 4),
    (*SIGNED_IN, b"* SEARCH one two (((\r\nTAG OK done\r\n"), (*SIGNED_IN, b"* SEARCH 1\r\nTAG OK done\r\n", b"* 1 FETCH (\r\n"),
], ids=["silent", "garbage", "silent after the greeting", "refused", "turned away", "silent when asked",
        "says nothing but OK", "mad numbers", "half an answer"])
async def test_what_was_taken_was_sent(answers: tuple[bytes, ...]) -> None:
    mood = Mood()
    with smtp_server(mood) as port:
        async with imap_server(*answers) as imap:
            assert await sent_and_settled(port, imap) == "<m1@northwind.example>"
    assert len(mood.taken) == 1


async def test_two_slow_servers_do_not_make_a_sent_mail_unknown() -> None:
    """Each step of each is in time; all of them together are not."""
    async def think(server: object) -> None:
        await asyncio.sleep(1.5)

    with smtp_server(Mood(after=think)) as port:
        async with imap_server(*SIGNED_IN, delay_seconds=0.9) as imap:
            assert await sent_and_settled(port, imap) == "<m1@northwind.example>"


async def test_a_server_that_is_not_there() -> None:
    with smtp_server(Mood()) as port:
        assert await sent_and_settled(port, free_port()) == "<m1@northwind.example>"


async def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with dovecot(Authority(tmp_path)) as (imap, _), smtp_server(Mood()) as port:
        assert await sent_and_settled(port, imap, "/Nowhere") == "<m1@northwind.example>"


async def test_nothing_is_filed_that_was_refused(tmp_path: Path) -> None:
    with dovecot(Authority(tmp_path)) as (imap, _), smtp_server(Mood(data="554 5.7.1 no")) as port:
        sender = smtp_sender(settings_with(SMTP_URL=f"smtp://127.0.0.1:{port}", IMAP_URL=f"imap://{QUOTED}@127.0.0.1:{imap}/Sent"))
        with pytest.raises(SendRefused):
            await sender.send(MAIL)
        assert await sender.settle("sa-1", datetime.now(UTC)) is None


async def test_what_the_server_filed_by_itself_is_not_filed_twice(tmp_path: Path) -> None:
    with dovecot(Authority(tmp_path)) as (imap, _), smtp_server(Mood()) as port:
        sender = smtp_sender(settings_with(SMTP_URL=f"smtp://127.0.0.1:{port}", IMAP_URL=f"imap://{QUOTED}@127.0.0.1:{imap}/Sent"))
        await sender.send(MAIL)
        await sender.send(MAIL)  # finds the first one's copy
        assert "with 1 messages" in await sender.check()


@pytest.mark.parametrize("answers", [(b"220 hi",), (b"220 hi", b"502 no")], ids=["gone before EHLO", "no NOOP"])
async def test_the_check_fails_as_a_connector_does(answers: tuple[bytes, ...]) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for answer in answers:
            writer.write(answer + b"\r\n")
            await reader.readline()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(ConnectorError):
            await smtp_sender(settings_with(SMTP_URL=f"smtp://127.0.0.1:{port}")).check()


@pytest.mark.parametrize("account", ["", "robin:s%C3%A9cret@"])
def test_an_imap_account_that_cannot_sign_in_is_named(account: str) -> None:
    with pytest.raises(ConfigurationError, match=r"^IMAP_URL: ") as caught:
        smtp_sender(settings_with(SMTP_URL="smtp://127.0.0.1", IMAP_URL=f"imap://{account}127.0.0.1"))
    assert "cret" not in str(caught.value)
