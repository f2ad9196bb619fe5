"""A letter to be checked, in few words."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from sales_agent.core.settings import SenderSettings
from sales_agent.drafts.letter import Composer, Letter
from sales_agent.sending.checks.case import CheckCase, Finding
from sales_agent.sending.checks.policy import load_policy

POLICY = load_policy(None)  # the one that ships
BASE_URL = "http://127.0.0.1:8000"
SENDER = SenderSettings(
    _env_file=None, mail_from="robin@northwind.example", sender_name="Robin Vale", sender_company="Northwind",
    sender_address="Northwind Ltd, 1 Harbour Street, Dublin, Ireland")  # type: ignore[call-arg]
UNSUBSCRIBE_URL = f"{BASE_URL}/u/token-of-the-recipient"
BODY = """Hi Ada,

Thank you for your message about reporting. I will gladly show you the product and answer what your team needs
to know before you decide.

Would Tuesday at 10:00 suit you for a short call?

Best regards,
Robin"""
_LETTER_FIELDS = set(Letter.__slots__)


def case(body: str = BODY, subject: str = "Reporting for Acme", recipient: str = "ada@acme.example",
         recipient_name: str = "Ada Okafor", **overrides: Any) -> CheckCase:
    """A letter from Robin Vale of Northwind to Ada Okafor of Acme, with any field of letter or case set otherwise.

    Policy fields can be given too: `case(client_names=("Initech",))`.
    """
    policy = {name: overrides.pop(name) for name in list(overrides) if name in type(POLICY).model_fields}
    letter = {name: overrides.pop(name) for name in list(overrides) if name in _LETTER_FIELDS}
    case_of = CheckCase(
        letter=_letter(body, subject, recipient, recipient_name, overrides.get("language", "en")), body=body,
        policy=POLICY.model_copy(update=policy), recipient_company="Acme", sender_company=SENDER.sender_company,
        sender_address=SENDER.sender_address, base_url=BASE_URL, known_addresses=(recipient, SENDER.mail_from),
        unsubscribe_works=lambda url: url == UNSUBSCRIBE_URL)
    case_of = replace(case_of, **overrides)
    return replace(case_of, letter=replace(case_of.letter, **letter)) if letter else case_of


def _letter(body: str, subject: str, recipient: str, recipient_name: str, language: str) -> Letter:
    composer = Composer(SENDER, lambda address: UNSUBSCRIBE_URL)
    return composer.letter(SimpleNamespace(
        body=body, subject=subject, recipient=recipient, recipient_name=recipient_name, language=language,
        in_reply_to=None, references="[]", thread_id=None))


def marked(case_of: CheckCase, finding: Finding) -> str:
    """The text that the finding's span points to."""
    texts = {"body": case_of.body, "subject": case_of.letter.subject, "recipient": case_of.letter.recipient, "headers": ""}
    return texts[finding.part][finding.start:finding.end]
