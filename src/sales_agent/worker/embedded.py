"""Worker and beat as threads of this process: the embedded default needs no broker."""

from __future__ import annotations

import threading
from pathlib import Path

from celery import Celery
from celery.beat import EmbeddedService
from celery.worker import WorkController, state

from sales_agent.worker.tasks import Workplace


class EmbeddedWorker:
    """Start once, stop once. The queue dies with the process; the jobs table is the truth."""

    def __init__(self, app: Celery, workplace: Workplace, *, concurrency: int, schedule_file: Path) -> None:
        self._workplace = workplace
        self._controller = WorkController(
            app=app, pool_cls="threads", concurrency=concurrency, without_gossip=True, without_mingle=True,
            without_heartbeat=True, loglevel="WARNING")
        self._thread = threading.Thread(target=self._controller.start, name="embedded-worker", daemon=True)
        self._beat = EmbeddedService(app, thread=True, schedule_filename=str(schedule_file))

    def start(self) -> None:
        self._workplace.process()
        self._thread.start()
        self._beat.start()

    def stop(self) -> None:
        """Finish or hand back what is running, then end both threads.

        Celery's thread notices only after some seconds of listening; it holds nothing that the
        jobs table does not know, so it is not waited for to the end.
        """
        self._beat.stop()
        self._workplace.stop()
        state.should_stop = 0
        self._thread.join(timeout=0.5)
        self._workplace.dispose()
