"""A voice profile: read strictly, enforced on every text."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from sales_agent.drafts.voice import VoiceProfile, apply_voice, load_voice, to_yaml, voice_problems

PLAIN = VoiceProfile()
LETTER = "Hi Ada,\n\n{content}\n\nBest regards,\nRobin"


def test_the_voice_that_ships_with_the_product_is_valid_and_survives_writing(tmp_path: Path) -> None:
    voice = load_voice()
    file = tmp_path / "voice.yaml"
    file.write_text(to_yaml(voice), "utf-8")
    assert load_voice(file) == voice
    assert voice.translations["de"]["sign_off"] == "Viele Grüße"


@pytest.mark.parametrize(("content", "complaint"), [
    ("tone: shouting", "tone"),
    ("greeting: 'Hi {last_name},'", "greeting: must contain {first_name}"),
    ("greeting: 'Hi {first_name} {first_name},'", "greeting"),
    ("greeting_without_name: 'Hi {first_name},'", "braces"),
    ("sign_off: ''", "sign_off"),
    ("sign_off: \"Bye\\nBcc: x@y.z\"", "one line"),
    ("max_paragraphs: 1", "max_paragraphs"),
    ("max_paragraphs: five", "max_paragraphs"),
    ("slot_count: 9", "slot_count"),
    ("contractions: 1", "contractions"),
    ("prohibited_words: synergy", "prohibited_words"),
    ("prohibited_punctuation: [abc]", "prohibited_punctuation"),
    ("translations: {deutsch: {}}", "translations"),
    ("translations: {de: {salutation: Hallo}}", "salutation"),
    ("signoff: Bye", "signoff"),
    ("name: [", "not valid YAML"),
    ("", "voice.yaml"),
])
def test_a_malformed_file_is_refused_with_its_place(tmp_path: Path, content: str, complaint: str) -> None:
    file = tmp_path / "voice.yaml"
    file.write_text(content, "utf-8")
    with pytest.raises(ValueError) as caught:
        load_voice(file)
    assert complaint in str(caught.value)
    assert "voice.yaml" in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"none\.yaml: cannot be read"):
        load_voice(tmp_path / "none.yaml")


@pytest.mark.parametrize(("before", "after"), [
    ("I do not think it is far. We will see.", "I don't think it's far. We'll see."),
    ("It is here, I hope. Here I am.", "It's here, I hope. Here I am."),
    ("Please let us know if I have it.", "Please let us know if I have it."),
    ("Some work and some do not.", "Some work and some don't."),
])
def test_contractions_are_used_where_they_are_right(before: str, after: str) -> None:
    assert apply_voice(before, PLAIN) == after


@pytest.mark.parametrize(("before", "after"), [
    ("I’m here, don't go. It's late.", "I am here, do not go. It is late."),
    ("We can't, and Let's not; Ada's notes.", "We cannot, and Let us not; Ada's notes."),
])
def test_contractions_are_spelled_out_where_the_voice_has_none(before: str, after: str) -> None:
    voice = replace(PLAIN, contractions=False)
    assert voice_problems(before, voice)
    assert apply_voice(before, voice) == after
    assert voice_problems(after, voice) == []


@pytest.mark.parametrize(("before", "after"), [
    ("Leverage our synergy now.", "Use our now."),
    ("Call ASAP, please.", "Call soon, please."),
    ("Synergy matters. Synergy, always.", "Matters. Always."),
    ("Synergyland is a place.", "Synergyland is a place."),
    ("A (synergy) thing", "A () thing"),
])
def test_prohibited_words_are_replaced_or_left_out(before: str, after: str) -> None:
    voice = replace(PLAIN, prohibited_words=("synergy", "leverage", "ASAP"))
    assert apply_voice(before, voice) == after
    assert voice_problems(after, voice) == []


@pytest.mark.parametrize(("before", "after"), [
    ("Great!!! See you — soon…", "Great. See you, soon."),
    ("Really?! Yes!", "Really? Yes."),
    ("Tue, 14:00–14:30", "Tue, 14:00-14:30"),
    ("Note: at 14:00 sharp", "Note at 14:00 sharp"),
    ("Fine; good :)", "Fine, good"),
])
def test_prohibited_punctuation_is_replaced(before: str, after: str) -> None:
    voice = replace(PLAIN, prohibited_punctuation=("!", "—", "–", "…", ";", ":)", ":"))
    assert voice_problems(before, voice)
    assert apply_voice(before, voice) == after
    assert voice_problems(after, voice) == []


def test_links_and_names_stay_as_they_are() -> None:
    voice = replace(PLAIN, prohibited_words=("synergy",), prohibited_punctuation=("!", "—"))
    text = "Synergy! GmbH wrote “go!” See https://x.example/synergy!a—b now!"
    assert apply_voice(text, voice,
                       keep=("Synergy! GmbH",
                             "go!")) == "Synergy! GmbH wrote “go!” See https://x.example/synergy!a—b now."


def test_ordinary_text_is_not_touched() -> None:
    text = "z. B. das hier, e.g. this...\n  - indented\n\nD'accord ? Oui ; merci !"
    assert apply_voice(text, replace(PLAIN, prohibited_punctuation=("—",))) == text


def test_too_many_paragraphs_become_fewer_without_losing_a_word() -> None:
    content = "One is here.\n\nTwo.\n\nThree.\n\nTimes:\n- Tue\n- Wed"
    voice = replace(PLAIN, max_paragraphs=2)
    assert voice_problems(LETTER.format(content=content), voice)
    text = apply_voice(LETTER.format(content=content), voice)
    assert text == LETTER.format(content="One is here. Two. Three.\n\nTimes:\n- Tue\n- Wed")
    assert voice_problems(text, voice) == []


def test_applying_a_voice_twice_changes_nothing_more() -> None:
    voice = load_voice()
    once = apply_voice(LETTER.format(content="I am glad!! We will touch base — ASAP…"), voice)
    assert apply_voice(once, voice) == once
