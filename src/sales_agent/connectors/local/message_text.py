"""The text of a message: its plain part, or its HTML made plain, in whatever charset it claims to have."""

from __future__ import annotations

from typing import Any

from sales_agent.connectors.local.html_text import text_of_html
from sales_agent.connectors.local.newest_part import newest_part
from sales_agent.core.text import clean_text

MAX_TEXT = 50_000  # characters
_MAX_HTML = 500_000  # characters
_MAX_PARTS = 100


def newest_text(message: Any) -> str:
    """The newest part in plain text: no quoted history, no signature block, no markup."""
    return newest_part(clean_text(_body(message), MAX_TEXT))


def _body(message: Any) -> str:
    html = ""
    for number, part in enumerate(message.walk()):
        if number > _MAX_PARTS:
            break
        kind = part.get_content_type()
        if kind not in ("text/plain", "text/html") or part.is_multipart() or _is_attachment(part):
            continue
        content = _decoded(part)
        if kind == "text/plain" and content.strip():
            return content
        html = html or (content if kind == "text/html" else "")
    return text_of_html(html[:_MAX_HTML])


def _is_attachment(part: Any) -> bool:
    return str(part.get("Content-Disposition", "")).strip().lower().startswith("attachment")


def _decoded(part: Any) -> str:
    """In the charset that the part names; in UTF-8 when there is no such charset or it is a lie."""
    raw = part.get_payload(decode=True) or b""
    try:
        return str(raw.decode(part.get_content_charset("utf-8")))
    except (LookupError, ValueError):
        return str(raw.decode("utf-8", "replace"))
