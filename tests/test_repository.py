"""The repository keeps its own promises: pages, lists and limits that people would forget to update."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path, PurePath
from typing import Any

import pytest
import yaml
from pydantic_core import PydanticUndefined

from sales_agent.core import settings
from sales_agent.core.settings import Group
from sales_agent.workflow import steps
from sales_agent.workflow.steps import STEPS

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "sales_agent"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def rows(page: str) -> dict[str, str]:
    """First cell: second cell, of every table row that begins with a name in backticks."""
    text = (ROOT / "docs" / page).read_text("utf-8")
    return dict(re.findall(r"^\| `([^`]+)` \| ([^|]*?) \|", text, re.MULTILINE))


def shown(default: Any) -> str:
    """A default as the settings page writes it."""
    if default in (None, "", ()):
        return "-"
    if isinstance(default, tuple):
        return f"`{','.join(str(each) for each in default)}`"
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


def test_the_settings_page_has_every_variable_with_its_default() -> None:
    groups = [each for each in vars(settings).values()
              if isinstance(each, type) and issubclass(each, Group) and each is not Group]
    fields = {name.upper(): field for group in groups for name, field in group.model_fields.items()}
    assert fields
    assert all(field.default is not PydanticUndefined for field in fields.values())
    assert rows("settings.md") == {name: shown(field.default) for name, field in fields.items()}


def test_the_example_environment_names_only_variables_that_exist() -> None:
    named = re.findall(r"^#?([A-Z][A-Z_]+)=", (ROOT / ".env.example").read_text("utf-8"), re.MULTILINE)
    assert len(named) > 5
    assert set(named) - set(rows("settings.md")) == {"POSTGRES_PASSWORD"}  # docker-compose.yml's own


def test_the_dependencies_page_has_every_direct_dependency() -> None:
    declared = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["dev"]]
    assert list(rows("dependencies.md")) == [each.partition(";")[0].strip() for each in declared]


def test_constraints_pin_every_direct_dependency_and_name_no_address() -> None:
    text = (ROOT / "constraints.txt").read_text("utf-8")
    pinned = set(re.findall(r"^([a-z0-9-]+)==\S", text, re.MULTILINE))
    declared = {re.split(r"[\[;<>= ]", each)[0] for each in
                [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["dev"]]}
    assert declared <= pinned
    assert "://" not in text
    assert not re.search(r"^\s*-", text, re.MULTILINE)  # no options such as another index


def test_every_step_file_is_listed_once_and_after_what_it_needs() -> None:
    files = {file.stem for file in Path(steps.__file__).parent.glob("*.py")} - {"__init__"}
    names = [step.name for step in STEPS]
    assert sorted(names) == sorted(files)
    for position, step in enumerate(STEPS):
        assert set(step.needs) <= set(names[:position]), step.name


def test_every_decision_is_in_the_index() -> None:
    folder = ROOT / "docs" / "adr"
    index = re.findall(r"\]\((\d{4}-[^)]+\.md)\)", (folder / "README.md").read_text("utf-8"))
    assert index == sorted(file.name for file in folder.glob("[0-9]*.md"))
    assert index


def test_only_the_door_and_its_reconciler_hold_what_really_sends() -> None:
    named = {file.relative_to(SOURCE).as_posix() for file in SOURCE.rglob("*.py")
             if re.search(r"\b(?:MailSender|MaildirSender|SmtpSender|connect_sender|SENDERS)\b(?!`)", file.read_text("utf-8"))}
    assert named - {"sending/models.py"} == {
        "ports/mail.py", "connectors/registry.py", "connectors/local/sender.py", "connectors/smtp/sender.py",
        "sending/door.py", "sending/reconciler.py", "workflow/sending.py"}
    protocols = {"SMTP(", "IMAPClient(", "smtplib"}
    speaking = {file.relative_to(SOURCE).parts[:2] for file in SOURCE.rglob("*.py")
                if any(word in file.read_text("utf-8") for word in protocols)}
    assert speaking == {("connectors", "smtp")}


def test_no_source_file_is_over_400_lines() -> None:
    sizes = {file.relative_to(ROOT): len(file.read_text("utf-8").splitlines()) for file in SOURCE.rglob("*.py")}
    assert len(sizes) > 50
    assert {file: size for file, size in sizes.items() if size > 400} == {}


def pages() -> list[Path]:
    return [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    for target, anchor in re.findall(r"\]\((?!\w+:)([^)#\s]*)(#[^)\s]+)?\)", page.read_text("utf-8")):
        linked = (page.parent / target).resolve() if target else page
        assert linked.exists(), target
        if anchor:
            assert anchor[1:] in anchors(linked), f"{target}{anchor}"


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_files_named_in_the_architecture_exist() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    named = set(re.findall(r"`((?:\w+/)+\w+\.py)`", text))
    assert len(named) > 10
    assert {name for name in named if not (SOURCE / PurePath(name)).exists()} == set()


def test_the_compose_file_has_the_production_shape_and_no_password() -> None:
    text = (ROOT / "docker-compose.yml").read_text("utf-8")
    services = yaml.safe_load(text)["services"]
    assert [services[name]["command"] for name in ("migrate", "api", "worker", "beat")] == [
        ["migrate"], ["api"], ["worker"], ["beat"]]
    for secret in ("POSTGRES_PASSWORD", "SECRET_KEY", "HUBSPOT_WEBHOOK_SECRET"):
        values = re.findall(rf"^\s+{secret}: (.*)$", text, re.MULTILINE)
        assert values
        assert all(value.startswith(f'"${{{secret}:?') for value in values), secret
