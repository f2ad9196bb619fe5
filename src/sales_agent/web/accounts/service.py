"""Making and recognising operators and tokens."""

from __future__ import annotations

import hashlib
import secrets
import uuid
from dataclasses import dataclass

from argon2 import PasswordHasher
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from sales_agent.core.audit import audit_row
from sales_agent.core.clock import Clock
from sales_agent.core.database import Database
from sales_agent.core.errors import Conflict
from sales_agent.core.rows import Row, insert, insert_missing
from sales_agent.web.accounts.models import API_TOKENS, OPERATORS, ApiToken, Role

TOKEN_PREFIX = "sa_"  # noqa: S105  (lets secret scanners recognise ours)
RESERVED_NAMES = ("sales-agent", "system")
MIN_PASSWORD, MAX_PASSWORD, MAX_NAME = 12, 1024, 120  # characters


@dataclass(frozen=True, slots=True)
class Actor:
    """Whoever stands behind a request; `name` goes into the audit trail."""

    name: str
    role: Role


async def create_token(database: Database, name: str, role: Role, clock: Clock) -> str:
    """A new bearer token for `name`. It is answered once and cannot be recovered. Raises ValueError for a bad name."""
    name, token, now, token_id = _checked_name(name), TOKEN_PREFIX + secrets.token_urlsafe(32), clock.now(), _new_id()
    async with database.write() as connection:
        await insert_missing(connection, [
            Row(ApiToken, {"id": token_id, "name": name, "token_hash": _fingerprint(token), "role": Role(role),
                           "created_at": now}),
            audit_row("system", "token.created", token_id, now, role=Role(role), name=name)])
    return token


async def create_operator(database: Database, name: str, password: str, role: Role, clock: Clock) -> str:
    """A new operator; answers the id. Raises ValueError for a bad name or a password of less than 12
    characters, Conflict when the name is taken."""
    name, operator_id, now = _checked_name(name), _new_id(), clock.now()
    values = {"id": operator_id, "name": name, "password_hash": PasswordHasher().hash(_checked_password(password)),
              "role": Role(role), "disabled": False, "created_at": now}
    async with database.write() as connection:
        statement = insert(connection, OPERATORS).values(**values).on_conflict_do_nothing(index_elements=["name"])
        if (await connection.execute(statement.returning(OPERATORS.c.id))).first() is None:
            raise Conflict("There is an operator with this name already.")
        await insert_missing(connection, [
            audit_row("system", "operator.created", operator_id, now, role=Role(role), name=name)])
    return operator_id


async def actor_with_token(connection: AsyncConnection, token: str) -> Actor | None:
    """Who holds this token, or None when it is unknown or revoked."""
    if not token.startswith(TOKEN_PREFIX) or len(token) > 100:
        return None
    query = select(API_TOKENS.c.name, API_TOKENS.c.role).where(
        API_TOKENS.c.token_hash == _fingerprint(token), API_TOKENS.c.revoked_at.is_(None))
    row = (await connection.execute(query)).first()
    return Actor(row.name, Role(row.role)) if row else None


def _fingerprint(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _new_id() -> str:
    return str(uuid.uuid4())


def _checked_name(name: str) -> str:
    name = name.strip()
    if name.lower() in RESERVED_NAMES:
        raise ValueError(f"'{name}' is a name that the program itself uses in the audit trail")
    if not name or len(name) > MAX_NAME or not name.isprintable():
        raise ValueError(f"a name must be 1 to {MAX_NAME} printable characters")
    return name


def _checked_password(password: str) -> str:
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise ValueError(f"a password must have {MIN_PASSWORD} to {MAX_PASSWORD} characters")
    return password
