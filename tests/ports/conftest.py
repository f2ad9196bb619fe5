"""Which adapters stand behind each port. A new one is one line here, and has to pass its port's contract tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from port_worlds import (
    AssetWorld,
    CalendarWorld,
    CrmWorld,
    FolderWorld,
    IcsWorld,
    LocalCrmWorld,
    MaildirWorld,
    MailWorld,
)
from smtp_servers import Authority

from sales_agent.connectors.template.writer import TemplateWriter
from sales_agent.core.database import Database
from sales_agent.ports.writer import Writer

CRMS: dict[str, Callable[[Database], CrmWorld]] = {"local": LocalCrmWorld}
MAILBOXES: dict[str, Callable[[Path], MailWorld]] = {"maildir": MaildirWorld}
CALENDARS: dict[str, Callable[[Path], CalendarWorld]] = {"ics": IcsWorld}
ASSET_LIBRARIES: dict[str, Callable[[Path], AssetWorld]] = {"folder": FolderWorld}
WRITERS: dict[str, Callable[[], Writer]] = {"template": TemplateWriter}


@pytest.fixture(params=CRMS)
def crm_world(request: pytest.FixtureRequest, database: Database) -> CrmWorld:
    return CRMS[request.param](database)


@pytest.fixture(params=MAILBOXES)
def mail_world(request: pytest.FixtureRequest, tmp_path: Path) -> MailWorld:
    return MAILBOXES[request.param](tmp_path / "mailbox")


@pytest.fixture(params=CALENDARS)
def calendar_world(request: pytest.FixtureRequest, tmp_path: Path) -> CalendarWorld:
    return CALENDARS[request.param](tmp_path / "calendar")


@pytest.fixture(params=ASSET_LIBRARIES)
def asset_world(request: pytest.FixtureRequest, tmp_path: Path) -> AssetWorld:
    return ASSET_LIBRARIES[request.param](tmp_path / "assets")


@pytest.fixture(params=WRITERS)
def writer(request: pytest.FixtureRequest) -> Writer:
    return WRITERS[request.param]()


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    """An authority that this test trusts, as an operator's own one is by SSL_CERT_FILE."""
    made = Authority(tmp_path / "ca")
    monkeypatch.setenv("SSL_CERT_FILE", str(made.bundle))
    return made
