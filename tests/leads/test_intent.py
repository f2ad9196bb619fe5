from __future__ import annotations

import pytest

from sales_agent.leads.intent import known_topics, topics, urgency


@pytest.mark.parametrize(("message", "expected"), [
    ("What does it cost, and do you integrate with HubSpot?", ("pricing", "integration")),
    ("Was kostet das, und wie steht es um den Datenschutz?", ("pricing", "security")),
    ("Nous souhaitons une démonstration et un devis.", ("pricing", "demo")),
    ("¿Cuánto cuesta? Queremos una prueba gratuita.", ("pricing", "trial")),
    ("We are moving from an old tool and need dashboards by the end of March.", ("migration", "reporting", "timeline")),
    ("I am very disappointed: this is the third time I ask.", ("complaint",)),
    ("Please don’t contact me again, unsubscribe.", ("opt_out",)),
    ("Unsere Schnittstellen-Anbindung an SAP", ("integration",)),
    ("We make pumps.", ()), ("", ()),
])
def test_topics_by_the_words_of_the_message(message: str, expected: tuple[str, ...]) -> None:
    assert topics(message) == expected


def test_parts_of_words_do_not_count() -> None:
    assert topics("Our democratic costume priceless apiary") == ()


def test_a_word_said_a_thousand_times_says_no_more_than_once() -> None:
    assert topics("pricing " * 1000) == topics("pricing") == ("pricing",)


def test_topics_come_in_the_order_of_importance() -> None:
    found = topics("support, reporting, security, api, demo, price, unacceptable")
    assert list(found) == sorted(found, key=known_topics().index)
    assert found[0] == "complaint"


@pytest.mark.parametrize(("message", "expected"), [("We need it ASAP", "high"), ("Bitte so bald wie möglich", "high"),
                                                   ("dès que possible", "high"), ("Whenever it suits you", "normal")])
def test_urgency(message: str, expected: str) -> None:
    assert urgency(message) == expected
