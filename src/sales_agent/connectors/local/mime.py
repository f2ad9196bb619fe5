"""RFC 5322 in and out: what a stored message says, and how a draft is written down safely.

The interpreter's own header handling is not trusted alone: some patch releases let an
encoded newline in a subject become a header of its own, so text is cleaned before, and the
finished bytes are parsed again and compared.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, getaddresses, make_msgid, parsedate_to_datetime
from typing import Any

from mailparser_reply import EmailReplyParser
from selectolax.lexbor import LexborHTMLParser

from sales_agent.core.text import clean_text, one_line
from sales_agent.ports.mail import DraftMail, MailMessage

POLICY = policy.SMTP.clone(max_line_length=998)  # folding long ids breaks threading on some releases
KEY_HEADER = "X-Sales-Agent-Key"
_ENCODED_WORD = re.compile(r"=\?[^?\s]*\?[bBqQ]\?[^?]*\?=")
_MESSAGE_ID = re.compile(r"<[^<>\s]{3,250}>")
_MAX_TEXT = 50_000


def parse(raw: bytes, *, name: str, thread_id: str, owner: str) -> MailMessage:
    """A stored message, parsed leniently: odd charsets and missing headers never raise."""
    message = message_from_bytes(raw, policy=policy.default)
    sender_name, sender = _first_address(_header(message, "From"))
    recipients = tuple(address.lower() for _, address in getaddresses([_header(message, "To"), _header(message, "Cc")])
                       if "@" in address)
    return MailMessage(
        id=name, thread_id=thread_id, message_id=message_id(message), direction="sent" if sender == owner else "received",
        sender=sender, sender_name=one_line(sender_name, 120), recipients=recipients,
        subject=one_line(_header(message, "Subject"), 300), date=_date(message), text=_newest_text(message),
        references=references(message), automatic=_is_automatic(message))


def message_id(message: Any) -> str:
    found = _MESSAGE_ID.search(_header(message, "Message-ID"))
    return found[0] if found else ""


def references(message: Any) -> tuple[str, ...]:
    """The ids this message refers to, oldest first (RFC 5322, 3.6.4)."""
    listed = _MESSAGE_ID.findall(_header(message, "References")) + _MESSAGE_ID.findall(_header(message, "In-Reply-To"))
    return tuple(dict.fromkeys(listed))


def build_draft(draft: DraftMail, *, key: str, owner: str, owner_name: str, now: datetime) -> bytes:
    """The draft as bytes with CRLF lines. Raises ValueError when it would not parse back as meant."""
    message = EmailMessage(policy=POLICY)
    message["From"] = Address(header_text(owner_name, 120), addr_spec=owner)
    message["To"] = Address(header_text(draft.recipient_name, 120), addr_spec=draft.recipient)
    message["Subject"] = header_text(draft.subject, 250)
    message["Date"] = format_datetime(now)
    message["Message-ID"] = make_msgid(domain=owner.rpartition("@")[2])
    if _MESSAGE_ID.fullmatch(draft.in_reply_to):
        message["In-Reply-To"] = draft.in_reply_to
    if chain := [each for each in draft.references if _MESSAGE_ID.fullmatch(each)]:
        message["References"] = " ".join(chain[:1] + chain[1:][-19:])
    message[KEY_HEADER] = header_text(key, 200)
    message.set_content(clean_text(draft.text, _MAX_TEXT))
    return _checked(message, draft.recipient)


def header_text(value: str, limit: int) -> str:
    """One line without encoded words, which a header would decode into something else."""
    return _ENCODED_WORD.sub("", one_line(value, limit)).strip()


def _checked(message: EmailMessage, recipient: str) -> bytes:
    raw = message.as_bytes()
    again = message_from_bytes(raw, policy=policy.default)
    recipients = [address.lower() for _, address in getaddresses([str(again["To"])])]
    if sorted(again.keys()) != sorted(message.keys()) or recipients != [recipient.lower()]:
        raise ValueError("the draft would not say what was meant")
    return raw


def _header(message: Any, name: str) -> str:
    try:
        return str(message.get(name, ""))
    except (ValueError, IndexError, TypeError, AttributeError):  # malformed headers break the parser in many ways
        return ""


def _first_address(value: str) -> tuple[str, str]:
    pairs = [(name, address.lower()) for name, address in getaddresses([value]) if "@" in address]
    return pairs[0] if pairs else ("", "")


def _date(message: Any) -> datetime:
    try:
        found = parsedate_to_datetime(_header(message, "Date"))
    except (ValueError, TypeError):
        return datetime.fromtimestamp(0, UTC)
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def _newest_text(message: Any) -> str:
    text = clean_text(_body(message), _MAX_TEXT)
    newest = EmailReplyParser(languages=["en", "de", "fr", "es"]).read(text=text).latest_reply
    return (newest or "").strip()


def _body(message: Any) -> str:
    part = message.get_body(preferencelist=("plain", "html"))
    if part is None:
        return ""
    try:
        content = str(part.get_content())
    except (LookupError, ValueError, AttributeError):  # an unknown or lying charset
        content = (part.get_payload(decode=True) or b"").decode("utf-8", "replace")
    if part.get_content_subtype() == "html":
        tree = LexborHTMLParser(content)
        tree.strip_tags(["script", "style", "head"])
        return tree.body.text(separator="\n") if tree.body else ""
    return content


def _is_automatic(message: Any) -> bool:
    if _header(message, "Auto-Submitted").split(";")[0].strip().lower() not in ("", "no"):
        return True
    if message.get_content_type() == "multipart/report" or _header(message, "Return-Path") == "<>":
        return True
    if _header(message, "Precedence").lower() in ("bulk", "junk", "list", "auto_reply"):
        return True
    return any(_header(message, name) for name in ("X-Autoreply", "X-Autorespond", "List-Id", "List-Unsubscribe"))
