"""What lives in a worker process: one event loop in a thread, on which every task's coroutine runs."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
import uuid
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any

import structlog
from celery import Celery

from sales_agent.core import jobs
from sales_agent.core.clock import Clock, SystemClock
from sales_agent.core.database import Database
from sales_agent.core.effects import DELIVER_EFFECT
from sales_agent.core.event_loop import new_event_loop, settle_in
from sales_agent.core.relay import Relay
from sales_agent.core.settings import Settings
from sales_agent.core.telemetry import described
from sales_agent.leads.intake import PROCESS_LEAD
from sales_agent.sending.schedule import SEND_SCHEDULED
from sales_agent.worker.boundary import Boundary
from sales_agent.worker.chores import Chore, Workshop
from sales_agent.worker.publisher import publisher
from sales_agent.workflow.effects import EffectHandler
from sales_agent.workflow.orchestrator import FormleadOrchestrator
from sales_agent.workflow.recorder import Desk
from sales_agent.workflow.scheduled_send import ScheduledSendHandler
from sales_agent.workflow.sending import open_door, open_reconciler
from sales_agent.workflow.tools import build_tools, warm_up

log = structlog.get_logger()


class WorkerProcess:
    """Starts with its first use and belongs to one operating-system process.

    Celery's threads hand coroutines to one long-lived loop, so a process waits on many leads
    at once, and every connection pool belongs to exactly one loop.
    """

    def __init__(self, settings: Settings, app: Celery, clock: Clock | None = None) -> None:
        self._settings = settings
        self._app = app
        self._clock = clock or SystemClock()
        self._loop = new_event_loop()
        self._stopped = self._gone = False
        self._stopping, self._entrance = threading.Lock(), threading.Lock()
        self._background: list[asyncio.Task[None]] = []
        threading.Thread(target=self._loop.run_forever, name="worker-loop", daemon=True).start()
        self.call(self._start())

    def call(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        """Run the coroutine on the process's loop and wait for it, from any other thread.

        After `dispose` it is not run, and the answer is None: nobody may wait for a loop that has ended.
        """
        with self._entrance:
            if self._gone:
                coroutine.close()
                return None
            future = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        return future.result()

    def process(self, job_id: str) -> None:
        """The body of every Celery task."""
        self.call(self._boundary.process(job_id))

    def do(self, chore: Chore) -> None:
        """The body of every periodic task. One that fails is tried again at its next time."""
        self.call(self._do(chore))

    async def _do(self, chore: Chore) -> None:
        try:
            await chore.run(self._workshop)
        except Exception as error:  # noqa: BLE001 (whatever it is, Celery would log it with data in it)
            log.error("chore.failed", task=chore.task, **described(error))

    def stop(self) -> None:
        """Finish or hand back what is running. Safe to call twice.

        Messages may still come in for a moment, until Celery has stopped listening: they are
        turned away, which needs the loop and the database.
        """
        with self._stopping:
            if not self._stopped:
                self._stopped = True
                self.call(self._close())

    def dispose(self) -> None:
        """Stop, then close everything, once no more messages can come. Safe to call twice."""
        self.stop()
        with self._entrance:
            if self._gone:
                return
            self._gone = True
            future = asyncio.run_coroutine_threadsafe(self._wind_up(), self._loop)
        future.result()
        self._loop.call_soon_threadsafe(self._loop.stop)

    async def _start(self) -> None:
        work = self._settings.work
        name = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:6]}"
        self._lease = timedelta(seconds=work.worker_lease_seconds)
        self._database = Database(self._settings.database_url, pool_size=self._settings.database.database_pool_size)
        if self._settings.embedded:
            async with self._database.write() as connection:
                await jobs.tell_all_again(connection)
        desk = Desk(self._database, self._clock, name, self._lease)
        tools = build_tools(self._settings, self._database, self._clock)
        await warm_up(tools)
        self._door = open_door(self._settings, self._database, self._clock, tools.connections)
        self._workshop = Workshop(self._database, self._clock, open_reconciler(self._settings, self._clock, self._door),
                                  self._door.means)
        self._boundary = Boundary(desk, self._clock, {
            PROCESS_LEAD: FormleadOrchestrator(desk, tools).run,
            DELIVER_EFFECT: EffectHandler(desk, tools, self._database).run,
            SEND_SCHEDULED: ScheduledSendHandler(desk, self._door).run,
        }, work.retry_delays_seconds)
        relay = Relay(self._database, self._clock, publisher(self._app), poll_seconds=work.relay_poll_seconds,
                      republish_seconds=work.relay_republish_seconds)
        self._background = [asyncio.create_task(relay.run()), asyncio.create_task(self._keep_leases())]
        settle_in()

    async def _keep_leases(self) -> None:
        """Prolong what we hold well before it runs out; give up at once what is no longer ours."""
        while True:
            await asyncio.sleep(self._lease.total_seconds() / 3)
            try:
                await self._renew()
            except Exception as error:  # noqa: BLE001 (a lease not renewed runs out, which is safe)
                log.warning("lease.renewal_failed", error=type(error).__name__)

    async def _renew(self) -> None:
        held = dict(self._boundary.held)
        if not held:
            return
        async with self._database.write() as connection:
            ours = await jobs.renew(connection, [lease for lease, _ in held.values()], self._clock.now() + self._lease)
        for job_id, (_, task) in held.items():
            # It may have ended, or been claimed afresh by us, while we asked.
            if job_id not in ours and task is not None and self._boundary.held.get(job_id) == held[job_id]:
                log.warning("job.lease_lost", job_id=job_id)
                task.cancel()

    async def _close(self) -> None:
        await self._boundary.close(self._settings.work.worker_shutdown_seconds)
        await self._door.close()
        for task in self._background:
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)

    async def _wind_up(self) -> None:
        last_words = asyncio.all_tasks() - {asyncio.current_task()}
        if last_words:
            _, unfinished = await asyncio.wait(last_words, timeout=2)
            for task in unfinished:
                task.cancel()
        await self._database.dispose()
