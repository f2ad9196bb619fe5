"""What is special to a mailbox of files: other programs change it, and files can be broken."""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from sales_agent.connectors.local.mailbox import MaildirMailbox
from sales_agent.core.clock import SystemClock
from sales_agent.core.errors import ConnectorError
from sales_agent.ports.mail import DraftMail

MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def mailbox_at(root: Path) -> MaildirMailbox:
    return MaildirMailbox(root, "robin@northwind.example", "Robin", SystemClock())


def raw(number: int, *, parent: int | None = None) -> bytes:
    reply = f"In-Reply-To: <{parent}@xxx>\r\n" if parent is not None else ""
    return (f"From: ada@acme.example\r\nTo: robin@northwind.example\r\nSubject: S{number}\r\n{reply}"
            f"Date: Mon, 23 Nov 2026 09:{number:02}:00 +0000\r\nMessage-ID: <{number}@xxx>\r\n\r\nsecret words\r\n").encode()


async def test_mail_from_another_program_is_seen_and_survives_being_marked(tmp_path: Path) -> None:
    mailbox = mailbox_at(tmp_path)
    (tmp_path / "new" / "1.other").write_bytes(raw(1))
    (before,) = await mailbox.search_threads("ada@acme.example")
    (tmp_path / "new" / "1.other").rename(tmp_path / "cur" / "1.other:2,S")
    (after,) = await mailbox.search_threads("ada@acme.example")
    assert after == before
    (tmp_path / "cur" / "1.other:2,S").unlink()
    assert await mailbox.search_threads("ada@acme.example") == []


async def test_a_change_is_seen_within_the_grain_of_the_clock(tmp_path: Path) -> None:
    mailbox = mailbox_at(tmp_path)
    mailbox.add_message("INBOX", raw(1), MONDAY)
    await mailbox.check()
    stamp = (tmp_path / "cur").stat()
    mailbox.add_message("INBOX", raw(2), MONDAY)
    os.utime(tmp_path / "cur", ns=(stamp.st_atime_ns, stamp.st_mtime_ns))  # as a coarse file system would have it
    assert len(await mailbox.search_threads("ada@acme.example")) == 2


async def test_a_settled_mailbox_is_not_read_again(tmp_path: Path) -> None:
    mailbox = mailbox_at(tmp_path)
    mailbox.add_message("INBOX", raw(1), MONDAY)
    long_ago = time.time() - 60
    for folder in (tmp_path, tmp_path / ".Sent"):
        for part in ("cur", "new"):
            os.utime(folder / part, (long_ago, long_ago))
    (first,) = await mailbox.search_threads("ada@acme.example")
    (tmp_path / "cur" / next(path.name for path in (tmp_path / "cur").iterdir())).write_bytes(raw(2))
    assert await mailbox.search_threads("ada@acme.example") == [first]


NESTED = b"Content-Type: message/rfc822\r\n\r\n" * 3000 + b"Subject: x\r\n\r\nsecret words"


@pytest.mark.parametrize("broken", [NESTED, None], ids=["bomb", "folder"])
async def test_a_broken_file_hides_no_other_and_is_named_without_its_content(tmp_path: Path, broken: bytes | None) -> None:
    mailbox = mailbox_at(tmp_path)
    mailbox.add_message("INBOX", raw(1), MONDAY)
    if broken is None:
        (tmp_path / "cur" / "2.broken").mkdir()
    else:
        (tmp_path / "cur" / "2.broken").write_bytes(broken)
    with capture_logs() as logs:
        for _ in range(3):
            assert len(await mailbox.search_threads("ada@acme.example")) == 1
    assert [entry["file"] for entry in logs] == (["2.broken"] if broken else [])
    assert "secret" not in str(logs)


async def test_an_empty_or_binary_file_harms_nothing(tmp_path: Path) -> None:
    mailbox = mailbox_at(tmp_path)
    for number, content in enumerate((b"", b"\x00\xff" * 100, b"\r\n\r\n", b"no headers at all")):
        (tmp_path / "cur" / f"{number}.odd").write_bytes(content)
    mailbox.add_message("INBOX", raw(1), MONDAY)
    assert len(await mailbox.search_threads("ada@acme.example")) == 1


async def test_every_process_names_a_thread_alike_in_whatever_order_it_read(tmp_path: Path) -> None:
    letters = [raw(1), raw(2, parent=1), raw(3, parent=2)]
    names: set[str] = set()
    for order in ((0, 1, 2), (2, 1, 0), (2, 0, 1)):
        root = tmp_path / "".join(map(str, order))
        mailbox = mailbox_at(root)
        for position in order:
            mailbox.add_message("INBOX", letters[position], MONDAY)
            found = await mailbox.search_threads("ada@acme.example")
        (restarted,) = await mailbox_at(root).search_threads("ada@acme.example")
        assert found == [restarted]
        names.add(restarted.id)
    assert len(names) == 1


async def test_a_vanished_mailbox_is_an_error_not_an_empty_one(tmp_path: Path) -> None:
    mailbox = mailbox_at(tmp_path / "mail")
    mailbox.add_message("INBOX", raw(1), MONDAY)
    await mailbox.check()
    shutil.rmtree(tmp_path / "mail")
    with pytest.raises(ConnectorError):
        await mailbox.search_threads("ada@acme.example")


async def test_a_reader_that_gives_up_does_not_take_the_mail_from_the_others(tmp_path: Path) -> None:
    mailbox = mailbox_at(tmp_path)
    for number in range(50):
        mailbox.add_message("INBOX", raw(number), MONDAY)
    impatient = asyncio.create_task(mailbox.search_threads("ada@acme.example", 100))
    patient = asyncio.create_task(mailbox.search_threads("ada@acme.example", 100))
    await asyncio.sleep(0)
    impatient.cancel()
    assert len(await patient) == 50


async def test_a_draft_that_somebody_opened_is_replaced_too(tmp_path: Path) -> None:
    await mailbox_at(tmp_path).save_draft(DraftMail("ada@acme.example", "Ada", "First", "Hi"), "draft:1")
    folder = tmp_path / ".Drafts" / "cur"
    (draft,) = folder.iterdir()
    draft.rename(folder / draft.name.replace(":2,D", ":2,DS"))
    for mailbox in (mailbox_at(tmp_path), mailbox_at(tmp_path)):
        await mailbox.save_draft(DraftMail("ada@acme.example", "Ada", "Second", "Hi"), "draft:1")
    (draft,) = folder.iterdir()
    assert b"Subject: Second\r\n" in draft.read_bytes()


@pytest.mark.parametrize("date", ["", "never", "Thu, 01 Jan 2099 00:00:00 +0000", "Mon, 99 Foo 2026", "1 Jan 99999 0:0 +99999"])
async def test_a_message_without_a_believable_date_hides_no_newer_one(tmp_path: Path, date: str) -> None:
    mailbox = mailbox_at(tmp_path)
    mailbox.add_message("INBOX", raw(1).replace(b"Mon, 23 Nov 2026 09:01:00 +0000", date.encode()), MONDAY)
    mailbox.add_message("INBOX", raw(2, parent=1), MONDAY + timedelta(hours=1))
    mailbox.add_message("INBOX", raw(3), MONDAY - timedelta(days=300))
    (found, *_) = await mailbox.search_threads("ada@acme.example")
    thread = await mailbox.read_thread(found.id)
    assert thread is not None
    assert [(each.subject, each.date) for each in thread.messages] == [
        ("S1", MONDAY), ("S2", MONDAY + timedelta(minutes=2))]


async def test_mail_that_comes_while_the_folder_is_read_is_seen_by_who_asks_after_it(tmp_path: Path) -> None:
    mailbox = mailbox_at(tmp_path)
    for number in range(1, 40):
        mailbox.add_message("INBOX", raw(number), MONDAY)
    early = asyncio.create_task(mailbox.search_threads("ada@acme.example", 100))
    await asyncio.sleep(0.002)  # the scan is under way in its thread
    mailbox.add_message("INBOX", raw(50), MONDAY)
    assert len(await mailbox.search_threads("ada@acme.example", 100)) == 40
    await early


async def test_a_large_settled_mailbox_is_searched_in_no_time_and_in_no_thread(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mailbox = mailbox_at(tmp_path)
    for number in range(2_000):
        (tmp_path / "cur" / f"{number}.x:2,S").write_bytes(raw(number % 60).replace(b"@xxx", b"@%d" % (number // 60)))
    long_ago = time.time() - 60
    for part in ("cur", "new"):
        os.utime(tmp_path / part, (long_ago, long_ago))
        os.utime(tmp_path / ".Sent" / part, (long_ago, long_ago))
    assert "2000 messages" in await mailbox.check()

    async def no_thread(*_: object) -> None:
        raise AssertionError("a thread was used")

    monkeypatch.setattr(asyncio, "to_thread", no_thread)
    started = time.process_time()
    for _ in range(50):
        assert len(await mailbox.search_threads("ada@acme.example")) == 10
    assert (time.process_time() - started) / 50 < 0.001


async def test_two_mailboxes_label_one_thread_without_losing_a_label(tmp_path: Path) -> None:
    boxes = [mailbox_at(tmp_path), mailbox_at(tmp_path)]
    await asyncio.gather(*(box.label_thread("t1", f"label {n}") for n in range(20) for box in boxes))
    assert boxes[0].labels("t1") == {f"label {n}" for n in range(20)}
