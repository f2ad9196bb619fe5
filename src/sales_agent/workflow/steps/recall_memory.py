"""Step 5: what did similar conversations teach us? Counts only, never another client's words."""

from __future__ import annotations

from sales_agent.drafts.memory import ThreadFeatures, match, thread_features
from sales_agent.ports.mail import MailThread
from sales_agent.workflow.facts import Memory, ValidSubmission
from sales_agent.workflow.step import Done, LeadRun, OnFailure, Step, Tools


async def run(run: LeadRun) -> Done:
    valid = run.need(ValidSubmission)
    threads = await run.tools.connections.mailbox.recent_sent()
    known = [features for thread in threads if (features := _features(run.tools, thread)) is not None]
    return Done(Memory(memory=match(known, valid.topics, {valid.address.address})))


def _features(tools: Tools, thread: MailThread) -> ThreadFeatures | None:
    """Cached: a thread changes only by gaining messages."""
    key = f"{thread.id}:{len(thread.messages)}"
    if key not in tools.thread_features:
        if len(tools.thread_features) > 2_000:
            tools.thread_features.clear()
        tools.thread_features[key] = thread_features(thread)
    return tools.thread_features[key]


STEP = Step("5", "recall_memory", Memory, run, needs=("resolve_contact",), on_failure=OnFailure.DEGRADE)
