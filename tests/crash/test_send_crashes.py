"""kill -9 at every point of the door: the mailbox holds at most one message, and the state comes to say which."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from send_child import POINTS
from sqlalchemy import select

from sales_agent.approvals import decisions
from sales_agent.connectors.registry import connect
from sales_agent.core.database import Database
from sales_agent.core.keys import load_keys
from sales_agent.core.settings import Settings, load_settings
from sales_agent.drafts import service
from sales_agent.drafts.models import DRAFTS
from sales_agent.drafts.service import NewDraft
from sales_agent.migrations.run import migrate
from sales_agent.sending.means import composer_for
from sales_agent.sending.models import ATTEMPTS
from sales_agent.workflow.sending import open_door, open_reconciler

CHILD = Path(__file__).with_name("send_child.py")
BODY = ("Hi Lee,\n\nThanks for asking how Northwind reads from Snowflake. It does so through a read-only role, and the first "
        "report is usually there within a day. Shall I show you how that looks?\n\nBest regards,\nRobin Sommer")


class LaterClock:
    """The present, moved by hand: minutes pass at once."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead


class Place:
    """One installation with an approved draft, and processes that send it."""

    def __init__(self, settings: Settings, database: Database, environment: dict[str, str]) -> None:
        self.settings, self.database, self._environment = settings, database, environment
        self.clock = LaterClock()
        self.sent = settings.runtime.var_dir / "mailbox" / ".Sent" / "cur"

    async def approved(self, recipient: str = "lee@acme.example") -> str:
        now, composer = self.clock.now(), composer_for(self.settings, load_keys(self.settings.runtime))
        async with self.database.write() as connection:
            draft = await service.create(connection, NewDraft(recipient=recipient, recipient_name="Lee Park",
                                                              subject="Snowflake and Northwind", body=BODY), "ada", now)
            await decisions.approve(connection, composer, draft.id, "ada", None, now)
        return str(draft.id)

    async def send(self, draft_id: str, point: str = "none") -> tuple[int, str]:
        """Send in a process of its own; answers its exit code and what it said."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, str(CHILD), draft_id, point, env=self._environment, stdout=asyncio.subprocess.PIPE)
        said, _ = await process.communicate()
        assert process.returncode is not None
        return process.returncode, said.decode().strip()

    async def reconcile(self) -> None:
        self.clock.ahead += timedelta(minutes=10)
        connections = connect(self.settings, self.database, self.clock)
        door = open_door(self.settings, self.database, self.clock, connections)
        await open_reconciler(self.settings, self.clock, door).run_once()

    async def status(self, draft_id: str) -> str:
        async with self.database.read() as connection:
            return str((await connection.execute(select(DRAFTS.c.status).where(DRAFTS.c.id == draft_id))).scalar_one())

    async def attempts(self) -> list[str]:
        async with self.database.read() as connection:
            return list((await connection.execute(select(ATTEMPTS.c.state).order_by(ATTEMPTS.c.number))).scalars())

    def mails(self) -> int:
        return len(list(self.sent.iterdir())) if self.sent.exists() else 0


@pytest.fixture
async def place(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Place]:
    monkeypatch.chdir(tmp_path)
    values = {"DATABASE_URL": database_url, "VAR_DIR": str(tmp_path / "var"), "ALLOW_REAL_SENDS": "true",
              "MAX_EMAILS_PER_DAY": "", "MAX_EMAILS_PER_WEEK": "", "MAX_EMAILS_PER_CONTACT_PER_WEEK": "",
              "SEND_TIMEOUT_SECONDS": "5", "LOG_LEVEL": "ERROR"}
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    await asyncio.to_thread(migrate, database_url)
    database = Database(database_url, pool_size=3)
    yield Place(load_settings(), database, dict(os.environ))
    await database.dispose()


@pytest.mark.parametrize("point", POINTS)
async def test_wherever_the_process_dies_there_is_one_mail_at_most_and_the_state_is_true(place: Place, point: str) -> None:
    draft_id = await place.approved()
    code, _ = await place.send(draft_id, point)
    assert code == -signal.SIGKILL
    await place.reconcile()
    left = place.mails()
    assert left == (1 if point in ("accepted", "before_record", "record_not_committed", "after_record") else 0)
    assert await place.status(draft_id) == ("SENT" if left else "APPROVED")
    await place.send(draft_id)  # somebody tries again
    assert (place.mails(), await place.status(draft_id)) == (1, "SENT")
    assert [state for state in await place.attempts() if state != "NOT_SENT"] == ["SENT"]


async def test_nothing_is_sent_again_before_the_first_attempt_is_settled(place: Place) -> None:
    draft_id = await place.approved()
    await place.send(draft_id, "before_record")
    assert await place.send(draft_id) == (0, "Blocked")
    assert (place.mails(), await place.status(draft_id)) == (1, "SENDING")


async def test_processes_that_send_the_same_draft_at_once_send_it_once(place: Place) -> None:
    draft_id = await place.approved()
    outcomes = await asyncio.gather(*(place.send(draft_id) for _ in range(4)))
    assert sorted(said for _, said in outcomes) == ["Blocked", "Blocked", "Blocked", "Sent"]
    assert place.mails() == 1


async def test_a_process_that_was_stopped_too_long_cannot_send_after_the_attempt_is_settled(place: Place) -> None:
    """A stalled sender wakes up after the reconciler has proved its mail absent: its send must fail."""
    draft_id = await place.approved()
    door = open_door(place.settings, place.database, place.clock, connect(place.settings, place.database, place.clock))
    asleep, awake = asyncio.Event(), asyncio.Event()
    really_send = door._sender.send

    async def stalled(mail: Any) -> Any:
        asleep.set()
        await awake.wait()
        return await really_send(mail)

    door._sender.send = stalled  # type: ignore[method-assign]
    sending = asyncio.create_task(door.send_draft(draft_id, "ada"))
    await asleep.wait()
    await place.reconcile()
    assert await place.status(draft_id) == "APPROVED"
    awake.set()
    await sending
    assert (place.mails(), await place.status(draft_id)) == (0, "APPROVED")
    assert await place.send(draft_id) == (0, "Sent")
    assert place.mails() == 1


async def test_a_database_that_goes_away_after_the_mail_has_left(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    draft_id = await place.approved()
    door = open_door(place.settings, place.database, place.clock, connect(place.settings, place.database, place.clock))
    record: Callable[..., Any] = door._recorded

    async def gone(*_: Any) -> bool:
        return False

    monkeypatch.setattr(door, "_recorded", gone)
    assert type(await door.send_draft(draft_id, "ada")).__name__ == "Unknown"
    monkeypatch.setattr(door, "_recorded", record)
    assert (place.mails(), await place.status(draft_id)) == (1, "SENDING")
    await place.reconcile()
    assert (place.mails(), await place.status(draft_id)) == (1, "SENT")


async def test_sixty_sends_from_four_processes_against_a_limit_of_twenty(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    draft_ids = [await place.approved(f"lee{number}@acme.example") for number in range(60)]
    place._environment["MAX_EMAILS_PER_DAY"] = "20"
    crowd = CHILD.with_name("send_crowd.py")
    processes = [await asyncio.create_subprocess_exec(sys.executable, str(crowd), *draft_ids[n::4], env=place._environment,
                                                      stdout=asyncio.subprocess.PIPE) for n in range(4)]
    said = [(await process.communicate())[0].decode().split() for process in processes]
    outcomes = [each for words in said for each in words]
    assert (outcomes.count("Sent"), outcomes.count("RATE_LIMITED"), place.mails()) == (20, 40, 20)

