"""The outside of the `MailSender` port: every adapter with a real server behind it, and eyes to see what it did."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from imap_servers import dovecot
from smtp_servers import QUOTED, Authority, Mood, smtp_server

from sales_agent.connectors.local.sender import MaildirSender
from sales_agent.connectors.smtp.sender import smtp_sender
from sales_agent.core.settings import ProviderSettings, Settings
from sales_agent.ports.mail import MailSender


@dataclass(frozen=True)
class SenderWorld:
    sender: MailSender
    again: Callable[[], MailSender]  # another one on the same mailbox, as after a restart
    other: Callable[[], MailSender]  # one on another mailbox
    delivered: Callable[[], int]  # how many messages left
    files: bool  # whether what was sent can be found again


@contextmanager
def maildir_world(folder: Path) -> Iterator[SenderWorld]:
    root = folder / "mailbox"
    yield SenderWorld(MaildirSender(root), lambda: MaildirSender(root), lambda: MaildirSender(folder / "other"),
                      lambda: len(list((root / ".Sent" / "cur").iterdir())), files=True)


@contextmanager
def smtp_world(folder: Path) -> Iterator[SenderWorld]:
    mood = Mood()
    with smtp_server(mood) as port:
        def make(user: str = "") -> MailSender:
            return smtp_sender(settings_with(SMTP_URL=f"smtp://{user}127.0.0.1:{port}"))

        yield SenderWorld(make(), make, lambda: make("someone:else@"), lambda: len(mood.taken), files=False)


@contextmanager
def smtp_and_imap_world(folder: Path) -> Iterator[SenderWorld]:
    mood = Mood()
    with dovecot(Authority(folder / "ca")) as (imap, _), smtp_server(mood) as port:
        def make(box: str = "") -> MailSender:
            return smtp_sender(settings_with(
                SMTP_URL=f"smtp://127.0.0.1:{port}", IMAP_URL=f"imap://{QUOTED}@127.0.0.1:{imap}{box}"))

        yield SenderWorld(make(), make, lambda: make("/Sent"), lambda: len(mood.taken), files=True)


def settings_with(**variables: str) -> Settings:
    """Settings with these provider variables, whatever the environment says."""
    settings = Settings()
    settings.providers = ProviderSettings(mail_provider="smtp", **{name.lower(): value for name, value in variables.items()})  # type: ignore[arg-type]
    settings.sending = settings.sending.model_copy(update={"send_timeout_seconds": 5.0})
    return settings


SENDERS = {"maildir": maildir_world, "smtp": smtp_world, "smtp and imap": smtp_and_imap_world}
