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

HERE = Path(__file__).parent
PARTS = HERE / "parts"
LANGUAGES = ("en", "de", "fr", "es")
GREETINGS = {"en": ("Hi {first},", "Dear {first},", "Hello {first},", "Hi {first},"), "fr": ("Bonjour {salutation},",),
             "de": ("Guten Tag {salutation},", "Hallo {salutation},", "{formal},"), "es": ("Buenos días, {first}:", "Hola, {first}:")}
MARK = re.compile(r"⟦(.*?)⟧", re.DOTALL)
CLEAN = 500  # mails; every innocent sentence is in at least one
# Files whose lines are sentences with one planted problem each; the file's name is that of the check.
SENTENCES = ("identity_numbers", "payment_data", "credentials", "other_people", "prohibited_terms", "promises", "wording",
             "placeholders", "links", "shouting")


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


def lines(name: str) -> list[str]:
    """The lines of a part. `⏎` and `\\n` stand for line breaks."""
    text = (PARTS / f"{name}.txt").read_text("utf-8")
    return [line.replace("⏎", "\n").replace("\\n", "\n") for line in text.splitlines() if line.strip()]


class Composer:
    """Makes mails. Every choice is drawn from its own random numbers, so that a new line changes few of the others."""

    def __init__(self) -> None:
        self.people = [Person(language, sex == "f", *rest) for language, sex, *rest in (each.split("|") for each in lines("people"))]
        self.subjects = [each.split("|", 1) for each in lines("subjects")]
        self.sentences = {(kind, language): lines(f"{kind}.{language}") for language in LANGUAGES
                          for kind in ("openings", "substance", "next", "closings", "signoffs", "innocent")}

    def mail(self, name: str, language: str, extra: str, **overrides: Any) -> dict[str, Any]:
        """A whole mail around one sentence or passage."""
        chance = random.Random(zlib.crc32(name.encode()))
        person = chance.choice([each for each in self.people if each.language == language])
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
        made = {"id": name, "split": ("dev", "test")[zlib.crc32(f"split {name}".encode()) % 2], "language": person.language,
                "recipient": person.email, "recipient_name": person.name, "recipient_company": person.company, "subject": subject,
                "body": body, **overrides}
        return {key: filled(value, words) for key, value in made.items()}


def filled(value: Any, words: dict[str, str]) -> Any:
    if isinstance(value, list):
        return [filled(each, words) for each in value]
    if isinstance(value, dict):
        return {key: filled(each, words) for key, each in value.items()}
    if not isinstance(value, str):
        return value
    value = re.sub(r"<iban:(\w\w):(\w+)(?::(\d+))?>", lambda match: iban(*match.groups()), value)
    return re.sub(r"<(\w+)>", lambda match: words.get(match[1], match[0]), value)


def iban(country: str, account: str, group: str | None) -> str:
    """The account with its check digits, in groups of so many characters."""
    digits = "".join(str(int(each, 36)) for each in f"{account}{country}00")
    plain = f"{country}{98 - int(digits) % 97:02}{account}"
    size = int(group or 0)
    return " ".join(plain[at:at + size] for at in range(0, len(plain), size)) if size else plain


def split_options(line: str) -> tuple[str, dict[str, Any]]:
    """`text @@ {"field": …}`: fields of the case that this line needs."""
    text, mark, options = line.partition(" @@ ")
    return text, json.loads(options) if mark else {}


def clean(composer: Composer) -> list[dict[str, Any]]:
    """One mail around each innocent sentence, then more of them in other company, then the whole letters."""
    made = []
    for language in LANGUAGES:
        for number, line in enumerate(composer.sentences["innocent", language]):
            text, options = split_options(line)
            made.append(composer.mail(f"clean-{language}-{number:03}", language, text, **options))
    for number, line in enumerate(lines("clean_whole")):
        language, subject, rest = line.split("|", 2)
        body, options = split_options(rest)
        person = [each for each in composer.people if each.language == language][number % 5]
        made.append(composer.record(f"clean-whole-{number:03}", person, subject, body, options))
    for number, line in enumerate(lines("later_clean")):
        language, _, text = line.partition(": ")
        made.append(composer.mail(f"clean-later-{number:03}", language, text))
    while len(made) < CLEAN:
        number = len(made)
        one, other = (split_options(composer.sentences["innocent", "en"][(number * step) % 213]) for step in (7, 11))
        made.append(composer.mail(f"clean-pair-{number:03}", "en", f"{one[0]}\n\n{other[0]}", **one[1], **other[1]))
    return [{**each, "planted": []} for each in made]


def planted(composer: Composer) -> list[dict[str, Any]]:
    made = [sentence(composer, check, number, line) for check in SENTENCES for number, line in enumerate(lines(check))]
    made += [sentence(composer, check, number, line) for number, (check, line) in
             enumerate((each.split("|", 1) for each in lines("later")), start=500)]
    made += [foreign(composer, number, line) for number, line in enumerate(lines("foreign_language"))]
    special = yaml.safe_load((PARTS / "special.yaml").read_text("utf-8"))
    for check, cases in special.items():
        made += [special_case(composer, check, number, each) for number, each in enumerate(cases)]
    return made


def sentence(composer: Composer, check: str, number: int, line: str) -> dict[str, Any]:
    line, options = split_options(line)
    language, _, text = line.partition(": ")
    in_subject = text.startswith("subject: ")
    text = text.removeprefix("subject: ")
    marked = MARK.search(text)
    assert marked, line
    plain = text.replace("⟦", "").replace("⟧", "")
    name = f"{check}-{number:03}"
    mail = composer.mail(name, language, "" if in_subject else plain, **options)
    if in_subject:
        mail["subject"], mail["body"] = plain, re.sub(r"\n{3,}", "\n\n", mail["body"])
    words = {"email": mail["recipient"], "company": mail["recipient_company"], "first": mail["recipient_name"].split()[0]}
    label = {"part": "subject" if in_subject else "body", "text": filled(marked[1], words)}
    return {**mail, "planted": [{"check": each, **label} for each in (check, *mail.pop("also", ()))]}


def foreign(composer: Composer, number: int, line: str) -> dict[str, Any]:
    """A mail that speaks `spoken` to a lead who speaks `language`."""
    language, _, subject, text = line.split("|", 3)
    person = [each for each in composer.people if each.language == language][number % 5]
    body = f"{GREETINGS[language][0].format(**person.words)}\n\n{text}\n\nRobin Sommer"
    mail = composer.record(f"language-{number:03}", person, subject, body, {})
    return {**mail, "planted": [{"check": "language", "part": "body", "text": mail["body"]}]}


def special_case(composer: Composer, check: str, number: int, case: dict[str, Any]) -> dict[str, Any]:
    """What is wrong with the letter as a whole, or with a part of it that is not a sentence of the body."""
    overrides = {key: value for key, value in case.items() if key not in ("body", "say", "text", "part", "replace", "language")}
    language = case.get("language", "en")
    mail = composer.mail(f"{check}-{number:03}", language, case.get("say", ""), **overrides)
    mail["body"] = re.sub(r"\n{3,}", "\n\n", case.get("body", mail["body"]))
    if "replace" in case:  # the greeting
        mail["body"] = case["replace"] + mail["body"][mail["body"].index("\n"):]
    return {**mail, "planted": [{"check": check, "part": case.get("part", "body"), "text": case.get("text", "")}]}


def as_lines(mails: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(each, ensure_ascii=False) + "\n" for each in mails)


def write(path: Path, mails: list[dict[str, Any]]) -> None:
    path.write_text(as_lines(mails), encoding="utf-8")
    print(f"{path.name}: {len(mails)} mails")


if __name__ == "__main__":
    write(HERE / "clean.jsonl", clean(Composer()))
    write(HERE / "planted.jsonl", planted(Composer()))
