"""Text from outside: made harmless to store and show, and judged for instructions and markup."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_LINE_BREAKS = re.compile("\r\n|[\r\x85\u2028\u2029]")
# C0/C1 controls except tab and newline: the only unwanted characters that ASCII text can hold.
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_UNWANTED = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f"
    "\ufe00-\ufe0f\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f\U000e0100-\U000e01ef]"
)
_HIDDEN = re.compile("[\U000e0000-\U000e007f\u202a-\u202e\u2066-\u2069]|(?:[\u200b\u2060\ufeff].{0,40}?){3}", re.DOTALL)

_JUDGED_CHARACTERS = 60_000  # a longer text is judged by its beginning and its end
_REMEMBERED_CHARACTERS = 4_000

_HOSTILE: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (reason, re.compile(pattern, re.MULTILINE))
    for reason, pattern in (
        ("tells an AI to ignore its instructions",
         r"\b(?:ignore|disregard|forget|override|bypass)\s+(?:\w+\s+){0,4}?(?:instructions?|prompts?|rules|guidelines|directives|safety)\b"
         r"|\b(?:ignorier\w*|vergiss|vergessen\s+sie|missachte\w*)\s+(?:\w+\s+){0,4}?(?:anweisung|instruktion|regeln|vorgaben)"
         r"|\b(?:ignore[zr]?|oublie[zr]?)\s+(?:\w+\s+){0,4}?(?:instructions|consignes|r[èe]gles)\b"
         r"|\b(?:ignor[ae]n?|olvid[ae]n?)\s+(?:\w+\s+){0,4}?(?:instrucciones|reglas|indicaciones)\b"),
        ("speaks of a system prompt",
         r"\bsystem[\s-]?prompts?\b|\bdeveloper\s+(?:mode|message)\b|\bjailbreak"
         r"|\b(?:prompt\s+syst[èe]me|prompt\s+del\s+sistema|invite\s+syst[èe]me)\b"),
        ("gives an AI a new role",
         r"\byou\s+are\s+now\s+(?:a|an|in|my|free|unrestricted|no\s+longer|dan)\b|\bfrom\s+now\s+on,?\s+you\s+(?:are|will|must)\b"
         r"|\b(?:act|behave)\s+as\s+(?:if\s+you\s+were\s+)?an?\s+(?:ai|assistant|admin\w*|unrestricted|different)\b"
         r"|\bdu\s+bist\s+(?:jetzt|nun)\s+ein|\bsie\s+sind\s+(?:jetzt|nun)\s+ein\w*\s+(?:ki|assistent|admin)"
         r"|\b(?:tu\s+es|vous\s+[êe]tes)\s+(?:maintenant|d[ée]sormais)\s+un|\b(?:ahora\s+eres|eres\s+ahora)\b"
         r"|\b(?:dear|hey|attention|note\s+to(?:\s+the)?)\s+(?:ai|llm|chat\s?gpt|language\s+model|assistant)\b"),
        ("contains fake role markers",
         r"<\|[^|\n]{1,30}\|>|\[/?(?:inst|sys)\]|<<sys>>|^\s*#{2,}\s*(?:system|instructions?|assistant)\b"
         r"|</?(?:system|assistant|instructions?|user|tool)>"
         r"|^\s*(?:system|assistant|developer)\s*:\s*(?:you|ignore|disregard|from|new|approve|always|override|do\s+not)\b"),
        ("demands an approval or a fixed reply",
         r"\b(?:reply|respond|answer|output|say|print)\s+(?:only\s+)?(?:with|by)?\s*[\"'“]?(?:approved?|yes|ok|true|confirmed)\b"
         r"|\b(?:auto[\s-]?)?approve\s+(?:this|the)\s+(?:draft|lead|email|message|request|reply)"
         r"|\b(?:mark|set|score|rate)\s+(?:this|me|us|the)\s+(?:\w+\s+){0,3}?(?:as\s+)?(?:approved|qualified|safe|(?:to\s+)?(?:1\.0|100|10/10))"
         r"|\b(?:antworte\w*|r[ée]pond\w*|respond[ea]\w*)\s+(?:\w+\s+){0,2}?[\"'“]?(?:approved|genehmigt|approuv[ée]|aprobado)"),
        ("asks for secrets or other people's data",
         r"\b(?:reveal|print|show|send|repeat|leak|dump|list|forward|share)\s+(?:\w+\s+){0,4}?"
         r"(?:api[\s-]?keys?|passwords?|secrets?|credentials|system\s+prompt|hidden\s+prompt|access\s+tokens?"
         r"|(?:customer|client|contact)\s+(?:list|data|database|records)"
         r"|(?:other|all)\s+(?:customers?|clients?|contacts?|leads?)['’]?s?['’]?\s+(?:data|names|e-?mails?|addresses|details|prices|records))\b"
         r"|\b(?:bcc|cc|forward)\s+(?:\w+\s+){0,4}?\S+@\S+\.\w"),
        ("contains HTML or script markup",
         r"<\s*/?\s*(?:script|iframe|img|svg|a|object|embed|form|style|link|meta|div|span|input|body|html|base|video|p|br|b|table)(?=[\s/>])"
         r"|<!--|<!doctype|\bon(?:error|load|click|mouse\w+|focus)\s*="),
        ("contains a javascript: or data: link", r"\b(?:javascript|vbscript)\s*:|\bdata:(?:text/html|application/)"),
        ("contains a template payload",
         r"\{\{.{0,200}?\}\}|\$\{[^}\n]{0,200}\}|<%.{0,200}?%>|\{%.{0,200}?%\}|#\{[^}\n]{0,200}\}"),
    )
)


def clean_text(value: str, limit: int) -> str:
    """The text in NFC without controls (newline and tab stay), invisible characters, bidi controls and lone
    surrogates, at most `limit` characters long. Every kind of line break becomes a newline."""
    if value.isascii():
        return _CONTROLS.sub("", _LINE_BREAKS.sub("\n", value))[:limit]
    return unicodedata.normalize("NFC", _UNWANTED.sub("", _LINE_BREAKS.sub("\n", value)))[:limit]


def one_line(value: str, limit: int) -> str:
    """Like `clean_text`, with every run of white space as a single space and none at the ends."""
    # Cut before joining as well, so that a huge text costs no more than a long one.
    return " ".join(clean_text(value, limit * 4 + 100).split())[:limit].rstrip()


def looks_hostile(text: str) -> list[str]:
    """Why this text looks like an attack on a reader, human or AI; empty when nothing was recognised.

    A flag for the operator, never a proof of innocence. Give it the text as it arrived: cleaning hides hidden text.
    """
    return list(_reasons(text)) if len(text) <= _REMEMBERED_CHARACTERS else list(_reasons.__wrapped__(text))


# One lead's message is judged in several steps within a moment.
@lru_cache(maxsize=64)
def _reasons(text: str) -> tuple[str, ...]:
    if len(text) > _JUDGED_CHARACTERS:
        text = text[: _JUDGED_CHARACTERS // 2] + "\n" + text[-_JUDGED_CHARACTERS // 2:]
    reasons = []
    if not text.isascii():
        if _HIDDEN.search(text):
            reasons.append("hides text in invisible characters")
        # Full-width and other look-alike letters count as the letters they stand for.
        text = unicodedata.normalize("NFKC", _UNWANTED.sub("", text))
    text = text.lower()  # one pass here is much cheaper than case-blind patterns
    return (*reasons, *(reason for reason, pattern in _HOSTILE if pattern.search(text)))
