"""Seals the audit trail: batches of events, each bound to the one before by a keyed digest.

Events get random ids and commit out of order, so a chain over the rows themselves would make every writer wait for
the one before. Instead a batch of what is committed and not sealed yet is sealed from time to time. From then on no
sealed event can be changed, taken out or put in without the key, which is not in the database.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import Integer, Select, String, func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import Mapped, mapped_column

from sales_agent.core.append_only import keep_append_only
from sales_agent.core.audit import AUDIT
from sales_agent.core.database import Base, Database, UtcDateTime
from sales_agent.core.keys import Keys
from sales_agent.core.rows import table_of

BATCH = 2_000  # events in one seal
FIRST = "0" * 64  # what stands for the seal before the first one
RECENT = timedelta(days=2)  # no transaction takes that long to commit
_LOCK = 7255_2028  # any number that nothing else on this database locks
_VERSION = 1


class AuditSeal(Base):
    """One sealed batch. `digest` is an HMAC over the batch and the digest before."""

    __tablename__ = "audit_seals"

    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)  # 1, 2, …
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    events: Mapped[int] = mapped_column(Integer)
    key_id: Mapped[str] = mapped_column(String(16))  # which key signed it, without telling the key
    previous: Mapped[str] = mapped_column(String(64))
    digest: Mapped[str] = mapped_column(String(64))


class SealedEvent(Base):
    """That an event belongs to a seal, and where in it."""

    __tablename__ = "audit_sealed_events"

    event_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    seal: Mapped[int] = mapped_column(Integer, index=True)
    position: Mapped[int] = mapped_column(Integer)


SEALS, SEALED = table_of(AuditSeal), table_of(SealedEvent)
keep_append_only(SEALS)
keep_append_only(SEALED)


async def seal_new_events(database: Database, keys: Keys, now: datetime, *, everything: bool = False) -> int:
    """Seal what is committed and not sealed yet, and answer how many events that were.

    Looks at the last two days; `everything`: at all of it, which takes longer the longer the trail is.
    """
    sealed = 0
    while True:
        async with database.write() as connection:
            count = await _seal_batch(connection, keys, now, None if everything else now - RECENT)
        sealed += count
        if count < BATCH:
            return sealed


async def _seal_batch(connection: AsyncConnection, keys: Keys, now: datetime, since: datetime | None) -> int:
    if connection.dialect.name == "postgresql":  # on SQLite the write transaction is a lock already
        await connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
    events = (await connection.execute(unsealed(since).limit(BATCH))).all()
    if not events:
        return 0
    last = await head(connection)
    number, previous = (last.number + 1, last.digest) if last else (1, FIRST)
    digest = keys.digest("audit seal", batch_bytes(number, now, previous, events))
    await connection.execute(insert(SEALS).values(number=number, at=now, events=len(events), key_id=key_ids(keys)[0],
                                                  previous=previous, digest=digest.hex()))
    await connection.execute(insert(SEALED), [
        {"event_id": event.id, "seal": number, "position": position} for position, event in enumerate(events)])
    return len(events)


def unsealed(since: datetime | None = None) -> Select[Any]:
    """Events without a seal, in the order in which they will be sealed."""
    query = select(AUDIT).where(~select(SEALED.c.event_id).where(SEALED.c.event_id == AUDIT.c.id).exists())
    return (query if since is None else query.where(AUDIT.c.at >= since)).order_by(AUDIT.c.at, AUDIT.c.id)


async def head(connection: AsyncConnection) -> Any:
    """The newest seal's row, or None."""
    return (await connection.execute(select(SEALS).order_by(SEALS.c.number.desc()).limit(1))).first()


async def count_unsealed(connection: AsyncConnection) -> int:
    return int(await connection.scalar(select(func.count()).select_from(unsealed().order_by(None).subquery())) or 0)


def batch_bytes(number: int, at: datetime, previous: str, events: Sequence[Any]) -> bytes:
    """What a seal signs: as JSON, so that no two different batches are the same bytes."""
    return _json([_VERSION, number, at.isoformat(), previous, [event_digest(event) for event in events]])


def event_digest(event: Any) -> str:
    """SHA-256 in hex over every column of an event's row."""
    values = [value.isoformat() if isinstance(value, datetime) else value for value in
              (getattr(event, column.name) for column in AUDIT.c)]
    return sha256(_json(values)).hexdigest()


def key_ids(keys: Keys) -> list[str]:
    """What the seals call the keys that are known, newest first."""
    return [digest.hex()[:16] for digest in keys.digests("audit key id", b"")]


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=True, separators=(",", ":")).encode("ascii")
