"""Nothing in a header may be more than one harmless line."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sales_agent.ports.mail import MESSAGE_ID
from sales_agent.sending.checks.case import Check, CheckCase, Finding, Part, Severity

NAME = "headers"
LONG_SUBJECT, LONGEST_SUBJECT = 120, 250  # characters
_BREAK = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_HIDDEN = re.compile(
    "[\xad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e01ef]")
_ENCODED = re.compile(r"=\?")


def run(case: CheckCase) -> Iterator[Finding]:
    """What must not stand in the subject, a name or a message id."""
    letter = case.letter
    yield from _text("subject", letter.subject, "subject")
    for name in (letter.sender_name, letter.recipient_name):
        yield from _text("headers", name, "name of sender or recipient")
    if len(letter.subject) > LONGEST_SUBJECT:
        yield Finding(NAME, Severity.VIOLATION, "The subject is too long to be sent. Shorten it.", "subject", LONGEST_SUBJECT,
                      len(letter.subject))
    elif len(letter.subject) > LONG_SUBJECT:
        yield Finding(NAME, Severity.WARNING, "The subject is so long that it will be cut when it is shown.", "subject",
                      LONG_SUBJECT, len(letter.subject))
    if not all(MESSAGE_ID.fullmatch(each) for each in (*filter(None, [letter.in_reply_to]), *letter.references)):
        yield Finding(NAME, Severity.VIOLATION, "The message that this answers has a malformed id. Write a new mail instead.",
                      "headers")


def _text(part: Part, text: str, what: str) -> Iterator[Finding]:
    for pattern, problem in ((_BREAK, "a line break or another control character"), (_HIDDEN, "an invisible character"),
                             (_ENCODED, "what a mail program would decode into something else")):
        if (match := pattern.search(text)) is not None:
            yield Finding(NAME, Severity.VIOLATION, f"The {what} holds {problem}. Type it anew.", part, *match.span())


CHECK = Check(NAME, run)
