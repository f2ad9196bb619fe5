"""Sales material from a folder: Markdown files with a front matter, in allow-listed folders only."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

import structlog
import yaml

from sales_agent.core.errors import ConfigurationError, ConnectorError
from sales_agent.core.text import one_line
from sales_agent.ports.assets import Asset

log = structlog.get_logger()
PROVIDER = "local assets"
Fingerprint = tuple[tuple[str, int, int], ...]
_FRONT_MATTER = re.compile(r"---[ \t]*\n(.*?)\n---[ \t]*(?:\n|\Z)", re.DOTALL)
_URL = re.compile(r"https://[^@/?#]+(?:[/?#][!-~]*)?")
_NOT_IN_URLS = re.compile(r"[^!-~]|[\"'<>\\^`{|}]")
_LONGEST_URL = 2_000


class LocalAssetLibrary:
    """The `AssetLibrary` port on `root/<folder>/*.md` and `*.txt`. Links that lead out of a folder are not followed."""

    def __init__(self, root: Path, folders: Sequence[str]) -> None:
        for folder in folders:
            parts = PurePosixPath(folder).parts
            if not parts or parts[0] == "/" or ".." in parts:
                raise ConfigurationError(f"ASSET_FOLDERS: '{folder}' must be a folder inside the asset library")
        self._root = root
        self._folders = tuple(folders)
        self._seen: Fingerprint | None = None
        self._assets: tuple[Asset, ...] = ()

    async def list_assets(self) -> list[Asset]:
        try:
            files = [(folder, entry) for folder in self._folders for entry in self._files(folder)]
            seen = tuple((entry.path, (stat := entry.stat()).st_mtime_ns, stat.st_size) for _, entry in files)
            if seen != self._seen:
                self._assets = tuple(asset for folder, entry in files
                                     if (asset := _read(folder, Path(entry.path))) is not None)
                self._seen = seen
        except OSError as error:
            reason = f"the folder cannot be read ({type(error).__name__})"
            raise ConnectorError(PROVIDER, reason, transient=False) from error
        return list(self._assets)

    async def check(self) -> str:
        return f"{len(await self.list_assets())} assets in {', '.join(self._folders) or 'no folder'}"

    def _files(self, folder: str) -> Iterator[os.DirEntry[str]]:
        inside = (self._root / folder).resolve(strict=True)
        if not inside.is_relative_to(self._root.resolve()):
            raise ConnectorError(PROVIDER, f"the folder '{folder}' leads out of the library", transient=False)
        with os.scandir(inside) as entries:
            yield from sorted((entry for entry in entries if _is_text_in(inside, entry)), key=lambda entry: entry.name)


def _is_text_in(folder: Path, entry: os.DirEntry[str]) -> bool:
    if not entry.name.lower().endswith((".md", ".txt")) or not entry.is_file():
        return False
    return not entry.is_symlink() or Path(entry.path).resolve().parent == folder


def _read(folder: str, path: Path) -> Asset | None:
    """The asset, or None (with a warning) when the file does not say what a lead may be given."""
    try:
        return _asset(f"{folder}/{path.name}", _front_matter(path.read_text(encoding="utf-8-sig")))
    except (ValueError, yaml.YAMLError) as error:
        log.warning("asset.skipped", file=path.name, error=type(error).__name__)
        return None


def _asset(asset_id: str, front: dict[str, Any]) -> Asset:
    title, url = one_line(_text(front, "title"), 200), _text(front, "url").strip()
    if not title or not _is_link(url):
        raise ValueError("a title and an https url are needed")
    return Asset(id=asset_id, title=title, url=url, summary=one_line(_text(front, "summary"), 500),
                 topics=_topics(front.get("topics")), language=_text(front, "language").strip().lower() or "en")


def _is_link(url: str) -> bool:
    """An https address that every mail program shows and follows alike."""
    return len(url) <= _LONGEST_URL and not _NOT_IN_URLS.search(url) and bool(
        _URL.fullmatch(url) and "." in (urlsplit(url).hostname or ""))


def _text(front: dict[str, Any], name: str) -> str:
    """A blank entry is None in YAML, and an unquoted `no` is False."""
    value = front.get(name)
    return "" if value is None else "no" if value is False else str(value)


def _topics(value: Any) -> tuple[str, ...]:
    """A list, or words with commas between them."""
    listed = value if isinstance(value, list) else str(value or "").split(",")
    return tuple(topic for each in listed if (topic := one_line(str(each), 60).lower()))


def _front_matter(text: str) -> dict[str, Any]:
    found = _FRONT_MATTER.match(text)
    front = yaml.safe_load(found[1]) if found else None
    if not isinstance(front, dict):
        raise ValueError("there is no front matter")
    return front
