"""What is special to the CRM in our own database: its seed file, and a database that is gone."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import func, select

from sales_agent.connectors.local.crm import LocalCRM, seed_crm
from sales_agent.connectors.local.crm_models import CONTACTS
from sales_agent.core.clock import SystemClock
from sales_agent.core.database import Database
from sales_agent.core.errors import ConnectorError
from sales_agent.ports.crm import ContactInput


async def test_a_lost_database_is_a_transient_connector_error() -> None:
    crm = LocalCRM(Database("postgresql://127.0.0.1:1/none"), SystemClock())
    for call in (crm.resolve_contact(ContactInput("ada@acme.example")), crm.add_note("x", "y", "z"), crm.contact_by_id("x"), crm.check()):
        with pytest.raises(ConnectorError) as caught:
            await call
        assert caught.value.transient


SEED = """
companies:
  - {id: c1, name: Acme, domain: Acme.example, industry: Retail, employees: 50}
contacts:
  - {email: Ada@acme.example, first_name: Ada, company: c1, owner_id: o1, owner_name: Robin, lifecycle_stage: customer,
     timezone: Europe/London, phone: }
"""


async def test_seeding_keeps_owner_and_stage_through_a_lead_and_a_second_seeding(
        database: Database, tmp_path: Path) -> None:
    crm = LocalCRM(database, SystemClock())
    file = tmp_path / "crm.yaml"
    file.write_text(SEED)
    assert await seed_crm(database, file) == 1
    contact = await crm.resolve_contact(ContactInput("ada@acme.example", job_title="CTO", company="Other"))
    assert await seed_crm(database, file) == 1
    assert (contact.owner_id, contact.owner_name, contact.lifecycle_stage) == ("o1", "Robin", "customer")
    assert (contact.job_title, contact.timezone) == ("CTO", "Europe/London")
    assert contact.company is not None
    assert (contact.company.name, contact.company.employees, contact.company.industry) == ("Acme", 50, "Retail")
    assert await crm.contact_by_id(contact.id) == contact
    colleague = await crm.resolve_contact(ContactInput("bob@acme.example"))
    assert colleague.company == contact.company
    async with database.read() as connection:
        assert await connection.scalar(select(func.count()).select_from(CONTACTS)) == 2
