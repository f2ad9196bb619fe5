"""What every mail sender must do: send once, say what it did, and never claim to know what it does not."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sender_worlds import SENDERS, SenderWorld

from sales_agent.ports.mail import KEY_HEADER, Absent, OutgoingMail, SendRefused, SentMail

NOW = datetime.now(UTC)


@pytest.fixture(params=SENDERS)
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SenderWorld]:
    with SENDERS[request.param](tmp_path) as made:
        yield made


def mail(key: str = "sa-1", thread_id: str = "") -> OutgoingMail:
    raw = (f"From: robin@northwind.example\r\nTo: ada@acme.example\r\nSubject: Hi\r\nMessage-ID: <{key}@northwind.example>\r\n"
           f"{KEY_HEADER}: {key}\r\n\r\nFirst\r\n.\r\n.dots\r\nLast\r\n").encode()
    return OutgoingMail(key=key, sender="robin@northwind.example", recipient="ada@acme.example", raw=raw, thread_id=thread_id)


async def test_a_sent_mail_is_named_and_leaves_once(world: SenderWorld) -> None:
    sent = await world.sender.send(mail())
    assert sent.message_id == "<sa-1@northwind.example>"
    assert sent.thread_id
    assert (sent.headers["Subject"], sent.headers[KEY_HEADER]) == ("Hi", "sa-1")
    assert world.delivered() == 1


async def test_the_thread_it_belongs_to_is_kept(world: SenderWorld) -> None:
    assert (await world.sender.send(mail(thread_id="t-1"))).thread_id == "t-1"


async def test_what_was_sent_is_found_by_its_key_also_after_a_restart(world: SenderWorld) -> None:
    sent = await world.sender.send(mail())
    found = await world.again().settle("sa-1", NOW)
    if world.files:
        assert isinstance(found, SentMail)
        assert (found.message_id, found.headers["Subject"]) == (sent.message_id, "Hi")
    else:
        assert found is None


async def test_what_was_not_sent_is_never_found(world: SenderWorld) -> None:
    await world.sender.send(mail())
    assert not isinstance(await world.again().settle("sa-2", NOW), SentMail)
    assert not isinstance(await world.again().settle("sa", NOW), SentMail)  # the beginning of another key


async def test_absent_is_said_only_if_the_mail_cannot_leave_any_more(world: SenderWorld) -> None:
    if isinstance(await world.sender.settle("sa-1", NOW), Absent):
        with pytest.raises(SendRefused):
            await world.again().send(mail())
        assert world.delivered() == 0


async def test_settling_and_sending_at_once_agree(world: SenderWorld) -> None:
    keys = [f"sa-{number}" for number in range(8)]
    sends = [world.sender.send(mail(key)) for key in keys]
    settles = [world.again().settle(key, NOW) for key in keys]
    results = await asyncio.gather(*sends, *settles, return_exceptions=True)
    for sent, settled in zip(results[:8], results[8:], strict=True):
        assert isinstance(sent, SendRefused) if isinstance(settled, Absent) else isinstance(sent, SentMail)
    assert world.delivered() == sum(isinstance(each, SentMail) for each in results[:8])


async def test_a_mailbox_has_one_name_and_another_one_another(world: SenderWorld) -> None:
    assert world.sender.mailbox == world.again().mailbox
    assert world.sender.mailbox != world.other().mailbox


async def test_the_check_says_what_is_there(world: SenderWorld) -> None:
    said = await world.sender.check()
    assert said
    assert "p@ss" not in said
    assert ("IMAP_URL is not set" in said) is not world.files
