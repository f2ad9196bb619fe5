"""Step 6: one document that helps this lead, from the allow-listed folders only."""

from __future__ import annotations

from sales_agent.drafts.asset_choice import choose_asset
from sales_agent.workflow.facts import FoundAssets, ValidSubmission
from sales_agent.workflow.step import Done, LeadRun, OnFailure, Step


async def run(run: LeadRun) -> Done:
    valid = run.need(ValidSubmission)
    assets = await run.tools.connections.assets.list_assets()
    asset, reason = choose_asset(assets, valid.topics, valid.language)
    return Done(FoundAssets(asset=asset, reason=reason))


STEP = Step("6", "find_assets", FoundAssets, run, needs=("resolve_contact",), on_failure=OnFailure.DEGRADE)
