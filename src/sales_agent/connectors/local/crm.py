"""A CRM in our own database: contacts, companies, notes and tasks.

Concurrent calls share transactions and multi-row statements. Every id derives from what
makes the record unique (address, domain, key), so a repeated write meets its own row.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import RowMapping, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from sales_agent.connectors.local.addresses import plain_address
from sales_agent.connectors.local.company_domains import company_domain, website_host
from sales_agent.connectors.local.crm_models import (
    COMPANIES,
    CONTACTS,
    TASKS,
    CrmCompany,
    CrmContact,
    CrmNote,
    CrmTask,
)
from sales_agent.core.clock import Clock
from sales_agent.core.database import Database, is_database_down
from sales_agent.core.errors import ConnectorError
from sales_agent.core.group_commit import GroupCommit
from sales_agent.core.rows import Row, insert_missing
from sales_agent.core.text import clean_text, one_line
from sales_agent.ports.crm import Company, Contact, ContactInput

PROVIDER = "local CRM"
MAX_TEXT = 50_000  # characters of a note or a task
NAME_LIMITS = {"first_name": 80, "last_name": 80, "job_title": 200, "phone": 40, "country": 80}
NEW_CONTACT = {"timezone": "", "lifecycle_stage": "lead", "owner_id": "", "owner_name": ""}
NEW_COMPANY: dict[str, Any] = {"industry": "", "employees": None, "country": ""}


class LocalCRM:
    """The `CRM` port on the application's database."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._resolutions: GroupCommit[ContactInput, Contact] = GroupCommit(database, _resolve)
        self._writes: GroupCommit[Row, None] = GroupCommit(database, _write)

    async def resolve_contact(self, lead: ContactInput) -> Contact:
        try:
            return await self._resolutions.submit(_cleaned(lead))
        except Exception as error:
            raise _translated(error) from error

    async def contact_by_id(self, contact_id: str) -> Contact | None:
        try:
            async with self._database.read() as connection:
                found = await _contacts(connection, CONTACTS.c.id == one_line(contact_id, 60))
        except Exception as error:
            raise _translated(error) from error
        return next(iter(found.values()), None)

    async def add_note(self, contact_id: str, body: str, key: str) -> str:
        note_id = _identity("note", key)
        await self._write(Row(CrmNote, {"id": note_id, "key": _storable(key), "contact_id": one_line(contact_id, 40),
                                        "body": clean_text(body, MAX_TEXT), "created_at": self._clock.now()}))
        return note_id

    async def create_task(self, contact_id: str, subject: str, body: str, due_at: datetime, owner_id: str,
                          key: str) -> str:
        task_id = _identity("task", key)
        await self._write(Row(CrmTask, {"id": task_id, "key": _storable(key), "contact_id": one_line(contact_id, 40),
                                        "owner_id": one_line(owner_id, 40), "subject": one_line(subject, 300),
                                        "body": clean_text(body, MAX_TEXT), "due_at": due_at,
                                        "created_at": self._clock.now()}))
        return task_id

    async def complete_task(self, key: str) -> None:
        now = self._clock.now()
        done = (update(TASKS).where(TASKS.c.key == _storable(key))
                .values(completed_at=func.coalesce(TASKS.c.completed_at, now)))
        try:
            async with self._database.write() as connection:
                found = (await connection.execute(done)).rowcount
        except Exception as error:
            raise _translated(error) from error
        if not found:
            raise ConnectorError(PROVIDER, "there is no such task yet", transient=True)

    async def check(self) -> str:
        try:
            async with self._database.read() as connection:
                count = await connection.scalar(select(func.count()).select_from(CONTACTS))
        except Exception as error:
            raise _translated(error) from error
        return f"local CRM in the database, {count} contacts"

    async def _write(self, row: Row) -> None:
        try:
            await self._writes.submit(row)
        except Exception as error:
            raise _translated(error) from error


async def seed_crm(database: Database, path: Path) -> int:
    """Add the companies and contacts of a YAML file that are not there yet; answers how many contacts it names."""
    data = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    companies = {each["id"]: each for each in data.get("companies") or []}
    contacts = data.get("contacts") or []
    rows = [Row(CrmCompany, _company_row({**NEW_COMPANY, **each})) for each in companies.values()]
    rows += [Row(CrmContact, _seed_contact(each, companies)) for each in contacts]
    async with database.write() as connection:
        await insert_missing(connection, rows)
    return len(contacts)


def _seed_contact(each: Mapping[str, Any], companies: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    company = companies.get(each.get("company", ""))
    blank = {**dict.fromkeys(NAME_LIMITS, ""), **NEW_CONTACT}
    known = {name: each.get(name) or default for name, default in blank.items()}
    email = _address(str(each["email"]))
    return {"id": _identity("contact", email), "email": email, **known,
            "company_id": _company_row({**NEW_COMPANY, **company})["id"] if company else None}


async def _write(connection: AsyncConnection, rows: Sequence[Row]) -> list[None]:
    # In order of id, so that two processes never wait for each other's rows.
    await insert_missing(connection, sorted(rows, key=lambda row: (row.model.__name__, row.values["id"])))
    return [None] * len(rows)


async def _resolve(connection: AsyncConnection, leads: Sequence[ContactInput]) -> list[Contact]:
    """Create what is missing, fill in blanks, and read back: the same few statements for one lead or fifty."""
    wanted: dict[str, ContactInput] = {}
    for lead in leads:
        wanted[lead.email] = _together(wanted.get(lead.email, lead), lead)
    known = await _contacts(connection, CONTACTS.c.email.in_(list(wanted)))
    companies = await _add_companies(connection, [lead for email, lead in wanted.items()
                                                  if email not in known or known[email].company is None])
    # In order of address, so that two processes never wait for each other's rows.
    new = [lead for email, lead in sorted(wanted.items()) if email not in known]
    if new:
        await insert_missing(connection, [Row(CrmContact, _contact_row(each, companies.get(each.email))) for each in new])
        known |= await _contacts(connection, CONTACTS.c.email.in_([lead.email for lead in new]))
    # Of a new contact, too: another process may just have created it from a lead that said less.
    news = {email: news for email, contact in sorted(known.items())
            if (news := _news(contact, wanted[email], companies.get(email)))}
    for email, values in news.items():
        await connection.execute(update(CONTACTS).where(CONTACTS.c.id == known[email].id).values(**values))
    if news:
        known |= await _contacts(connection, CONTACTS.c.email.in_(list(news)))
    return [known[lead.email] for lead in leads]


def _cleaned(lead: ContactInput) -> ContactInput:
    limited = {name: one_line(getattr(lead, name), limit) for name, limit in NAME_LIMITS.items()}
    return ContactInput(email=_address(lead.email), company=one_line(lead.company, 200),
                        website=one_line(lead.website, 253), **limited)


def _address(email: str) -> str:
    try:
        return plain_address(email)
    except ValueError as error:
        raise ConnectorError(PROVIDER, "the contact has no usable e-mail address", transient=False) from error


def _together(first: ContactInput, second: ContactInput) -> ContactInput:
    """What two leads of one person say; the first has the word where both say something."""
    return replace(first, **{name: getattr(second, name) for name in (*NAME_LIMITS, "company", "website")
                             if not getattr(first, name)})


def _news(contact: Contact, lead: ContactInput, company_id: str | None) -> dict[str, str]:
    """What the CRM knows stays; only what it does not know yet is taken from the lead."""
    news = {name: getattr(lead, name) for name in NAME_LIMITS if getattr(lead, name) and not getattr(contact, name)}
    if company_id and contact.company is None:
        news["company_id"] = company_id
    return news


def _contact_row(lead: ContactInput, company_id: str | None) -> dict[str, Any]:
    return {"id": _identity("contact", lead.email), "email": lead.email, "company_id": company_id,
            **{name: getattr(lead, name) for name in NAME_LIMITS}, **NEW_CONTACT}


async def _add_companies(connection: AsyncConnection, leads: Sequence[ContactInput]) -> dict[str, str]:
    """See that the leads' companies exist; answers company ids by address."""
    rows = {lead.email: row for lead in leads if (row := _company_of(lead)) is not None}
    missing = sorted({row["id"]: row for row in rows.values()}.items())
    await insert_missing(connection, [Row(CrmCompany, row) for _, row in missing])
    return {email: row["id"] for email, row in rows.items()}


def _company_of(lead: ContactInput) -> dict[str, Any] | None:
    """Only the address shows where somebody works. A website is a claim that anybody can type: it may name a
    company, but never makes its author one of a company we know."""
    domain = company_domain(lead.email.rpartition("@")[2])
    name = lead.company or domain or company_domain(website_host(lead.website))
    return _company_row({**NEW_COMPANY, "name": name, "domain": domain}) if name else None


def _company_row(company: Mapping[str, Any]) -> dict[str, Any]:
    name, domain = company["name"], str(company.get("domain") or "").lower()
    key = f"domain:{domain}" if domain else f"name:{name.casefold()}"[:260]
    return {"id": _identity("company", key), "match_key": key, "name": name, "domain": domain,
            "industry": company["industry"], "employees": company["employees"], "country": company["country"]}


async def _contacts(connection: AsyncConnection, where: Any) -> dict[str, Contact]:
    """Contacts with their companies, by address."""
    joined = CONTACTS.outerjoin(COMPANIES, CONTACTS.c.company_id == COMPANIES.c.id)
    columns = [column.label(f"co_{column.name}") for column in COMPANIES.c]
    rows = (await connection.execute(select(CONTACTS, *columns).select_from(joined).where(where))).mappings()
    return {row["email"]: _contact(row) for row in rows}


def _contact(row: RowMapping) -> Contact:
    company = None
    if row["co_id"] is not None:
        company = Company(id=row["co_id"], name=row["co_name"], domain=row["co_domain"], industry=row["co_industry"],
                          employees=row["co_employees"], country=row["co_country"])
    names = (*NAME_LIMITS, "timezone", "lifecycle_stage", "owner_id", "owner_name")
    return Contact(id=row["id"], email=row["email"], company=company, **{name: row[name] for name in names})


def _identity(kind: str, key: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"crm-{kind}:{_storable(key)}"))


def _storable(key: str) -> str:
    """The key, or where a database might refuse it, what stands for it alone."""
    if len(key) <= 200 and key.isprintable():
        return key
    return f"sha256:{hashlib.sha256(key.encode('utf-8', 'surrogatepass')).hexdigest()}"


def _translated(error: Exception) -> ConnectorError:
    if isinstance(error, ConnectorError):
        return error
    return ConnectorError(PROVIDER, f"database error ({type(error).__name__})", transient=is_database_down(error))
