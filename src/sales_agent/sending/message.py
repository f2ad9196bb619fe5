"""A letter as the bytes of an email, read back before it may leave."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime
from email import message_from_bytes
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy
from typing import Any

from sales_agent.core.text import one_line
from sales_agent.drafts.letter import Letter
from sales_agent.leads.addresses import parse_address
from sales_agent.ports.mail import KEY_HEADER, MESSAGE_ID

MAX_REFERENCES = 20
_MAX_SUBJECT = 250  # characters
_MAX_NAME = 120
_ID_HEADERS = frozenset({"message-id", "in-reply-to", "references"})
_UNFOLDED = frozenset({"list-unsubscribe", KEY_HEADER.lower()})


class _Policy(EmailPolicy):
    """CRLF and lines of at most 78 characters, except for ids and links, which must not be cut or encoded: the
    library makes an encoded word of a long message id, and then no mail program finds its thread."""

    def fold(self, name: str, value: Any) -> str:
        if name.lower() in _ID_HEADERS:
            return f"{name}: " + "\r\n ".join(str(value).split()) + "\r\n"
        if name.lower() in _UNFOLDED:
            return f"{name}: {value}\r\n"
        return str(super().fold(name, value))

    def fold_binary(self, name: str, value: Any) -> bytes:
        if name.lower() in _ID_HEADERS | _UNFOLDED:
            return self.fold(name, value).encode("ascii")
        return super().fold_binary(name, value)


_POLICY = _Policy(**{name: getattr(SMTP, name) for name in ("linesep", "max_line_length", "header_factory", "content_manager")},
                  raise_on_defect=False, cte_type="7bit")


def build_message(letter: Letter, *, key: str, at: datetime) -> bytes:
    """The message, multipart/alternative with CRLF lines, in ASCII.

    Raises ValueError, with a sentence that repeats nothing of the letter, where it could not mean exactly what
    the letter says: line breaks or encoded words in a header, an address that is not one plain address.
    """
    sender, recipient = _address(letter.sender_name, letter.sender), _address(letter.recipient_name, letter.recipient)
    message = EmailMessage(policy=_POLICY)
    for name, value in _headers(letter, sender, recipient, key, at).items():
        message[name] = value
    message.set_content(letter.text, cte="quoted-printable")
    message.add_alternative(letter.html, subtype="html", cte="quoted-printable")
    for part in message.iter_parts():
        del part["MIME-Version"]  # it belongs to the whole
    message.set_boundary(f"=_{hashlib.sha256(key.encode()).hexdigest()[:32]}")
    raw = message.as_bytes()
    _check(raw, list(message.keys()), letter, recipient)
    return raw


def _headers(letter: Letter, sender: Address, recipient: Address, key: str, at: datetime) -> dict[str, Any]:
    headers: dict[str, Any] = {
        "From": sender, "Reply-To": sender, "To": recipient, "Subject": _line(letter.subject, _MAX_SUBJECT), "Date": at,
        "Message-ID": f"<{key}@{sender.domain}>"}
    if letter.in_reply_to:
        headers["In-Reply-To"] = _ids([letter.in_reply_to])
        headers["References"] = _ids(_chain(letter))
    return headers | {
        "List-Unsubscribe": f"<{_url(letter.unsubscribe_url)}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        KEY_HEADER: _line(key, 80)}


def _chain(letter: Letter) -> list[str]:
    """The parent's references, then the parent; of a long chain its first and its last."""
    chain = list(dict.fromkeys([*letter.references, letter.in_reply_to]))
    chain.append(chain.pop(chain.index(letter.in_reply_to)))
    return chain if len(chain) <= MAX_REFERENCES else [chain[0], *chain[1 - MAX_REFERENCES:]]


def _ids(ids: list[str]) -> str:
    if not all(MESSAGE_ID.fullmatch(each) for each in ids):
        raise ValueError("the message that this answers has an id that cannot be written down")
    return " ".join(ids)


def _address(name: str, raw: str) -> Address:
    address = parse_address(raw).address
    if not address.isascii():
        raise ValueError("a local part beyond ASCII is more than most mail servers take")
    local, _, domain = address.rpartition("@")
    return Address(_line(name, _MAX_NAME), local, domain)


def _line(text: str, limit: int) -> str:
    """The text as it is, if it is one harmless line: it is refused, not mended, because it was approved as it is."""
    if text != one_line(text, limit) or "=?" in text:
        raise ValueError("the subject or a name holds something that must not stand in a header")
    return text


def _url(url: str) -> str:
    if not re.fullmatch(r"https?://[!#-;=?-Z\\^-z~%\[\]]{1,400}", url):
        raise ValueError("the unsubscribe link cannot be written down")
    return url


def _check(raw: bytes, names: list[str], letter: Letter, recipient: Address) -> None:
    """Read the bytes as any receiver would: the same headers, one recipient, the same words."""
    found = message_from_bytes(raw, policy=SMTP)
    assert isinstance(found, EmailMessage)
    text, html = found.get_body(("plain",)), found.get_body(("html",))
    if (found.keys() != names or [each.addr_spec for each in found["To"].addresses] != [recipient.addr_spec]
            or found["Subject"] != letter.subject or text is None or html is None
            or _words(text) != letter.text.rstrip("\n") or _words(html) != letter.html.rstrip("\n")):
        raise ValueError("the mail would not say what was approved")


def _words(part: Any) -> str:
    return str(part.get_content()).replace("\r\n", "\n").rstrip("\n")
