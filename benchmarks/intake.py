"""Durable acceptance: the product's API process against an endpoint that stores nothing and an ordinary one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from statistics import median

from benchmarks.report import Promise, promises, table
from benchmarks.site import SECRET, Process, Site, site
from benchmarks.traffic import Outcome, drive, signed_requests

ROUNDS, SECONDS, CONNECTIONS = 5, 4.0, 32
FIXED_RATE, FIXED_SECONDS = 200, 10.0


@dataclass
class Contestant:
    name: str
    process: Process
    port: int
    most_per_second: int  # requests to prepare for a second
    stored: Callable[[], int] | None = None
    rates: list[float] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    cpu_us: list[float] = field(default_factory=list)

    def run(self) -> None:
        """One round. Raises AssertionError when an answer was not 202, or was not stored."""
        requests = signed_requests(int(self.most_per_second * SECONDS), self.port, SECRET)
        before = self.stored() if self.stored else 0
        cpu = self.process.cpu_seconds
        outcome = drive(self.port, requests, seconds=SECONDS, connections=CONNECTIONS)
        self.cpu_us.append(1e6 * (self.process.cpu_seconds - cpu) / outcome.accepted)
        assert set(outcome.statuses) == {202}, outcome.statuses
        if self.stored:
            assert self.stored() - before == outcome.accepted, "what was accepted is not what is stored"
        self.outcomes.append(outcome)

    @property
    def per_second(self) -> float:
        return median(outcome.per_second for outcome in self.outcomes)

    def row(self) -> list[object]:
        return [self.name, self.per_second, *(median(outcome.percentile_ms(share) for outcome in self.outcomes)
                                               for share in (0.5, 0.99)), median(self.cpu_us)]


def main() -> bool:
    held = [_on(kind) for kind in ("postgresql", "sqlite")]
    return all(held)


def _on(kind: str) -> bool:
    with ExitStack() as stack:
        product, bare, ordinary = (stack.enter_context(each(kind)) for each in (_product, _bare, _ordinary))
        for _ in range(ROUNDS):
            for contestant in (product, bare, ordinary):
                contestant.run()
        fixed = drive(product.port, signed_requests(int(FIXED_RATE * FIXED_SECONDS), product.port, SECRET),
                      seconds=FIXED_SECONDS, rate=FIXED_RATE, connections=CONNECTIONS)
    table(f"Intake on {kind}, {CONNECTIONS} connections, medians of {ROUNDS} rounds (absolute figures are noisy)",
          ["", "requests/s", "p50 ms", "p99 ms", "server CPU µs"], [each.row() for each in (product, bare, ordinary)])
    table(f"The product at {FIXED_RATE} requests/s", ["", "p50 ms", "p99 ms"],
          [["all", fixed.percentile_ms(0.5), fixed.percentile_ms(0.99)]])
    return promises([
        Promise(f"{kind}: product / endpoint that stores nothing", _ratio(product, bare), 1, at_least=True),
        Promise(f"{kind}: product / ordinary endpoint", _ratio(product, ordinary), 10, at_least=True),
        Promise(f"{kind}: p99 at {FIXED_RATE} requests/s (on a quiet machine)", fixed.percentile_ms(0.99), 20,
                at_least=False, unit=" ms")])


def _ratio(one: Contestant, other: Contestant) -> float:
    """The median of the rounds' own ratios: rounds that follow each other see the same neighbours."""
    pairs = zip(one.outcomes, other.outcomes, strict=True)
    return median(mine.per_second / theirs.per_second for mine, theirs in pairs)


@contextmanager
def _product(kind: str) -> Iterator[Contestant]:
    with site(kind) as here, here.product("api") as process:
        process.wait_for_http(here.port)
        yield Contestant("product (durable)", process, here.port, 12_000, here.submissions)


@contextmanager
def _bare(kind: str) -> Iterator[Contestant]:
    with site("sqlite") as here, _rival(here, "bare") as contestant:
        yield contestant


@contextmanager
def _ordinary(kind: str) -> Iterator[Contestant]:
    with site(kind) as here, _rival(here, "ordinary") as contestant:
        contestant.stored = here.submissions
        yield contestant


@contextmanager
def _rival(here: Site, which: str) -> Iterator[Contestant]:
    with here.module("benchmarks.rivals", which, str(here.port)) as process:
        process.wait_for_http(here.port)
        name = {"bare": "bare FastAPI, stores nothing", "ordinary": "ordinary, ORM + apply_async"}[which]
        yield Contestant(name, process, here.port, 8_000 if which == "bare" else 2_000)
