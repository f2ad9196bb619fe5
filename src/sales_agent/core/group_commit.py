"""Group commit: callers that write at the same time share one transaction.

While one transaction commits, the next batch collects; there is no artificial wait. A
caller's `submit` returns only after the commit that holds its item, so its promise to the
outside ("202 accepted", "step done") is durable. If a batch fails for a reason that may lie
in one item, the items are tried one by one, so that a bad item harms nobody else.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from sales_agent.core.database import Database, is_collision, is_database_down

Item = TypeVar("Item")
Result = TypeVar("Result")
Flush = Callable[[AsyncConnection, Sequence[Item]], Awaitable[Sequence[Result | Exception]]]
Waiting = tuple[Item, "asyncio.Future[Result]"]


class GroupCommit(Generic[Item, Result]):
    """Batches `submit` calls into one call of `flush(connection, items)` and one commit.

    `flush` returns one result per item, in order; a result that is an exception is raised
    to that caller alone. See `Database.one_statement` for when that may be set.
    """

    def __init__(self, database: Database, flush: Flush[Item, Result], *, max_batch: int = 256,
                 one_statement: bool = False) -> None:
        self._transaction = database.one_statement if one_statement else database.write
        self._flush = flush
        self._max_batch = max_batch
        self._waiting: list[Waiting[Item, Result]] = []
        self._flusher: asyncio.Task[None] | None = None

    async def submit(self, item: Item) -> Result:
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if self._flusher is None or self._flusher.done():
            self._flusher = asyncio.create_task(self._run())
        return await future

    async def _run(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[: self._max_batch], self._waiting[self._max_batch :]
            try:
                await self._write(batch)
            finally:
                for _, future in batch:  # the loop is going away: nobody may wait for ever, or take this for success
                    future.cancel()

    async def _write(self, batch: list[Waiting[Item, Result]], tries_left: int = 3) -> None:
        try:
            async with self._transaction() as connection:
                results = await self._flush(connection, [item for item, _ in batch])
        except Exception as error:  # noqa: BLE001 (handed to whoever waits for the item)
            if is_collision(error) and tries_left:  # two processes locked the same rows in different orders
                await self._write(batch, tries_left - 1)
            else:
                await self._fail_or_split(batch, error)
        else:
            for (_, future), result in zip(batch, results, strict=True):
                _settle(future, result)

    async def _fail_or_split(self, batch: list[Waiting[Item, Result]], error: Exception) -> None:
        if len(batch) == 1 or is_database_down(error):
            for _, future in batch:
                _settle(future, error)
            return
        for single in batch:
            await self._write([single])


def _settle(future: asyncio.Future[Result], result: Result | Exception) -> None:
    if future.done():  # the caller was cancelled meanwhile
        return
    if isinstance(result, Exception):
        future.set_exception(result)
    else:
        future.set_result(result)
