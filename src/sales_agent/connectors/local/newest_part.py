"""What a person newly wrote: a mail's text without quoted history and without the signature block.

Line by line, in time that grows only with the length of the text: whoever writes to us
chooses the text, and patterns that span lines can be made to take minutes.
"""

from __future__ import annotations

import re

# "On 5 Jan 2026 at 10:00, Ada wrote:", which mail programs may wrap onto three lines.
_ATTRIBUTIONS = (("on ", ("wrote:",)), ("am ", ("schrieb:",)), ("le ", ("a écrit :", "a écrit:")),
                 ("el ", ("escribió:",)), ("il ", ("ha scritto:",)), ("op ", ("schreef:",)))
_GERMAN_NAME_LAST = re.compile(r"\bschrieb\b[^:]{1,120}:$")
_ATTRIBUTION_LENGTH = 300
_HEADER_NAMES = (
    "from", "sent", "to", "cc", "subject", "date", "reply-to", "von", "gesendet", "an", "betreff", "datum", "de", "envoyé",
    "à", "objet", "date", "enviado", "para", "asunto", "fecha")
_HEADER_LINE = re.compile(rf"[*_]{{0,2}}(?P<name>{'|'.join(_HEADER_NAMES)})[*_]{{0,2}} ?:[*_]{{0,2}}(?: |$)", re.IGNORECASE)
_FIRST_HEADERS = ("from", "von", "de")
_SEPARATOR = re.compile(
    r"_{20,}|-{2,} ?(?:original message|forwarded message|ursprüngliche nachricht|weitergeleitete nachricht|"
    r"message d['’]origine|message transféré|message original|mensaje original|mensaje reenviado) ?-{2,}"
    r"|(?:begin forwarded message|anfang der weitergeleiteten nachricht|début du message réexpédié) ?:", re.IGNORECASE)
_DEVICE = re.compile(
    r"(?:sent from (?:my |outlook|mail for|yahoo)|get outlook for |von meinem .{1,40} gesendet|gesendet (?:von|mit) |"
    r"envoyé (?:de|depuis) |enviado desde ).{0,60}|.{1,20} für (?:ios|android) beziehen", re.IGNORECASE)
_SIGN_OFF = re.compile(
    r"(?:(?:kind|best|warm|many)(?: (?:regards|wishes))?|regards|all the best|cheers|many thanks|sincerely|yours(?: \w{1,20})?|"
    r"viele gr(?:ü|ue)(?:ß|ss)e|(?:mit )?(?:freundliche|beste|herzliche|liebe|schöne)[nr]? gr(?:ü|ue)(?:ß|ss)en?|mfg|"
    r"(?:bien )?cordialement|bien à vous|salutations(?: distinguées)?|(?:un )?saludos?(?: cordial(?:es)?)?|atentamente)[,.!]?",
    re.IGNORECASE)
_POSTSCRIPT = re.compile(r"p\.? ?s\.?[: ]", re.IGNORECASE)
_BLOCK_LINES, _BLOCK_LINE_LENGTH = 15, 120  # a longer text after a closing formula is no signature block


def newest_part(text: str) -> str:
    """The text above and between the quotations. The closing formula and the name after it stay: they are
    part of how somebody writes."""
    lines = [line.strip() for line in text.split("\n")]
    lines = _above_history(lines)
    lines = _above_delimiter(lines)
    while lines and (not lines[-1] or _DEVICE.fullmatch(lines[-1][:160])):
        lines.pop()
    return "\n".join(_without_contact_block(lines)).strip()


def _above_history(lines: list[str]) -> list[str]:
    kept: list[str] = []
    number = 0
    while number < len(lines):
        if _SEPARATOR.fullmatch(lines[number][:200]) or _starts_header_block(lines, number):
            break
        if length := _attribution(lines, number):
            number += length
            if not _next_is_quoted(lines, number):
                break
        else:
            if not lines[number].startswith(">"):
                kept.append(lines[number])
            number += 1
    return kept


def _attribution(lines: list[str], number: int) -> int:
    """How many lines the attribution that starts here takes, 0 when none does."""
    first = lines[number][:3].lower()
    if not first.startswith(tuple(start for start, _ in _ATTRIBUTIONS)):
        return 0
    for length in (1, 2, 3):
        joined = " ".join(lines[number:number + length]).lower()
        if len(joined) > _ATTRIBUTION_LENGTH:
            return 0
        if _ends_attribution(first, joined) and any(character.isdigit() for character in joined):
            return length
    return 0


def _ends_attribution(first: str, joined: str) -> bool:
    ends = next(ends for start, ends in _ATTRIBUTIONS if first.startswith(start))
    return joined.endswith(ends) or (first == "am " and _GERMAN_NAME_LAST.search(joined) is not None)


def _next_is_quoted(lines: list[str], number: int) -> bool:
    """With marks before each quoted line, answers may stand between them; without marks the rest is history."""
    return next((line.startswith(">") for line in lines[number:number + 5] if line), False)


def _starts_header_block(lines: list[str], number: int) -> bool:
    found = _HEADER_LINE.match(lines[number])
    if not found or found["name"].lower() not in _FIRST_HEADERS:
        return False
    following = [line for line in lines[number + 1:number + 8] if line][:3]
    return sum(_HEADER_LINE.match(line) is not None for line in following) >= 2


def _above_delimiter(lines: list[str]) -> list[str]:
    """Up to the line "-- " that mail programs put before a signature."""
    end = next((number for number, line in enumerate(lines) if line in ("--", "-- ", "—")), len(lines))
    return lines[:end]


def _without_contact_block(lines: list[str]) -> list[str]:
    """After a closing formula and a name: no title, address or telephone number, but a postscript."""
    closing = next((number for number in range(len(lines) - 1, 0, -1) if _SIGN_OFF.fullmatch(lines[number][:60])), None)
    if closing is None:
        return lines
    name = next((number for number in range(closing + 1, len(lines)) if lines[number]), len(lines) - 1)
    block = lines[name + 1:]
    if len([line for line in block if line]) > _BLOCK_LINES:
        return lines
    postscript = next((number for number, line in enumerate(block) if _POSTSCRIPT.match(line)), len(block))
    if any(len(line) > _BLOCK_LINE_LENGTH or line.endswith("?") for line in block[:postscript]):
        return lines
    return [*lines[:name + 1], *([""] if postscript < len(block) else []), *block[postscript:]]
