"""The letter that a draft becomes: everything that leaves, apart from date and ids.

A pure function of the draft and of who sends, so that what was approved and what is about to leave can be
compared: an approval binds to `Letter.fingerprint`.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from sales_agent.core.settings import SenderSettings
from sales_agent.drafts.letter_html import html_of

_REPLY = re.compile(r"(?i)^\s*(?:re|aw|antw|sv|vs|ref|rv|r)\s*:")
_UNSUBSCRIBE = {
    "en": "If you would rather not hear from me, unsubscribe here: {url}",
    "de": "Wenn Sie keine Nachrichten mehr von mir möchten, melden Sie sich hier ab: {url}",
    "fr": "Si vous ne souhaitez plus recevoir mes messages, désinscrivez-vous ici : {url}",
    "es": "Si prefiere no recibir más mensajes míos, dese de baja aquí: {url}",
}


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail to one person. `text` is the draft's body followed by the footer; `html` says the same."""

    sender_name: str
    sender: str  # addr-spec: From and Reply-To
    recipient_name: str
    recipient: str  # addr-spec
    subject: str
    text: str
    html: str
    in_reply_to: str  # Message-ID with angle brackets, or blank
    references: tuple[str, ...]
    thread_id: str
    unsubscribe_url: str

    @property
    def fingerprint(self) -> str:
        """SHA-256 in hex over every part, as canonical JSON: no two different letters share a spelling."""
        canonical = json.dumps(asdict(self), sort_keys=True, ensure_ascii=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode("ascii")).hexdigest()


class Composer:
    """Turns drafts into letters in the name of one sender.

    `unsubscribe_url` answers the link for an address; the same one every time.
    """

    def __init__(self, sender: SenderSettings, unsubscribe_url: Callable[[str], str]) -> None:
        self._sender = sender
        self._unsubscribe_url = unsubscribe_url

    def letter(self, draft: Any) -> Letter:
        """The letter for a row of `drafts`."""
        url = self._unsubscribe_url(draft.recipient)
        text = f"{draft.body.rstrip()}\n\n{self.footer(draft.language, url)}"
        return Letter(
            sender_name=self._sender.sender_name, sender=self._sender.mail_from, recipient_name=draft.recipient_name,
            recipient=draft.recipient, subject=_subject(draft), text=text, html=html_of(text),
            in_reply_to=draft.in_reply_to or "", references=tuple(json.loads(draft.references)),
            thread_id=draft.thread_id or "", unsubscribe_url=url)

    def footer(self, language: str, url: str) -> str:
        """Who writes, from where, and how to make it stop: a signature block after the usual `-- `."""
        sender = self._sender
        who = ", ".join(filter(None, [sender.sender_name, sender.sender_company]))
        stop = _UNSUBSCRIBE.get(language, _UNSUBSCRIBE["en"]).format(url=url)
        lines = ["-- ", who, " ".join(sender.sender_address.split()), stop]
        return "\n".join(line for line in lines if line)


def _subject(draft: Any) -> str:
    """A reply says so: mail programs and Gmail thread by the subject too."""
    subject: str = draft.subject.strip()
    return f"Re: {subject}" if draft.in_reply_to and not _REPLY.match(subject) else subject
