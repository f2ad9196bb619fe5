"""HTML mail as text: paragraphs as lines, without quotations and without what a reader would not see.

A scanner instead of a tree: the time that tree builders take grows with the square of the
nesting depth, and whoever writes to us chooses the depth.
"""

from __future__ import annotations

import re
from html import unescape

_TAG = re.compile(r"<(?P<end>/?)(?P<name>[a-zA-Z][a-zA-Z0-9]*)(?P<attributes>[^<>]*)>")
_COMMENT = "<!--"
_VOID = frozenset({"br", "hr", "img", "input", "link", "meta", "area", "base", "col", "embed", "source", "wbr"})
_BREAKS = frozenset({"br", "p", "div", "tr", "li", "h1", "h2", "h3", "h4", "h5", "h6", "table", "ul", "ol", "pre", "hr"})
_NOT_SAID = frozenset({"head", "script", "style", "template", "noscript", "blockquote", "title", "textarea"})
_QUOTE = re.compile(r"class=[\"'][^\"']{0,200}\bgmail_quote\b", re.IGNORECASE)
_HIDDEN = re.compile(r"\shidden\b(?!=[\"']?until)|display ?: ?none|visibility ?: ?hidden", re.IGNORECASE)
_HISTORY = re.compile(r"id=[\"']?(?:divRplyFwdMsg|appendonsend|mail-editor-reference-message-container)\b", re.IGNORECASE)


def text_of_html(content: str) -> str:
    """The visible text up to the place where the mail program put the history."""
    parts: list[str] = []
    html, at = " ".join(content.split()), 0
    skipped, depth = "", 0  # inside which element nothing is taken, and how many of the same name are open
    while True:
        start = html.find("<", at)
        if not skipped:
            _add_text(parts, html[at:start if start >= 0 else len(html)])
        if start < 0:
            return _joined(parts)
        if html.startswith(_COMMENT, start):
            end = html.find("-->", start)
            at = end + 3 if end >= 0 else len(html)
            continue
        tag = _TAG.match(html, start)
        if tag is None:
            at = _past_no_tag(html, start, parts, bool(skipped))
            continue
        at, name = tag.end(), tag["name"].lower()
        if skipped:
            depth += _step(tag, name) if name == skipped else 0
            skipped = skipped if depth else ""
        elif _HISTORY.search(tag["attributes"]):
            return _joined(parts)
        elif _opens_unsaid(tag, name):
            skipped, depth = name, 1
        elif name in _BREAKS:
            parts.append(_line_end(parts, name, bool(tag["end"])))


def _add_text(parts: list[str], text: str) -> None:
    between_blocks = text == " " and (not parts or parts[-1].endswith("\n"))
    if text and not between_blocks:
        parts.append(text)


def _line_end(parts: list[str], name: str, closing: bool) -> str:
    """A block begins on a line of its own; a paragraph has a blank line after it."""
    if closing or name in _VOID:
        return "\n\n" if name == "p" else "\n"
    return "" if not parts or parts[-1].endswith("\n") else "\n"


def _past_no_tag(html: str, start: int, parts: list[str], skipped: bool) -> int:
    """A declaration is passed over; any other "<" stands for itself."""
    if html.startswith("<!", start) and (end := html.find(">", start, start + 500)) >= 0:
        return end + 1
    if not skipped:
        parts.append("<")
    return start + 1


def _step(tag: re.Match[str], name: str) -> int:
    if tag["end"]:
        return -1
    return 0 if name in _VOID or tag["attributes"].endswith("/") else 1


def _opens_unsaid(tag: re.Match[str], name: str) -> bool:
    if tag["end"] or name in _VOID:
        return False
    attributes = tag["attributes"]
    return name in _NOT_SAID or bool(attributes and (_QUOTE.search(attributes) or _HIDDEN.search(attributes)))


def _joined(parts: list[str]) -> str:
    return "\n".join(" ".join(line.split()) for line in unescape("".join(parts)).split("\n"))
