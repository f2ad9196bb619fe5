"""The sample leads and what is expected of each, read from data/leads.yaml."""

from __future__ import annotations

import time
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

WORLD = Path(__file__).parent / "data"

Outcome = Literal["draft", "skipped", "duplicate", "dead_letter"]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Pasted(Strict):
    """Text that the lead pasted under the message: `line`, numbered, until it has that many bytes."""

    line: str
    until_bytes: int = Field(gt=0)

    def text(self) -> str:
        lines, size = [""], 0
        while size < self.until_bytes:
            lines.append(self.line.format(n=len(lines)))
            size += len(lines[-1].encode()) + 1
        return "\n".join(lines)


class Expectation(Strict):
    """What must come out. Everything but `outcome` is about the draft; None means: not looked at."""

    outcome: Outcome
    language: str | None = None
    min_score: float = 0.0
    max_score: float = 1.0
    flags: tuple[str, ...] = ()
    must_contain: tuple[str, ...] = ()
    must_not_contain: tuple[str, ...] = ()
    in_reply_thread: bool | None = None
    degraded: tuple[str, ...] = ()


class SampleLead(Strict):
    """One form submission, as HubSpot would deliver it. One that `repeats` another has no fields of its own."""

    key: str
    title: str
    expect: Expectation
    fields: dict[str, str] = Field(default_factory=dict)
    pasted: Pasted | None = None
    repeats: str | None = None
    page_title: str | None = None
    page_uri: str | None = None

    @model_validator(mode="after")
    def _new_or_repeated(self) -> SampleLead:
        if (self.repeats is None) != ("email" in self.fields):
            raise ValueError(f"{self.key}: give either fields with an email, or the lead that it repeats")
        return self


class SampleLeads(Strict):
    portal_id: int
    form_id: str
    page_title: str
    page_uri: str
    never_in_any_draft: tuple[str, ...]
    leads: tuple[SampleLead, ...]

    def original(self, lead: SampleLead) -> SampleLead:
        """The lead itself, or the one that it repeats."""
        return next(each for each in self.leads if each.key == (lead.repeats or lead.key))

    def email(self, lead: SampleLead) -> str:
        return self.original(lead).fields["email"]

    def submission(self, lead: SampleLead, run_id: str) -> dict[str, Any]:
        """The webhook's body. The submission id is new in every run, and shared with the lead that it repeats."""
        origin = self.original(lead)
        fields = dict(origin.fields)
        if origin.pasted:
            fields["message"] += origin.pasted.text()
        return {
            "portalId": self.portal_id, "formId": self.form_id, "formSubmissionId": f"sample-{origin.key}-{run_id}",
            "timestamp": int(time.time() * 1000),
            "pageTitle": origin.page_title or self.page_title, "pageUri": origin.page_uri or self.page_uri,
            "fieldValues": [{"name": name, "value": value} for name, value in fields.items()],
        }


@cache
def sample_leads() -> SampleLeads:
    """All sample leads, in the order in which they are posted."""
    return SampleLeads.model_validate(yaml.safe_load((WORLD / "leads.yaml").read_text(encoding="utf-8")))
