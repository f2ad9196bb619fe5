"""Durable acceptance: the submission and its job in one commit, shared by concurrent requests."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from prometheus_client import Counter
from sqlalchemy import ColumnElement, literal, select, tuple_
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncConnection

from sales_agent.core.clock import Clock
from sales_agent.core.database import Database, is_database_down
from sales_agent.core.errors import Unavailable
from sales_agent.core.group_commit import GroupCommit
from sales_agent.core.ids import time_ordered_uuid
from sales_agent.core.jobs import JOBS, new_job
from sales_agent.core.rows import insert_many
from sales_agent.core.telemetry import LEADS_ACCEPTED
from sales_agent.leads.hubspot_payloads import Received, UnknownForm
from sales_agent.leads.models import SUBMISSIONS

PROCESS_LEAD = "process_formlead_async"
Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Accepted:
    submission_id: str
    duplicate: bool

    @property
    def workflow_id(self) -> str:
        return workflow_id_of(self.submission_id)


def workflow_id_of(submission_id: str) -> str:
    return f"form-lead-{submission_id}"


class Intake:
    """Accepts submissions. `on_commit` is told after each commit that there is new work."""

    def __init__(self, database: Database, clock: Clock, *, allowed_forms: Sequence[str] = (),
                 on_commit: Callable[[], None] = lambda: None) -> None:
        self._clock = clock
        self._allowed_forms = frozenset(allowed_forms)
        self._on_commit = on_commit
        self._commit: GroupCommit[Received, Accepted] = GroupCommit(database, self._store, one_statement=True)

    async def accept(self, received: Received) -> Accepted:
        """Store the submission, or find it if it came before; returns only after the commit.

        Raises UnknownForm, or Unavailable when the database cannot be reached.
        """
        if self._allowed_forms and received.source != "event" and received.form_id not in self._allowed_forms:
            raise UnknownForm("Submissions of this form are not accepted here.")
        try:
            accepted = await self._commit.submit(received)
        except Exception as error:
            if is_database_down(error):
                raise Unavailable("The submission could not be stored. Please send it again.") from error
            raise
        _counter(received.source, accepted.duplicate).inc()
        if not accepted.duplicate:
            self._on_commit()
        return accepted

    async def _store(self, connection: AsyncConnection, batch: Sequence[Received]) -> list[Accepted]:
        """Insert the submissions that are new, each with its job, and look up the others."""
        now = self._clock.now()
        candidates: dict[Key, dict[str, Any]] = {}
        for item in sorted(batch, key=_key):  # everybody inserts in one order: two processes cannot deadlock
            candidates.setdefault(_key(item), self._row(item, now))
        inserted = await self._insert(connection, list(candidates.values()))
        known = {key: row["id"] for key, row in candidates.items() if row["id"] in inserted}
        known |= await self._seen_before(connection, [key for key in candidates if key not in known])
        return self._answers(batch, known, inserted)

    @staticmethod
    async def _insert(connection: AsyncConnection, rows: list[dict[str, Any]]) -> set[str]:
        """The ids of those that were not there. PostgreSQL needs one statement for them and their jobs."""
        if connection.dialect.name == "postgresql":
            return {submission_id for submission_id, in await insert_many(connection, SUBMISSIONS, rows, _with_jobs)}
        inserted = {submission_id for submission_id, in await insert_many(connection, SUBMISSIONS, rows, _if_new)}
        jobs = [_first_job(row["workflow_id"], row["received_at"]) for row in rows if row["id"] in inserted]
        if jobs:
            await insert_many(connection, JOBS, jobs)
        return inserted

    @staticmethod
    def _answers(batch: Sequence[Received], known: dict[Key, str], unclaimed: set[str]) -> list[Accepted]:
        answers = []
        for item in batch:  # of several identical ones in a batch, the first is the new one
            submission_id = known[_key(item)]
            answers.append(Accepted(submission_id, duplicate=submission_id not in unclaimed))
            unclaimed.discard(submission_id)
        return answers

    @staticmethod
    def _row(item: Received, now: Any) -> dict[str, Any]:
        submission_id = time_ordered_uuid()
        return {"id": submission_id, "workflow_id": workflow_id_of(submission_id), "source": item.source,
                "portal_id": item.portal_id, "external_id": item.external_id, "form_id": item.form_id,
                "email": item.email, "payload": item.payload, "received_at": now}

    @staticmethod
    async def _seen_before(connection: AsyncConnection, keys: list[Key]) -> dict[Key, str]:
        if not keys:
            return {}
        columns = (SUBMISSIONS.c.portal_id, SUBMISSIONS.c.external_id)
        rows = await connection.execute(select(*columns, SUBMISSIONS.c.id).where(tuple_(*columns).in_(keys)))
        return {(portal, external): submission_id for portal, external, submission_id in rows}


@cache  # `labels` takes a lock each time
def _counter(source: str, duplicate: bool) -> Counter:
    return LEADS_ACCEPTED.labels(source, "yes" if duplicate else "no")


def _if_new(statement: Any) -> Any:
    return statement.on_conflict_do_nothing(index_elements=["portal_id", "external_id"]).returning(SUBMISSIONS.c.id)


def _with_jobs(statement: Any) -> Any:
    """The same, and in the same statement the job of each new submission, made from its row."""
    new = _if_new(statement).returning(SUBMISSIONS.c.workflow_id, SUBMISSIONS.c.received_at).cte("new")
    job = _first_job(new.c.workflow_id, new.c.received_at)
    values = [value if isinstance(value, ColumnElement) else literal(value, JOBS.c[name].type)
              for name, value in job.items()]
    jobs = postgresql.insert(JOBS).from_select(list(job), select(*values))
    return select(new.c.id).add_cte(jobs.cte("job"))


def _first_job(workflow_id: Any, received_at: Any) -> dict[str, Any]:
    """The values of the job row: for one submission, or for the columns of many."""
    return new_job(workflow_id, PROCESS_LEAD, received_at, workflow_id=workflow_id)


def _key(item: Received) -> Key:
    return item.portal_id, item.external_id
