"""What every asset library must do."""

from __future__ import annotations

import pytest
from port_worlds import FRONT, AssetWorld

from sales_agent.ports.assets import Asset


@pytest.fixture
def world(asset_world: AssetWorld) -> AssetWorld:
    return asset_world


async def test_an_asset_says_what_a_lead_may_be_given(world: AssetWorld) -> None:
    world.put("case.md")
    assert await world.library.list_assets() == [
        Asset(id="public/case.md", title="Case study", url="https://www.northwind.example/case", summary="How it went.",
              topics=("logistics", "roi"), language="de")]


async def test_only_allow_listed_folders_are_offered(world: AssetWorld) -> None:
    world.put("a.md")
    world.put("b.txt", folder="partner")
    world.put("secret.md", folder="internal")
    assert [asset.id for asset in await world.library.list_assets()] == ["public/a.md", "partner/b.txt"]


async def test_a_change_is_seen_at_once_though_answers_are_kept(world: AssetWorld) -> None:
    world.put("a.md")
    assert len(await world.library.list_assets()) == 1
    world.put("a.md", FRONT.replace("Case study", "A longer title"))
    world.put("b.md")
    assert [asset.title for asset in await world.library.list_assets()] == ["A longer title", "Case study"]


async def test_changing_the_answer_changes_nobody_elses(world: AssetWorld) -> None:
    world.put("a.md")
    (await world.library.list_assets()).clear()
    assert len(await world.library.list_assets()) == 1


async def test_check_says_what_is_there(world: AssetWorld) -> None:
    world.put("a.md")
    assert "1 assets" in await world.library.check()
