"""The webhooks' part of the OpenAPI document: they are plain ASGI, so the framework cannot know it."""

from __future__ import annotations

from typing import Any

from sales_agent.leads.hubspot_payloads import EVENTS, FormSubmissionBody, WorkflowBody
from sales_agent.web.intake import PREFIX

_ACCEPTED = {
    "type": "object",
    "required": ["status", "submission_id", "workflow_id", "task_id", "status_url", "duplicate"],
    "properties": {
        "status": {"type": "string", "const": "accepted"},
        "submission_id": {"type": "string"},
        "workflow_id": {"type": "string"},
        "task_id": {"type": "string", "description": "The same as workflow_id."},
        "status_url": {"type": "string"},
        "duplicate": {"type": "boolean", "description": "True when this submission had come before."},
    },
}
_BATCH = {
    "type": "object",
    "required": ["status", "ignored", "results"],
    "properties": {
        "status": {"type": "string", "const": "accepted"},
        "ignored": {"type": "integer", "description": "Events that are no lead."},
        "results": {"type": "array", "items": _ACCEPTED},
    },
}
_PROBLEMS = {
    "400": "MALFORMED_BODY: not JSON", "401": "INVALID_SIGNATURE: missing, stale or wrong",
    "413": "BODY_TOO_LARGE: over 256 KiB", "422": "INVALID_SUBMISSION or UNKNOWN_FORM",
    "503": "UNAVAILABLE: not stored; send it again",
}


def intake_openapi() -> dict[str, Any]:
    """Path items for the three webhooks."""
    template = "#/components/schemas/{model}"
    form = FormSubmissionBody.model_json_schema(ref_template=template)
    workflow = WorkflowBody.model_json_schema(ref_template=template)
    events = EVENTS.json_schema(ref_template=template)
    return {
        f"{PREFIX}/form-submission": _post("A form submission", form, _ACCEPTED),
        f"{PREFIX}/workflow": _post("A workflow action's contact", workflow, _ACCEPTED),
        f"{PREFIX}/events": _post("A batch of the app's events", events, _BATCH),
    }


def _post(summary: str, body: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
    responses: dict[str, Any] = {"202": {"description": "Stored, committed.", "content": {"application/json": {
        "schema": answer}}}}
    for status, description in _PROBLEMS.items():
        responses[status] = {"description": description, "content": {"application/problem+json": {
            "schema": {"$ref": "#/components/schemas/Problem"}}}}
    return {"post": {"tags": ["webhooks"], "summary": summary, "security": [],
                     "requestBody": {"required": True, "content": {"application/json": {"schema": _inlined(body)}}},
                     "responses": responses}}


def _inlined(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema without `$defs`: each definition put in where it is named."""
    definitions = schema.pop("$defs", {})

    def resolve(node: Any) -> Any:
        if isinstance(node, dict):
            if (ref := node.get("$ref", "")).startswith("#/components/schemas/") and ref.rpartition("/")[2] in definitions:
                return resolve(definitions[ref.rpartition("/")[2]])
            return {key: resolve(value) for key, value in node.items()}
        return [resolve(each) for each in node] if isinstance(node, list) else node

    resolved: dict[str, Any] = resolve(schema)
    return resolved
