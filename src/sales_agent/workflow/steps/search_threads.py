"""Step 3: have we written with this person before?"""

from __future__ import annotations

from sales_agent.workflow.facts import FoundThreads
from sales_agent.workflow.step import Done, LeadRun, OnFailure, Step


async def run(run: LeadRun) -> Done:
    threads = await run.tools.connections.mailbox.search_threads(run.form.email)
    newest = threads[0].id if threads else ""
    return Done(FoundThreads(thread_id=newest, count=len(threads)))


STEP = Step("3", "search_threads", FoundThreads, run, needs=("resolve_contact",), on_failure=OnFailure.RETRY_THEN_DEGRADE)
