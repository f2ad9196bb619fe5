"""SMTP as real servers speak it: what is a definite no, what nobody knows, and that nothing is sent in the clear."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from smtp_servers import (
    PASSWORD,
    QUOTED,
    USER,
    Authority,
    Mood,
    free_port,
    hang_up,
    say_nothing,
    smtp_server,
)

from sales_agent.connectors.smtp.account import parse_account
from sales_agent.connectors.smtp.delivery import deliver
from sales_agent.core.errors import ConfigurationError
from sales_agent.ports.mail import OutgoingMail, SendOutcomeUnknown, SendRefused

BODY = b"Subject: Hi\r\n\r\n.\r\n..two dots\r\nLast line"
MAIL = OutgoingMail("sa-1", "robin@northwind.example", "ada@acme.example", BODY)
PATIENCE = 4.0


async def send(url: str, mail: OutgoingMail = MAIL, patience: float = PATIENCE) -> None:
    try:
        await deliver(parse_account("SMTP_URL", url, "smtp"), mail, patience)
    finally:
        await asyncio.sleep(0)  # a connection that was dropped closes in the loop's next turn; the server waits for that


async def refusal(url: str, mail: OutgoingMail = MAIL, patience: float = PATIENCE) -> SendRefused:
    with pytest.raises(SendRefused) as caught:
        await send(url, mail, patience)
    return caught.value


async def test_the_envelope_and_every_line_arrive_as_they_are() -> None:
    mood = Mood()
    with smtp_server(mood) as port:
        await send(f"smtp://127.0.0.1:{port}")
        assert await asyncio.to_thread(mood.left.wait, 5)
    [taken] = mood.taken
    assert (taken.mail_from, taken.rcpt_tos) == ("robin@northwind.example", ["ada@acme.example"])
    assert taken.content == BODY + b"\r\n"


@pytest.mark.parametrize(("mood", "transient", "bad_recipient", "says"), [
    (Mood(mail="451 4.7.1 greylisted"), True, False, "the sender (451 4.7.1)"),
    (Mood(mail="550 5.7.1 not from here"), False, False, "the sender (550 5.7.1)"),
    (Mood(rcpt="450 4.2.1 busy"), True, False, "the recipient (450 4.2.1)"),
    (Mood(rcpt="452 4.2.2 full"), True, False, "the recipient (452 4.2.2)"),
    (Mood(rcpt="550 5.1.1 <ada@acme.example> unknown"), False, True, "the recipient (550 5.1.1)"),
    (Mood(rcpt="550 5.1.10 null MX"), False, True, "the recipient (550 5.1.10)"),
    (Mood(rcpt="550 5.2.1 disabled"), False, True, "the recipient (550 5.2.1)"),
    (Mood(rcpt="550 5.7.1 relaying denied"), False, False, "the recipient (550 5.7.1)"),
    (Mood(rcpt="550 no such user, or no relaying"), False, False, "the recipient (550)"),
    (Mood(rcpt="552 5.2.2 full"), False, False, "the recipient (552 5.2.2)"),
    (Mood(rcpt="550 blocked, 5.1.1.22 is on a list"), False, False, "the recipient (550)"),
    (Mood(rcpt="550 by our rule 5.1.1 for relays"), False, False, "the recipient (550)"),
    (Mood(rcpt="550 5.1.1.22 is on a list"), False, False, "the recipient (550)"),
    (Mood(rcpt="550 #5.1.0 Address rejected."), False, True, "the recipient (550 5.1.0)"),
    (Mood(data="451 4.3.0 try later"), True, False, "the message (451 4.3.0)"),
    (Mood(data="452 4.3.1 no room"), True, False, "the message (452 4.3.1)"),
    (Mood(data="550 5.1.1 said late"), False, False, "the message (550 5.1.1)"),
    (Mood(data="554 5.7.1 looks like spam"), False, False, "the message (554 5.7.1)"),
])
async def test_a_reply_of_4xx_or_5xx_is_a_definite_no(mood: Mood, transient: bool, bad_recipient: bool, says: str) -> None:
    with smtp_server(mood) as port:
        error = await refusal(f"smtp://127.0.0.1:{port}")
    assert (error.transient, error.bad_recipient) == (transient, bad_recipient)
    assert says in str(error)
    assert "acme" not in str(error)
    assert mood.taken == []


@pytest.mark.parametrize("mood", [
    Mood(after=hang_up), Mood(after=say_nothing), Mood(data="421 4.3.2 going down"), Mood(data="354 what?"), Mood(data="hello"),
], ids=["hangs up", "says nothing", "421", "354", "no reply at all"])
async def test_after_the_message_anything_else_is_not_known(mood: Mood) -> None:
    with smtp_server(mood) as port, pytest.raises(SendOutcomeUnknown):
        await send(f"smtp://127.0.0.1:{port}", patience=2.0)


async def test_any_2xx_means_that_it_was_taken() -> None:
    with smtp_server(Mood(data="251 forwarded")) as port:
        await send(f"smtp://127.0.0.1:{port}")


Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def served(answer: Answer, patience: float = 1.0) -> SendRefused:
    """The refusal that a server of this behaviour leads to."""
    done = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await answer(reader, writer)
        finally:
            writer.close()
            done.set()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        error = await refusal(f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}", patience=patience)
        await done.wait()
    return error


def speaking(*lines: bytes, then_wait: bool = False) -> Answer:
    """A server that greets, answers one line to each command, and then goes away or falls silent."""
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for line in lines:
            writer.write(line + b"\r\n")
            if not await reader.readline():
                break
        if then_wait:
            await reader.read()  # until the other side has had enough
    return answer


@pytest.mark.parametrize("answer", [
    speaking(), speaking(b"220 hi"), speaking(b"220 hi", b"250 hi", b"250 sender"), speaking(b"220 hi", b"250 hi", b"250 ok", b"250 ok"),
    speaking(then_wait=True), speaking(b"220 hi", b"250 hi", then_wait=True), speaking(b"garbage\x00\xff"), speaking(b"554 go away"),
    speaking(b"421 too busy"), speaking(b"220 hi", b"250 hi", b"250 ok", b"250 ok", b"421 going down"),
], ids=["no greeting", "no EHLO", "no RCPT", "no DATA", "silent", "silent after EHLO", "garbage", "turned away", "busy", "421 to DATA"])
async def test_before_the_message_whatever_breaks_is_a_definite_no(answer: Answer) -> None:
    assert isinstance(await served(answer), SendRefused)


async def test_nobody_there() -> None:
    error = await refusal(f"smtp://127.0.0.1:{free_port()}")
    assert error.transient
    assert "cannot be reached" in str(error)


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")  # it does not count TLS from the start
async def test_tls_from_the_start_with_a_user(authority: Authority) -> None:
    mood = Mood()
    with smtp_server(mood, tls=authority.context(), auth=True) as port:
        await send(f"smtps://{QUOTED}@127.0.0.1:{port}")
        error = await refusal(f"smtps://{QUOTED}x@127.0.0.1:{port}")
    assert (mood.users, len(mood.taken)) == ([USER], 1)
    assert (error.transient, "SMTP_URL" in str(error)) == (False, True)
    assert PASSWORD not in str(error)


async def test_starttls_is_used_where_the_server_is_not_on_this_machine(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    mood = Mood()
    monkeypatch.setattr("sales_agent.connectors.smtp.account._is_loopback", lambda host: False)
    with smtp_server(mood, starttls=authority.context()) as port:
        await send(f"smtp://localhost:{port}")
    with smtp_server(mood) as port:
        error = await refusal(f"smtp://localhost:{port}")
    assert len(mood.taken) == 1
    assert "STARTTLS" in str(error)


@pytest.mark.parametrize("scheme", ["smtps", "smtp"])
async def test_a_certificate_of_a_stranger_is_refused(tmp_path: Path, scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    stranger, mood = Authority(tmp_path / "ca"), Mood()
    monkeypatch.setattr("sales_agent.connectors.smtp.account._is_loopback", lambda host: False)
    how: dict[str, Any] = {"tls" if scheme == "smtps" else "starttls": stranger.context()}
    with smtp_server(mood, **how) as port:
        error = await refusal(f"{scheme}://localhost:{port}")
    assert "certificate" in str(error)
    assert not error.transient
    assert mood.taken == []


@pytest.mark.parametrize("address", ["ada@acme.example> SIZE=1", "ada@acme.example\r\nRCPT TO:<eve@evil.example>", "jörg@acme.example"])
async def test_nothing_can_be_slipped_into_the_envelope(address: str) -> None:
    mood = Mood()
    with smtp_server(mood) as port:
        await refusal(f"smtp://127.0.0.1:{port}", OutgoingMail("sa-1", "robin@northwind.example", address, BODY))
    assert mood.taken == []


@pytest.mark.parametrize("line_end", [b"\n", b"\r"])
async def test_no_second_message_can_be_smuggled_into_the_first(line_end: bytes) -> None:
    mood, raw = Mood(), BODY + line_end + b"." + line_end + b"MAIL FROM:<eve@evil.example>\r\n"
    with smtp_server(mood) as port:
        error = await refusal(f"smtp://127.0.0.1:{port}", OutgoingMail("sa-1", MAIL.sender, MAIL.recipient, raw))
    assert "CRLF" in str(error)
    assert mood.taken == []


@pytest.mark.parametrize("url", [
    "", "mail.example.com", "http://mail.example.com", "smtp://", "smtp://host:no", "smtp://host:99999", "smtp://host:0",
    "smtp://user@host", "smtp://:secret@host", "smtp://user:@host", "smtp://host?starttls=never", "imap://user:secret@host", "smtp://[::1", "smtp://user:se/cret@host",
])
def test_a_malformed_url_is_named_and_not_repeated(url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_account("SMTP_URL", url, "smtp")
    assert str(caught.value).startswith("SMTP_URL: ")
    assert "secret" not in str(caught.value)


def test_urls_are_read_with_their_defaults() -> None:
    plain = parse_account("SMTP_URL", "smtp://mail.example.com", "smtp")
    assert (plain.port, plain.starttls, plain.tls_from_start, plain.username) == (587, True, False, "")
    secure = parse_account("IMAP_URL", f"imaps://{QUOTED}@mail.example.com/Sent%20Items", "imap")
    assert (secure.port, secure.starttls, secure.tls_from_start) == (993, False, True)
    assert (secure.username, secure.password, secure.folder) == (USER, PASSWORD, "Sent Items")
    assert PASSWORD not in repr(secure)
