"""The sample mailbox: data/mail.yaml turned into real RFC 5322 messages, dated relative to today."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Literal
from zoneinfo import ZoneInfo

import yaml
from pydantic import Field

from sales_agent.demo.leads import WORLD, Strict

_POLICY = SMTP.clone(max_line_length=998)  # a folded References header breaks threading on older Pythons
_ATTRIBUTION = {"en": "On {day:%d %b %Y} at {day:%H:%M}, {name} wrote:",
                "de": "Am {day:%d.%m.%Y} um {day:%H:%M} schrieb {name}:"}
_REPLY_PREFIX = {"en": "Re: ", "de": "AW: "}


class Person(Strict):
    name: str
    email: str

    @property
    def address(self) -> Address:
        return Address(self.name, addr_spec=self.email)


class Message(Strict):
    sender: Person | Literal["rep"] = Field(alias="from")
    to: Person | None = None  # needed only where the rep wrote first
    workdays_ago: int = Field(ge=1)
    at: time
    text: str
    subject: str | None = None
    automatic: bool = False


class Thread(Strict):
    key: str
    subject: str
    language: str = "en"
    messages: tuple[Message, ...] = Field(min_length=1)

    def partner(self) -> Person:
        """The person on the other side."""
        return next(person for message in self.messages for person in (message.sender, message.to)
                    if isinstance(person, Person))


class Correspondence(Strict):
    threads: tuple[Thread, ...]


class Rep(Strict):
    """In whose mailbox it all happened."""

    person: Person
    company: str

    @property
    def signature(self) -> str:
        return f"\n-- \n{self.person.name}\n{self.company}\n"


@dataclass(frozen=True, slots=True)
class Letter:
    """One message for the mailbox. `when` is in UTC."""

    direction: Literal["sent", "received"]
    when: datetime
    message: EmailMessage


def workday(today: date, offset: int) -> date:
    """The Monday-to-Friday day that many working days from `today`, which itself never counts."""
    step, day = (1 if offset > 0 else -1), today
    for _ in range(abs(offset)):
        day += timedelta(days=step)
        while day.weekday() > 4:
            day += timedelta(days=step)
    return day


def correspondence() -> Correspondence:
    return Correspondence.model_validate(yaml.safe_load((WORLD / "mail.yaml").read_text(encoding="utf-8")))


def sample_letters(rep: Rep, today: date, zone: ZoneInfo) -> Iterator[Letter]:
    """Every message of the rep's sample mailbox, thread by thread, oldest first within a thread."""
    for thread in correspondence().threads:
        earlier: list[EmailMessage] = []
        for message in thread.messages:
            when = datetime.combine(workday(today, -message.workdays_ago), message.at, zone)
            letter = _write(rep, thread, message, when, earlier)
            earlier.append(letter)
            yield Letter("sent" if message.sender == "rep" else "received", when.astimezone(UTC), letter)


def _write(rep: Rep, thread: Thread, message: Message, when: datetime, earlier: list[EmailMessage]) -> EmailMessage:
    sender = rep.person if message.sender == "rep" else message.sender
    recipient = thread.partner() if message.sender == "rep" else rep.person
    prefix = _REPLY_PREFIX[thread.language] if earlier else ""
    letter = EmailMessage(_POLICY)
    letter["From"], letter["To"] = sender.address, recipient.address
    letter["Subject"] = message.subject or prefix + thread.subject
    letter["Date"] = format_datetime(when)
    letter["Message-ID"] = f"<{thread.key}.{len(earlier) + 1}@{sender.email.partition('@')[2]}>"
    if earlier:
        letter["In-Reply-To"] = earlier[-1]["Message-ID"]
        letter["References"] = " ".join(each["Message-ID"] for each in earlier)
    if message.automatic:
        letter["Auto-Submitted"] = "auto-replied"
    signature = rep.signature if message.sender == "rep" else ""
    quoted = "" if message.automatic or not earlier else _quoted(earlier[-1], thread.language)
    letter.set_content(message.text + signature + quoted)
    return letter


def _quoted(message: EmailMessage, language: str) -> str:
    """The message before, as mail programs put it under a reply."""
    name = message["From"].addresses[0].display_name
    attribution = _ATTRIBUTION[language].format(day=message["Date"].datetime, name=name)
    lines = message.get_content().splitlines()
    return f"\n{attribution}\n" + "".join(f"> {line}".rstrip() + "\n" for line in lines)
