"""A worker exactly like the product's, whose only task does nothing.

    python -m benchmarks.noop_worker TASK_NAME FIRST LAST

Writes noop.json: the seconds and the CPU seconds between the FIRSTth and the LASTth task.
"""

from __future__ import annotations

import json
import sys
import time
from itertools import count
from pathlib import Path

from sales_agent.core.settings import load_settings
from sales_agent.worker.app import create_celery


def main(name: str, first: int, last: int) -> None:
    celery, number, start = create_celery(load_settings()), count(1), [0.0, 0.0]

    def noop(_job_id: str) -> None:
        done = next(number)
        if done == first:
            start[:] = time.perf_counter(), time.process_time()
        elif done == last:
            measured = [time.perf_counter() - start[0], time.process_time() - start[1]]
            Path("noop.part").write_text(json.dumps(measured))
            Path("noop.part").rename("noop.json")

    celery.task(noop, name=name, ignore_result=True)
    # As in sales_agent.cli.running.worker.
    celery.worker_main(["worker", "--pool", "threads", "--without-gossip", "--without-mingle", "--loglevel", "WARNING"])


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
