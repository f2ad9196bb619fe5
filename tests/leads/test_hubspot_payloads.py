"""HubSpot's three shapes, read into one."""

import json
from typing import Any

import pytest

from sales_agent.core.errors import PermanentError
from sales_agent.leads.hubspot_payloads import (
    InvalidSubmission,
    MalformedBody,
    lead_form,
    received_events,
    received_form,
    received_workflow,
)

FORM: dict[str, Any] = {
    "portalId": 62515, "formId": "contact-form", "formSubmissionId": "s-1", "timestamp": 1764000000000,
    "pageTitle": "Contact", "pageUri": "https://www.example.com/contact", "userMessage": "Hello there",
    "fieldValues": [{"name": "email", "value": "Ada@Acme.example"}, {"name": "firstname", "value": "Ada"},
                    {"name": "company", "value": "Acme"}]}


def form(**changes: Any) -> bytes:
    return json.dumps({**FORM, **changes}).encode()


def test_a_form_is_read() -> None:
    received = received_form(form())
    assert (received.portal_id, received.external_id, received.email) == ("62515", "s-1", "ada@acme.example")
    lead = lead_form("form", received.payload)
    assert (lead.email, lead.first_name, lead.company, lead.message) == ("ada@acme.example", "Ada", "Acme", "Hello there")


def test_repeated_answers_are_joined_and_numbers_become_text() -> None:
    fields = [*FORM["fieldValues"], {"name": "interest", "value": "a"}, {"name": "interest", "value": "b"},
              {"name": "employees", "value": 50}, {"name": "nothing", "value": None}]
    lead = lead_form("form", received_form(form(fieldValues=fields)).payload)
    assert lead.fields["interest"] == "a; b"
    assert lead.fields["employees"] == "50"


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"null,", b"[" * 100_000, b'{"a": NaN', b'{"portalId": 1,}'])
def test_what_is_not_json_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedBody):
        received_form(body)


@pytest.mark.parametrize("changes", [
    {"portalId": "abc"}, {"portalId": -1}, {"portalId": 2**70}, {"formId": ""}, {"formId": None}, {"formSubmissionId": "x" * 201},
    {"formSubmissionId": "a\x00b"}, {"fieldValues": {}}, {"fieldValues": []}, {"fieldValues": [{"value": "x"}]},
    {"fieldValues": [{"name": "email", "value": "not an address"}]}, {"fieldValues": [{"name": "email", "value": ["a@b.example"]}]},
    {"fieldValues": [{"name": "email", "value": "a@b.example\r\nBcc: evil@x.example"}]},
    {"fieldValues": [{"name": "email", "value": "a@b.example"}] * 1001}, {"timestamp": "soon"}, {"userMessage": 5},
])
def test_what_is_wrong_is_invalid(changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidSubmission) as caught:
        received_form(form(**changes))
    assert caught.value.status == 422
    assert "evil" not in caught.value.detail


WORKFLOW: dict[str, Any] = {
    "vid": 4242, "portal-id": 62515, "properties": {"email": {"value": "zoe@acme.example", "versions": []},
                                                     "firstname": {"value": "Zoë"}, "message": {"value": "50% off"}},
    "form-submissions": [
        {"conversion-id": "old", "timestamp": 1, "form-id": "f", "page-url": "https://x.example", "title": "Old"},
        {"conversion-id": "new", "timestamp": 9, "form-id": "g", "page-url": "https://y.example", "title": "New"}]}


def test_a_workflow_contact_is_keyed_by_its_newest_conversion() -> None:
    received = received_workflow(json.dumps(WORKFLOW).encode())
    assert (received.portal_id, received.external_id, received.form_id) == ("62515", "new", "g")
    lead = lead_form("workflow", received.payload)
    assert (lead.first_name, lead.message, lead.page_title, lead.contact_id) == ("Zoë", "50% off", "New", "4242")


def test_a_workflow_contact_without_conversions_is_keyed_by_its_content() -> None:
    bare = {key: value for key, value in WORKFLOW.items() if key != "form-submissions"}
    first, again = (received_workflow(json.dumps(bare).encode()) for _ in range(2))
    other = received_workflow(json.dumps({**bare, "vid": 4243}).encode())
    assert first.external_id == again.external_id != other.external_id


def test_events_of_forms_become_leads_and_the_others_are_ignored() -> None:
    event = {"eventId": 1, "portalId": 62515, "occurredAt": 5, "subscriptionType": "contact.creation", "attemptNumber": 0,
             "objectId": 77, "changeSource": "FORM"}
    batch = [event, {**event, "changeSource": "IMPORT"}, {**event, "subscriptionType": "deal.creation"},
             {**event, "subscriptionType": "", "eventType": "contact.creation", "objectId": 78}]
    received = received_events(json.dumps(batch).encode())
    assert [each and each.external_id for each in received] == [
        "event:contact.creation:77:1:5", None, None, "event:contact.creation:78:1:5"]
    again = received_events(json.dumps([{**event, "attemptNumber": 3}]).encode())
    assert again[0] is not None and again[0].external_id == "event:contact.creation:77:1:5"
    assert received[0] is not None and lead_form("event", received[0].payload).contact_id == "77"


def test_too_many_events_and_unreadable_payloads() -> None:
    with pytest.raises(InvalidSubmission):
        received_events(json.dumps([{"portalId": 1, "objectId": 1}] * 101).encode())
    with pytest.raises(PermanentError):
        lead_form("form", "{}")


def test_of_several_addresses_the_first_counts_as_it_did_at_the_door() -> None:
    content = form(fieldValues=[{"name": "email", "value": "first@acme.example"}, {"name": "email", "value": "second@acme.example"}])
    received = received_form(content)
    assert received.email == lead_form("form", received.payload).email == "first@acme.example"


def test_a_form_id_with_a_control_character_is_refused() -> None:
    with pytest.raises(InvalidSubmission):
        received_workflow(json.dumps({**WORKFLOW, "form-submissions": [{"form-id": "a\x00b"}]}).encode())


def test_events_of_other_kinds_never_spoil_a_batch() -> None:
    good = {"eventId": 1, "portalId": 62515, "occurredAt": 5, "subscriptionType": "contact.creation", "objectId": 77, "changeSource": "FORM"}
    others = [{"subscriptionType": "contact.associationChange", "fromObjectId": 1, "toObjectId": 2, "changeSource": None},
              {"subscriptionType": "conversation.newMessage", "messageId": "x"}, {}]
    received = received_events(json.dumps([*others, good]).encode())
    assert [each is not None for each in received] == [False, False, False, True]
