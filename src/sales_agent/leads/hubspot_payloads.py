"""HubSpot's three ways of telling us about a lead, read into one shape.

`received_*` run in the web process and check just enough to accept or refuse; `lead_form`
runs in the worker and reads the stored payload in full. Nothing here trusts the text.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import (
    Annotated,
    Any,
    NotRequired,  # pydantic needs this one before Python 3.12
)

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    TypeAdapter,
    ValidationError,
    WithJsonSchema,
)
from typing_extensions import TypedDict

from sales_agent.core.errors import AppError, PermanentError
from sales_agent.leads.addresses import parse_address
from sales_agent.leads.text import clean_text, one_line


class MalformedBody(AppError):
    status, code, title = 400, "MALFORMED_BODY", "Malformed body"


class InvalidSubmission(AppError):
    status, code, title = 422, "INVALID_SUBMISSION", "Invalid submission"


class UnknownForm(AppError):
    status, code, title = 422, "UNKNOWN_FORM", "Unknown form"


@dataclass(frozen=True, slots=True)
class Received:
    """A submission that may be accepted. (portal_id, external_id) identifies it for ever."""

    source: str
    portal_id: str
    external_id: str
    form_id: str
    email: str | None
    payload: str


class LeadForm(BaseModel):
    """The one shape that every step works with. All text is cleaned; none of it is trusted."""

    model_config = ConfigDict(frozen=True)

    email: str
    first_name: str = ""
    last_name: str = ""
    company: str = ""
    job_title: str = ""
    phone: str = ""
    country: str = ""
    website: str = ""
    message: str = ""
    page_title: str = ""
    page_uri: str = ""
    form_id: str = ""
    contact_id: str = ""  # the CRM's id, where only that was sent
    fields: dict[str, str] = Field(default_factory=dict)


def _as_text(value: Any) -> Any:
    if value is None:
        return ""
    return str(value) if isinstance(value, (int, float, bool)) else value


Id = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
Line = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]*$")]
Number = Annotated[int, Field(ge=0, le=2**53, strict=True)]
Value = Annotated[str, BeforeValidator(_as_text), WithJsonSchema({"type": ["string", "number", "boolean", "null"]})]


class FieldValue(TypedDict):
    """A dictionary, and its value as it came: on the hot path, a model and a call for each field would show."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    value: NotRequired[str | int | float | bool | None]


class FormSubmissionBody(BaseModel):
    """The documented body of `POST /api/webhooks/hubspot/form-submission`."""

    portalId: Number
    formId: Id
    formSubmissionId: Id
    timestamp: Number | None = None
    pageTitle: str | None = None
    pageUri: str | None = None
    userMessage: str | None = None
    fieldValues: Annotated[list[FieldValue], Field(max_length=1000)]


class PropertyValue(BaseModel):
    value: Value = ""


class WorkflowFormSubmission(BaseModel):
    conversion_id: Id | None = Field(None, alias="conversion-id")
    form_id: Line = Field("", alias="form-id", max_length=200)
    timestamp: Number = 0
    page_url: str = Field("", alias="page-url")
    title: str = ""


class WorkflowBody(BaseModel):
    """The contact payload of a workflow's "Send a webhook" action."""

    vid: Number
    portal_id: Number = Field(0, alias="portal-id")
    properties: dict[str, PropertyValue]
    form_submissions: list[WorkflowFormSubmission] = Field(default_factory=list, alias="form-submissions")


class AnyEvent(BaseModel):
    """One event of an app's batch: there are dozens of kinds, with fields of their own, and most are none of
    our business. The docs and the examples name the type differently."""

    model_config = ConfigDict(extra="allow")

    subscriptionType: str | None = None
    eventType: str | None = None
    changeSource: str | None = None


class EventBody(BaseModel):
    """An event that is a lead: a contact that a form created."""

    portalId: Number
    objectId: Number
    eventId: Number = 0
    occurredAt: Number = 0


EVENTS: TypeAdapter[list[AnyEvent]] = TypeAdapter(Annotated[list[AnyEvent], Field(max_length=100)])


def received_form(body: bytes) -> Received:
    """Raises MalformedBody or InvalidSubmission."""
    form = _validated(FormSubmissionBody.model_validate_json, body)
    email = next((_as_text(each.get("value")) for each in form.fieldValues if each["name"] == "email"), "")
    return Received("form", str(form.portalId), form.formSubmissionId, form.formId, _address(email), body.decode())


def received_workflow(body: bytes) -> Received:
    """Raises MalformedBody or InvalidSubmission. The key is the newest form conversion, else the content."""
    contact = _validated(WorkflowBody.model_validate_json, body)
    newest = max(contact.form_submissions, key=lambda each: each.timestamp, default=None)
    digest = hashlib.sha256(body).hexdigest()
    key = newest.conversion_id if newest and newest.conversion_id else f"workflow:{contact.vid}:{digest}"
    email = contact.properties.get("email", PropertyValue()).value
    form_id = newest.form_id if newest else ""
    return Received("workflow", str(contact.portal_id), key, form_id, _address(email), body.decode())


def received_events(body: bytes) -> list[Received | None]:
    """One entry an event, in order; None for events that are none of our business."""
    return [_received_event(event) for event in _validated(EVENTS.validate_json, body)]


def _received_event(any_event: AnyEvent) -> Received | None:
    kind = any_event.subscriptionType or any_event.eventType
    # There is no form-submission event: a contact created by a form is the nearest thing.
    if kind not in ("contact.creation", "object.creation") or any_event.changeSource not in ("FORM", "FORMS"):
        return None
    event: EventBody = _validated(EventBody.model_validate, any_event.model_dump())
    key = f"event:{kind}:{event.objectId}:{event.eventId}:{event.occurredAt}"
    return Received("event", str(event.portalId), key, "", None, event.model_dump_json())


def lead_form(source: str, payload: str) -> LeadForm:
    """Read a stored payload in full. Raises PermanentError when it cannot be read."""
    try:
        return READERS[source](payload)
    except AppError as error:
        raise PermanentError(f"the stored {source} payload cannot be used: {error.detail}") from error
    except (KeyError, ValueError) as error:
        raise PermanentError(f"the stored {source} payload cannot be read ({type(error).__name__})") from error


def lead_of_contact(fields: dict[str, str], contact_id: str) -> LeadForm:
    """A lead of whom only the CRM knows more than an id. Raises PermanentError when its address is none."""
    try:
        return _lead(fields, "", "", "", "", contact_id=contact_id)
    except InvalidSubmission as error:
        raise PermanentError(f"the contact in the CRM cannot be used: {error.detail}") from error


def _form(payload: str) -> LeadForm:
    body = FormSubmissionBody.model_validate_json(payload)
    fields: dict[str, str] = {}
    for each in body.fieldValues:  # several answers to one question arrive as repeated entries
        name, value = each["name"], _as_text(each.get("value"))
        if name == "email":
            fields.setdefault(name, value)  # the first counts, as it did at the door
        else:
            fields[name] = f"{fields[name]}; {value}" if fields.get(name) else value
    message = body.userMessage or fields.get("message", "")
    return _lead(fields, message, body.pageTitle or "", body.pageUri or "", body.formId)


def _workflow(payload: str) -> LeadForm:
    body = WorkflowBody.model_validate_json(payload)
    newest = max(body.form_submissions, key=lambda each: each.timestamp, default=None)
    fields = {name: each.value for name, each in body.properties.items()}
    title, url, form_id = (newest.title, newest.page_url, newest.form_id) if newest else ("", "", "")
    return _lead(fields, fields.get("message", ""), title, url, form_id, contact_id=str(body.vid))


def _event(payload: str) -> LeadForm:
    return LeadForm(email="", contact_id=str(EventBody.model_validate_json(payload).objectId))


READERS: Mapping[str, Callable[[str], LeadForm]] = {"form": _form, "workflow": _workflow, "event": _event}


def _lead(fields: dict[str, str], message: str, page_title: str, page_uri: str, form_id: str,
          contact_id: str = "") -> LeadForm:
    def line(name: str, limit: int = 200) -> str:
        return one_line(fields.get(name, ""), limit)

    return LeadForm(
        email=_address(fields.get("email", "")), first_name=line("firstname", 80), last_name=line("lastname", 80),
        company=line("company"), job_title=line("jobtitle"), phone=line("phone", 40), country=line("country", 80),
        website=line("website"), message=clean_text(message, 20_000), page_title=one_line(page_title, 200),
        page_uri=one_line(page_uri, 500), form_id=form_id, contact_id=contact_id,
        fields={one_line(name, 100): clean_text(value, 2_000) for name, value in list(fields.items())[:100]},
    )


def _address(raw: str) -> str:
    try:
        return parse_address(raw).address
    except ValueError as error:
        raise InvalidSubmission(f"email: {error}") from error


def _validated(validate: Callable[[Any], Any], body: Any) -> Any:
    try:
        return validate(body)
    except ValidationError as error:
        problems = error.errors(include_url=False, include_input=False, include_context=False)
        if problems[0]["type"] == "json_invalid":
            raise MalformedBody("The body is not valid JSON.") from None
        listed = [{"loc": list(each["loc"]), "msg": each["msg"]} for each in problems[:20]]
        raise InvalidSubmission("The submission has missing or invalid fields.", errors=json.loads(
            json.dumps(listed, default=str))) from None
