from __future__ import annotations

from sales_agent.drafts.asset_choice import choose_asset
from sales_agent.ports.assets import Asset

GUIDE = Asset("1", "Security overview", "https://n.example/sec.pdf", topics=("security", "gdpr"))
GUIDE_DE = Asset("2", "Datenschutz im Überblick", "https://n.example/dse.pdf", topics=("datenschutz",), language="de")
PRICES = Asset("3", "Pricing and integrations", "https://n.example/prices.pdf", topics=("pricing", "integration"))
ALL = [PRICES, GUIDE_DE, GUIDE]


def test_the_one_that_covers_most_of_what_matters() -> None:
    asset, reason = choose_asset(ALL, ("pricing", "integration", "security"), "en")
    assert (asset, reason) == (PRICES, "“Pricing and integrations” covers pricing and integration.")
    assert choose_asset(ALL, ("security",), "en")[0] == GUIDE


def test_the_leads_language_first_else_english_and_it_is_said() -> None:
    assert choose_asset(ALL, ("security",), "de")[0] == GUIDE_DE
    asset, reason = choose_asset(ALL, ("pricing",), "de")
    assert asset == PRICES
    assert "in en because there is none in de" in reason
    assert choose_asset([GUIDE_DE], ("security",), "fr")[0] is None


def test_none_rather_than_one_that_does_not_fit() -> None:
    assert choose_asset(ALL, ("support",), "en") == (None, "No asset covers support.")
    assert choose_asset(ALL, (), "en")[0] is None
    assert choose_asset([], ("pricing",), "en")[0] is None


def test_only_web_links_are_given_out() -> None:
    local = Asset("4", "Pricing", "file:///etc/passwd", topics=("pricing",))
    assert choose_asset([local], ("pricing",), "en")[0] is None


def test_the_choice_does_not_depend_on_the_order() -> None:
    twins = [Asset(n, "Pricing", f"https://n.example/{n}", topics=("pricing",)) for n in "ba"]
    assert choose_asset(twins, ("pricing",), "en") == choose_asset(twins[::-1], ("pricing",), "en")
