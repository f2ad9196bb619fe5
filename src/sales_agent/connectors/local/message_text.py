"""What a person newly wrote in a message: no quoted history, no signature block, no markup."""

from __future__ import annotations

import re
from typing import Any

from mailparser_reply import EmailReplyParser
from selectolax.lexbor import LexborHTMLParser

from sales_agent.core.text import clean_text

MAX_TEXT = 50_000  # characters
# The reply parser's patterns need minutes for one long line made for it; no reply header is this long.
_LONGEST_JUDGED_LINE = 250
_REPLIES = EmailReplyParser(languages=["en", "de", "fr", "es", "it", "nl"])
_SIGNATURE = re.compile(r"\n(?:-- ?|[-_]{20,})\n.*\Z", re.DOTALL)
_SENT_FROM = re.compile(
    r"\n(?:Sent from my|Get Outlook for|Gesendet von|Envoyé de|Enviado desde) [^\n]{0,60}\Z", re.IGNORECASE)
_NOT_SAID = "head, script, style, template, blockquote, .gmail_quote"
_INLINE = ["a", "b", "em", "font", "i", "span", "strong", "u"]


def newest_text(message: Any) -> str:
    """The newest part in plain text. The closing formula ("Best regards, Ada") stays: it is part of the voice."""
    said = _newest_part(clean_text(_body(message), MAX_TEXT))
    said = _SIGNATURE.sub("", f"\n{said}\n").strip()
    return _SENT_FROM.sub("", f"\n{said}").strip()


def _newest_part(text: str) -> str:
    """The parser's answer, with long lines hidden from it and runs of blank lines shortened to one."""
    lines: list[str] = []
    hidden: dict[str, str] = {}
    for line in (each.strip() for each in text.split("\n")):
        if len(line) > _LONGEST_JUDGED_LINE:
            hidden[f"\0{len(hidden)}\0"] = line  # no cleaned text holds a NUL
            lines.append(f"\0{len(hidden) - 1}\0")
        elif line or (lines and lines[-1]):
            lines.append(line)
    newest = _REPLIES.read(text="\n".join(lines)).latest_reply or ""
    return "\n".join(hidden.get(line, line) for line in newest.split("\n") if not line.startswith(">")).strip()


def _body(message: Any) -> str:
    part = message.get_body(preferencelist=("plain", "html"))
    if part is None:
        return ""
    try:
        content = str(part.get_content())
    except (LookupError, ValueError, AttributeError):  # an unknown or lying charset
        content = (part.get_payload(decode=True) or b"").decode("utf-8", "replace")
    return _text_of_html(content) if part.get_content_subtype() == "html" else content


def _text_of_html(content: str) -> str:
    tree = LexborHTMLParser(content[: 20 * MAX_TEXT])
    for node in tree.css(_NOT_SAID):
        node.decompose()
    tree.unwrap_tags(_INLINE)
    tree.merge_text_nodes()
    return tree.body.text(separator="\n") if tree.body else ""
