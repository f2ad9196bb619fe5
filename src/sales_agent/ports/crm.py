"""The CRM as this product needs it: resolve a person, leave a note and a task."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from sales_agent.ports.common import Checkable


@dataclass(frozen=True, slots=True)
class ContactInput:
    """What a lead told us. Blank fields never overwrite what the CRM already knows."""

    email: str
    first_name: str = ""
    last_name: str = ""
    company: str = ""
    job_title: str = ""
    phone: str = ""
    country: str = ""
    website: str = ""


@dataclass(frozen=True, slots=True)
class Company:
    id: str
    name: str
    domain: str = ""
    industry: str = ""
    employees: int | None = None
    country: str = ""


@dataclass(frozen=True, slots=True)
class Contact:
    """A person in the CRM. `timezone` is an IANA name or blank."""

    id: str
    email: str
    first_name: str = ""
    last_name: str = ""
    job_title: str = ""
    phone: str = ""
    country: str = ""
    timezone: str = ""
    lifecycle_stage: str = ""
    owner_id: str = ""
    owner_name: str = ""
    company: Company | None = None
    properties: dict[str, str] = field(default_factory=dict)


class CRM(Checkable, Protocol):
    """Every write is idempotent: by e-mail address for contacts, by `key` for notes and tasks."""

    async def resolve_contact(self, lead: ContactInput) -> Contact:
        """Find or create the contact (and its company); owner and lifecycle stage stay as they are."""

    async def contact_by_id(self, contact_id: str) -> Contact | None:
        """The contact with this CRM id, or None when there is none."""

    async def add_note(self, contact_id: str, body: str, key: str) -> str:
        """Leave a plain-text note on the contact once per `key`; answers its id."""

    async def create_task(self, contact_id: str, subject: str, body: str, due_at: datetime,
                          owner_id: str, key: str) -> str:
        """Create a task for the owner once per `key`; answers its id."""

    async def complete_task(self, key: str) -> None:
        """Mark the task that was created under `key` as done; doing it again changes nothing.

        Raises ConnectorError, transient, while there is no such task: it may still be on its way.
        """
