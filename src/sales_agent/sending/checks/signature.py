"""Where the rep's own signature stands in a body."""

from __future__ import annotations

import re

_SIGN_OFF = re.compile(
    r"(?im)^ *(?:"
    r"(?:kind|best|warm|warmest|many|with (?:kind|best|warm)|friendly)? ?regards|best(?: wishes)?|all the best|cheers|"
    r"(?:yours )?sincerely|yours(?: truly| faithfully)?|many thanks|thanks(?: again| so much)?|thank you|cordially|respectfully|"
    r"talk soon|speak soon|mit (?:freundlichen|besten|herzlichen) gr(?:üßen|uessen|üssen)|"
    r"(?:viele|beste|liebe|herzliche|schöne|freundliche|sonnige) gr(?:üße|uesse|üsse)|mfg|"
    r"(?:bien )?cordialement|bien à vous|salutations(?: distinguées)?|"
    r"(?:meilleures|sincères) salutations|cdlt|(?:un )?(?:cordial )?saludos?(?: cordial(?:es)?)?|un saludo cordial|atentamente|"
    r"un abrazo|gracias|danke|merci|--) *[,.!]? *$")
_AFTERTHOUGHT = re.compile(r"(?i)^ *(?:p\.? ?p?\.? ?s\b|nb\b|n\.b\.|ps\b|nachtrag)")
_SENTENCE = re.compile(r"[.?!]\s*$")
_PROSE_WORDS = 7


def signature_span(body: str) -> tuple[int, int]:
    """[start, end) of the lines after the last sign-off, as far as they are no sentences; (0, 0): there is none."""
    sign_offs = list(_SIGN_OFF.finditer(body))
    for sign_off in reversed(sign_offs):
        if sign_off[0].strip() != "--" or len(sign_offs) == 1:
            return sign_off.start(), _end(body, sign_off.end())
    return 0, 0


def _end(body: str, at: int) -> int:
    while at < len(body):
        line_end = body.find("\n", at + 1)
        line_end = len(body) if line_end < 0 else line_end
        line = body[at:line_end].strip()
        if _AFTERTHOUGHT.match(line) or (_SENTENCE.search(line) and len(line.split()) >= _PROSE_WORDS):
            return at
        at = line_end
    return at
