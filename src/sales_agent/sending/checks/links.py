"""Links lead where they say, and only to hosts that we vouch for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

import yaml

from sales_agent.sending.checks.case import Check, CheckCase, Finding, Severity
from sales_agent.sending.checks.texts import Passage, passages

NAME = "links"
_SHORTENERS = frozenset(yaml.safe_load(Path(__file__).with_name("shorteners.yaml").read_text(encoding="utf-8")))
_SCHEMED = re.compile(r"(?i)\b[a-z][a-z0-9+.-]{1,20}:/{1,3}[^\s<>\"]{1,2000}")
_SCRIPTED = re.compile(r"(?i)\b(?:javascript|vbscript|data|file|blob|about)\s{0,3}:\s{0,3}(?=[\w/(,%'\"])[^\s<>]{2,2000}")
_LABEL = r"[^\W_](?:[\w-]{0,61}[^\W_])?"
# What mail programs make a link of by themselves: www.…, and a domain with a path after it.
_BARE = re.compile(rf"(?i)(?<![\w@./:-])(?:www\.(?:{_LABEL}\.){{1,5}}[a-z]{{2,24}}(?:/[^\s<>\"]{{0,2000}})?"
                   rf"|(?:{_LABEL}\.){{1,5}}[a-z]{{2,24}}/[^\s<>\"]{{1,2000}})")
_TRAILING = ".,;:!?)]}'\""
_DATA_WORD = re.compile(r"(?i)data\s{0,3}:\s{0,3}[a-z]+/[a-z0-9.+-]+|data:,|(?:javascript|vbscript|file|blob|about)\s{0,3}:")
_FILE_WORD = re.compile(r"(?i)^(?:file|about|data)\s*:\s+")


def run(case: CheckCase) -> Iterator[Finding]:
    """Every link of subject and body that must not be there, and every one whose HTML lies."""
    for each in passages(case):
        yield from _in_text(case, each)
    yield from _in_html(case)


def _in_text(case: CheckCase, passage: Passage) -> Iterator[Finding]:
    found = sorted({*_spans(_SCHEMED, passage.text), *_spans(_BARE, passage.text)})
    end = 0
    for start, stop in found:
        if start >= end and (problem := _problem(case, passage.text[start:stop])):
            yield passage.finding(NAME, Severity.VIOLATION, problem, (start, stop))
        end = max(end, stop)
    for match in _SCRIPTED.finditer(passage.text):
        words = match[0]
        if _DATA_WORD.match(words) and not _FILE_WORD.match(words) and not words.lower().startswith(("file://", "data://")):
            yield passage.finding(NAME, Severity.VIOLATION, "This is a program, not a link. Take it out.", match.span())


def _spans(pattern: re.Pattern[str], text: str) -> Iterator[tuple[int, int]]:
    for match in pattern.finditer(text):
        yield match.start(), match.start() + len(match[0].rstrip(_TRAILING))


def _problem(case: CheckCase, link: str) -> str:
    """Why this link may not leave, or a blank."""
    if link == case.letter.unsubscribe_url:
        return ""
    if "://" not in link and not re.match(r"(?i)[a-z][a-z0-9+.-]*:/", link):
        link = f"https://{link}"
    try:
        return _judged(case, urlsplit(link))
    except ValueError:
        return "This link is malformed. Type it anew."


def _judged(case: CheckCase, link: SplitResult) -> str:
    host = (link.hostname or "").rstrip(".")
    if link.scheme.lower() not in ("http", "https"):
        return "Only links to web pages may leave. Take this one out."
    if "@" in unquote(link.netloc) or not host or "%" in link.netloc:
        return "This link hides where it leads. Take it out."
    if host in _SHORTENERS:
        return "A shortened link hides where it leads. Use the page's own address."
    if not _allowed(case, host, link.port):
        return "Links to this host are not on the safety policy's list (link_hosts). Take the link out, or have the host added."
    return ""


def _allowed(case: CheckCase, host: str, port: int | None) -> bool:
    base = urlsplit(case.base_url)
    if (host, port) == (base.hostname, base.port):
        return True
    ours = (case.letter.sender.rpartition("@")[2], *case.policy.link_hosts)
    named = any(host == each or host.endswith(f".{each}") for each in (known.strip().lower().lstrip(".") for known in ours))
    return named and port in (None, 80, 443)


def _in_html(case: CheckCase) -> Iterator[Finding]:
    """The HTML half has the links of the text, each showing where it leads, and nothing that loads or runs."""
    reader = _Reader()
    reader.feed(case.letter.html)
    reader.close()
    if reader.foreign:
        yield Finding(NAME, Severity.VIOLATION, "The HTML would load or run something. Approve the draft anew.", "headers")
    for target, shown in reader.links:
        if target != shown.strip():
            yield Finding(NAME, Severity.VIOLATION, "A link shows one address and leads to another. Type it anew.", "headers")
        elif target not in case.letter.text and (problem := _problem(case, target)):
            yield Finding(NAME, Severity.VIOLATION, problem, "headers")


class _Reader(HTMLParser):
    """Collects (target, visible text) of every link, and whether there is anything but text in the document."""

    _PLAIN = frozenset({
        "html", "head", "meta", "body", "p", "br", "ul", "ol", "li", "a", "b", "i", "em", "strong", "div", "span"})
    _ATTRIBUTES = frozenset({"href", "style", "charset", "lang"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.links: list[tuple[str, str]] = []
        self.foreign = False
        self._target: str | None = None
        self._shown = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        foreign = any(name not in self._ATTRIBUTES or "url(" in (value or "") for name, value in attrs)
        self.foreign |= foreign or tag not in self._PLAIN
        if tag == "a":
            self._target, self._shown = dict(attrs).get("href") or "", ""

    def handle_data(self, data: str) -> None:
        self._shown += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self._target is not None:
            self.links.append((self._target, self._shown))
            self._target = None


CHECK = Check(NAME, run)
