"""Reads the lines of parts/ and fills them in."""

from __future__ import annotations

import json
import re
import zlib
from pathlib import Path
from typing import Any

PARTS = Path(__file__).parent / "parts"


def lines(name: str) -> list[str]:
    return [line for _, line in groups(name)]


def groups(name: str) -> list[tuple[str, str]]:
    """The lines of a part, each with the `# heading` above it. `⏎` stands for a line break, `\\u00a0` for that character."""
    heading, made = "", []
    for line in (PARTS / f"{name}.txt").read_text("utf-8").splitlines():
        if line.startswith("# "):
            heading = line.removeprefix("# ")
        elif line.strip():
            made.append((heading, re.sub(r"\\u([\da-f]{4})", lambda code: chr(int(code[1], 16)), line.replace("⏎", "\n"))))
    return made


def named(kind: str, line: str) -> str:
    """The id of the mail that this line makes, wherever in its part the line stands."""
    return f"{kind}-{zlib.crc32(line.encode()):08x}"


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
