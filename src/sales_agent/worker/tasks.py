"""Celery's side of the work: every task is one line, because the database knows the rest."""

from __future__ import annotations

import os
import threading
from typing import Any

from celery import Celery
from celery.signals import worker_process_shutdown, worker_ready, worker_shutdown, worker_shutting_down

from sales_agent.core.settings import Settings
from sales_agent.worker.app import KINDS
from sales_agent.worker.beat import schedule
from sales_agent.worker.chores import CHORES, Chore
from sales_agent.worker.process import WorkerProcess


class Workplace:
    """Makes the WorkerProcess on first use in this operating-system process (a fork starts anew)."""

    def __init__(self, settings: Settings, app: Celery) -> None:
        self._settings = settings
        self._app = app
        self._lock = threading.Lock()
        self._process: tuple[int, WorkerProcess] | None = None

    def process(self) -> WorkerProcess:
        with self._lock:
            if self._process is None or self._process[0] != os.getpid():
                self._process = (os.getpid(), WorkerProcess(self._settings, self._app))
            return self._process[1]

    def stop(self) -> None:
        if (process := self._running()) is not None:
            process.stop()

    def dispose(self) -> None:
        if (process := self._running()) is not None:
            process.dispose()

    def _running(self) -> WorkerProcess | None:
        with self._lock:
            pid, process = self._process or (None, None)
            return process if pid == os.getpid() else None


def register_tasks(app: Celery, settings: Settings) -> Workplace:
    """Register one task per kind of job; stops the work in good order when Celery shuts down."""
    workplace = Workplace(settings, app)
    for kind in KINDS:
        app.task(_body(workplace), name=kind, ignore_result=True)

    for chore in CHORES:
        app.task(_chore(workplace, chore), name=chore.task, ignore_result=True)
    schedule(app)

    def start(**_: Any) -> None:
        workplace.process()  # the relay must run before the first message comes

    def stop(**_: Any) -> None:
        # In a thread: Celery's own warm shutdown waits for the running tasks meanwhile.
        threading.Thread(target=workplace.stop, name="worker-stop").start()

    worker_ready.connect(start, weak=False)
    worker_shutting_down.connect(stop, weak=False)
    worker_process_shutdown.connect(stop, weak=False)
    worker_shutdown.connect(lambda **_: workplace.dispose(), weak=False)
    return workplace


def _body(workplace: Workplace) -> Any:
    def run(job_id: str) -> None:
        """Wake-up for one job: it claims the job in the database and does it, or finds nothing to do."""
        workplace.process().process(job_id)

    return run


def _chore(workplace: Workplace, chore: Chore) -> Any:
    def run() -> None:
        workplace.process().do(chore)

    run.__doc__ = chore.run.__doc__
    return run
