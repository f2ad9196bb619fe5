"""What a step is: a name, what it needs, a function, and what happens when its source is down."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import TypeVar

from sales_agent.approvals.engine import AutoApprovalEngine
from sales_agent.connectors.registry import Connections
from sales_agent.core.clock import Clock
from sales_agent.core.rows import Row
from sales_agent.core.settings import Settings
from sales_agent.drafts.memory import ThreadFeatures
from sales_agent.leads.hubspot_payloads import LeadForm
from sales_agent.leads.icp_criteria import Criteria
from sales_agent.leads.throttle import Throttle
from sales_agent.ports.writer import VoiceProfile, Writer
from sales_agent.sending.means import Means
from sales_agent.workflow.facts import StepFacts, ValidSubmission

Facts = TypeVar("Facts", bound=StepFacts)


class OnFailure(Enum):
    """What a failed source means for the run (product.md, "if its source is down")."""

    FAIL = "fail"  # transient: retry later; permanent: dead letter
    DEGRADE = "degrade"  # go on without, and say so
    RETRY_THEN_DEGRADE = "retry_then_degrade"  # retry the run while retries are left, then go on without


@dataclass(frozen=True, slots=True)
class Done:
    """A step's outcome. `rows` are inserted in the transaction that records the step."""

    facts: StepFacts
    rows: Sequence[Row] = ()
    missing: str = ""  # set when the step went on without something it wanted
    stop: str = ""  # why the run ends here, successfully, without a draft


@dataclass(frozen=True)
class Tools:
    """What steps work with; one per process. Read-only, apart from the memory cache."""

    settings: Settings
    clock: Clock
    connections: Connections
    means: Means  # to judge a draft as the door will
    fallback_writer: Writer
    throttle: Throttle
    engine: AutoApprovalEngine
    voice: VoiceProfile
    criteria: Criteria
    thread_features: dict[str, ThreadFeatures | None] = field(default_factory=dict)


@dataclass
class LeadRun:
    """One lead on its way through the steps."""

    workflow_id: str
    submission_id: str
    source: str
    payload: str
    received_at: datetime
    retries_left: int
    tools: Tools
    found: dict[type[StepFacts], StepFacts] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)  # step name: what is missing

    def get(self, kind: type[Facts]) -> Facts | None:
        """What an earlier step found, or None when it had to go on without."""
        facts = self.found.get(kind)
        return facts if isinstance(facts, kind) else None

    def need(self, kind: type[Facts]) -> Facts:
        """The same, for steps that cannot have been skipped."""
        facts = self.get(kind)
        if facts is None:
            raise LookupError(f"{kind.__name__} is not there yet: the steps are in the wrong order")
        return facts

    @property
    def form(self) -> LeadForm:
        return self.need(ValidSubmission).form


@dataclass(frozen=True, slots=True)
class Step:
    """`needs` names the steps that must have ended before; the others run side by side."""

    number: str
    name: str
    facts: type[StepFacts]
    run: Callable[[LeadRun], Awaitable[Done]]
    needs: tuple[str, ...] = ()
    on_failure: OnFailure = OnFailure.FAIL
