"""Proves that the sealed part of the audit trail is as it was sealed, or names the first place where it is not."""

from __future__ import annotations

import hmac
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from sales_agent.core.audit import AUDIT
from sales_agent.core.audit_seal import FIRST, SEALED, SEALS, batch_bytes, count_unsealed, event_digest, key_ids
from sales_agent.core.keys import Keys

Progress = Callable[[int, int], None]  # (seals done, seals in all)


@dataclass(frozen=True, slots=True)
class Verification:
    """`problem` is blank when everything is as it was sealed. `head` names the newest seal: `number:digest`."""

    seals: int
    events: int
    unsealed: int
    head: str = ""
    problem: str = ""


async def verify_trail(connection: AsyncConnection, keys: Keys, expected: str = "",
                       progress: Progress = lambda done, total: None) -> Verification:
    """Recompute every seal. `expected` is a head noted elsewhere, earlier: only that can show that the newest seals were cut
    off altogether. Must be the first statement of its transaction."""
    if connection.dialect.name == "postgresql":  # one view for all the statements, as on SQLite: meanwhile more is sealed
        await connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
    total = int(await connection.scalar(select(func.count()).select_from(SEALS)) or 0)
    previous, number, events = FIRST, 0, 0
    heads = set()
    async for seal in _seals(connection):
        number += 1
        if problem := await _problem(connection, keys, seal, number, previous):
            return Verification(total, events, 0, problem=problem)
        previous, events = seal.digest, events + seal.events
        heads.add(f"{seal.number}:{seal.digest}")
        progress(number, total)
    problem = await _left_over(connection, number)
    if not problem and expected and expected not in heads:
        problem = "the seal that was expected is not in the chain: the newest seals have been cut off or replaced"
    return Verification(number, events, await count_unsealed(connection), f"{number}:{previous}" if number else "", problem)


async def _seals(connection: AsyncConnection) -> AsyncIterator[Any]:
    """In order, a page at a time, so that the trail may be long and other work goes on in between."""
    after: int | None = None
    while True:
        query = select(SEALS).order_by(SEALS.c.number).limit(500)
        page = (await connection.execute(query if after is None else query.where(SEALS.c.number > after))).all()
        for seal in page:
            yield seal
        if not page:
            return
        after = page[-1].number


async def _problem(connection: AsyncConnection, keys: Keys, seal: Any, number: int, previous: str) -> str:
    if seal.number != number:
        return f"seal {number} is missing"
    if seal.previous != previous:
        return f"seal {number} does not follow the one before it"
    if seal.key_id not in key_ids(keys):
        return f"seal {number} cannot be verified: it was made with a key that is not in SECRET_KEY any more"
    return await _batch_problem(connection, keys, seal)


async def _batch_problem(connection: AsyncConnection, keys: Keys, seal: Any) -> str:
    number = seal.number
    rows = (await connection.execute(
        select(SEALED.c.event_id, SEALED.c.position, SEALED.c.digest, AUDIT).outerjoin(AUDIT, AUDIT.c.id == SEALED.c.event_id)
        .where(SEALED.c.seal == number).order_by(SEALED.c.position))).all()
    for row in rows:
        if row.id is None:
            return f"seal {number}: the event {row.event_id} has been removed"
        if event_digest(row) != row.digest:
            return f"seal {number}: the event {row.event_id} is not as it was sealed on {seal.at:%Y-%m-%d %H:%M} UTC"
    if len(rows) != seal.events or [row.position for row in rows] != list(range(seal.events)):
        return f"seal {number} should have {seal.events} events and has {len(rows)}, or their order was changed"
    digests = keys.digests("audit seal", batch_bytes(number, seal.at, seal.previous, [row.digest for row in rows]))
    if not hmac.compare_digest(digests[key_ids(keys).index(seal.key_id)].hex(), seal.digest):
        return f"seal {number}: the seal, or its list of events, has been changed since {seal.at:%Y-%m-%d %H:%M} UTC"
    return ""


async def _left_over(connection: AsyncConnection, last: int) -> str:
    """What claims to be sealed by a seal that is not there."""
    stray = await connection.scalar(select(func.min(SEALED.c.seal)).where(~SEALED.c.seal.between(1, last)))
    return f"seal {stray} is missing, though events name it" if stray is not None else ""
