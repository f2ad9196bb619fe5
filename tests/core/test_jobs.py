"""Jobs in the database: claimed once, fenced, handed back, retried, and told to the broker."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from sales_agent.core import jobs
from sales_agent.core.database import Database
from sales_agent.core.jobs import JOBS, JobStatus, Lease
from sales_agent.core.relay import Relay
from sales_agent.core.rows import insert

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


class HandClock:
    def __init__(self) -> None:
        self.moment = NOW

    def now(self) -> datetime:
        return self.moment


async def add(database: Database, *ids: str, due: datetime = NOW) -> None:
    async with database.write() as connection:
        for job_id in ids:
            row = jobs.new_job(job_id, "kind", NOW, workflow_id=job_id, due_at=due)
            await connection.execute(insert(connection, JOBS), [row])


async def claim(database: Database, *ids: str, at: datetime = NOW, worker: str = "w") -> dict[str, Lease]:
    async with database.write() as connection:
        return await jobs.claim(connection, ids, worker, at, MINUTE)


async def finish(database: Database, lease: Lease, values: dict[str, Any]) -> bool:
    async with database.write() as connection:
        return await jobs.finish(connection, lease, values)


async def row(database: Database, job_id: str) -> Any:
    async with database.read() as connection:
        return (await connection.execute(select(JOBS).where(JOBS.c.id == job_id))).one()


async def test_of_many_workers_one_gets_the_job(database: Database) -> None:
    await add(database, "a")
    claims = await asyncio.gather(*(claim(database, "a", worker=f"w{n}") for n in range(8)))
    assert sum("a" in each for each in claims) == 1


async def test_a_job_is_not_claimed_before_it_is_due_nor_after_it_ended(database: Database) -> None:
    await add(database, "later", due=NOW + MINUTE)
    await add(database, "now")
    assert set(await claim(database, "later", "now", "unknown")) == {"now"}
    lease = (await claim(database, "later", at=NOW + MINUTE))["later"]
    assert await finish(database, lease, jobs.succeeded("{}", NOW))
    assert not await claim(database, "later", at=NOW + 10 * MINUTE)


async def test_a_lease_that_ran_out_goes_to_another_and_fences_the_first(database: Database) -> None:
    await add(database, "a")
    first = (await claim(database, "a"))["a"]
    assert not await claim(database, "a", at=NOW + timedelta(seconds=59))
    second = (await claim(database, "a", at=NOW + timedelta(seconds=61), worker="other"))["a"]
    assert (second.attempts, second.crashes) == (2, 1)
    assert not await finish(database, first, jobs.succeeded('{"by": "first"}', NOW))
    async with database.write() as connection:
        assert await jobs.still_held(connection, [first, second]) == {"a"}
        assert await jobs.still_held(connection, [first]) == set()
        assert await jobs.renew(connection, [first], NOW) == set()
    assert await finish(database, second, jobs.succeeded('{"by": "second"}', NOW))
    assert (await row(database, "a")).result == '{"by": "second"}'


async def test_a_renewed_lease_holds(database: Database) -> None:
    await add(database, "a")
    lease = (await claim(database, "a"))["a"]
    async with database.write() as connection:
        assert await jobs.renew(connection, [lease], NOW + 5 * MINUTE) == {"a"}
    assert not await claim(database, "a", at=NOW + 2 * MINUTE)


async def test_a_job_handed_back_is_ready_at_once_and_is_no_crash(database: Database) -> None:
    await add(database, "a")
    lease = (await claim(database, "a"))["a"]
    assert await finish(database, lease, jobs.handed_back(NOW))
    again = (await claim(database, "a"))["a"]
    assert (again.retries, again.crashes) == (0, 0)


async def test_a_retry_waits_for_its_time(database: Database) -> None:
    await add(database, "a")
    lease = (await claim(database, "a"))["a"]
    assert await finish(database, lease, jobs.retry_at(NOW + MINUTE, lease, "Timeout", "slow"))
    assert (await row(database, "a")).status == JobStatus.RETRY
    assert not await claim(database, "a", at=NOW + timedelta(seconds=59))
    assert (await claim(database, "a", at=NOW + MINUTE))["a"].retries == 1


class Broker:
    def __init__(self) -> None:
        self.messages: list[str] = []
        self.down = False

    def publish(self, batch: Sequence[tuple[str, str]]) -> None:
        if self.down:
            raise ConnectionError("broker down")
        self.messages += [job_id for job_id, _ in batch]


def relay_of(database: Database, clock: HandClock, broker: Broker) -> Relay:
    return Relay(database, clock, broker.publish, poll_seconds=1, republish_seconds=60)


async def test_the_relay_tells_once_and_again_when_nothing_happened(database: Database) -> None:
    clock, broker = HandClock(), Broker()
    relay = relay_of(database, clock, broker)
    await add(database, "a", "b")
    assert [await relay.tick(), await relay.tick()] == [2, 0]
    clock.moment += timedelta(seconds=61)  # the broker lost both
    assert await relay.tick() == 2
    assert sorted(broker.messages) == ["a", "a", "b", "b"]


async def test_what_a_broker_that_is_down_did_not_hear_is_told_soon(database: Database) -> None:
    clock, broker = HandClock(), Broker()
    relay = relay_of(database, clock, broker)
    await add(database, "a")
    broker.down = True
    with pytest.raises(ConnectionError):
        await relay.tick()
    broker.down = False
    clock.moment += timedelta(seconds=2)
    assert await relay.tick() == 1


async def test_the_relay_leaves_work_in_progress_alone_until_its_lease_ends(database: Database) -> None:
    clock, broker = HandClock(), Broker()
    relay = relay_of(database, clock, broker)
    await add(database, "running", "done")
    leases = await claim(database, "running", "done")
    await finish(database, leases["done"], jobs.succeeded("{}", NOW))
    assert await relay.tick() == 0
    clock.moment += timedelta(seconds=61)
    assert await relay.tick() == 1
    assert broker.messages == ["running"]


async def test_a_new_embedded_process_hears_of_everything_that_waits(database: Database) -> None:
    clock, broker = HandClock(), Broker()
    relay = relay_of(database, clock, broker)
    await add(database, "a", "b")
    await add(database, "later", due=NOW + MINUTE)
    assert await relay.tick() == 2
    async with database.write() as connection:
        await jobs.tell_all_again(connection)
    assert await relay.tick() == 2
    assert sorted(broker.messages) == ["a", "a", "b", "b"]


async def test_several_relays_share_the_work(database: Database) -> None:
    clock, broker = HandClock(), Broker()
    await add(database, *(f"j{n}" for n in range(50)))
    await asyncio.gather(*(relay_of(database, clock, broker).tick() for _ in range(4)))
    assert sorted(broker.messages) == sorted(f"j{n}" for n in range(50))
