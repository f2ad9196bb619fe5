"""kill -9 at every boundary of every step, and between the writes to other systems."""

from __future__ import annotations

import pytest
from crash_site import Site, lead

from sales_agent.core.jobs import JOBS
from sales_agent.workflow.names import STEP_NAMES

EFFECTS = ("mailbox_draft", "crm_note", "crm_task")
POINTS = [*((step, when) for step in STEP_NAMES for when in ("before", "after", "recorded")),
          *((effect, "after") for effect in EFFECTS)]


@pytest.mark.slow
@pytest.mark.timeout(240)
async def test_every_lead_gets_exactly_one_of_everything_wherever_the_process_dies(site: Site, shape: str) -> None:
    site.kept(shape, MAX_CRASHES="1000")  # what many crashes mean is test_poison's subject
    workflow_ids = []
    for step, when in POINTS:
        name = f"{step}-{when}".replace("_", "-")
        [workflow_id] = await site.submit(lead(name, f"crash:{step}:{when}"))
        await site.until(lambda workflow_id=workflow_id: site.flagged(workflow_id), 20)  # type: ignore[misc]
        workflow_ids.append(workflow_id)
    await site.until_finished()
    await site.assert_each_has_one_of_everything(workflow_ids)
    # All but the last boundary leave the job in the dead worker's hands, so it was taken a second time.
    assert sum(1 for crashes in await site.column(JOBS, "crashes") if crashes) >= len(POINTS) - 1
