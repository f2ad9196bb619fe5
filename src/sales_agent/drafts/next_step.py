"""The one thing the reply asks for. The first rule that applies decides."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict

from sales_agent.drafts.memory import MemoryFacts

CallToAction = Literal["reply_with_answer", "book_call", "share_asset", "apologise"]


class NextStep(BaseModel):
    model_config = ConfigDict(frozen=True)

    call_to_action: CallToAction
    reason: str


@dataclass(frozen=True, slots=True)
class _Situation:
    complaint: bool
    topics: frozenset[str]
    open_question: bool
    slots: bool
    asset: bool
    memory: MemoryFacts


_Rule = tuple[Callable[[_Situation], bool], CallToAction, str]

_RULES: tuple[_Rule, ...] = (
    (lambda s: s.complaint or "complaint" in s.topics, "apologise",
     "They complain: apologise and look into it, sell nothing."),
    (lambda s: "opt_out" in s.topics, "reply_with_answer", "They want no more mail: confirm it, sell nothing."),
    (lambda s: s.slots and "demo" in s.topics, "book_call", "They ask to see or discuss it, and there are free times."),
    (lambda s: s.slots and s.open_question, "book_call", "Their open question is settled soonest in a short call."),
    (lambda s: s.open_question and s.asset, "share_asset",
     "No free times; an asset covers what their open question is about."),
    (lambda s: s.open_question, "reply_with_answer",
     "Their open question comes first, and there are no free times to offer."),
    (lambda s: s.topics == {"support"}, "reply_with_answer", "They ask for help, not for a sales call."),
    (lambda s: s.asset and s.memory.best_call_to_action == "share_asset", "share_asset",
     "In similar conversations a shared document was answered most."),
    (lambda s: s.slots, "book_call", "A new enquiry with free times in the calendar: a short call is the next step."),
    (lambda s: s.asset, "share_asset", "No free times to offer; an asset covers what they ask about."),
    (lambda _: True, "reply_with_answer", "No free times and no fitting asset: ask what is needed to help."),
)


def plan(*, topics: Sequence[str], complaint: bool = False, open_question: str = "", slots: int = 0,
         asset: bool = False, memory: MemoryFacts | None = None) -> NextStep:
    """The one call to action, with its reason. `slots` is how many free times can be offered."""
    situation = _Situation(complaint, frozenset(topics), bool(open_question), slots > 0, asset, memory or MemoryFacts())
    action, reason = next((action, reason) for applies, action, reason in _RULES if applies(situation))
    return NextStep(call_to_action=action, reason=reason)
