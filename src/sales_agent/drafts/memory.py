"""What similar conversations taught us, as counts: nothing here can name or quote another client."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence

from pydantic import BaseModel, ConfigDict

from sales_agent.leads.intent import topics as topics_of
from sales_agent.ports.mail import MailMessage, MailThread

_ENOUGH_THREADS = 3  # fewer would say something about single clients, and prove nothing
_SHARED = re.compile(r"https?://|\battach(?:ed|ment)\b|\bim anhang\b|\bci-joint\b|\badjunt[oa]\b", re.IGNORECASE)
_CALL = re.compile(
    r"\b\d{1,2}:\d{2}\b|\b\d{1,2} ?[ap]m\b"
    r"|\b(?:call|meet(?:ing)?|termin|gespräch|appel|rendez-vous|llamada|reunión)\b",
    re.IGNORECASE,
)
_WORDS = {"book_call": "offered a call", "share_asset": "shared a document", "reply_with_answer": "answered by mail"}


class ThreadFeatures(BaseModel):
    """What one thread contributes; may be cached by thread id and number of messages.

    It holds addresses, so it stays inside the process.
    """

    model_config = ConfigDict(frozen=True)

    participants: frozenset[str]
    topics: frozenset[str]
    call_to_action: str
    answered: bool


class MemoryFacts(BaseModel):
    """Counts over similar threads, and one sentence on them."""

    model_config = ConfigDict(frozen=True)

    similar_threads: int = 0
    answered: int = 0
    best_call_to_action: str = ""  # book_call | share_asset | reply_with_answer, or "" when too little is known
    lesson: str = "No similar conversations yet."


def thread_features(thread: MailThread) -> ThreadFeatures | None:
    """The features of a thread in which we wrote; None for any other."""
    messages = thread.messages
    sent = [number for number, message in enumerate(messages) if message.direction == "sent" and not message.automatic]
    if not sent:
        return None
    people = {address for message in messages for address in (message.sender, *message.recipients)}
    text = "\n".join([thread.subject, *(message.text for message in messages[:4])])
    answered = any(message.direction == "received" and not message.automatic for message in messages[sent[0] + 1:])
    return ThreadFeatures(participants=frozenset(people), topics=frozenset(topics_of(text)),
                          call_to_action=_call_to_action(messages[sent[0]]), answered=answered)


def recall(threads: Iterable[MailThread], topics: Sequence[str], exclude_addresses: Collection[str]) -> MemoryFacts:
    """What our past threads say about these topics, without those of the excluded people."""
    return match(filter(None, map(thread_features, threads)), topics, exclude_addresses)


def match(features: Iterable[ThreadFeatures], topics: Sequence[str], exclude_addresses: Collection[str]) -> MemoryFacts:
    """Like `recall`, on features computed before."""
    excluded = {address.lower() for address in exclude_addresses}
    similar = [thread for thread in features
               if thread.topics.intersection(topics) and thread.participants.isdisjoint(excluded)]
    if len(similar) < _ENOUGH_THREADS:
        return MemoryFacts()
    tried = Counter(thread.call_to_action for thread in similar)
    worked = Counter(thread.call_to_action for thread in similar if thread.answered)
    best = max(tried, key=lambda action: (worked[action] / tried[action], tried[action], action)) if worked else ""
    return MemoryFacts(similar_threads=len(similar), answered=worked.total(), best_call_to_action=best,
                       lesson=_lesson(len(similar), worked, tried, best))


def _call_to_action(message: MailMessage) -> str:
    if _SHARED.search(message.text):
        return "share_asset"
    return "book_call" if _CALL.search(message.text) else "reply_with_answer"


def _lesson(similar: int, worked: Counter[str], tried: Counter[str], best: str) -> str:
    lesson = f"Of {similar} similar conversations, {worked.total()} were answered"
    if not best:
        return f"{lesson}."
    return f"{lesson}; most often when we {_WORDS[best]} ({worked[best]} of {tried[best]})."
