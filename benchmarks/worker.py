"""A worker's speed: leads a second against no-op Celery tasks a second of the same kind of worker."""

from __future__ import annotations

import json
import os
from statistics import median

from benchmarks.backlog import accept_leads, hold, plant_world, span_seconds, wait_until_done
from benchmarks.report import Promise, promises, table
from benchmarks.site import Process, Site, site
from sales_agent.core.settings import load_settings
from sales_agent.worker.app import create_celery

ROUNDS, LEADS, TASKS, WARM_UP = 3, 800, 2_000, 40
NOOP = "benchmarks.noop"


def main() -> bool:
    leads: list[tuple[float, float]] = []
    noops: list[tuple[float, float]] = []
    for _ in range(ROUNDS):
        leads.append(_leads_per_second())
        noops.append(_noops_per_second())
    rate, noop_rate = (median(each[0] for each in measured) for measured in (leads, noops))
    table(f"One worker process on postgresql and redis, medians of {ROUNDS} rounds (absolute figures are noisy)",
          ["", "a second", "CPU ms each", "all rounds"],
          [["leads, accepted to draft", rate, median(each[1] for each in leads), _list(leads)],
           ["no-op Celery tasks", noop_rate, median(each[1] for each in noops), _list(noops)]])
    return promises([Promise("leads a second / no-op tasks a second", rate / noop_rate, 0.40, at_least=True)])


def _list(measured: list[tuple[float, float]]) -> str:
    return " ".join(f"{each[0]:.0f}" for each in measured)


def _leads_per_second() -> tuple[float, float]:
    """(leads a second, milliseconds of CPU a lead), with the publishing and all bookkeeping in it."""
    with site("postgresql") as here:
        plant_world(here)
        backlog = accept_leads(here, LEADS)
        hold(here, hours=1)
        accept_leads(here, WARM_UP)
        with here.product("worker") as worker:
            wait_until_done(here, worker, WARM_UP)
            cpu = worker.cpu_seconds
            hold(here, hours=0)
            wait_until_done(here, worker, WARM_UP + LEADS)
            cpu = worker.cpu_seconds - cpu
        return LEADS / span_seconds(here, backlog), 1000 * cpu / LEADS


def _noops_per_second() -> tuple[float, float]:
    """(tasks a second, milliseconds of CPU a task): all of them wait in the broker when the worker starts."""
    with site("postgresql") as here:
        _publish(here)
        with here.module("benchmarks.noop_worker", NOOP, str(WARM_UP), str(WARM_UP + TASKS)) as worker:
            seconds, cpu = _measured(here, worker)
        return TASKS / seconds, 1000 * cpu / TASKS


def _publish(here: Site) -> None:
    os.environ["CELERY_BROKER_URL"] = here.environment["CELERY_BROKER_URL"]
    celery = create_celery(load_settings())
    with celery.producer_pool.acquire(block=True) as producer:
        for number in range(WARM_UP + TASKS):
            celery.send_task(NOOP, args=(f"form-lead-{number}",), producer=producer, ignore_result=True)


def _measured(here: Site, worker: Process) -> tuple[float, float]:
    found = here.place / "noop.json"
    worker.wait_until(found.exists, "the no-op tasks were not done")
    seconds, cpu = json.loads(found.read_text())
    return seconds, cpu
