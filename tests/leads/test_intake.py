"""Acceptance: durable, once, and shared between concurrent requests."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from sales_agent.core.clock import SystemClock
from sales_agent.core.database import Database
from sales_agent.core.errors import Unavailable
from sales_agent.core.jobs import JOBS
from sales_agent.leads.hubspot_payloads import Received, UnknownForm
from sales_agent.leads.intake import Intake
from sales_agent.leads.models import SUBMISSIONS
from sales_agent.leads.throttle import Throttle, Ticket

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


def submission(external_id: str, form_id: str = "contact") -> Received:
    return Received("form", "62515", external_id, form_id, f"{external_id}@acme.example", "{}")


async def rows(database: Database) -> tuple[int, int]:
    async with database.read() as connection:
        counts = [await connection.scalar(select(func.count()).select_from(table)) for table in (SUBMISSIONS, JOBS)]
    return counts[0] or 0, counts[1] or 0


async def test_twenty_identical_ones_at_once_are_one(database: Database) -> None:
    intakes = [Intake(database, SystemClock()) for _ in range(4)]
    accepted = await asyncio.gather(*(intakes[n % 4].accept(submission("same")) for n in range(20)))
    assert sum(not each.duplicate for each in accepted) == 1
    assert len({each.workflow_id for each in accepted}) == 1
    assert await rows(database) == (1, 1)


async def test_concurrent_ones_share_transactions(database: Database) -> None:
    commits = 0

    def committed() -> None:
        nonlocal commits
        commits += 1

    intake = Intake(database, SystemClock(), on_commit=committed)
    accepted = await asyncio.gather(*(intake.accept(submission(f"s{n}")) for n in range(300)))
    assert len({each.workflow_id for each in accepted}) == 300 == commits
    assert await rows(database) == (300, 300)


async def test_a_form_that_is_not_allowed_is_refused(database: Database) -> None:
    intake = Intake(database, SystemClock(), allowed_forms=["contact"])
    assert not (await intake.accept(submission("a"))).duplicate
    with pytest.raises(UnknownForm):
        await intake.accept(submission("b", form_id="other"))


async def test_one_bad_item_in_a_batch_harms_nobody_else(database: Database) -> None:
    bad = Received("form", "62515", "bad", "contact", "bad@acme.example", None)  # type: ignore[arg-type]
    intake = Intake(database, SystemClock())
    results = await asyncio.gather(intake.accept(submission("x")), intake.accept(bad), intake.accept(submission("y")),
                                   return_exceptions=True)
    assert [isinstance(result, Exception) for result in results] == [False, True, False]
    assert await rows(database) == (2, 2)


async def test_without_a_database_nothing_is_accepted() -> None:
    database = Database("postgresql://nobody@127.0.0.1:1/none")
    with pytest.raises(Unavailable) as caught:
        await Intake(database, SystemClock()).accept(submission("a"))
    assert caught.value.headers["Retry-After"]
    await database.dispose()


async def test_the_throttle_lets_one_an_hour_pass_and_repeats_its_answer(database: Database) -> None:
    throttle = Throttle(database, timedelta(hours=1))
    times = {"first": 0, "soon": 40, "later": 70, "soon after": 100}
    answers = [await throttle.admits(Ticket("a@b.example", name, NOW + timedelta(minutes=minutes)))
               for name, minutes in times.items()]
    assert answers == [True, False, True, False]
    assert await throttle.admits(Ticket("a@b.example", "later", NOW + timedelta(minutes=70)))


async def test_of_many_at_once_the_throttle_admits_one_an_address(database: Database) -> None:
    throttles = [Throttle(database, timedelta(hours=1)) for _ in range(3)]
    tickets = [Ticket(f"{n % 5}@b.example", f"s{n}", NOW + timedelta(seconds=n)) for n in range(60)]
    answers = await asyncio.gather(*(throttles[n % 3].admits(ticket) for n, ticket in enumerate(tickets)))
    assert sum(answers) == 5


async def test_a_backlog_of_hours_is_not_one_hour(database: Database) -> None:
    throttle = Throttle(database, timedelta(hours=1))
    tickets = [Ticket("a@b.example", f"s{n}", NOW + timedelta(hours=2 * n)) for n in range(3)]
    assert await asyncio.gather(*map(throttle.admits, tickets)) == [True, True, True]
