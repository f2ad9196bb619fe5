"""Connections whose every call takes a second: does a lead take its longest chain of calls, and fifty hardly longer?"""

from __future__ import annotations

from benchmarks.backlog import accept_leads, plant_world, span_seconds, wait_until_done
from benchmarks.report import Promise, promises, table
from benchmarks.site import Process, Site, site

CALL_SECONDS, AT_ONCE = 1.0, 50
KNOWN = "marta.lindqvist@fjordline-retail.example"  # the sample mailbox holds a thread with this person
# A new person: resolve the contact; search the mailbox (calendar, assets and memory meanwhile); write; save the draft
# (note and task meanwhile). In a conversation, the thread is read after the search and labelled at the end.
NEW_CHAIN, KNOWN_CHAIN = 4, 6


def main() -> bool:
    with site("postgresql") as here:
        plant_world(here)
        with here.module("benchmarks.slow_worker", str(CALL_SECONDS)) as worker:
            _seconds(here, worker, accept_leads(here, 1))  # warms up
            new = _seconds(here, worker, accept_leads(here, 1))
            known = _seconds(here, worker, accept_leads(here, 1, KNOWN))
            many = _seconds(here, worker, accept_leads(here, AT_ONCE))
    new_chain, known_chain = NEW_CHAIN * CALL_SECONDS, KNOWN_CHAIN * CALL_SECONDS
    table(f"Every call to a connection takes {CALL_SECONDS:g} s; one worker process",
          ["", "seconds", "longest chain s"],
          [["one new person", new, new_chain], ["one in a conversation", known, known_chain],
           [f"{AT_ONCE} new people at once", many, new_chain]])
    return promises([
        Promise("one new person / longest chain", new / new_chain, 1.25, at_least=False),
        Promise("one in a conversation / longest chain", known / known_chain, 1.25, at_least=False),
        Promise(f"{AT_ONCE} at once / one", many / new, 1.5, at_least=False)])


def _seconds(here: Site, worker: Process, workflow_ids: list[str]) -> float:
    wait_until_done(here, worker, here.number("SELECT count(*) FROM jobs"))
    return span_seconds(here, workflow_ids)
