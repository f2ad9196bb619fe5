"""Writes the reply from phrases: no model, no network, and nothing said that is not known."""

from __future__ import annotations

from collections.abc import Callable

from sales_agent.connectors.template.letter import Letter
from sales_agent.connectors.template.phrases import DEFAULT_LANGUAGE, phrase_sets
from sales_agent.connectors.template.quoting import subject_line
from sales_agent.core.text import looks_hostile
from sales_agent.ports.voice_rules import apply_voice
from sales_agent.ports.writer import Brief, WrittenDraft

_TOPICS_ANSWERED = 2


class TemplateWriter:
    """A `Writer` that needs nothing but its phrases."""

    async def check(self) -> str:
        return f"The template writer knows {', '.join(sorted(phrase_sets()))}."

    async def write(self, brief: Brief) -> WrittenDraft:
        """Write the reply: the same one for the same brief."""
        return compose(brief)


def compose(brief: Brief) -> WrittenDraft:
    """The reply that the brief asks for, every fact in it with its source."""
    sets = phrase_sets()
    language = brief.language if brief.language in sets else DEFAULT_LANGUAGE
    letter = Letter(brief, sets[language], language)
    if language != brief.language:
        letter.notes.append(f"There are no phrases for the language '{brief.language}': written in English.")
    if reasons := looks_hostile(brief.message):
        letter.notes.append(f"The message was not quoted: it {', '.join(reasons)}.")
    _content(brief)(letter)
    subject = _subject(letter)
    body = letter.text()
    claims = tuple(dict.fromkeys(letter.claims))
    return WrittenDraft(subject=subject, body=body, claims=claims, notes=tuple(letter.notes))


def _content(brief: Brief) -> Callable[[Letter], None]:
    if brief.complaint or brief.call_to_action == "apologise":
        return _apologise
    return _confirm_opt_out if "opt_out" in brief.topics else _reply


def _apologise(letter: Letter) -> None:
    say = letter.phrases.say
    letter.add(say("apology"))
    if letter.question:
        letter.add(say("apology_question", quote=letter.quoted_question()), say("apology_next"))
    elif letter.excerpt:
        letter.add(say("apology_quote", quote=letter.quoted_excerpt()), say("apology_next"))
    else:
        letter.add(say("apology_next"))
    letter.add(say("apology_ask"))
    letter.notes.append("This promises that you look into the complaint and write back.")


def _confirm_opt_out(letter: Letter) -> None:
    letter.add(letter.phrases.say("opt_out"))
    letter.add(letter.phrases.say("opt_out_ask"))
    letter.notes.append("They ask for no more mail: put the address on the suppression list.")


def _reply(letter: Letter) -> None:
    if letter.brief.open_question:
        _take_up_question(letter)
    else:
        _open(letter)
    _speak_to_topics(letter)
    _offer_asset(letter)
    _ask(letter)


def _books_call(brief: Brief) -> bool:
    return brief.call_to_action == "book_call"


def _take_up_question(letter: Letter) -> None:
    """Their open question comes first."""
    say = letter.phrases.say
    asked = say("question", quote=letter.quoted_question()) if letter.question else say("question_unquoted")
    letter.add(asked, _promise_answer(letter))


def _promise_answer(letter: Letter) -> str:
    """The template cannot answer a question, so it says when the answer comes."""
    letter.notes.append("Their question is not answered here. If you know the answer, put it in.")
    return letter.phrases.say("answer_on_call" if _books_call(letter.brief) else "answer_in_writing")


def _open(letter: Letter) -> None:
    opening = _opening(letter)
    if letter.asked:
        letter.add(opening, letter.phrases.say("asked", quote=letter.quoted_asked()), _promise_answer(letter))
    else:
        letter.add(opening)


def _opening(letter: Letter) -> str:
    say, brief = letter.phrases.say, letter.brief
    if brief.in_conversation:
        return say("opening_again_about", subject=letter.subject_matter()) if letter.topics else say("opening_again")
    if letter.topics:
        seed = "|".join((*brief.topics, letter.name, letter.company))
        return letter.phrases.opening(brief.voice.tone, seed, subject=letter.subject_matter())
    if letter.excerpt and not letter.asked:
        return say("opening_quote", quote=letter.quoted_excerpt())
    return say("opening_bare", sender_company=brief.sender_company)


def _speak_to_topics(letter: Letter) -> None:
    answering = bool(letter.brief.open_question or letter.asked)
    if answering:
        # An answer was promised already: one more remark at most, and none on the price, which is an answer itself.
        letter.add(*[letter.says(topic) for topic in letter.topics if topic != "pricing"][:1])
    elif letter.topics:
        letter.add(*(letter.says(topic) for topic in letter.topics[:_TOPICS_ANSWERED]))
    elif _books_call(letter.brief):
        letter.add(letter.phrases.say("general_call"))


def _offer_asset(letter: Letter) -> None:
    asset = letter.brief.asset
    if asset is None:
        return
    key = "asset_first" if _books_call(letter.brief) else "asset_alone"
    source = f"asset:{asset.id}"
    language = letter.phrases.say("in_english") if asset.language == DEFAULT_LANGUAGE else ""
    title = letter.phrases.say(key, title=letter.claim(asset.title, source))
    letter.add(f"{title}{language}\n{letter.claim(asset.url, source)}")


def _ask(letter: Letter) -> None:
    """The one call to action, in the last paragraph."""
    brief, say = letter.brief, letter.phrases.say
    if _books_call(brief):
        letter.add(_slot_list(letter) if brief.slots else say("ask_times"))
    elif brief.call_to_action == "share_asset" and brief.asset:
        letter.add(say("asset_read"))
    else:
        topic = letter.topics[0] if letter.topics else "other"
        letter.add(letter.phrases.about(topic, "asks"))


def _slot_list(letter: Letter) -> str:
    slots = letter.brief.slots[: letter.voice.slot_count]
    minutes = str(int((slots[0].end - slots[0].start).total_seconds() // 60))
    labels = [letter.claim(apply_voice(slot.label, letter.voice), f"slot:{number}")
              for number, slot in enumerate(slots, 1)]
    asks = letter.phrases.say("slots" if len(slots) > 1 else "slot_single", minutes=minutes)
    return "\n".join([asks, *(f"- {label}" for label in labels), letter.phrases.say("slots_else")])


def _subject(letter: Letter) -> str:
    brief, say = letter.brief, letter.phrases.say
    if brief.in_conversation and (thread := subject_line(brief.thread_subject)):
        return f"Re: {thread}"
    if brief.complaint or brief.call_to_action == "apologise":
        return say("subject_apology")
    if not letter.topics:
        return say("subject_bare", sender_company=brief.sender_company)
    if not letter.company:
        return say("subject_topics_only", topics=letter.claimed_topics("labels", _TOPICS_ANSWERED))
    topics = letter.claimed_topics("subjects", _TOPICS_ANSWERED)
    return say("subject_topics", Topics=topics, company=letter.claimed_company())
