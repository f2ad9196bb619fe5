"""The sample leads are what they claim to be: complete, varied, invented, and acceptable to the intake."""

from __future__ import annotations

import json

import pytest

from sales_agent.demo.leads import SampleLead, sample_leads
from sales_agent.leads.addresses import parse_address
from sales_agent.leads.hubspot_payloads import received_form
from sales_agent.leads.language import detect_language
from sales_agent.leads.text import looks_hostile

LEADS = sample_leads()
BY_KEY = {lead.key: lead for lead in LEADS.leads}
NEW = [lead for lead in LEADS.leads if lead.repeats is None]
FLAGS = {"no_reply_address": "is_no_reply", "role_address": "is_role", "disposable_address": "is_disposable",
         "free_mail_address": "is_free_mail"}


def _body(lead: SampleLead, run_id: str = "run") -> bytes:
    return json.dumps(LEADS.submission(lead, run_id)).encode()


def test_there_are_enough_leads_and_their_keys_are_unique() -> None:
    assert len(BY_KEY) == len(LEADS.leads) >= 14


@pytest.mark.parametrize("lead", LEADS.leads, ids=lambda lead: lead.key)
def test_the_intake_accepts_every_lead(lead: SampleLead) -> None:
    received = received_form(_body(lead))
    assert received.email == LEADS.email(lead)


def test_submission_ids_are_new_in_every_run_but_shared_by_a_repeated_lead() -> None:
    ids = {lead.key: received_form(_body(lead)).external_id for lead in LEADS.leads}
    again = {received_form(_body(lead, "another")).external_id for lead in LEADS.leads}
    assert not again & set(ids.values())
    assert ids["amelia-redelivered"] == ids["amelia"]
    assert len(set(ids.values())) == len(NEW)


@pytest.mark.parametrize("lead", NEW, ids=lambda lead: lead.key)
def test_expected_flags_are_what_the_address_is(lead: SampleLead) -> None:
    facts = parse_address(LEADS.email(lead))
    expected = set(lead.expect.flags) & set(FLAGS)
    assert expected == {flag for flag, name in FLAGS.items() if getattr(facts, name)}


def test_expected_flags_about_conversation_and_text_are_in_the_data() -> None:
    for lead in NEW:
        assert ("in_conversation" in lead.expect.flags) == bool(lead.expect.in_reply_thread)
        assert ("hostile_text" in lead.expect.flags) == bool(looks_hostile(lead.fields["message"]))


@pytest.mark.parametrize("lead", NEW, ids=lambda lead: lead.key)
def test_companies_are_invented(lead: SampleLead) -> None:
    domain = LEADS.email(lead).partition("@")[2]
    if not {"free_mail_address", "disposable_address"} & set(lead.expect.flags):
        assert domain.endswith((".example", ".test"))


@pytest.mark.parametrize("lead", [lead for lead in NEW if lead.expect.language], ids=lambda lead: lead.key)
def test_each_message_is_in_the_language_expected_of_the_answer(lead: SampleLead) -> None:
    assert detect_language(lead.fields["message"]) == lead.expect.language


def test_the_leads_differ_in_every_way_that_matters() -> None:
    assert {lead.expect.outcome for lead in LEADS.leads} == {"draft", "skipped", "duplicate"}
    assert {lead.expect.language for lead in NEW} >= {"en", "de", "fr"}
    flags = {flag for lead in NEW for flag in lead.expect.flags}
    assert flags >= {"role_address", "disposable_address", "free_mail_address"}
    assert flags >= {"hostile_text", "complaint", "in_conversation"}
    assert "sofie" in {lead.key for lead in NEW if not lead.fields["company"]}
    assert any(lead.expect.in_reply_thread for lead in NEW)
    companies = [LEADS.email(lead).partition("@")[2] for lead in NEW if lead.expect.outcome == "draft"]
    assert companies.count("alpenglow-foods.example") == 2


def test_the_very_long_message_is_very_long_and_still_accepted() -> None:
    fields = LEADS.submission(BY_KEY["gregory"], "run")["fieldValues"]
    message = next(field["value"] for field in fields if field["name"] == "message")
    assert 40_000 <= len(message.encode()) < 45_000


def test_the_skipped_lead_comes_after_another_of_the_same_address() -> None:
    seen: set[str] = set()
    for lead in LEADS.leads:
        assert (lead.expect.outcome == "skipped") == (LEADS.email(lead) in seen and lead.repeats is None)
        seen.add(LEADS.email(lead))


def test_a_draft_may_never_hold_what_its_own_lead_must_mention() -> None:
    for lead in NEW:
        forbidden = " ".join((*lead.expect.must_not_contain, *LEADS.never_in_any_draft)).lower()
        assert not [words for words in lead.expect.must_contain if words.lower() in forbidden]
