"""Files of a Maildir: written whole or not at all, parsed once."""

from __future__ import annotations

import hashlib
import os
import time
import uuid
from pathlib import Path

_SETTLED_NS = 2_000_000_000  # a folder's time stamp is trusted once it is this old


def make_maildir(path: Path) -> None:
    for part in ("cur", "new", "tmp"):
        (path / part).mkdir(parents=True, exist_ok=True)


def write_message(folder: Path, name: str, raw: bytes) -> Path:
    """Atomically, in place of a file of the same name; answers where the message lies."""
    temporary, final = folder / "tmp" / f"{name}.{uuid.uuid4().hex}", folder / "cur" / name
    try:
        with temporary.open("wb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        temporary.rename(final)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    return final


def message_names(folder: Path) -> dict[str, str]:
    """The messages in `cur`: file name with the flags it has now, by name without them."""
    with os.scandir(folder / "cur") as entries:
        return {entry.name.partition(":")[0]: entry.name for entry in entries}


def unique_name(raw: bytes, seconds: int) -> str:
    return f"{seconds}.{hashlib.sha256(raw).hexdigest()[:24]}.sales-agent:2,S"


class Folder:
    """A read view of one Maildir folder that looks at the disk only when the folder changed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._stamp: tuple[int, ...] = ()
        self._looked_at = 0
        self.files: dict[str, Path] = {}

    def changed(self) -> bool:
        """Whether `scan` might find something else. Two stat calls."""
        stamp = self._stamps()
        return stamp != self._stamp or self._looked_at - max(stamp, default=0) < _SETTLED_NS

    def scan(self) -> None:
        """List the files, by name without flags."""
        self._looked_at = time.time_ns()
        self._stamp = self._stamps()
        found: dict[str, Path] = {}
        for part in ("cur", "new"):
            with os.scandir(self.path / part) as entries:
                found |= {entry.name.partition(":")[0]: Path(entry.path) for entry in entries if entry.is_file()}
        self.files = found

    def _stamps(self) -> tuple[int, ...]:
        return tuple((self.path / part).stat().st_mtime_ns for part in ("cur", "new"))
