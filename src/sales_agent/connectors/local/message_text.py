"""The text of a message: its plain part, or its HTML made plain, in whatever charset it claims to have."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from selectolax.lexbor import LexborHTMLParser

from sales_agent.connectors.local.newest_part import newest_part
from sales_agent.core.text import clean_text

MAX_TEXT = 50_000  # characters
_MAX_HTML = 500_000
_NOT_SAID = (
    "head, script, style, template, noscript, blockquote, .gmail_quote, #divRplyFwdMsg ~ *, #divRplyFwdMsg, "
    "#appendonsend ~ *, [hidden], [style*='display:none' i], [style*='display: none' i]")
_LINE_END = re.compile(r"<br\b[^>]*>|</(?:p|div|tr|li|h[1-6]|table|ul|ol|pre)>", re.IGNORECASE)
# The serialiser writes every "<" of a text as an entity, so each one here begins a real tag.
_TAG = re.compile(r"<(?:[^>\"']|\"[^\"]*\"|'[^']*')*>")


def newest_text(message: Any) -> str:
    """The newest part in plain text: no quoted history, no signature block, no markup."""
    return newest_part(clean_text(_body(message), MAX_TEXT))


def _body(message: Any) -> str:
    html = ""
    for part in message.walk():
        kind = part.get_content_type()
        if kind not in ("text/plain", "text/html") or part.is_multipart() or _is_attachment(part):
            continue
        content = _decoded(part)
        if kind == "text/plain" and content.strip():
            return content
        html = html or (content if kind == "text/html" else "")
    return text_of_html(html) if html else ""


def _is_attachment(part: Any) -> bool:
    return str(part.get("Content-Disposition", "")).strip().lower().startswith("attachment")


def _decoded(part: Any) -> str:
    """In the charset that the part names; in UTF-8 when there is no such charset or it is a lie."""
    raw = part.get_payload(decode=True) or b""
    try:
        return str(raw.decode(part.get_content_charset("utf-8")))
    except (LookupError, ValueError):
        return str(raw.decode("utf-8", "replace"))


def text_of_html(content: str) -> str:
    """Paragraphs as lines. Quotations and what a reader would not see are left out."""
    tree = LexborHTMLParser(re.sub(r"\s+", " ", content[:_MAX_HTML]))
    for node in tree.css(_NOT_SAID):
        node.decompose()
    html = (tree.body.html if tree.body else "") or ""
    lines = unescape(_TAG.sub("", _LINE_END.sub("\n", html))).split("\n")
    return "\n".join(line.strip() for line in lines)
