"""A letter in the making: its paragraphs, what it claims, and what the operator should know."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from sales_agent.connectors.template.phrases import Phrases
from sales_agent.connectors.template.quoting import company_name, excerpt, first_name, question, quotable, systems
from sales_agent.ports.voice_rules import apply_voice
from sales_agent.ports.writer import Brief, Claim, VoiceProfile

_QUESTION_LENGTH = 180
_TOPICS_NAMED = 2


@dataclass
class Letter:
    """Collects paragraphs; every value that comes from somewhere is entered with its source."""

    brief: Brief
    phrases: Phrases
    language: str
    paragraphs: list[str] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.name = first_name(self.brief.recipient_first_name)
        self.company = company_name(self.brief.recipient_company)
        self.topics = [topic for topic in self.brief.topics if self.phrases.about(topic, "labels")]
        self.question = quotable(self.brief.open_question, _QUESTION_LENGTH)
        self.excerpt = excerpt(self.brief.message)
        self.asked = question(self.brief.message)
        self.voice = self._voice()

    def add(self, *sentences: str) -> None:
        """Add one paragraph; blank sentences are left out."""
        if text := " ".join(filter(None, sentences)):
            self.paragraphs.append(text)

    def claim(self, text: str, source: str) -> str:
        self.claims.append(Claim(text, source))
        return text

    def subject_matter(self) -> str:
        """What the message is about, in our words, with the company when it is known."""
        company = self.phrases.say("for_company", company=self.claimed_company()) if self.company else ""
        return self.claimed_topics("labels", _TOPICS_NAMED) + company

    def claimed_topics(self, group: str, most: int) -> str:
        """The first topics as a list, in the words of the group: labels in a sentence, subjects to begin a line."""
        listed = self.phrases.listed([self.phrases.about(topic, group) for topic in self.topics[:most]])
        return self.claim(listed[:1].upper() + listed[1:] if group == "subjects" else listed, "form.message")

    def claimed_company(self) -> str:
        return self.claim(self.company, "form.company")

    def quoted_question(self) -> str:
        source = self.brief.open_question_source
        return self._quoted(self.question, source if source.startswith("thread:") else f"thread:{source}")

    def quoted_excerpt(self) -> str:
        return self._quoted(self.excerpt, "form.message")

    def quoted_asked(self) -> str:
        return self._quoted(self.asked, "form.message")

    def says(self, topic: str) -> str:
        """What we say on the topic; on integrations, with the systems they named."""
        named = systems(self.brief.message) if topic == "integration" else []
        if not named:
            return self.phrases.about(topic, "says")
        listed = self.phrases.listed([self.claim(system, "form.message") for system in named])
        return self.phrases.say("says_integration_with", systems=listed)

    def _quoted(self, text: str, source: str) -> str:
        """In quotation marks, with a full stop after it unless it ends a sentence itself."""
        mark = self.phrases.say("quote", text=self.claim(text, source))
        return mark if text[-1:] in ".!?…" else f"{mark}."

    def text(self) -> str:
        """The whole letter, in the voice."""
        greeting, voice = self._greeting(), self.voice
        content = self.paragraphs
        if content and not greeting.endswith(","):
            content = [content[0][:1].upper() + content[0][1:], *content[1:]]
        name, company = self.brief.sender_name, self.brief.sender_company
        self.claim(name, "settings.SENDER_NAME")
        self.claim(company, "settings.SENDER_COMPANY")
        closing = ["\n".join(filter(None, [voice.sign_off, name, company]))]
        if voice.postscript:
            closing.append(f"P.S. {voice.postscript}")
        asset = self.brief.asset
        keep = (name, company, self.name, self.company, self.question, self.excerpt, self.asked,
                asset.title if asset else "")
        return apply_voice("\n\n".join([greeting, *content, *closing]), voice, keep)

    def _greeting(self) -> str:
        if not self.name:
            return self.voice.greeting_without_name
        return self.voice.greeting.replace("{first_name}", self.claim(self.name, "form.firstname"))

    def _voice(self) -> VoiceProfile:
        """The voice in the letter's language."""
        voice = self.brief.voice
        if self.language == "en":
            return voice
        words = voice.translations.get(self.language, {})
        chosen = {key: words.get(key) or self.phrases.say(key, first_name="{first_name}")
                  for key in ("greeting", "greeting_without_name", "sign_off")}
        return replace(voice, greeting=chosen["greeting"], greeting_without_name=chosen["greeting_without_name"],
                       sign_off=chosen["sign_off"], postscript=words.get("postscript", ""))
