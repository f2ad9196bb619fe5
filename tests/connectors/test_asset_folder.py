"""What is special to an asset library in a folder: who writes the files, and where links lead."""

from __future__ import annotations

from pathlib import Path

import pytest
from structlog.testing import capture_logs

from sales_agent.connectors.local.assets import LocalAssetLibrary
from sales_agent.core.errors import ConfigurationError, ConnectorError

FRONT = "title: Case study\nurl: https://www.northwind.example/case"


class Files:
    def __init__(self, root: Path) -> None:
        self.root = root
        for folder in ("public", "internal"):
            (root / folder).mkdir(parents=True)
        self.library = LocalAssetLibrary(root, ("public",))

    def put(self, name: str, front: str = FRONT, folder: str = "public") -> None:
        (self.root / folder / name).write_text(f"---\n{front}\n---\nText for people.\n", encoding="utf-8")


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path / "assets")


@pytest.mark.parametrize("front", [
    "title: x", "url: https://a.example/x", "title:\nurl: https://a.example/x", "title: x\nurl: http://a.example/x",
    "title: x\nurl: javascript:alert(1)", "title: x\nurl: https://a.example/ x", "title: x\nurl: https:///path",
    "title: x\nurl: 'https://a.example/\"onclick=\u202e'", "title: x\nurl: https://northwind.example@evil.example/x",
    "title: x\nurl: https://a.example/<script>", "title: x\nurl: https://intranet/x", "title: x\nurl: [https://a.example/x]", "- a list", "title: [", "just words"])
async def test_without_a_title_and_an_https_address_a_file_is_skipped_with_a_warning(
        files: Files, front: str) -> None:
    files.put("bad.md", front)
    files.put("good.md")
    with capture_logs() as logs:
        assert [asset.id for asset in await files.library.list_assets()] == ["public/good.md"]
        await files.library.list_assets()
    assert [(entry["event"], entry["file"], entry["log_level"]) for entry in logs] == [("asset.skipped", "bad.md", "warning")]


async def test_a_lenient_hand_may_write_the_front_matter(files: Files) -> None:
    files.put("a.md", "title: 2026\nurl: https://a.example/x\ntopics: Logistics, Big Data\nsummary:\nlanguage: no")
    (files.root / "public" / "b.md").write_bytes(b"\xef\xbb\xbf---\r\ntitle: B\r\nurl: https://a.example/b\r\n---\r\n")
    first, second = await files.library.list_assets()
    assert (first.title, first.topics, first.summary, first.language) == ("2026", ("logistics", "big data"), "", "no")
    assert (second.title, second.language, second.topics) == ("B", "en", ())


async def test_what_is_not_a_readable_text_file_harms_nothing(files: Files) -> None:
    files.put("good.md")
    (files.root / "public" / "folder.md").mkdir()
    (files.root / "public" / "gone.md").symlink_to("nowhere.md")
    (files.root / "public" / "binary.md").write_bytes(b"---\n\xff\xfe\x00\n---\n")
    (files.root / "public" / "empty.md").touch()
    (files.root / "public" / "note.docx").write_bytes(b"x")
    assert [asset.id for asset in await files.library.list_assets()] == ["public/good.md"]


async def test_links_never_lead_out_of_an_allow_listed_folder(files: Files, tmp_path: Path) -> None:
    files.put("secret.md", folder="internal")
    (files.root / "public" / "leak.md").symlink_to(files.root / "internal" / "secret.md")
    assert await files.library.list_assets() == []
    (tmp_path / "outside").mkdir()
    (files.root / "linked").symlink_to(tmp_path / "outside")
    with pytest.raises(ConnectorError):
        await LocalAssetLibrary(files.root, ("linked",)).list_assets()


@pytest.mark.parametrize("folder", ["..", "../outside", "public/../internal", "/etc", ".", ""])
def test_a_folder_outside_the_library_is_refused_at_start(tmp_path: Path, folder: str) -> None:
    with pytest.raises(ConfigurationError, match="ASSET_FOLDERS"):
        LocalAssetLibrary(tmp_path, (folder,))


async def test_a_missing_folder_is_an_error_not_an_empty_library(tmp_path: Path) -> None:
    with pytest.raises(ConnectorError) as caught:
        await LocalAssetLibrary(tmp_path, ("public",)).list_assets()
    assert not caught.value.transient
