"""The words of a letter as the checks read them, and the way back to where they stand.

Look-alike spellings must not hide anything: what is read is NFKC, with plain spaces, hyphens and quotes, and
without characters that nobody sees. Spans always point into the text as it was written.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace

from sales_agent.sending.checks.case import CheckCase, Finding, Part, Severity

_PLAIN = str.maketrans({
    **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d", "-"),
    **dict.fromkeys("\u2018\u2019\u201a\u201b\u02bc\u00b4\u0060", "'"),
    **dict.fromkeys("\u201c\u201d\u201e\u201f\u00ab\u00bb", '"'),
    **dict.fromkeys("\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000\t", " "),
    "\r": "\n",
})
_CLUSTER = re.compile(r"(?s).[\u0300-\u036f]*")
_INVISIBLE = {"Cf", "Cc"}
_SET_APART = re.compile(r"(?<!\w)[^\W\d_](?: [^\W\d_]){4,}(?!\w)")  # "g r e a t"
_BROKEN_NUMBER = re.compile(r"(?<=[\dA-Z-])\n(?=\d)")
# What somebody else wrote: quoted lines, and words in quotes after "You wrote:".
_QUOTED_LINE = re.compile(r"(?m)^ ?>.*$")
_CITED = re.compile(
    r"(?i)\b(?:you|your (?:message|question|mail|email)|sie|ihre frage|vous|votre question|usted|su pregunta)\b"
    r"[^\n\"]{0,60}\"([^\"\n]{1,2000})\"")


@dataclass(frozen=True, slots=True)
class Passage:
    """One part of a letter. `text` is what the checks read; its characters stand at `_starts` to `_ends`."""

    part: Part
    text: str
    _starts: tuple[int, ...] = ()  # blank: nothing was changed in length
    _ends: tuple[int, ...] = ()

    def span(self, start: int, end: int) -> tuple[int, int]:
        """[start, end) of `text` as a span of the part as it was written. Not for empty spans."""
        return (self._starts[start], self._ends[end - 1]) if self._starts else (start, end)

    def finding(self, check: str, severity: Severity, detail: str, span: tuple[int, int]) -> Finding:
        return Finding(check, severity, detail, self.part, *self.span(*span))

    def line_of(self, at: int) -> str:
        return self.text[self.line_start(at):self.line_end(at)]

    def line_start(self, at: int) -> int:
        return self.text.rfind("\n", 0, at) + 1

    def line_end(self, at: int) -> int:
        end = self.text.find("\n", at)
        return len(self.text) if end < 0 else end

    def before(self, at: int, width: int) -> str:
        return self.text[max(0, at - width):at]

    def after(self, at: int, width: int) -> str:
        return self.text[at:at + width]


def passages(case: CheckCase) -> Iterator[Passage]:
    """What the recipient reads: the subject, then the body."""
    yield passage("subject", case.letter.subject)
    yield passage("body", case.body)


def passage(part: Part, written: str) -> Passage:
    gaps = {at for match in _SET_APART.finditer(written) for at in range(match.start() + 1, match.end(), 2)}
    if written.isascii() and "\r" not in written and "\x00" not in written and not gaps:
        return Passage(part, written.translate(_PLAIN))
    letters: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for cluster in _CLUSTER.finditer(written):
        plain = "" if cluster.start() in gaps else _plain(cluster[0])
        letters.append(plain)
        starts += [cluster.start()] * len(plain)
        ends += [cluster.end()] * len(plain)
    return Passage(part, "".join(letters), tuple(starts), tuple(ends))


def number_passages(case: CheckCase) -> Iterator[Passage]:
    """The same, with a space for the line break inside a number that stands across two lines."""
    return (replace(each, text=_BROKEN_NUMBER.sub(" ", each.text)) for each in passages(case))


def _plain(cluster: str) -> str:
    if (cluster.isascii() and cluster.isprintable()) or cluster == "\n":
        return cluster.translate(_PLAIN)
    if len(cluster) == 1 and unicodedata.category(cluster) in _INVISIBLE and cluster not in "\n\r\t":
        return ""
    return unicodedata.normalize("NFKC", cluster.translate(_PLAIN)).translate(_PLAIN)


def cited(text: str) -> list[tuple[int, int]]:
    """Spans of what the other side wrote and this letter repeats."""
    return [match.span() for match in _QUOTED_LINE.finditer(text)] + [match.span(1) for match in _CITED.finditer(text)]


def inside(span: tuple[int, int], spans: list[tuple[int, int]]) -> bool:
    return any(start <= span[0] and span[1] <= end for start, end in spans)


def fold(text: str) -> str:
    """Lower case without accents, umlauts spelled as plain vowels: for comparing names, not for spans."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(each for each in decomposed if not unicodedata.combining(each)).translate(_LETTERS)


_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "ı": "i", "þ": "th", "ð": "d", "’": "'"})
