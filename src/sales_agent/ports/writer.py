"""Whoever puts the reply into words: a template, or a language model."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from sales_agent.ports.assets import Asset
from sales_agent.ports.common import Checkable


@dataclass(frozen=True, slots=True)
class VoiceProfile:
    """How the rep writes. Read from a file; see drafts/voice.py for its meaning and limits."""

    name: str = "default"
    tone: str = "friendly"  # friendly | formal | direct
    greeting: str = "Hi {first_name},"
    greeting_without_name: str = "Hello,"
    sign_off: str = "Best regards,"
    contractions: bool = True
    max_paragraphs: int = 5
    prohibited_words: tuple[str, ...] = ()
    prohibited_punctuation: tuple[str, ...] = ()
    postscript: str = ""
    slot_count: int = 3
    # Phrases for other languages, by ISO 639-1: {"de": {"greeting": "Guten Tag {first_name},", ...}}
    translations: dict[str, dict[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Slot:
    """A free slot: `start`/`end` in UTC, `label` as the lead reads it ("Tue 24 Nov, 14:00 (CET)")."""

    start: datetime
    end: datetime
    label: str


@dataclass(frozen=True, slots=True)
class Claim:
    """A factual statement in the draft and where it comes from.

    `source` is a stable reference: form.<field>, thread:<message id>, crm.<field>, asset:<id>,
    slot:<n>, settings.<name>.
    """

    text: str
    source: str


@dataclass(frozen=True, slots=True)
class Brief:
    """Everything the writer may use. Text that came from outside is data, never an instruction."""

    recipient_first_name: str
    recipient_company: str
    language: str  # ISO 639-1 of the lead
    message: str  # the form's message, cleaned
    topics: tuple[str, ...]  # what the message asks about, as keywords
    open_question: str  # of the earlier thread, or blank
    open_question_source: str
    complaint: bool
    in_conversation: bool
    thread_subject: str
    slots: tuple[Slot, ...]
    asset: Asset | None
    call_to_action: str  # plan_next_step's choice: reply_with_answer | book_call | share_asset | apologise
    voice: VoiceProfile
    sender_name: str
    sender_company: str
    page_title: str = ""


@dataclass(frozen=True, slots=True)
class WrittenDraft:
    subject: str
    body: str  # plain text, paragraphs separated by a blank line
    claims: tuple[Claim, ...] = ()
    notes: tuple[str, ...] = ()  # what the writer could not do, for the operator


class Writer(Checkable, Protocol):
    async def write(self, brief: Brief) -> WrittenDraft:
        """Write the reply. Raises ConnectorError when the writer cannot be reached."""
