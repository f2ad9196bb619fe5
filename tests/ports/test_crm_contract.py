"""What every CRM adapter must do."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select

from sales_agent.connectors.local.crm import LocalCRM, seed_crm
from sales_agent.connectors.local.crm_models import CONTACTS, CrmNote, CrmTask
from sales_agent.core.clock import SystemClock
from sales_agent.core.database import Database
from sales_agent.core.errors import ConnectorError
from sales_agent.core.rows import table_of
from sales_agent.ports.crm import CRM, ContactInput

DUE = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
ADAPTERS: dict[str, Callable[[Database], CRM]] = {"local": lambda database: LocalCRM(database, SystemClock())}


@pytest.fixture(params=list(ADAPTERS))
def crm(request: pytest.FixtureRequest, database: Database) -> CRM:
    return ADAPTERS[request.param](database)


async def _count(database: Database, model: type) -> int:
    async with database.read() as connection:
        return int(await connection.scalar(select(func.count()).select_from(table_of(model))) or 0)


async def test_a_new_person_becomes_a_contact_with_a_company(crm: CRM) -> None:
    contact = await crm.resolve_contact(ContactInput("ada@acme.example", "Ada", "Byron", "Acme", "CTO", "+44 1", "GB"))
    assert (contact.email, contact.first_name, contact.last_name) == ("ada@acme.example", "Ada", "Byron")
    assert (contact.job_title, contact.phone, contact.country) == ("CTO", "+44 1", "GB")
    assert contact.company is not None
    assert (contact.company.name, contact.company.domain) == ("Acme", "acme.example")
    assert await crm.contact_by_id(contact.id) == contact


async def test_addresses_do_not_differ_by_case_or_surrounding_space(crm: CRM) -> None:
    first = await crm.resolve_contact(ContactInput("ada@acme.example"))
    second = await crm.resolve_contact(ContactInput("  ADA@Acme.Example "))
    assert second == first


async def test_blank_fields_never_overwrite_and_gaps_are_filled(crm: CRM) -> None:
    await crm.resolve_contact(ContactInput("ada@acme.example", first_name="Ada", job_title="CTO"))
    contact = await crm.resolve_contact(ContactInput("ada@acme.example", first_name="", phone="+44 1", job_title=" "))
    assert (contact.first_name, contact.job_title, contact.phone) == ("Ada", "CTO", "+44 1")


async def test_what_the_crm_knows_is_not_replaced_by_a_form(crm: CRM) -> None:
    await crm.resolve_contact(ContactInput("ada@acme.example", first_name="Ada"))
    contact = await crm.resolve_contact(ContactInput("ada@acme.example", first_name="Mallory"))
    assert contact.first_name == "Ada"


async def test_concurrent_leads_of_one_new_address_give_one_contact_with_all_they_said(
        crm: CRM, database: Database) -> None:
    leads = [ContactInput("ada@acme.example", first_name="Ada"), ContactInput("ADA@acme.example", job_title="CTO"),
             ContactInput("ada@acme.example", phone="+44 1")]
    contacts = await asyncio.gather(*(crm.resolve_contact(lead) for lead in leads))
    assert {contact.id for contact in contacts} == {contacts[0].id}
    found = await crm.contact_by_id(contacts[0].id)
    assert found is not None
    assert (found.first_name, found.job_title, found.phone) == ("Ada", "CTO", "+44 1")


async def test_two_processes_meeting_the_same_new_person_give_one_contact(database: Database) -> None:
    crms = [make(database) for make in ADAPTERS.values() for _ in range(4)]
    contacts = await asyncio.gather(*(crm.resolve_contact(ContactInput("ada@acme.example", "Ada")) for crm in crms))
    assert {contact.id for contact in contacts} == {contacts[0].id}


async def test_sixty_four_leads_at_once_are_all_resolved_each_to_its_own(crm: CRM) -> None:
    leads = [ContactInput(f"person{number}@company{number % 8}.example", f"P{number}") for number in range(64)]
    contacts = await asyncio.gather(*(crm.resolve_contact(lead) for lead in leads))
    assert [contact.first_name for contact in contacts] == [f"P{number}" for number in range(64)]
    assert len({contact.company.id for contact in contacts if contact.company}) == 8


async def test_two_people_of_one_company_give_one_company(crm: CRM) -> None:
    first, second, third = await asyncio.gather(*(crm.resolve_contact(lead) for lead in (
        ContactInput("ada@acme.example", company="Acme"),
        ContactInput("bob@acme.example", company="ACME Ltd", website="https://www.acme-shop.example/x"),
        ContactInput("cyd@mail.acme.example"))))
    assert first.company is not None
    assert first.company == second.company == third.company


@pytest.mark.parametrize("domain", ["gmail.com", "web.de", "mailinator.com"])
async def test_a_shared_mail_domain_is_never_a_company(crm: CRM, domain: str) -> None:
    alone = await crm.resolve_contact(ContactInput(f"ada@{domain}"))
    named = await crm.resolve_contact(ContactInput(f"bob@{domain}", company="Acme"))
    same = await crm.resolve_contact(ContactInput(f"cyd@{domain}", company="ACME"))
    assert alone.company is None
    assert named.company is not None
    assert (named.company.name, named.company.domain) == ("Acme", "")
    assert same.company == named.company


async def test_a_website_tells_the_company_of_a_free_mail_address(crm: CRM) -> None:
    colleague = await crm.resolve_contact(ContactInput("ada@acme.example"))
    contact = await crm.resolve_contact(ContactInput("bob@gmail.com", website="HTTPS://www.Acme.example:443/about?x=1"))
    assert contact.company == colleague.company


@pytest.mark.parametrize("website", ["http://[", "javascript:alert(1)", "user@acme.example", "10.0.0.1", "gmail.com", "x"])
async def test_an_unusable_website_says_nothing(crm: CRM, website: str) -> None:
    assert (await crm.resolve_contact(ContactInput("bob@gmail.com", website=website))).company is None


async def test_hostile_characters_are_dropped_not_stored(crm: CRM) -> None:
    contact = await crm.resolve_contact(ContactInput(
        "a\x00da@acme.example", "A\x00d\ud800a", "By\u202eron", "Ac\x00me", "CTO\r\nBcc: x", "+44\x00", "G\udfffB"))
    assert (contact.email, contact.first_name, contact.last_name) == ("ada@acme.example", "Ada", "Byron")
    assert (contact.job_title, contact.phone, contact.country) == ("CTO Bcc: x", "+44", "GB")
    note = await crm.add_note(contact.id, "no\x00te \ud800", "note:1")
    task = await crm.create_task(contact.id, "Call\x00", "bo\udc00dy", DUE, "\x00", "task:1")
    assert note
    assert task


async def test_oversized_fields_are_shortened(crm: CRM) -> None:
    contact = await crm.resolve_contact(ContactInput("ada@acme.example", *["x" * 100_000] * 7))
    assert 0 < len(contact.first_name) < 300
    assert await crm.add_note(contact.id, "x" * 1_000_000, "note:long")


@pytest.mark.parametrize("address", ["", "ada", "ada @acme.example", "a" * 300 + "@acme.example"])
async def test_without_a_usable_address_nobody_is_created(crm: CRM, address: str) -> None:
    with pytest.raises(ConnectorError) as caught:
        await crm.resolve_contact(ContactInput(address))
    assert not caught.value.transient
    assert "ada" not in str(caught.value)


async def test_a_bad_lead_harms_no_other_in_its_batch(crm: CRM) -> None:
    good, bad = await asyncio.gather(crm.resolve_contact(ContactInput("ada@acme.example")),
                                     crm.resolve_contact(ContactInput("nobody")), return_exceptions=True)
    assert not isinstance(good, BaseException)
    assert isinstance(bad, ConnectorError)


@pytest.mark.parametrize("unknown", ["", "nobody", "\x00", "\ud800", "x" * 10_000])
async def test_an_unknown_id_is_nobody(crm: CRM, unknown: str) -> None:
    assert await crm.contact_by_id(unknown) is None


async def test_a_note_and_a_task_exist_once_per_key(crm: CRM, database: Database) -> None:
    contact = await crm.resolve_contact(ContactInput("ada@acme.example"))
    notes = await asyncio.gather(*(crm.add_note(contact.id, "hello", key) for key in ("n:1", "n:1", "n:2")))
    tasks = [await crm.create_task(contact.id, "Call", "body", DUE, "", key) for key in ("t:1", "t:1", "t:2")]
    assert notes[0] == notes[1] != notes[2]
    assert tasks[0] == tasks[1] != tasks[2]
    assert (await _count(database, CrmNote), await _count(database, CrmTask)) == (2, 2)


async def test_check_says_what_is_there(crm: CRM) -> None:
    await crm.resolve_contact(ContactInput("ada@acme.example"))
    assert "1 contacts" in await crm.check()


async def test_a_lost_database_is_a_transient_connector_error(tmp_path: Path) -> None:
    crm = LocalCRM(Database("postgresql://127.0.0.1:1/none"), SystemClock())
    for call in (crm.resolve_contact(ContactInput("ada@acme.example")), crm.contact_by_id("x"), crm.check()):
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
        crm: CRM, database: Database, tmp_path: Path) -> None:
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
