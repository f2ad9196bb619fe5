"""The API against its own description: schemathesis makes requests from it and checks every answer."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given, seed
from hypothesis import settings as hypothesis_settings
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS
from schemathesis.config import SchemathesisConfig
from schemathesis.python import asgi
from web_helpers import web_services

import sales_agent.migrations.models  # noqa: F401  (registers every model)
from sales_agent.core.clock import SystemClock
from sales_agent.core.database import Base, Database
from sales_agent.core.dead_letters import FailedTask
from sales_agent.core.jobs import Job, JobStatus, new_job
from sales_agent.core.rows import Row, insert_missing
from sales_agent.core.settings import Settings
from sales_agent.drafts.service import NewDraft, draft_id_for, new_draft_rows
from sales_agent.leads.intake import Intake
from sales_agent.web.accounts.models import Role
from sales_agent.web.accounts.service import create_token
from sales_agent.web.app import create_app
from sales_agent.web.hubspot_docs import intake_openapi
from sales_agent.web.intake import intake_routes
from sales_agent.web.openapi import operations

EXAMPLES, SEED = 15, 20261123
TASK = "form-lead-1"
KNOWN = {"draft_id": draft_id_for(TASK), "task_id": TASK, "failed_task_id": "f1", "contact_email": "a@b.example"}
# An address can look like one and still be of no use (special domains, non-ASCII names): a 422, not a defect.
NOT_PROMISED = ("positive_data_acceptance",)


def _settings(place: Path) -> Settings:
    settings = Settings()
    settings.runtime = settings.runtime.model_copy(update={"var_dir": place / "var"})
    return settings


async def _fill(database: Database) -> str:
    """Something to read, decide and retry, so that the fuzzer gets past the 404s; answers a token."""
    clock = SystemClock()
    now = clock.now()
    async with database.engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    failed = {"id": "f1", "task_id": TASK, "workflow_id": TASK, "task_type": "t", "payload": "{}", "error": "e",
              "retry_count": 3, "status": "failed", "created_at": now}
    job = {**new_job(TASK, "t", now, workflow_id=TASK), "status": JobStatus.FAILURE}
    async with database.write() as connection:
        await insert_missing(connection, [
            *new_draft_rows(NewDraft("a@b.example", "s", "b", workflow_id=TASK), now), Row(Job, job),
            Row(FailedTask, failed)])
    return await create_token(database, "fuzzer", Role.OPERATOR, clock)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, FastAPI, dict[str, str]]]:
    """A client whose event loop lives as long as the module, because a database belongs to one loop."""
    path: Path = tmp_path_factory.mktemp("fuzz")
    headers: dict[str, str] = {}
    database = Database(f"sqlite:///{path / 'fuzz.db'}")

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        headers["Authorization"] = f"Bearer {await _fill(database)}"
        yield
        await database.dispose()

    settings, clock = _settings(path), SystemClock()
    app = create_app(web_services(settings, database, clock, lifespan=lifespan, extra_openapi_paths=intake_openapi(),
                                  extra_routes=intake_routes(Intake(database, clock), settings, clock)))
    with asgi.get_client(app) as client:
        yield client, app, headers


def _check(case: Any, client: Any, headers: dict[str, str], seen: set[int]) -> None:
    # Whether a token is needed is checked by test_edge for every operation.
    excluded = [CHECKS.get_one(name) for name in (*NOT_PROMISED, "ignored_auth")]
    seen.add(case.call_and_validate(session=client, headers=headers, excluded_checks=excluded).status_code)


def _explorations() -> Iterator[Any]:
    """Each operation with data that fits and data that does not; ids that exist and ids that do not."""
    nowhere = Database("postgresql://127.0.0.1:1/none")  # only described, never reached
    with TemporaryDirectory() as place:
        app = create_app(web_services(_settings(Path(place)), nowhere, SystemClock(), extra_openapi_paths=intake_openapi()))
    for method, path, about in operations(app.openapi()):
        takes_input = "requestBody" in about or "parameters" in about  # else there is nothing to get wrong
        takes_input = takes_input and not path.startswith("/u/")  # any token, any body: all are answered alike
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE) if takes_input else (GenerationMode.POSITIVE,):
            for known in (True, False) if "{" in path else (False,):
                yield pytest.param(method, path, mode, known, id=f"{method}-{path}-{mode.value}-{known}")


@pytest.mark.parametrize(("method", "path", "mode", "known"), list(_explorations()))
def test_every_answer_is_as_documented(running: Any, method: str, path: str, mode: GenerationMode, known: bool) -> None:
    client, app, headers = running
    schema = schemathesis.openapi.from_dict(json.loads(json.dumps(app.openapi())), config=SchemathesisConfig(seed=SEED))
    schema.app = app
    named = {name: value for name, value in KNOWN.items() if f"{{{name}}}" in path} if known else None
    seen: set[int] = set()

    @seed(SEED)
    @hypothesis_settings(max_examples=EXAMPLES, deadline=None, database=None, phases=[Phase.generate],
                         suppress_health_check=list(HealthCheck))
    @given(case=schema[path][method].as_strategy(generation_mode=mode, path_parameters=named))
    def explore(case: Any) -> None:
        _check(case, client, headers, seen)

    explore()
    assert seen
    assert max(seen) < 500
