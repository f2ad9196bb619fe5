"""What the product's intake is compared with, in the product's own uvicorn set-up.

    python -m benchmarks.rivals bare|ordinary PORT

`bare` parses with a pydantic model and verifies the signature, and stores nothing. `ordinary` does what most services
do: per request one ORM insert, one commit and one `apply_async`.
"""

from __future__ import annotations

import sys
import time
import uuid
from datetime import UTC, datetime
from typing import Annotated

import uvicorn
from fastapi import Depends, FastAPI, HTTPException, Request
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import async_sessionmaker

from benchmarks.traffic import PATH
from sales_agent.core.database import Database
from sales_agent.core.settings import Settings, load_settings
from sales_agent.leads.hubspot_signature import InvalidSignature, SignedRequest, verify
from sales_agent.leads.intake import PROCESS_LEAD
from sales_agent.leads.models import Submission
from sales_agent.worker.app import create_celery

SETTINGS = load_settings()


async def verified(request: Request) -> None:
    body = await request.body()
    uri = f"{SETTINGS.runtime.base_url}{request.url.path}".encode()
    signed = SignedRequest(request.method.encode(), uri, dict(request.scope["headers"]), body)
    try:
        verify(signed, SETTINGS.intake.webhook_secrets, ("v3",), int(time.time() * 1000))
    except InvalidSignature as error:
        raise HTTPException(401, error.detail) from error


class Field(BaseModel):
    name: str
    value: str = ""


class Form(BaseModel):
    portalId: int
    formId: str
    formSubmissionId: str
    timestamp: int | None = None
    pageTitle: str | None = None
    pageUri: str | None = None
    userMessage: str | None = None
    fieldValues: list[Field]


Verified = Annotated[None, Depends(verified)]


def bare() -> FastAPI:
    app = FastAPI()

    @app.post(PATH, status_code=202)
    async def accept(submission: Form, _: Verified) -> dict[str, str]:
        return _answer(str(uuid.uuid4()))

    return app


def ordinary(settings: Settings) -> FastAPI:
    app, celery = FastAPI(), create_celery(settings)
    engine = Database(settings.database_url, pool_size=settings.database.database_pool_size).engine
    sessions = async_sessionmaker(engine, expire_on_commit=False)

    @celery.task(name=PROCESS_LEAD)  # type: ignore[untyped-decorator]
    def process(workflow_id: str) -> None:
        """Only published here, never run."""

    @app.post(PATH, status_code=202)
    async def accept(form: Form, _: Verified) -> dict[str, str]:
        row = _row(form)
        async with sessions() as session:
            session.add(row)
            await session.commit()
        process.apply_async((row.workflow_id,), task_id=row.workflow_id)
        return _answer(row.id)

    return app


def _row(form: Form) -> Submission:
    identity = str(uuid.uuid4())
    email = next(each.value for each in form.fieldValues if each.name == "email")
    return Submission(id=identity, workflow_id=f"form-lead-{identity}", source="form", portal_id=str(form.portalId),
                      external_id=form.formSubmissionId, form_id=form.formId, email=email,
                      payload=form.model_dump_json(), received_at=datetime.now(UTC))


def _answer(identity: str) -> dict[str, str]:
    return {"status": "accepted", "submission_id": identity, "workflow_id": f"form-lead-{identity}"}


def main(which: str, port: int) -> None:
    app = bare() if which == "bare" else ordinary(SETTINGS)
    app.add_api_route("/health/liveness", lambda: {"status": "ok"})
    # As in sales_agent.cli.serving.server.
    uvicorn.run(app, port=port, access_log=False, log_level="warning", server_header=False, backlog=2048)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
