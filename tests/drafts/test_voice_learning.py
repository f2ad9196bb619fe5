from __future__ import annotations

from pathlib import Path

import pytest

from sales_agent.drafts.voice import load_voice
from sales_agent.drafts.voice_learning import learn_voice, to_yaml

CASUAL = [
    f"Hey {name},\n\nthanks for the note. I'll send the numbers {day}, and we'll take it from there.\n\n"
    "Does that work?\n\nCheers,\nRobin"
    for name, day in [("Tom", "today"), ("Eva", "on Monday"), ("Anne-Marie", "soon"), ("Li", "tomorrow")]
]
STIFF = [
    "Dear Ms Lovelace,\n\nThank you for your enquiry. I am pleased to confirm the meeting; we do not need anything "
    "else from you.\n\nKind regards,\nRobin Sommer"
] * 5
GERMAN = [
    "Guten Tag Herr Müller,\n\nvielen Dank für Ihre Nachricht. Ich melde mich bei Ihnen.\n\nViele Grüße\nRobin"
] * 2


def test_a_casual_voice() -> None:
    voice = learn_voice(CASUAL, "robin")
    assert (voice.name, voice.greeting, voice.greeting_without_name, voice.sign_off) == ("robin", "Hey {first_name},",
                                                                                         "Hey,", "Cheers,")
    assert voice.contractions
    assert voice.max_paragraphs == 2
    assert voice.prohibited_punctuation == ()  # four messages do not show what is never used


def test_a_formal_voice() -> None:
    voice = learn_voice(STIFF, "robin")
    assert (voice.tone, voice.greeting, voice.sign_off) == ("formal", "Dear {first_name},", "Kind regards,")
    assert not voice.contractions
    assert "!" in voice.prohibited_punctuation
    assert ";" not in voice.prohibited_punctuation


def test_other_languages_become_translations() -> None:
    voice = learn_voice([*CASUAL, *GERMAN], "robin")
    assert voice.greeting == "Hey {first_name},"
    assert voice.translations == {"de": {"greeting": "Guten Tag {first_name},", "greeting_without_name": "Guten Tag,",
                                         "sign_off": "Viele Grüße"}}


def test_what_was_learned_can_be_read_as_a_voice_file(tmp_path: Path) -> None:
    voice = learn_voice([*CASUAL, *STIFF, *GERMAN], "robin")
    file = tmp_path / "voice.yaml"
    file.write_text(to_yaml(voice), "utf-8")
    assert load_voice(file) == voice


def test_odd_texts_still_give_a_valid_voice(tmp_path: Path) -> None:
    voice = learn_voice(["ok", "Hi {first_name},\n\n{{x}}\x00", "\n" * 500 + "x", "Thanks,"], "odd")
    file = tmp_path / "voice.yaml"
    file.write_text(to_yaml(voice), "utf-8")
    assert load_voice(file) == voice


@pytest.mark.parametrize("messages", [[], ["", " \n\x00"]])
def test_nothing_can_be_learned_from_nothing(messages: list[str]) -> None:
    with pytest.raises(ValueError, match="no sent mail"):
        learn_voice(messages, "robin")
