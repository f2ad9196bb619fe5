"""The product's own time for one lead: from accepted over HTTP to draft ready, while nothing else is going on."""

from __future__ import annotations

import time
from contextlib import ExitStack
from datetime import datetime
from typing import Any

from benchmarks.backlog import plant_world, wait_until_done
from benchmarks.report import Promise, promises, table
from benchmarks.site import SECRET, Process, Site, site
from benchmarks.traffic import drive, signed_requests

LEADS, WARM_UP = 40, 5
QUERY = """SELECT s.received_at, j.started_at, j.finished_at FROM jobs j JOIN submissions s ON s.workflow_id = j.id
           ORDER BY s.received_at"""


def main() -> bool:
    measured = {"api + worker, postgresql, redis": _seconds("postgresql", ["api", "worker"], {}),
                "`sales-agent up`, sqlite": _seconds("sqlite", ["up"], {"CELERY_BROKER_URL": ""})}
    rows = [[name, *(1000 * share for share in _shares(times))] for name, times in measured.items()]
    table(f"One lead at a time, accepted to draft ready, {LEADS} leads", ["", "picked up ms", "p50 ms", "p95 ms"], rows)
    return promises([Promise(f"{name}: median", 1000 * _shares(times)[1], 250, at_least=False, unit=" ms")
                     for name, times in measured.items()])


def _seconds(kind: str, commands: list[str], environment: dict[str, str]) -> list[Any]:
    with site(kind) as here, ExitStack() as stack:
        plant_world(here)
        last: Process | None = None
        for command in commands:
            last = stack.enter_context(here.product(command, **environment))
        assert last is not None
        last.wait_for_http(here.port)
        for number in range(LEADS + WARM_UP):
            _post_one(here)
            wait_until_done(here, last, number + 1)
            time.sleep(0.1)
        return here.rows(QUERY)[WARM_UP:]


def _post_one(here: Site) -> None:
    outcome = drive(here.port, signed_requests(1, here.port, SECRET), seconds=1, connections=1)
    assert outcome.accepted == 1, outcome.statuses


def _shares(times: list[Any]) -> tuple[float, float, float]:
    """(median until a worker has it, median and 95th percentile until the draft is ready), in seconds."""
    moments = [[_moment(each) for each in row] for row in times]
    waited = sorted((started - received).total_seconds() for received, started, _ in moments)
    total = sorted((finished - received).total_seconds() for received, _, finished in moments)
    return waited[len(waited) // 2], total[len(total) // 2], total[int(0.95 * (len(total) - 1))]


def _moment(value: Any) -> datetime:
    return value if isinstance(value, datetime) else datetime.fromisoformat(value)  # SQLite answers text
