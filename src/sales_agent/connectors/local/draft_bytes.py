"""A draft as RFC 5322 bytes, safe to read back.

Put together header by header: the library's own generator turns long message ids into
encoded words, lets an encoded newline become a header on some patch releases, and takes
several times as long.
"""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from binascii import b2a_qp
from datetime import datetime
from email.parser import BytesHeaderParser
from email.utils import format_datetime
from textwrap import wrap

from sales_agent.connectors.local.addresses import plain_address
from sales_agent.connectors.local.mime import first_and_last
from sales_agent.core.text import clean_text, one_line
from sales_agent.ports.mail import KEY_HEADER, MESSAGE_ID, DraftMail

MAX_TEXT = 50_000  # characters
_MAX_REFERENCES = 20
_LINE = 76
_WORD_BYTES = 39  # in one encoded word; with "Subject: " before it the line stays within 76 characters
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+")
_NOT_IN_NAMES = str.maketrans("", "", '<>@"\\')  # what would make a name look like an address


def build_draft(draft: DraftMail, *, key: str, owner: str, owner_name: str, now: datetime) -> bytes:
    """The draft as ASCII with CRLF lines, under one Message-ID for ever. Raises ValueError when it cannot be
    written so that it means what was asked for."""
    sender, recipient = plain_address(owner), plain_address(draft.recipient)
    number = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:32]
    headers = {
        "From": _mailbox(owner_name, sender),
        "To": _mailbox(draft.recipient_name, recipient),
        "Subject": _unstructured(draft.subject, 250),
        "Date": format_datetime(now),
        "Message-ID": f"<{number}@{sender.rpartition('@')[2]}>",
    }
    if MESSAGE_ID.fullmatch(draft.in_reply_to):
        headers["In-Reply-To"] = draft.in_reply_to
    if chain := [each for each in draft.references if MESSAGE_ID.fullmatch(each)]:
        headers["References"] = "\r\n ".join(first_and_last(chain, _MAX_REFERENCES))
    return _checked(headers | {KEY_HEADER: _unstructured(key, 200), "MIME-Version": "1.0"}, draft.text)


def _checked(headers: dict[str, str], text: str) -> bytes:
    encoding, body = _encoded(clean_text(text, MAX_TEXT).strip())
    headers |= {"Content-Type": 'text/plain; charset="utf-8"', "Content-Transfer-Encoding": encoding}
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items()).encode("ascii")
    if BytesHeaderParser().parsebytes(head + b"\r\n").keys() != list(headers):
        raise ValueError("the draft would not say what was meant")
    return head + b"\r\n" + body


def _encoded(text: str) -> tuple[str, bytes]:
    lines = text.split("\n")
    raw = "\r\n".join([*lines, ""]).encode()
    if text.isascii() and max(map(len, lines)) <= _LINE:
        return "7bit", raw
    return "quoted-printable", b2a_qp(raw, istext=True)


def _mailbox(name: str, address: str) -> str:
    phrase = _header_text(name.translate(_NOT_IN_NAMES), 120)
    if not phrase:
        return address
    if not phrase.isascii():
        phrase = _encoded_words(phrase)
    elif not _ATOMS.fullmatch(phrase):
        phrase = f'"{phrase}"'
    return f"{phrase}\r\n <{address}>" if len(phrase) + len(address) > _LINE - 10 else f"{phrase} <{address}>"


def _unstructured(value: str, limit: int) -> str:
    text = _header_text(value, limit)
    if not text.isascii():
        return _encoded_words(text)
    return text if len(text) <= _LINE - 20 else "\r\n ".join(_folded(text))


def _folded(text: str) -> list[str]:
    return wrap(text, _LINE - 20, break_long_words=False, break_on_hyphens=False)


def _header_text(value: str, limit: int) -> str:
    """One line in which nothing is an encoded word: a reader would decode that into something else."""
    return one_line(value, limit).replace("=?", "= ?")


def _encoded_words(text: str) -> str:
    """RFC 2047, none longer than 75 characters and none with half a character in it."""
    words, part = [], b""
    for character in text:
        if len(part) + len(raw := character.encode()) > _WORD_BYTES:
            words.append(part)
            part = b""
        part += raw
    return "\r\n ".join(f"=?utf-8?b?{b64encode(each).decode()}?=" for each in (*words, part))
