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

from sqlalchemy import Integer, Select, String, bindparam, func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import Mapped, mapped_column

from sales_agent.core.append_only import keep_append_only
from sales_agent.core.audit import AUDIT
from sales_agent.core.database import Base, Database, UtcDateTime
from sales_agent.core.keys import Keys
from sales_agent.core.rows import table_of

BATCH = 2_000  # events in one seal
FIRST = "0" * 64  # what stands for the seal before the first one
LATE = timedelta(hours=1)  # no event takes that long from its time to its commit: transactions time out much sooner
_LOCK = 7255_2028  # any number that nothing else on this database locks
_VERSION = 1  # of what is signed; with other columns the seals that are there would no longer verify
SIGNED = ("id", "at", "actor", "action", "subject", "before", "after", "reason", "details")


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
    """That an event belongs to a seal, where in it, and what it was then."""

    __tablename__ = "audit_sealed_events"

    event_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    seal: Mapped[int] = mapped_column(Integer, index=True)
    position: Mapped[int] = mapped_column(Integer)
    digest: Mapped[str] = mapped_column(String(64))


SEALS, SEALED = table_of(AuditSeal), table_of(SealedEvent)
keep_append_only(SEALS)
keep_append_only(SEALED)


async def seal_new_events(database: Database, keys: Keys, now: datetime, *, everything: bool = False) -> int:
    """Seal what is committed and not sealed yet, and answer how many events that were.

    Goes on an hour before the last event that was sealed; `everything`: looks from the beginning, which takes longer the
    longer the trail is.
    """
    sealed = 0
    while True:
        async with database.write() as connection:
            count = await _seal_batch(connection, keys, now, everything)
        sealed, everything = sealed + count, False  # the first batch holds the oldest, so the rest follows it
        if count < BATCH:
            return sealed


async def _seal_batch(connection: AsyncConnection, keys: Keys, now: datetime, everything: bool) -> int:
    if connection.dialect.name == "postgresql":  # on SQLite the write transaction is a lock already
        await connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
    last = await head(connection)
    since = await _sealed_until(connection, last.number, now) if last and not everything else None
    events = (await connection.execute(unsealed(since).limit(BATCH))).all()
    if not events:
        return 0
    number, previous = (last.number + 1, last.digest) if last else (1, FIRST)
    digests = [event_digest(event) for event in events]
    digest = keys.digest("audit seal", batch_bytes(number, now, previous, digests))
    await connection.execute(insert(SEALS).values(number=number, at=now, events=len(events), key_id=key_ids(keys)[0],
                                                  previous=previous, digest=digest.hex()))
    await connection.execute(insert(SEALED), [
        {"event_id": event.id, "seal": number, "position": position, "digest": digests[position]}
        for position, event in enumerate(events)])
    return len(events)


async def _sealed_until(connection: AsyncConnection, seal: int, now: datetime) -> datetime | None:
    """Up to when nothing is left to seal. A seal takes the oldest events, so all that are older than its last one are sealed,
    but for those that commit late. None when that event is gone, which `verify` will tell."""
    last = select(AUDIT.c.at).join(SEALED, SEALED.c.event_id == AUDIT.c.id).where(SEALED.c.seal == seal)
    at = await connection.scalar(last.order_by(SEALED.c.position.desc()).limit(1))
    return at and min(at, now) - LATE


def unsealed(since: datetime | None = None) -> Select[Any]:
    """Events without a seal, in the order in which they will be sealed."""
    query = select(AUDIT).where(~select(SEALED.c.event_id).where(SEALED.c.event_id == AUDIT.c.id).exists())
    # In the text of the statement: a plan made for any moment would read the whole trail each time.
    moment = bindparam("since", since, AUDIT.c.at.type, literal_execute=True)
    return (query if since is None else query.where(AUDIT.c.at >= moment)).order_by(AUDIT.c.at, AUDIT.c.id)


async def head(connection: AsyncConnection) -> Any:
    """The newest seal's row, or None."""
    return (await connection.execute(select(SEALS).order_by(SEALS.c.number.desc()).limit(1))).first()


async def count_unsealed(connection: AsyncConnection) -> int:
    return int(await connection.scalar(select(func.count()).select_from(unsealed().order_by(None).subquery())) or 0)


def batch_bytes(number: int, at: datetime, previous: str, digests: Sequence[str]) -> bytes:
    """What a seal signs: as JSON, so that no two different batches are the same bytes."""
    return _json([_VERSION, number, at.isoformat(), previous, list(digests)])


def event_digest(event: Any) -> str:
    """SHA-256 in hex over every column of an event's row."""
    values = [value.isoformat() if isinstance(value, datetime) else value for value in
              (getattr(event, column) for column in SIGNED)]
    return sha256(_json(values)).hexdigest()


def key_ids(keys: Keys) -> list[str]:
    """What the seals call the keys that are known, newest first."""
    return [digest.hex()[:16] for digest in keys.digests("audit key id", b"")]


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=True, separators=(",", ":")).encode("ascii")
