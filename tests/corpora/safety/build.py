"""Composes planted.jsonl and clean.jsonl from the sentences in parts/. The same parts give the same files.

    python tests/corpora/safety/build.py
"""

from __future__ import annotations

import json
import random
import re
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from lines import PARTS, filled, groups, lines, named, split_options

HERE = Path(__file__).parent
LANGUAGES = ("en", "de", "fr", "es")
GREETINGS = {"en": ("Hi {first},", "Dear {first},", "Hello {first},", "Hi {first},"), "fr": ("Bonjour {salutation},",),
             "de": ("Guten Tag {salutation},", "Hallo {salutation},", "{formal},"), "es": ("Buenos días, {first}:", "Hola, {first}:")}
MARK = re.compile(r"⟦(.*?)⟧", re.DOTALL)
CLEAN = 500  # mails; every innocent sentence is in at least one
# Files whose lines are sentences with one planted problem each; the file's name is that of the check.
SENTENCES = ("identity_numbers", "payment_data", "credentials", "other_people", "prohibited_terms", "promises", "wording",
             "placeholders", "links", "shouting")
ABOUT_THE_CASE = {"body", "say", "text", "part", "replace", "language", "severity"}  # all else in special.yaml is a field of it


@dataclass(frozen=True)
class Person:
    language: str
    feminine: bool
    name: str
    email: str
    company: str

    @property
    def words(self) -> dict[str, str]:
        """What the marks <first>, <company> and so on stand for."""
        plain = re.sub(r"^(?:(?:Prof|Dr)\. )+", "", self.name)
        titles = self.name.removesuffix(plain)
        first, _, last = plain.partition(" ")
        titled = f"{titles}{last}"
        salutation = {"de": f"{'Frau' if self.feminine else 'Herr'} {titled}",
                      "fr": f"{'Madame' if self.feminine else 'Monsieur'} {titled}"}.get(self.language, first)
        formal = f"Sehr geehrte Frau {titled}" if self.feminine else f"Sehr geehrter Herr {titled}"
        return {"first": first, "salutation": salutation, "formal": formal, "company": self.company, "email": self.email,
                "second": f"k.second@{self.email.partition('@')[2]}"}


class Composer:
    """Makes mails. Every choice is drawn from its own random numbers, so that a new line changes few of the others."""

    def __init__(self) -> None:
        self.people = [Person(language, sex == "f", *rest) for language, sex, *rest in (each.split("|") for each in lines("people"))]
        self.subjects = [each.split("|", 1) for each in lines("subjects")]
        self.sentences = {(kind, language): lines(f"{kind}.{language}") for language in LANGUAGES
                          for kind in ("openings", "substance", "next", "closings", "signoffs", "innocent")}

    def speakers(self, language: str) -> list[Person]:
        return [each for each in self.people if each.language == language]

    def mail(self, name: str, language: str, extra: str, **overrides: Any) -> dict[str, Any]:
        """A whole mail around one sentence or passage."""
        chance = random.Random(zlib.crc32(name.encode()))
        person = chance.choice(self.speakers(language))
        middle = [chance.choice(self.sentences["substance", language]), extra]
        chance.shuffle(middle)
        paragraphs = [chance.choice(GREETINGS[language]).format(**person.words), chance.choice(self.sentences["openings", language]),
                      *middle, chance.choice(self.sentences["next", language])]
        if chance.random() < 0.5:
            paragraphs.append(chance.choice(self.sentences["closings", language]))
        paragraphs.append(chance.choice(self.sentences["signoffs", language]))
        subject = chance.choice([text for each, text in self.subjects if each == language])
        return self.record(name, person, subject, "\n\n".join(paragraphs), overrides)

    def record(self, name: str, person: Person, subject: str, body: str, overrides: dict[str, Any]) -> dict[str, Any]:
        words = person.words
        made = {"id": name, "split": ("dev", "test")[zlib.crc32(f"split {name}".encode()) % 2], "what": "",
                "language": person.language, "recipient": person.email, "recipient_name": person.name,
                "recipient_company": person.company, "subject": subject, "body": body, **overrides}
        return {key: filled(value, words) for key, value in made.items()}


def clean(composer: Composer) -> list[dict[str, Any]]:
    """One mail around each innocent sentence, then the whole letters, then two of the sentences in one mail."""
    innocent = [(what, f"{language}: {line}") for language in LANGUAGES for what, line in groups(f"innocent.{language}")]
    made = [innocent_mail(composer, what, line) for what, line in innocent + groups("later_clean") + groups("disguised_clean")]
    made += [whole(composer, number, what, line) for number, (what, line) in enumerate(groups("clean_whole"))]
    english = composer.sentences["innocent", "en"]
    for number in range(CLEAN - len(made)):
        (one, first), (other, second) = (split_options(english[number * step % len(english)]) for step in (7, 11))
        made.append(composer.mail(f"clean-pair-{number:03}", "en", f"{one}\n\n{other}", what="two innocents", **first | second))
    return [{**each, "planted": []} for each in made]


def innocent_mail(composer: Composer, what: str, line: str) -> dict[str, Any]:
    text, options = split_options(line)
    language, _, text = text.partition(": ")
    return composer.mail(named("clean", line), language, text, what=what, **options)


def whole(composer: Composer, number: int, what: str, line: str) -> dict[str, Any]:
    language, subject, body = line.split("|", 2)
    person = composer.speakers(language)[number % 5]
    return composer.record(named("clean-whole", line), person, subject, body, {"what": what})


def planted(composer: Composer) -> list[dict[str, Any]]:
    made = [sentence(composer, check, what, line) for check in SENTENCES for what, line in groups(check)]
    for what, each in groups("later") + groups("disguised"):
        check, line = each.split("|", 1)
        made.append(sentence(composer, check, what, line))
    made += [foreign(composer, number, what, line) for number, (what, line) in enumerate(groups("foreign_language"))]
    for check, kinds in yaml.safe_load((PARTS / "special.yaml").read_text("utf-8")).items():
        made += [special_case(composer, check, what, each) for what, cases in kinds.items() for each in cases]
    return made


def sentence(composer: Composer, check: str, what: str, line: str) -> dict[str, Any]:
    """A mail around a sentence; what stands in ⟦ ⟧ must be found."""
    line, options = split_options(line)
    checks = [check, *options.pop("also", ())]
    language, _, text = line.partition(": ")
    part = "subject" if text.startswith("subject: ") else "body"
    text = text.removeprefix("subject: ")
    plain = MARK.sub(r"\1", text)
    mail = composer.mail(named(check, line), language, plain if part == "body" else "", what=what, **options)
    if part == "subject":
        mail |= {"subject": plain, "body": re.sub(r"\n{3,}", "\n\n", mail["body"])}
    words = {"email": mail["recipient"], "company": mail["recipient_company"], "first": mail["recipient_name"].split()[0]}
    marked = dict.fromkeys(filled(each, words) for each in MARK.findall(text))
    return {**filled(mail, words), "planted": [{"check": each, "part": part, "text": text} for each in checks for text in marked]}


def foreign(composer: Composer, number: int, what: str, line: str) -> dict[str, Any]:
    """A mail in another language than the lead's."""
    language, _, subject, text = line.split("|", 3)
    person = composer.speakers(language)[number % 5]
    body = f"{GREETINGS[language][0].format(**person.words)}\n\n{text}\n\nRobin Sommer"
    mail = composer.record(named("language", line), person, subject, body, {"what": what})
    return {**mail, "planted": [{"check": "language", "part": "body", "text": mail["body"]}]}


def special_case(composer: Composer, check: str, what: str, case: dict[str, Any]) -> dict[str, Any]:
    """What is wrong with the letter as a whole, or with a part of it that is not a sentence of the body."""
    overrides = {key: value for key, value in case.items() if key not in ABOUT_THE_CASE}
    mail = composer.mail(named(check, json.dumps(case)), case.get("language", "en"), case.get("say", ""), what=what, **overrides)
    mail["body"] = re.sub(r"\n{3,}", "\n\n", case.get("body", mail["body"]))
    if "replace" in case:  # the greeting
        mail["body"] = case["replace"] + mail["body"][mail["body"].index("\n"):]
    label = {"check": check, "part": case.get("part", "body"), "text": case.get("text", "")}
    return {**mail, "planted": [label | {key: case[key] for key in ("severity",) if key in case}]}


def as_lines(mails: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(each, ensure_ascii=False) + "\n" for each in mails)


def write(path: Path, mails: list[dict[str, Any]]) -> None:
    path.write_text(as_lines(mails), encoding="utf-8")
    print(f"{path.name}: {len(mails)} mails")


if __name__ == "__main__":
    write(HERE / "clean.jsonl", clean(Composer()))
    write(HERE / "planted.jsonl", planted(Composer()))
