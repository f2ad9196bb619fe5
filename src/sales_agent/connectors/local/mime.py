"""What a stored message says: read leniently, because anybody can send us anything."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.errors import InvalidHeaderDefect, MessageError
from email.utils import parsedate_to_datetime
from typing import Any

from sales_agent.connectors.local.addresses import comparable
from sales_agent.connectors.local.message_text import newest_text
from sales_agent.core.text import one_line
from sales_agent.ports.mail import MESSAGE_ID, Direction, MailMessage

MAX_RAW = 4_000_000  # bytes; what people write stands before their attachments
_ADDRESS = re.compile(r"[^\s<>()\[\]\\,;:\"@]+@[^\s<>()\[\]\\,;:\"@]+")
_ANGLE_ADDRESS = re.compile(r"[^<>]*<([^<>]*)>\s*")
_MAX_REFERENCES = 50
_LONGEST_HEADER = 2_000  # characters; the library needs seconds for ten times that, when it is made for it
_LONGEST_CHAIN = 100_000
_HEADER_ERRORS = (ValueError, IndexError, TypeError, AttributeError, RecursionError, MessageError)
_CLOCK_ERROR = timedelta(days=1)
_ROBOT = re.compile(r"(?:mailer-daemon|postmaster|no-?reply|do-?not-?reply|bounces?|owner-.+|.+-request)@")
_ROBOT_HEADERS = frozenset({"list-id", "list-unsubscribe", "feedback-id", "x-autoreply", "x-autorespond",
                            "x-auto-response-suppress"})
_ROBOT_SUBJECT = re.compile(
    r"(?:automatic reply|auto(?:reply)?|out of (?:the )?office|automatische antwort|abwesenheit\w*|abwesend|"
    r"réponse automatique|absence du bureau|respuesta automática|fuera de (?:la )?oficina)\s*:"
    r"|out of (?:the )?office\b|abwesenheitsnotiz\b|undeliver|mail delivery (?:failed|failure)|delivery status notification",
    re.IGNORECASE)

Headers = Mapping[str, str]  # lower-case name: the first value, unfolded, not decoded


def parse(raw: bytes, *, name: str, direction: Direction, arrived: datetime) -> MailMessage:
    """A stored message, read leniently: odd charsets and missing headers never raise. Its thread is not known yet.

    Only the folder says who wrote: anybody can put our address into From. A message without
    a usable date, or with one after its arrival, has that of its arrival.
    """
    message = message_from_bytes(raw, policy=policy.compat32)
    headers = _headers(message)
    sender_name, sender = _sender(headers)
    subject = one_line(str(_decoded(headers, "subject")), 300)
    return MailMessage(
        id=name, thread_id="", message_id=_message_id(headers), direction=direction,
        sender=sender, sender_name=one_line(sender_name, 120), recipients=_recipients(headers), subject=subject,
        date=_date(headers, arrived), text=newest_text(message), references=_references(headers),
        automatic=_is_automatic(message.get_content_type(), headers, sender, subject),
        arrived=arrived if direction == "received" else None)


def first_and_last(ids: list[str], count: int) -> list[str]:
    return ids if len(ids) <= count else ids[:1] + ids[1 - count:]


def _headers(message: Any) -> Headers:
    found: dict[str, str] = {}
    for name, value in message.raw_items():
        text = str(value)[:_LONGEST_CHAIN].encode("ascii", "surrogateescape").decode("utf-8", "replace")
        found.setdefault(name.lower(), " ".join(text.split()))
    return found


def _message_id(headers: Headers) -> str:
    found = MESSAGE_ID.search(headers.get("message-id", ""))
    return found[0] if found else ""


def _references(headers: Headers) -> tuple[str, ...]:
    """The ids this message refers to, oldest first (RFC 5322, 3.6.4)."""
    listed = MESSAGE_ID.findall(headers.get("references", "") + " " + headers.get("in-reply-to", ""))
    return tuple(first_and_last(list(dict.fromkeys(listed)), _MAX_REFERENCES))


def _decoded(headers: Headers, name: str) -> Any:
    """The header as the library understands it, or "" when it is not there or too malformed."""
    try:
        return policy.default.header_factory(name, headers[name][:_LONGEST_HEADER]) if name in headers else ""
    except _HEADER_ERRORS:
        return ""


def _addresses(header: Any) -> list[tuple[str, str]]:
    """(display name, comparable address) of everyone in the header; what is no address is left out."""
    try:
        pairs = [(each.display_name, comparable(each.addr_spec)) for each in getattr(header, "addresses", ())]
    except _HEADER_ERRORS:
        return []
    return [(display, address) for display, address in pairs if _ADDRESS.fullmatch(address)]


def _sender(headers: Headers) -> tuple[str, str]:
    """The author's name and address, blank when the header does not clearly say.

    For `boss@corp.com <x@evil.example>` the library answers the boss. What stands in the one
    pair of angle brackets at the end is the address, as every mail client has it.
    """
    header = _decoded(headers, "from")
    if any(isinstance(defect, InvalidHeaderDefect) for defect in getattr(header, "defects", ())):
        match = _ANGLE_ADDRESS.fullmatch(headers["from"])
        address = comparable(match[1].strip()) if match else ""
        return "", address if _ADDRESS.fullmatch(address) else ""
    return next(iter(_addresses(header)), ("", ""))


def _recipients(headers: Headers) -> tuple[str, ...]:
    found = [*_addresses(_decoded(headers, "to")), *_addresses(_decoded(headers, "cc"))]
    return tuple(dict.fromkeys(address for _, address in found))


def _date(headers: Headers, arrived: datetime) -> datetime:
    try:
        found = parsedate_to_datetime(headers.get("date", ""))
        found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return arrived
    return found if found < arrived + _CLOCK_ERROR else arrived


def _is_automatic(content_type: str, headers: Headers, sender: str, subject: str) -> bool:
    if headers.get("auto-submitted", "").split(";")[0].strip().lower() not in ("", "no"):
        return True
    if content_type in ("multipart/report", "text/calendar") or headers.get("return-path") == "<>":
        return True
    if headers.get("precedence", "").lower() in ("bulk", "junk", "list", "auto_reply"):
        return True
    return bool(_ROBOT.match(sender) or _ROBOT_SUBJECT.match(subject)) or not _ROBOT_HEADERS.isdisjoint(headers)
