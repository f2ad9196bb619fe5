"""The API's own description: generated from the routes, then made to say exactly what happens."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

from sales_agent.web.problems import Problem, ValidationProblem

Operation = tuple[str, str, dict[str, Any]]  # method, path, description
_GENERATED_ERROR = "#/components/schemas/HTTPValidationError"


def build_openapi(app: FastAPI, extra_paths: Mapping[str, Any]) -> dict[str, Any]:
    document = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
    document["paths"] = {**extra_paths, **document["paths"]}
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for generated in ("HTTPValidationError", "ValidationError"):
        schemas.pop(generated, None)
    schemas.update(_problem_schemas())
    for _, _, operation in operations(document):
        _drop_generated_errors(operation)
    return document


def operations(document: Mapping[str, Any]) -> Iterator[Operation]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield method.upper(), path, operation


def _problem_schemas() -> dict[str, Any]:
    _, definitions = models_json_schema([(Problem, "serialization"), (ValidationProblem, "serialization")],
                                        ref_template="#/components/schemas/{model}")
    found: dict[str, Any] = definitions["$defs"]
    return found


def _drop_generated_errors(operation: dict[str, Any]) -> None:
    """The framework documents a 422 of its own shape wherever there is a parameter; ours are declared."""
    schema = operation["responses"].get("422", {}).get("content", {}).get("application/json", {}).get("schema", {})
    if schema.get("$ref") == _GENERATED_ERROR:
        del operation["responses"]["422"]
