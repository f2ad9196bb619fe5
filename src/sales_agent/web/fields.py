"""The kinds of value that requests and answers are made of."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from functools import cache
from inspect import signature
from typing import Annotated, Any

from fastapi import Depends, Path, Query, Request
from pydantic import AfterValidator, PlainSerializer, WithJsonSchema

from sales_agent.core.clock import iso
from sales_agent.core.errors import NotFound
from sales_agent.core.text import clean_text
from sales_agent.leads.addresses import parse_address
from sales_agent.web.problems import InvalidInput

SUBJECT_LIMIT, BODY_LIMIT, NOTE_LIMIT = 200, 20_000, 2_000  # characters

# Characters that no text of ours holds: controls (tab and line breaks aside) and lone surrogates.
_NEVER = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_LINE_BREAK = re.compile("[\t\n\r\x85\u2028\u2029]")
_ID = re.compile(r"[!-~]{1,80}")


def _text(value: str) -> str:
    if _NEVER.search(value):
        raise ValueError("must not hold control characters")
    value = clean_text(value, len(value)).strip()
    if not value:
        raise ValueError("must not be blank")
    return value


def _line(value: str) -> str:
    if _LINE_BREAK.search(value):
        raise ValueError("must be one line")
    return _text(value)


def _search(value: str) -> str:
    if _NEVER.search(value):
        raise ValueError("must not hold control characters")
    return value


def _address(value: str) -> str:
    return parse_address(value).address


def _plausible_id(value: str) -> str:
    """Ids of ours are short and printable; nothing else can be known, and some of it no database takes."""
    if not _ID.fullmatch(value):
        raise NotFound("There is nothing with this id.")
    return value


def limited(limit: int) -> Any:
    """The schema of a text, spelled out: the limit is checked before the text is looked at."""
    return {"type": "string", "minLength": 1, "maxLength": limit}


def _at_most(limit: int) -> Any:
    def check(value: str) -> str:
        if len(value) > limit:
            raise ValueError(f"must not be longer than {limit} characters")
        return value
    return AfterValidator(check)


Subject = Annotated[str, _at_most(SUBJECT_LIMIT), AfterValidator(_line), WithJsonSchema(limited(SUBJECT_LIMIT))]
Body = Annotated[str, _at_most(BODY_LIMIT), AfterValidator(_text), WithJsonSchema(limited(BODY_LIMIT))]
Note = Annotated[str, _at_most(NOTE_LIMIT), AfterValidator(_text), WithJsonSchema(limited(NOTE_LIMIT))]
Address = Annotated[str, _at_most(320), AfterValidator(_address),
                    WithJsonSchema({"type": "string", "format": "email", "maxLength": 320})]
Id = Annotated[str, Path(), AfterValidator(_plausible_id)]
Moment = Annotated[datetime, PlainSerializer(iso, return_type=str),
                   WithJsonSchema({"type": "string", "format": "date-time"})]
Limit = Annotated[int, Query(ge=1, le=500, description="How many at most")]
Offset = Annotated[int, Query(ge=0, le=2**31, description="How many to skip")]
Search = Annotated[str, Query(max_length=200, description="Part of the recipient or the subject"),
                   AfterValidator(_search)]


@cache
def _parameters(endpoint: Callable[..., object]) -> frozenset[str]:
    return frozenset(signature(endpoint).parameters)


def _only_known_parameters(request: Request) -> None:
    """A misspelt filter must not quietly list everything."""
    if not _parameters(request.scope["endpoint"]).issuperset(request.query_params):
        raise InvalidInput("There is an unknown query parameter.", errors=[{"loc": ["query"], "msg": "unknown parameter"}])


KnownParametersOnly = Depends(_only_known_parameters)
