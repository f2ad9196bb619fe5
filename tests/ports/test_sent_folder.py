"""The Sent folder on a real IMAP server: found, filled once, searched, and only over TLS."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from imap_servers import dovecot
from smtp_servers import PASSWORD, QUOTED, Authority, free_port

from sales_agent.connectors.smtp.account import parse_account
from sales_agent.connectors.smtp.sent_folder import SentFolder
from sales_agent.core.errors import ConnectorError

PATIENCE = 4.0


@pytest.fixture
def imap(authority: Authority) -> Iterator[tuple[int, int]]:
    with dovecot(authority) as ports:
        yield ports


@pytest.mark.parametrize(("url", "folder"), [
    ("imaps://{user}@localhost:{tls}", "Ausgang"), ("imap://{user}@127.0.0.1:{plain}", "Ausgang"),
    ("imaps://{user}@localhost:{tls}/Sent", "Sent")])
async def test_the_sent_folder_is_found_filled_once_and_searched(imap: tuple[int, int], url: str, folder: str) -> None:
    account = parse_account("IMAP_URL", url.format(user=QUOTED, plain=imap[0], tls=imap[1]), "imap")
    sent, now = SentFolder(account, PATIENCE), datetime.now(UTC)
    raw = b"Subject: Hi\r\nX-Sales-Agent-Key: sa-1\r\n\r\nText\r\n"
    assert await sent.find("sa-1", now) is None
    await sent.file(raw, "sa-1", now)
    await sent.file(raw, "sa-1", now)
    assert await sent.find("sa-1", now) == {"Subject": "Hi", "X-Sales-Agent-Key": "sa-1"}
    assert await sent.find("sa-2", now) is None
    assert f"'{folder}'" in await sent.check()
    assert "with 1 messages" in await sent.check()


async def test_starttls_for_imap_and_a_wrong_password(imap: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sales_agent.connectors.smtp.account._is_loopback", lambda host: False)
    good = parse_account("IMAP_URL", f"imap://{QUOTED}@localhost:{imap[0]}", "imap")
    assert good.starttls
    assert "Ausgang" in await SentFolder(good, PATIENCE).check()
    bad = parse_account("IMAP_URL", f"imap://{QUOTED}x@localhost:{imap[0]}", "imap")
    with pytest.raises(ConnectorError) as caught:
        await SentFolder(bad, PATIENCE).check()
    assert PASSWORD not in str(caught.value)


async def test_a_folder_that_is_not_there_and_a_server_that_is_not() -> None:
    account = parse_account("IMAP_URL", f"imap://{QUOTED}@127.0.0.1:{free_port()}", "imap")
    with pytest.raises(ConnectorError) as caught:
        await SentFolder(account, 1.0).check()
    assert caught.value.transient
