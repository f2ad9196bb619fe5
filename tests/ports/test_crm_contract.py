"""What every CRM adapter must do."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest
from port_worlds import CrmWorld

from sales_agent.core.errors import ConnectorError
from sales_agent.ports.crm import CRM, ContactInput

DUE = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
NASTY = "a\x00b\ud800\udfff\r\n\u202e" + "\U0010ffff"


@pytest.fixture
def crm(crm_world: CrmWorld) -> CRM:
    return crm_world.crm


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
        crm: CRM) -> None:
    leads = [ContactInput("ada@acme.example", first_name="Ada"), ContactInput("ADA@acme.example", job_title="CTO"),
             ContactInput("ada@acme.example", phone="+44 1")]
    contacts = await asyncio.gather(*(crm.resolve_contact(lead) for lead in leads))
    assert {contact.id for contact in contacts} == {contacts[0].id}
    found = await crm.contact_by_id(contacts[0].id)
    assert found is not None
    assert (found.first_name, found.job_title, found.phone) == ("Ada", "CTO", "+44 1")


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


@pytest.mark.parametrize("website", ["http://[", "javascript:alert(1)", "user@acme.example", "10.0.0.1", "gmail.com", "x"])
async def test_an_unusable_website_says_nothing(crm: CRM, website: str) -> None:
    assert (await crm.resolve_contact(ContactInput("bob@gmail.com", website=website))).company is None


async def test_oversized_fields_are_shortened(crm: CRM) -> None:
    contact = await crm.resolve_contact(ContactInput("ada@acme.example", *["x" * 100_000] * 7))
    assert 0 < len(contact.first_name) < 300
    assert await crm.add_note(contact.id, "x" * 1_000_000, "note:long")


@pytest.mark.parametrize("address", [
    "", "ada", "ada @acme.example", "a" * 300 + "@acme.example", "a\x00da@acme.example", "ada@acme.example\r\nBcc: x",
    "\ud800@acme.example", "Ada <ada@acme.example>", "<ada@acme.example>", "ada@acme.example,ada@other.example",
    "boss@corp.example <ada@acme.example>", '"ada"@acme.example', "ädä@acme.example"])
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


async def test_check_says_what_is_there(crm: CRM) -> None:
    await crm.resolve_contact(ContactInput("ada@acme.example"))
    assert "1 contact" in await crm.check()


async def test_two_processes_meeting_the_same_new_person_give_one_contact_with_all_they_said(crm_world: CrmWorld) -> None:
    leads = [ContactInput("ada@acme.example", "Ada"), ContactInput("Ada@Acme.example", job_title="CTO"),
             ContactInput("ada@acme.example", phone="+44 1"), ContactInput("ada@acme.example", country="GB")]
    contacts = await asyncio.gather(*(crm_world.another().resolve_contact(lead) for lead in leads))
    assert len({contact.id for contact in contacts}) == 1
    found = await crm_world.crm.contact_by_id(contacts[0].id)
    assert found is not None
    assert (found.first_name, found.job_title, found.phone, found.country) == ("Ada", "CTO", "+44 1", "GB")
    counts = await crm_world.counts()
    assert (counts["contacts"], counts["companies"]) == (1, 1)


async def test_processes_that_meet_the_same_people_in_another_order_do_not_collide(crm_world: CrmWorld) -> None:
    leads = [ContactInput(f"person{number}@company{number}.example", "P") for number in range(40)]
    orders = [leads, leads[::-1], leads[20:] + leads[:20]]
    found = await asyncio.gather(*(process.resolve_contact(lead)
                                   for process, order in ((crm_world.another(), order) for order in orders)
                                   for lead in order))
    assert len({contact.id for contact in found}) == 40


async def test_an_international_domain_is_the_same_in_both_spellings(crm: CRM) -> None:
    first = await crm.resolve_contact(ContactInput("ada@Bücher.example"))
    assert first.email == "ada@xn--bcher-kva.example"
    assert await crm.resolve_contact(ContactInput("ada@xn--bcher-kva.example")) == first


async def test_a_website_anybody_can_type_makes_nobody_an_employee(crm: CRM) -> None:
    employee = await crm.resolve_contact(ContactInput("ada@acme.example", company="Acme"))
    stranger = await crm.resolve_contact(ContactInput("eve@gmail.com", website="HTTPS://www.Acme.example:443/about?x=1"))
    assert employee.company is not None
    assert stranger.company is not None
    assert (stranger.company.name, stranger.company.domain) == ("acme.example", "")
    assert stranger.company.id != employee.company.id


async def test_hostile_characters_are_dropped_not_stored(crm: CRM) -> None:
    contact = await crm.resolve_contact(ContactInput(
        "ada@acme.example", "A\x00d\ud800a", "By\u202eron", "Ac\x00me", "CTO\r\nBcc: x", "+44\x00", "G\udfffB"))
    assert (contact.first_name, contact.last_name) == ("Ada", "Byron")
    assert (contact.job_title, contact.phone, contact.country) == ("CTO Bcc: x", "+44", "GB")


async def test_no_text_breaks_a_note_or_a_task(crm_world: CrmWorld) -> None:
    crm = crm_world.crm
    contact = await crm.resolve_contact(ContactInput("ada@acme.example", *[NASTY] * 7))
    for key in ("plain", NASTY, NASTY + "2", "k" * 5_000, "k" * 5_001, ""):
        assert await crm.add_note(contact.id, NASTY, key) == await crm.add_note(contact.id, NASTY, key)
        assert await crm.create_task(contact.id, NASTY, NASTY, DUE, NASTY, key)
    counts = await crm_world.counts()
    assert (counts["notes"], counts["tasks"]) == (6, 6)


async def test_a_name_that_grows_when_folded_is_still_a_company(crm: CRM) -> None:
    contact = await crm.resolve_contact(ContactInput("ada@gmail.com", company="ΐ" * 200))
    assert contact.company is not None


async def test_a_note_and_a_task_exist_once_per_key_whoever_writes_them_when(crm_world: CrmWorld) -> None:
    contact = await crm_world.crm.resolve_contact(ContactInput("ada@acme.example"))
    writers = [crm_world.crm, crm_world.another()]
    keys = ("k:1", "k:1", "k:2", "k:1")
    notes = await asyncio.gather(*(crm.add_note(contact.id, "hello", key) for crm in writers for key in keys))
    tasks = await asyncio.gather(*(crm.create_task(contact.id, "Call", "body", DUE, "", key)
                                   for crm in writers for key in keys))
    for ids in (notes, tasks):
        assert len(set(ids)) == 2
        assert ids[0] == ids[1] == ids[3] == ids[4]
    counts = await crm_world.counts()
    assert (counts["notes"], counts["tasks"]) == (2, 2)


async def test_a_task_is_completed_by_its_key_once_it_is_there(crm_world: CrmWorld) -> None:
    contact = await crm_world.crm.resolve_contact(ContactInput("ada@acme.example"))
    with pytest.raises(ConnectorError) as caught:
        await crm_world.crm.complete_task("k:1")
    assert caught.value.transient
    task = await crm_world.crm.create_task(contact.id, "Call", "body", DUE, "", "k:1")
    await asyncio.gather(*(crm.complete_task("k:1") for crm in (crm_world.crm, crm_world.another())))
    assert await crm_world.crm.create_task(contact.id, "Call", "body", DUE, "", "k:1") == task
    assert (await crm_world.counts())["tasks"] == 1
