"""Sales material from a folder: Markdown files with a front matter, in allow-listed folders only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import structlog
import yaml

from sales_agent.core.errors import ConfigurationError, ConnectorError
from sales_agent.core.text import one_line
from sales_agent.ports.assets import Asset

log = structlog.get_logger()
PROVIDER = "local assets"


class LocalAssetLibrary:
    """The `AssetLibrary` port on `root/<folder>/*.md`. Links that lead out of a folder are not followed."""

    def __init__(self, root: Path, folders: Sequence[str]) -> None:
        for folder in folders:
            if Path(folder).is_absolute() or ".." in Path(folder).parts:
                raise ConfigurationError(f"ASSET_FOLDERS: '{folder}' must be a folder inside the asset library")
        self._root = root
        self._folders = tuple(folders)
        self._cached: tuple[tuple[tuple[str, int], ...], list[Asset]] = ((), [])

    async def list_assets(self) -> list[Asset]:
        try:
            files = [(folder, path) for folder in self._folders for path in self._files(folder)]
            fingerprint = tuple((str(path), path.stat().st_mtime_ns) for _, path in files)
            if fingerprint != self._cached[0]:
                found = [asset for folder, path in files if (asset := _read(folder, path)) is not None]
                self._cached = (fingerprint, found)
        except OSError as error:
            raise ConnectorError(PROVIDER, f"the folder cannot be read ({type(error).__name__})", transient=False) from error
        return self._cached[1]

    async def check(self) -> str:
        return f"{len(await self.list_assets())} assets in {', '.join(self._folders) or 'no folder'}"

    def _files(self, folder: str) -> Iterator[Path]:
        inside = (self._root / folder).resolve(strict=True)
        for path in sorted(inside.iterdir()):
            if path.suffix in (".md", ".txt") and path.resolve().parent == inside:
                yield path


def _read(folder: str, path: Path) -> Asset | None:
    """The asset, or None (with a warning) when the file does not say what a lead may be given."""
    try:
        front = _front_matter(path.read_text(encoding="utf-8"))
    except (ValueError, yaml.YAMLError) as error:
        log.warning("asset.unreadable", file=path.name, error=type(error).__name__)
        return None
    title, url = one_line(str(front.get("title", "")), 200), str(front.get("url", ""))
    if not title or not url.startswith("https://") or any(character.isspace() for character in url):
        log.warning("asset.incomplete", file=path.name, missing="title or https url")
        return None
    topics = tuple(str(topic).lower() for topic in front.get("topics", ()))
    return Asset(id=f"{folder}/{path.name}", title=title, url=url, summary=one_line(str(front.get("summary", "")), 500),
                 topics=topics, language=str(front.get("language", "en")).lower())


def _front_matter(text: str) -> dict[str, Any]:
    if not text.startswith("---\n"):
        return {}
    front = yaml.safe_load(text[4:].partition("\n---")[0])
    if not isinstance(front, dict):
        raise ValueError("the front matter is not a mapping")
    return front
