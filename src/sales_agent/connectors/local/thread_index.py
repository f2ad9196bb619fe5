"""Which stored messages belong together: by In-Reply-To and References, never by subject.

A message joins the thread of its own parent and of nothing else it names, so a stranger
cannot tie two conversations together by listing both. The result depends on the messages
alone, not on the order in which they were read, so every process names a thread alike.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise

from sales_agent.connectors.local.addresses import comparable
from sales_agent.ports.mail import MailMessage, MailThread, ThreadRef


class ThreadIndex:
    """The threads of a set of messages. Never changes: a changed mailbox gets a new index."""

    def __init__(self, messages: Iterable[MailMessage]) -> None:
        ordered = sorted(_without_own_copies(messages), key=lambda message: (message.date, message.id))
        parents = _parents(ordered)
        grouped: defaultdict[str, list[MailMessage]] = defaultdict(list)
        self._ids: dict[str, str] = {}  # the name any message would give its thread: the thread's id
        for message in ordered:
            thread_id = thread_name(_root(_identity(message), parents))
            grouped[thread_id].append(replace(message, thread_id=thread_id))
            self._ids[thread_name(_identity(message))] = thread_id
        self._threads = {id: MailThread(id, group[0].subject, tuple(group)) for id, group in grouped.items()}
        self.newest_first = sorted(self._threads.values(), key=lambda thread: thread.messages[-1].date, reverse=True)
        self._by_address = _by_address(self.newest_first)
        self.sent = [thread for thread in self.newest_first if _we_wrote_in(thread)]

    def with_person(self, address: str, limit: int) -> list[ThreadRef]:
        found = self._by_address.get(comparable(address.strip()), [])[:limit]
        return [ThreadRef(each.id, each.subject, each.messages[-1].date, len(each.messages),
                          max(message.seen_from for message in each.messages)) for each in found]

    def thread(self, thread_id: str) -> MailThread | None:
        """By its id, also by one it had before an older message of it turned up."""
        return self._threads.get(thread_id) or self._threads.get(self._ids.get(thread_id, ""))


def _we_wrote_in(thread: MailThread) -> bool:
    return any(message.direction == "sent" for message in thread.messages)


def _without_own_copies(messages: Iterable[MailMessage]) -> list[MailMessage]:
    """What we sent and also received (we were in copy) counts once, as sent."""
    everything = list(messages)
    sent = {message.message_id for message in everything if message.direction == "sent" and message.message_id}
    return [message for message in everything if message.direction == "sent" or message.message_id not in sent]


def _parents(messages: Sequence[MailMessage]) -> dict[str, str]:
    parents: dict[str, str] = {}
    for message in messages:  # hearsay, for the messages that we do not have ourselves
        for parent, child in pairwise(message.references):
            parents.setdefault(child, parent)
    for message in reversed(messages):  # what a message says of itself counts; of two with one id, the older one
        if message.references:
            parents[_identity(message)] = message.references[-1]
        else:
            parents.pop(_identity(message), None)
    return parents


def _root(identity: str, parents: dict[str, str]) -> str:
    seen = {identity}
    while (parent := parents.get(identity)) is not None:
        if parent in seen:  # forged references can form a ring
            return min(seen)
        seen.add(parent)
        identity = parent
    return identity


def _by_address(threads: Iterable[MailThread]) -> dict[str, list[MailThread]]:
    found: defaultdict[str, list[MailThread]] = defaultdict(list)
    for thread in threads:
        for address in {address for each in thread.messages for address in (each.sender, *each.recipients)}:
            found[address].append(thread)
    found.pop("", None)
    return found


def _identity(message: MailMessage) -> str:
    return message.message_id or f"<{message.id}>"


def thread_name(message_id: str) -> str:
    """The id of the thread that a message of this id begins."""
    return hashlib.sha256(message_id.encode()).hexdigest()[:24]
