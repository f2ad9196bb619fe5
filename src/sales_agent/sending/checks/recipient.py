"""May this address be written to, and is it what it seems to be?"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator

from sales_agent.leads.addresses import AddressFacts, parse_address
from sales_agent.sending.checks.case import Check, CheckCase, Finding, Severity
from sales_agent.sending.checks.lookalikes import looks_like, mixes_scripts

NAME = "recipient"


def run(case: CheckCase) -> Iterator[Finding]:
    """What is wrong with the recipient; a malformed address is all that is said about it."""
    try:
        facts = parse_address(case.letter.recipient)
    except ValueError as error:
        yield _finding(case, Severity.VIOLATION, f"This is not one plain email address ({error}). Correct it.")
        return
    yield from _lists(case, facts)
    yield from _kinds(case, facts)
    yield from _spelling(case, facts)


def _lists(case: CheckCase, facts: AddressFacts) -> Iterator[Finding]:
    policy = case.policy
    if policy.recipient_allow and not _listed(facts, policy.recipient_allow):
        yield _finding(case, Severity.VIOLATION, "The safety policy names who may be written to, and this address is not "
                       "among them.")
    if _listed(facts, policy.recipient_deny):
        yield _finding(case, Severity.VIOLATION, "The safety policy forbids to write to this address.")


def _listed(facts: AddressFacts, entries: Iterable[str]) -> bool:
    """Whether an entry is this address, or `@` and its domain or one above it."""
    for entry in (each.strip().lower() for each in entries):
        if entry == facts.address:
            return True
        if entry.startswith("@") and f".{facts.domain}".endswith(f".{entry[1:]}"):
            return True
    return False


def _kinds(case: CheckCase, facts: AddressFacts) -> Iterator[Finding]:
    if facts.is_no_reply:
        yield _finding(case, Severity.VIOLATION, "Nobody reads mail at a no-reply address. Find the person's own.")
    if facts.is_role:
        yield _finding(case, Severity.WARNING, "This is a shared mailbox, not a person's own.")
    if facts.is_disposable:
        yield _finding(case, Severity.WARNING, "This is a disposable address; mail to it may never be read.")


def _spelling(case: CheckCase, facts: AddressFacts) -> Iterator[Finding]:
    written = case.letter.recipient
    if not facts.address.isascii() or not written.rpartition("@")[0].isascii():
        yield _finding(case, Severity.VIOLATION, "The part before the @ has letters that most mail servers do not take. Ask for "
                       "another address.")
        return
    shown = _shown(facts.domain)
    if any(mixes_scripts(label) for label in shown.split(".")):
        yield _finding(case, Severity.VIOLATION, "The domain mixes alphabets, as forgeries do. In plain "
                       f"letters it is {facts.domain}.")
    elif not shown.isascii():
        yield _finding(case, Severity.WARNING, f"The domain has letters beyond ASCII. In plain letters it is {facts.domain}.")
    ours = [address.rpartition("@")[2] for address in case.known_addresses if address != written] + [
        case.letter.sender.rpartition("@")[2]]
    if any(looks_like(shown, _shown(known)) for known in ours):
        yield _finding(case, Severity.VIOLATION, "The domain looks like one we know, but is another. Check it letter by letter: "
                       f"{facts.domain}.")


def _shown(domain: str) -> str:
    """The domain as people see it: A-labels decoded, in NFC."""
    labels = []
    for label in domain.split("."):
        try:
            labels.append(label.encode("ascii").decode("idna") if label.startswith("xn--") else label)
        except UnicodeError:
            labels.append(label)
    return unicodedata.normalize("NFC", ".".join(labels)).lower()


def _finding(case: CheckCase, severity: Severity, detail: str) -> Finding:
    return Finding(NAME, severity, detail, "recipient", 0, len(case.letter.recipient))


CHECK = Check(NAME, run)
