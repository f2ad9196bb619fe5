"""What a demo run found, lead by lead, and how that compares with what was expected."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sales_agent.demo.leads import Expectation, SampleLead, SampleLeads


@dataclass(frozen=True, slots=True)
class DemoRow:
    """What became of one lead. `seconds` is the server's own measure, from accepted to finished."""

    lead: SampleLead
    outcome: str  # draft | skipped | duplicate | dead_letter | refused | unfinished
    decision: str
    degraded: tuple[str, ...] = ()
    seconds: float | None = None
    draft: dict[str, Any] | None = None

    @property
    def score(self) -> float | None:
        return self.draft["icp_score"] if self.draft else None


@dataclass(frozen=True, slots=True)
class DemoReport:
    rows: list[DemoRow] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    already_there: bool = False  # the sample leads had been posted before, so nothing was done

    @property
    def ok(self) -> bool:
        return not self.problems

    @property
    def best(self) -> DemoRow | None:
        """The draft of the best lead, if there is one."""
        return max((row for row in self.rows if row.draft), key=lambda row: row.score or 0.0, default=None)


def unmet(world: SampleLeads, row: DemoRow) -> list[str]:
    """One line for each expectation that the lead's outcome does not meet."""
    return [f"{row.lead.key}: {problem}" for problem in _problems(world, row)]


def _problems(world: SampleLeads, row: DemoRow) -> Iterator[str]:
    expect = row.lead.expect
    if row.outcome != expect.outcome:
        yield f"expected {expect.outcome}, got {row.outcome} ({row.decision})"
    elif row.draft is not None:
        yield from _about_run(expect, row)
        yield from _about_envelope(expect, row.draft, world.email(row.lead))
        yield from _about_words(expect, row.draft, world.never_in_any_draft)


def _about_run(expect: Expectation, row: DemoRow) -> Iterator[str]:
    if set(row.degraded) != set(expect.degraded):
        yield f"expected degraded {list(expect.degraded)}, got {list(row.degraded)}"
    if row.score is None or not expect.min_score <= row.score <= expect.max_score:
        yield f"expected a score of {expect.min_score} to {expect.max_score}, got {row.score}"


def _about_envelope(expect: Expectation, draft: dict[str, Any], email: str) -> Iterator[str]:
    if draft["recipient"] != email:
        yield "the draft is addressed to somebody else than the lead"
    if expect.language and draft["language"] != expect.language:
        yield f"expected language {expect.language}, got {draft['language']}"
    if expect.in_reply_thread is not None and bool(draft["thread_id"]) != expect.in_reply_thread:
        yield "expected a reply in the earlier thread" if expect.in_reply_thread else "expected a new thread"
    if (flags := set(draft["context"]["flags"])) != set(expect.flags):
        yield f"expected the flags {sorted(expect.flags)}, got {sorted(flags)}"


def _about_words(expect: Expectation, draft: dict[str, Any], never: tuple[str, ...]) -> Iterator[str]:
    text = f"{draft['subject']}\n{draft['body']}".lower()
    for words in expect.must_contain:
        if words.lower() not in text:
            yield f"the draft does not mention '{words}'"
    for words in (*expect.must_not_contain, *never):
        if words.lower() in text:
            yield f"the draft must not contain '{words}'"
