"""What each step finds out. Stored as JSON and read back when a run goes on after a crash."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict

from sales_agent.drafts.memory import MemoryFacts
from sales_agent.drafts.thread_facts import ThreadFacts
from sales_agent.leads.addresses import AddressFacts
from sales_agent.leads.hubspot_payloads import LeadForm
from sales_agent.leads.icp import IcpScore
from sales_agent.ports.assets import Asset
from sales_agent.ports.crm import Contact
from sales_agent.ports.writer import Claim, Slot


class StepFacts(BaseModel):
    model_config = ConfigDict(frozen=True)


class ValidSubmission(StepFacts):
    form: LeadForm
    address: AddressFacts
    language: str  # ISO 639-1
    topics: tuple[str, ...]
    flags: tuple[str, ...]  # what an operator should know about the address or the text
    hostile: tuple[str, ...]  # why the text looks like an attack; empty when it does not


class ResolvedContact(StepFacts):
    contact: Contact
    in_crm: bool  # False: made from the form alone, because the CRM could not be reached
    timezone: str
    timezone_source: str


class Research(StepFacts):
    score: IcpScore


class FoundThreads(StepFacts):
    thread_id: str = ""  # the newest; blank when there is none
    count: int = 0


class ReadThread(StepFacts):
    thread: ThreadFacts | None = None


class Memory(StepFacts):
    memory: MemoryFacts


class FoundAssets(StepFacts):
    asset: Asset | None = None
    reason: str = ""


class ProposedSlots(StepFacts):
    slots: tuple[Slot, ...] = ()


class NextStepPlan(StepFacts):
    call_to_action: str
    reason: str


class Written(StepFacts):
    subject: str
    body: str
    claims: tuple[Claim, ...]
    notes: tuple[str, ...] = ()
    writer: str = ""


class CreatedDraft(StepFacts):
    draft_id: str
    mailbox_draft_id: str = ""
    queued: tuple[str, ...] = ()  # effects that are retried on their own


class ApprovalDecision(StepFacts):
    decision: str
    reasoning: str
    matched_rule: str | None = None
    confidence: float = 0.0


class Outcome(StepFacts):
    finished_at: datetime
    label: str = ""
    queued: tuple[str, ...] = ()
