"""What a stored message says: read leniently, because anybody can send us anything."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.errors import InvalidHeaderDefect, MessageError
from email.utils import parsedate_to_datetime
from typing import Any

from sales_agent.connectors.local.addresses import comparable
from sales_agent.connectors.local.message_text import newest_text
from sales_agent.core.text import one_line
from sales_agent.ports.mail import Direction, MailMessage

MESSAGE_ID = re.compile(r"<(?![^<>]*=\?)[!-;=?-~]{3,250}>")  # printable ASCII, and nothing that decodes to more
_ADDRESS = re.compile(r"[^\s<>()\[\]\\,;:\"@]+@[^\s<>()\[\]\\,;:\"@]+")
_ANGLE_ADDRESS = re.compile(r"[^<>]*<([^<>]*)>\s*")
_MAX_REFERENCES = 50
_LONGEST_HEADER = 2_000  # characters; the library needs seconds for ten times that, when it is made for it
_READ_RAW = ("message-id", "references", "in-reply-to")  # only ever searched with the pattern above
_HEADER_ERRORS = (ValueError, IndexError, TypeError, AttributeError, RecursionError, MessageError)
_DAEMONS = ("mailer-daemon@", "postmaster@")
_ROBOT_HEADERS = ("List-Id", "List-Unsubscribe", "X-Autoreply", "X-Autorespond", "X-Auto-Response-Suppress")


class _BoundedPolicy(policy.EmailPolicy):
    """Cuts oversized headers, of the message and of its parts, before anything interprets them."""

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        name, value = super().header_source_parse(sourcelines)
        return name, value if name.lower() in _READ_RAW else value[:_LONGEST_HEADER]


_BOUNDED = _BoundedPolicy()


def parse(raw: bytes, *, name: str, direction: Direction, arrived: datetime) -> MailMessage:
    """A stored message, read leniently: odd charsets and missing headers never raise. Its thread is not known yet.

    Only the folder says who wrote: anybody can put our address into From. A message without
    a usable date has that of its arrival.
    """
    message = message_from_bytes(raw, policy=_BOUNDED)
    sender_name, sender = _sender(message)
    return MailMessage(
        id=name, thread_id="", message_id=_message_id(message), direction=direction,
        sender=sender, sender_name=one_line(sender_name, 120),
        recipients=_recipients(message), subject=one_line(str(_header(message, "Subject")), 300),
        date=_date(message) or arrived, text=newest_text(message),
        references=_references(message), automatic=_is_automatic(message, sender))


def _message_id(message: Any) -> str:
    found = MESSAGE_ID.search(_raw_header(message, "Message-ID"))
    return found[0] if found else ""


def _references(message: Any) -> tuple[str, ...]:
    """The ids this message refers to, oldest first (RFC 5322, 3.6.4)."""
    listed = [*MESSAGE_ID.findall(_raw_header(message, "References")),
              *MESSAGE_ID.findall(_raw_header(message, "In-Reply-To"))]
    return tuple(first_and_last(list(dict.fromkeys(listed)), _MAX_REFERENCES))


def first_and_last(ids: list[str], count: int) -> list[str]:
    return ids if len(ids) <= count else ids[:1] + ids[1 - count:]


def _raw_header(message: Any, name: str) -> str:
    """The first header of this name as it stands in the message, on one line."""
    value = next((value for header, value in message.raw_items() if header.lower() == name.lower()), "")
    return " ".join(str(value).split())


def _header(message: Any, name: str) -> Any:
    """The decoded header, or "" when it is not there or too malformed for the library."""
    try:
        return message.get(name, "")
    except _HEADER_ERRORS:
        return ""


def _addresses(header: Any) -> list[tuple[str, str]]:
    """(display name, address in lower case) of everyone in the header; what is no address is left out."""
    try:
        pairs = [(each.display_name, each.addr_spec.lower()) for each in getattr(header, "addresses", ())]
    except _HEADER_ERRORS:
        return []
    return [(display, address) for display, address in pairs if _ADDRESS.fullmatch(address)]


def _sender(message: Any) -> tuple[str, str]:
    """The author's name and address, blank when the header does not clearly say.

    For `boss@corp.com <x@evil.example>` the library answers the boss. What stands in the one
    pair of angle brackets at the end is the address, as every mail client has it.
    """
    header = _header(message, "From")
    if any(isinstance(defect, InvalidHeaderDefect) for defect in getattr(header, "defects", ())):
        match = _ANGLE_ADDRESS.fullmatch(_raw_header(message, "From"))
        address = match[1].strip().lower() if match else ""
        return "", address if _ADDRESS.fullmatch(address) else ""
    return next(iter(_addresses(header)), ("", ""))


def _recipients(message: Any) -> tuple[str, ...]:
    found = [*_addresses(_header(message, "To")), *_addresses(_header(message, "Cc"))]
    return tuple(dict.fromkeys(address for _, address in found))


def _date(message: Any) -> datetime | None:
    try:
        found = parsedate_to_datetime(_raw_header(message, "Date"))
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, TypeError, OverflowError):
        return None


def _is_automatic(message: Any, sender: str) -> bool:
    if _raw_header(message, "Auto-Submitted").split(";")[0].strip().lower() not in ("", "no"):
        return True
    if message.get_content_type() == "multipart/report" or _raw_header(message, "Return-Path") == "<>":
        return True
    if _raw_header(message, "Precedence").lower() in ("bulk", "junk", "list", "auto_reply"):
        return True
    return sender.startswith(_DAEMONS) or any(name in message for name in _ROBOT_HEADERS)
