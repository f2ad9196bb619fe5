"""The HTML half of a letter, made from its text: paragraphs, lists, links, and nothing else."""

from __future__ import annotations

import re
from html import escape

_BLANK_LINES = re.compile(r"\n[ \t]*\n+")
_URL = re.compile(r"https?://[^\s<>\"']+")
_TRAILING = ".,;:!?)]}”’»"
_FOOTER = "-- \n"


def html_of(text: str) -> str:
    """A small, self-contained document. Every link shows exactly where it leads; nothing is loaded."""
    body, mark, footer = text.rpartition(_FOOTER)
    if not mark:
        body, footer = text, ""
    blocks = [_block(block) for block in _BLANK_LINES.split(body.strip("\n")) if block.strip()]
    if footer:
        blocks.append(f'<p style="color:#666;font-size:small">{_lines(footer)}</p>')
    return "<!DOCTYPE html>\n<html><body>\n" + "\n".join(blocks) + "\n</body></html>\n"


def _block(block: str) -> str:
    """A paragraph; where lines begin with `- `, a list."""
    lines = block.split("\n")
    if all(line.startswith("- ") for line in lines):
        return "<ul>\n" + "\n".join(f"<li>{_linked(line[2:])}</li>" for line in lines) + "\n</ul>"
    first = next((at for at, line in enumerate(lines) if line.startswith("- ")), len(lines))
    if 0 < first < len(lines):
        return _block("\n".join(lines[:first])) + "\n" + _block("\n".join(lines[first:]))
    return f"<p>{_lines(block)}</p>"


def _lines(text: str) -> str:
    return "<br>\n".join(_linked(line) for line in text.split("\n"))


def _linked(text: str) -> str:
    parts, end = [], 0
    for match in _URL.finditer(text):
        url = match[0].rstrip(_TRAILING)
        parts += [escape(text[end:match.start()]), f'<a href="{escape(url)}">{escape(url)}</a>']
        end = match.start() + len(url)
    return "".join([*parts, escape(text[end:])])
