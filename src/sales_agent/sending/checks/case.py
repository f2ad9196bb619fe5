"""What a safety check looks at, and what it answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Literal

from sales_agent.drafts.letter import Letter
from sales_agent.sending.checks.policy import SafetyPolicy


class Severity(StrEnum):
    VIOLATION = "violation"  # blocks the send
    WARNING = "warning"  # is shown


Part = Literal["recipient", "subject", "body", "headers"]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong in [start, end) of a part; of `body` as the draft has it, in characters.

    `detail` is a sentence for the operator that says what is wrong and what to do; it never repeats what was found.
    """

    check: str
    severity: Severity
    detail: str
    part: Part
    start: int = 0
    end: int = 0

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class CheckCase:
    """A letter with what must be known to judge it."""

    letter: Letter  # exactly what would leave
    body: str  # the draft's own words: what `letter.text` begins with, before the footer
    policy: SafetyPolicy
    language: str = "en"  # of the lead, ISO 639-1
    recipient_company: str = ""
    sender_company: str = ""
    sender_address: str = ""  # postal; must be in the footer
    base_url: str = ""  # where our own links lead
    other_companies: tuple[str, ...] = ()  # names of other leads' and clients' companies
    known_addresses: tuple[str, ...] = ()  # addresses that may be named: the two parties and the thread's people
    known_phones: tuple[str, ...] = ()  # phone numbers that may be named
    in_production: bool = False  # links must be https
    unsubscribe_works: Callable[[str], bool] | None = None  # whether a link is ours, for this recipient; None: nobody can tell


@dataclass(frozen=True, slots=True)
class Check:
    """One safety check. `run` answers its findings; an exception in it blocks."""

    name: str
    run: Callable[[CheckCase], Iterable[Finding]]
