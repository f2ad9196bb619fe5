"""Reads the corpus and puts each mail before the checks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from sales_agent.core.settings import SenderSettings
from sales_agent.drafts.letter import Composer, Letter
from sales_agent.sending.checks import run_checks
from sales_agent.sending.checks.case import CheckCase, Finding, Severity
from sales_agent.sending.checks.policy import SafetyPolicy, load_policy

HERE = Path(__file__).parent
JOIN = "‹+›"  # stands in secrets, so that scanners of repositories do not take them for real ones
BASE_URL = "http://127.0.0.1:8000"
LINK = f"{BASE_URL}/u/token-of-the-recipient"
SENDER = SenderSettings(_env_file=None, sender_name="Robin Sommer", sender_company="Northwind Analytics",
                        sender_address="Northwind Analytics, Beispielweg 12, 10115 Berlin, Germany", mail_from="robin@northwind.example")
POLICY = load_policy(None)


@dataclass(frozen=True)
class Sample:
    """One mail of the corpus, and what the checks found in it."""

    id: str
    split: str
    what: str
    planted: tuple[dict[str, str], ...]
    case: CheckCase
    findings: tuple[Finding, ...]

    @property
    def violations(self) -> list[Finding]:
        return [each for each in self.findings if each.severity is Severity.VIOLATION]

    def caught(self, label: dict[str, str]) -> bool:
        """Whether the label's check points to it with a violation, or with a warning where that is what the label asks for."""
        severity = label.get("severity", Severity.VIOLATION)
        return any(each.check == label["check"] and each.severity == severity and self._meets(each, label)
                   for each in self.findings)

    def explained(self, finding: Finding) -> bool:
        """Whether something was planted where the finding points."""
        return any(finding.check == label["check"] and self._meets(finding, label) for label in self.planted)

    def _meets(self, finding: Finding, label: dict[str, str]) -> bool:
        if finding.part != label["part"] or not label["text"]:
            return finding.part == label["part"]
        whole = self.case.letter.subject if finding.part == "subject" else self.case.body
        start = whole.index(label["text"])
        return finding.start < start + len(label["text"]) and finding.end > start


def samples(kind: str) -> Iterator[Sample]:
    """All mails of `planted` or `clean`."""
    for line in (HERE / f"{kind}.jsonl").read_text("utf-8").split("\n")[:-1]:
        record = json.loads(line.replace(JOIN, ""))
        case = case_of(record)
        yield Sample(record["id"], record["split"], record["what"], tuple(record["planted"]), case, tuple(run_checks(case)))


def case_of(record: dict[str, Any]) -> CheckCase:
    """The letter that the record becomes, with the fields of letter, case and policy that it sets otherwise."""
    policy = record.get("policy", {}) | {name: record[name] for name in SafetyPolicy.model_fields if name in record}
    body = "\n\n".join([record["body"]] * record.get("repeat", 1))
    letter = _letter(record, body)
    sender_address = record.get("sender_address", SENDER.sender_address)
    case = CheckCase(
        letter=letter, body=body, policy=SafetyPolicy.model_validate(POLICY.model_dump() | policy), language=record["language"],
        recipient_company=record["recipient_company"], sender_company=record.get("sender_company", SENDER.sender_company),
        sender_address=sender_address, base_url=BASE_URL, known_addresses=(letter.sender, letter.recipient),
        unsubscribe_works=lambda url: url == LINK)
    simple: dict[str, Any] = {name: record[name] for name in ("base_url", "in_production") if name in record}
    several: dict[str, Any] = {name: tuple(record[name]) for name in ("other_companies", "known_phones") if name in record}
    known = (*case.known_addresses, *record.get("known_addresses", ()))
    return replace(case, **simple, **several, known_addresses=known)


def _letter(record: dict[str, Any], body: str) -> Letter:
    url = record.get("unsubscribe_url", LINK)
    letter = Composer(SENDER, lambda _: url).letter(SimpleNamespace(
        body=body, subject=record["subject"], recipient=record["recipient"], recipient_name=record["recipient_name"],
        language=record["language"], in_reply_to=None, references="[]", thread_id=None))
    changed: dict[str, Any] = {name: record[name] for name in ("sender_name", "in_reply_to") if name in record}
    changed |= {"references": tuple(record["references"])} if "references" in record else {}
    text, html = letter.text, letter.html
    lines = {"unsubscribe": url, "address": " ".join(SENDER.sender_address.split()), "sender": SENDER.sender_name}
    for what, line in lines.items():
        if record.get("footer_without") in (what, "everything"):
            text, html = body + text[len(body):].replace(line, ""), html.replace(line, "")
        if record.get("html_without") == what:
            html = html.replace(line, "")
    return replace(letter, text=text, html=html, **changed)
