"""Which one asset helps this lead most?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

from sales_agent.leads.intent import topics as topics_of
from sales_agent.ports.assets import Asset


def choose_asset(assets: Iterable[Asset], topics: Sequence[str], language: str) -> tuple[Asset | None, str]:
    """The asset that covers most of the topics, most important first, and why; None when none really fits.

    The lead's language wins over English; other languages are not offered.
    """
    if not topics:
        return None, "The message names no topic that an asset could cover."
    ranked = sorted(
        (((-_cover(asset, topics), asset.language != language, asset.title, asset.id), asset) for asset in assets
         if asset.language in (language, "en") and asset.url.startswith(("https://", "http://"))),
        key=lambda pair: pair[0])
    if not ranked or ranked[0][0][0] == 0:
        return None, f"No asset covers {_listed(topics)}."
    best = ranked[0][1]
    covered = [topic for topic in topics if topic in _topics(best)]
    note = "" if best.language == language else f", in {best.language} because there is none in {language}"
    return best, f"“{best.title}” covers {_listed(covered)}{note}."


def _cover(asset: Asset, topics: Sequence[str]) -> int:
    """The earlier a topic stands, the more it counts."""
    return sum(len(topics) - place for place, topic in enumerate(topics) if topic in _topics(asset))


@lru_cache(maxsize=512)
def _topics(asset: Asset) -> frozenset[str]:
    """The asset's keywords as they are, and the topics its keywords and title speak of."""
    return frozenset(asset.topics) | frozenset(topics_of(" , ".join([asset.title, *asset.topics])))


def _listed(names: Sequence[str]) -> str:
    shown = [name.replace("_", " ") for name in names]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
