"""Step 4: the newest thread as facts: who spoke last, what is open, what was promised, in which tone."""

from __future__ import annotations

from sales_agent.drafts.thread_facts import read_facts
from sales_agent.workflow.facts import FoundThreads, ReadThread
from sales_agent.workflow.step import Done, LeadRun, OnFailure, Step


async def run(run: LeadRun) -> Done:
    found = run.get(FoundThreads)
    if found is None:
        return Done(ReadThread(), missing="the earlier conversation, because the mailbox search failed")
    if not found.thread_id:
        return Done(ReadThread())
    thread = await run.tools.connections.mailbox.read_thread(found.thread_id)
    return Done(ReadThread(thread=read_facts(thread, run.tools.clock.now()) if thread else None))


STEP = Step("4", "read_thread", ReadThread, run, needs=("search_threads",), on_failure=OnFailure.RETRY_THEN_DEGRADE)
