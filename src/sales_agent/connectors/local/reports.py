"""Delivery reports (RFC 3464) and complaints (RFC 5965), read leniently: anybody can send us one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from email import message_from_bytes, policy
from email.message import Message
from email.parser import HeaderParser
from typing import Any

from sales_agent.ports.mail import KEY_HEADER, MESSAGE_ID, DeliveryReport, ReportKind

_HEAD = 4_000  # bytes within which the type of a report stands
_KEY = re.compile(r"[\w-]{1,80}", re.ASCII)
_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
_NOBODY_THERE = re.compile(r"5\.1\.\d+|5\.2\.1")  # anything else may pass, or is our own fault (5.7: policy)


def read_report(raw: bytes, *, name: str) -> DeliveryReport | None:
    """What a report says about one message, or None for a message that is none, or that says nothing of use."""
    if b"multipart/report" not in raw[:_HEAD].lower():
        return None
    report = message_from_bytes(raw, policy=policy.compat32)
    parts = report.get_payload() if report.is_multipart() else []
    assert isinstance(parts, list)
    kind, status = _verdict([part for part in parts if isinstance(part, Message)])
    if kind is None:
        return None
    original = _original(parts)
    key, message_id = str(original.get(KEY_HEADER, "")).strip(), MESSAGE_ID.search(str(original.get("Message-ID", "")))
    return DeliveryReport(id=name, kind=kind, status=status, key=key if _KEY.fullmatch(key) else "",
                          message_id=message_id[0] if message_id else "")


def _verdict(parts: Sequence[Message]) -> tuple[ReportKind | None, str]:
    for part in parts:
        if part.get_content_type() == "message/feedback-report":
            return _complaint(part), ""
        if part.get_content_type() == "message/delivery-status":
            return _bounce(part)
    return None, ""


def _complaint(part: Message) -> ReportKind | None:
    said = " ".join(str(block.get("Feedback-Type", "")) for block in _blocks(part)).strip().lower()
    return "complaint" if said in ("abuse", "fraud") else None


def _bounce(part: Message) -> tuple[ReportKind | None, str]:
    """Of several recipients' blocks the worst counts; we write to one."""
    worst: tuple[ReportKind | None, str] = (None, "")
    for block in _blocks(part):
        if str(block.get("Action", "")).strip().lower() != "failed":
            continue
        found = _STATUS.search(str(block.get("Status", "")))
        status = found[0] if found else ""
        if _NOBODY_THERE.fullmatch(status):
            return "hard_bounce", status
        worst = ("soft_bounce", status)
    return worst


def _blocks(part: Message) -> Iterator[Message]:
    """The blocks of fields; the library makes a message of each for one of the types, and a text of the other."""
    payload: Any = part.get_payload()
    for each in payload if isinstance(payload, list) else [payload]:
        if not isinstance(each, Message):
            yield HeaderParser().parsestr(str(each).strip())
            continue
        yield each
        if not each.keys() and isinstance(each.get_payload(), str):
            yield HeaderParser().parsestr(str(each.get_payload()).strip())


def _original(parts: Sequence[Any]) -> Message:
    """The head of the message that the report is about."""
    for part in parts:
        payload = part.get_payload() if isinstance(part, Message) else None
        if isinstance(part, Message) and part.get_content_type() == "message/rfc822" and isinstance(payload, list) and payload:
            return payload[0] if isinstance(payload[0], Message) else Message()
        if isinstance(part, Message) and part.get_content_type() == "text/rfc822-headers":
            raw = part.get_payload(decode=True)
            return HeaderParser().parsestr(raw.decode("ascii", "replace") if isinstance(raw, bytes) else "")
    return Message()
