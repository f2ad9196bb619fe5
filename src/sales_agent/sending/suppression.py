"""The suppression list: consulted at every send, inside the transaction that takes the draft.

An address is kept as a keyed hash. Hashes are made under the newest key and looked for under every key that is
known, so a key may be rotated as long as the old one stays in SECRET_KEY.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from datetime import datetime

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from sales_agent.core.audit import audit_row
from sales_agent.core.errors import Conflict, NotFound
from sales_agent.core.keys import Keys
from sales_agent.core.rows import insert, insert_missing
from sales_agent.sending.suppression_models import SUPPRESSIONS, Suppressed

_PURPOSE = "suppression"

__all__ = ["ComplaintStays", "Suppressed", "address_key", "is_suppressed", "lift", "suppress", "suppress_key"]


class ComplaintStays(Conflict):
    code, title = "COMPLAINT", "The recipient has complained"


def normalised(address: str) -> str:
    """The one spelling of an address: trimmed, NFC, in lower case, the domain as A-labels.

    Dots and plus parts stay: to many servers they tell two people apart.
    """
    text = unicodedata.normalize("NFC", address.strip()).lower()
    local, at, domain = text.rpartition("@")
    if domain.isascii():
        return text
    try:
        return local + at + validate_email(f"x@{domain}", check_deliverability=False, test_environment=True).ascii_domain
    except EmailNotValidError:
        return text


def address_key(keys: Keys, address: str) -> bytes:
    """What stands for the address on the list, under the newest key."""
    return keys.digest(_PURPOSE, normalised(address).encode("utf-8", "surrogatepass"))


async def is_suppressed(connection: AsyncConnection, keys: Keys, address: str) -> Suppressed | None:
    """Why this address must not be written to, or None."""
    found = (await connection.execute(
        select(SUPPRESSIONS.c.reason).where(SUPPRESSIONS.c.address_key.in_(_spellings(keys, address))))).first()
    return Suppressed(found.reason) if found else None


async def suppress(connection: AsyncConnection, keys: Keys, address: str, reason: Suppressed, source: str, now: datetime,
                   actor: str) -> None:
    """Put the address on the list. One that is there stays as it is."""
    if await is_suppressed(connection, keys, address) is None:
        await suppress_key(connection, address_key(keys, address), reason, source, now, actor)


async def suppress_key(connection: AsyncConnection, key: bytes, reason: Suppressed, source: str, now: datetime,
                       actor: str) -> None:
    """The same by the address's key, for whoever does not know the address."""
    values = {"address_key": key.hex(), "reason": reason, "source": source, "created_at": now}
    new = insert(connection, SUPPRESSIONS).values(**values).on_conflict_do_nothing(index_elements=["address_key"])
    if (await connection.execute(new.returning(SUPPRESSIONS.c.address_key))).first():
        await insert_missing(connection, [audit_row(
            actor, "recipient.suppressed", _subject(key.hex()), now, before="open", after="suppressed", reason=reason,
            source=source)])


async def lift(connection: AsyncConnection, keys: Keys, address: str, reason: str, now: datetime, actor: str, *,
               force: bool = False) -> None:
    """Take the address off the list, because it was a mistake or the person asked for it.

    Raises NotFound; ComplaintStays for somebody who complained, unless forced.
    """
    if not reason.strip():
        raise ValueError("lifting a suppression needs a reason")
    rows = (await connection.execute(
        select(SUPPRESSIONS).where(SUPPRESSIONS.c.address_key.in_(_spellings(keys, address))))).all()
    if not rows:
        raise NotFound("This address is not on the suppression list.")
    if any(row.reason == Suppressed.COMPLAINT for row in rows) and not force:
        raise ComplaintStays("Somebody who complained about our mail is not written to again. Force it if you must.")
    await connection.execute(delete(SUPPRESSIONS).where(SUPPRESSIONS.c.address_key.in_([row.address_key for row in rows])))
    await insert_missing(connection, [
        audit_row(actor, "recipient.suppression_lifted", _subject(row.address_key), now, before="suppressed", after="open",
                  reason=reason, was=row.reason) for row in rows])


def _spellings(keys: Keys, address: str) -> Sequence[str]:
    data = normalised(address).encode("utf-8", "surrogatepass")
    return [digest.hex() for digest in keys.digests(_PURPOSE, data)]


def _subject(key: str) -> str:
    return f"suppression:{key[:16]}"
