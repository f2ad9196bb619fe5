from __future__ import annotations

import pytest

from sales_agent.leads.language import detect_language


@pytest.mark.parametrize(("text", "language"), [
    ("Hello, could you tell us what the platform costs for 40 people?", "en"),
    ("Guten Tag, wir möchten wissen, was die Lösung für 40 Personen kostet.", "de"),
    ("Bonjour, nous souhaitons une démonstration pour notre équipe.", "fr"),
    ("Hola, queremos una demostración para nuestro equipo.", "es"),
    ("Buongiorno, vorremmo una dimostrazione per il nostro team.", "it"),
    ("Goedendag, wij willen graag een demo voor ons team.", "nl"),
    ("Olá, gostaríamos de uma demonstração para a nossa equipe.", "pt"),
])
def test_languages_are_recognised_by_their_small_words(text: str, language: str) -> None:
    assert detect_language(text) == language


@pytest.mark.parametrize(("text", "hint", "language"), [
    ("SAP API HubSpot", "", "en"), ("", "de-AT", "de"), ("Demo?", "fr", "fr"), ("Demo?", "ja", "en"),
    ("Hello, could you tell us what it costs?", "de", "en"),
])
def test_the_hint_decides_only_when_the_text_does_not(text: str, hint: str, language: str) -> None:
    assert detect_language(text, hint) == language


def test_a_language_of_three_words_is_not_believed_on_one() -> None:
    assert detect_language("Frau Müller und Partner") == "en"
