"""A lead that kills every worker that touches it ends in the dead letters; its neighbours do not."""

from __future__ import annotations

import pytest
from crash_site import Site, lead
from sqlalchemy import select

from sales_agent.core.dead_letters import FAILED_TASKS
from sales_agent.core.jobs import JOBS
from sales_agent.drafts.models import DRAFTS
from sales_agent.worker.boundary import MAX_CRASHES


@pytest.mark.slow
@pytest.mark.timeout(90)
async def test_poison_ends_in_the_dead_letters_and_takes_nobody_with_it(site: Site, shape: str) -> None:
    """The poison works faster than any step of the others, so while it runs nobody beside it gets anywhere."""
    [poison] = await site.submit(lead("poison", "poison:validate_submission:0.3"))
    neighbours = await site.submit(*(lead(f"neighbour{number}", "drag:validate_submission:0.6") for number in range(5)))
    site.kept(shape)
    await site.until_finished(60)
    [letter] = await site.rows(select(FAILED_TASKS))
    assert (letter.task_id, letter.status) == (poison, "failed")
    assert "workers died" in letter.error
    job = await site.job(poison)
    assert (job.status, job.crashes) == ("FAILURE", MAX_CRASHES + 1)
    assert set(await site.column(DRAFTS, "workflow_id")) == set(neighbours)
    assert {row.status for row in await site.rows(select(JOBS).where(JOBS.c.id != poison))} == {"SUCCESS"}
