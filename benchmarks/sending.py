"""Sends at once against a limit, from several processes: is it exact, and what does the door cost?"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from benchmarks.report import Promise, promises, table
from benchmarks.site import Site, site
from sales_agent.connectors.local.sender import MaildirSender
from sales_agent.connectors.registry import connect
from sales_agent.core.clock import SystemClock
from sales_agent.core.database import Database
from sales_agent.core.settings import load_settings
from sales_agent.ports.mail import OutgoingMail

ROUNDS, DRAFTS, PROCESSES, LIMIT = 5, 60, 4, 20
BODY = ("Hi Lee,\n\nThanks for asking how Northwind reads from Snowflake. It does so through a read-only role, and the first "
        "report is usually there within a day. Shall I show you how that looks?\n\nBest regards,\nRobin Sommer")


def main() -> bool:
    rows, exact = [], True
    for kind in ("postgresql", "sqlite"):
        limited = [_round(kind, LIMIT) for _ in range(ROUNDS)]
        free = [_round(kind, DRAFTS) for _ in range(ROUNDS)]
        exact &= all(sent == LIMIT for sent, _ in limited) and all(sent == DRAFTS for sent, _ in free)
        rows.append([kind, " ".join(str(sent) for sent, _ in limited), median(rate for _, rate in free)])
    bare = median(_bare() for _ in range(ROUNDS))
    table(f"{DRAFTS} approved drafts, sent at once from {PROCESSES} processes; {ROUNDS} rounds each",
          ["", f"sent, limit {LIMIT}", "a second, no limit", "bare sender / door"],
          [[*row, bare / float(row[2])] for row in rows])
    return promises([Promise("rounds that sent exactly what the limit allows", float(exact), 1, at_least=True)])


def _round(kind: str, limit: int) -> tuple[int, float]:
    """(mails in the Sent folder, sends a second)."""
    with site(kind) as here:
        here.environment |= {"ALLOW_REAL_SENDS": "true", "MAX_EMAILS_PER_DAY": str(limit), "MAX_EMAILS_PER_WEEK": "",
                             "MAX_EMAILS_PER_CONTACT_PER_WEEK": "", "CELERY_BROKER_URL": "", "LOG_LEVEL": "ERROR"}
        ids = _lay_down(here)
        start = here.place / "start"
        with ExitStack() as stack:
            crowd = [stack.enter_context(here.module("benchmarks.sending", str(start), str(here.place / f"done{number}"),
                                                     *ids[number::PROCESSES])) for number in range(PROCESSES)]
            for number, process in enumerate(crowd):
                process.wait_until((here.place / f"done{number}.ready").exists, "it does not start")
            start.touch()
            for number, process in enumerate(crowd):
                process.wait_until((here.place / f"done{number}").exists, "it does not send")
        spans = [json.loads((here.place / f"done{number}").read_text()) for number in range(PROCESSES)]
        sent = len(list((here.place / "var" / "mailbox" / ".Sent" / "cur").iterdir()))
        return sent, sent / (max(end for _, end in spans) - min(begin for begin, _ in spans))


def _lay_down(here: Site) -> Sequence[str]:
    before = dict(os.environ)
    os.environ.update(here.environment)
    try:
        return asyncio.run(_approved())
    finally:
        os.environ.clear()
        os.environ.update(before)


async def _approved() -> list[str]:
    from sales_agent.approvals import decisions
    from sales_agent.core.keys import load_keys
    from sales_agent.drafts import service
    from sales_agent.drafts.service import NewDraft
    from sales_agent.sending.means import composer_for

    settings, now = load_settings(), SystemClock().now()
    database, composer = Database(settings.database_url), composer_for(settings, load_keys(settings.runtime))
    ids = []
    for number in range(DRAFTS):
        async with database.write() as connection:
            draft = await service.create(connection, NewDraft(f"lee{number}@acme.example", "Snowflake and Northwind", BODY, "Lee Park"),
                                         "ada", now)
            await decisions.approve(connection, composer, draft.id, "ada", None, now)
            ids.append(str(draft.id))
    await database.dispose()
    return ids


async def _send(start: Path, done: Path, ids: Sequence[str]) -> None:
    """One of the crowd: gets ready, waits for the start, sends all of its drafts at once."""
    from sales_agent.workflow.sending import open_door

    settings, clock = load_settings(), SystemClock()
    database = Database(settings.database_url, pool_size=5)
    door = open_door(settings, database, clock, connect(settings, database, clock))
    await database.ping()
    done.with_suffix(".ready").touch()
    while not start.exists():
        await asyncio.sleep(0.005)
    began = time.time()
    await asyncio.gather(*(door.send_draft(draft_id, "ada") for draft_id in ids))
    ended = time.time()
    await database.dispose()
    part = done.with_suffix(".part")
    part.write_text(json.dumps([began, ended]))
    part.rename(done)


def _bare() -> float:
    """Messages a second that one process lays into the Sent folder, with the same durability and no door before it."""
    async def send(folder: Path) -> float:
        sender = MaildirSender(folder)
        mails = [OutgoingMail(f"sa-{number}", "robin@northwind.example", "lee@acme.example", BODY.encode()) for number in range(DRAFTS)]
        began = time.perf_counter()
        await asyncio.gather(*(sender.send(mail) for mail in mails))
        return DRAFTS / (time.perf_counter() - began)

    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(send(Path(folder)))


if __name__ == "__main__":
    asyncio.run(_send(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:]))
