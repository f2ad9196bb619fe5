"""Which adapter stands behind each port: the one place that reads the provider settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from sales_agent.connectors.local.assets import LocalAssetLibrary
from sales_agent.connectors.local.calendar import IcsCalendar
from sales_agent.connectors.local.crm import LocalCRM
from sales_agent.connectors.local.mailbox import MaildirMailbox
from sales_agent.connectors.local.sender import MaildirSender
from sales_agent.connectors.smtp.sender import smtp_sender
from sales_agent.connectors.template.writer import TemplateWriter
from sales_agent.core.clock import Clock
from sales_agent.core.database import Database
from sales_agent.core.errors import ConfigurationError
from sales_agent.core.settings import Settings
from sales_agent.ports.assets import AssetLibrary
from sales_agent.ports.calendar import Calendar
from sales_agent.ports.crm import CRM
from sales_agent.ports.mail import Mailbox, MailSender
from sales_agent.ports.writer import Writer


@dataclass(frozen=True, slots=True)
class Connections:
    """One adapter per port, ready to use in one event loop."""

    crm: CRM
    mailbox: Mailbox
    calendar: Calendar
    assets: AssetLibrary
    writer: Writer


@dataclass(frozen=True, slots=True)
class Sources:
    """What an adapter may be built from."""

    settings: Settings
    database: Database
    clock: Clock


Port = TypeVar("Port")
Makers = Mapping[str, Callable[[Sources], Port]]


def _maildir(sources: Sources) -> Mailbox:
    settings = sources.settings
    return MaildirMailbox(settings.runtime.var_dir / "mailbox", settings.sender.mail_from, settings.sender.sender_name,
                          sources.clock)


CRMS: Makers[CRM] = {"local": lambda s: LocalCRM(s.database, s.clock)}
MAILBOXES: Makers[Mailbox] = {"local": _maildir, "smtp": _maildir}  # who sends by SMTP still reads the Maildir
SENDERS: Makers[MailSender] = {
    "local": lambda s: MaildirSender(s.settings.runtime.var_dir / "mailbox"),
    "smtp": lambda s: smtp_sender(s.settings)}
CALENDARS: Makers[Calendar] = {
    "local": lambda s: IcsCalendar(s.settings.runtime.var_dir / "calendar", s.settings.sender.mail_from,
                                   s.settings.sender.business_timezone)}
ASSET_LIBRARIES: Makers[AssetLibrary] = {
    "local": lambda s: LocalAssetLibrary(s.settings.runtime.var_dir / "assets", s.settings.providers.asset_folders)}
WRITERS: Makers[Writer] = {"template": lambda _: TemplateWriter()}


def connect(settings: Settings, database: Database, clock: Clock) -> Connections:
    """Build the adapters that the settings name. Raises ConfigurationError for an unknown provider."""
    sources, chosen = Sources(settings, database, clock), settings.providers
    return Connections(
        crm=_make("CRM_PROVIDER", chosen.crm_provider, CRMS, sources),
        mailbox=_make("MAIL_PROVIDER", chosen.mail_provider, MAILBOXES, sources),
        calendar=_make("CALENDAR_PROVIDER", chosen.calendar_provider, CALENDARS, sources),
        assets=_make("ASSET_PROVIDER", chosen.asset_provider, ASSET_LIBRARIES, sources),
        writer=_make("WRITER_PROVIDER", chosen.writer_provider, WRITERS, sources),
    )


def connect_sender(settings: Settings, database: Database, clock: Clock) -> MailSender:
    """What really sends: for the door and its reconciler alone, so it is no part of `Connections`."""
    return _make("MAIL_PROVIDER", settings.providers.mail_provider, SENDERS, Sources(settings, database, clock))


def check_providers(settings: Settings) -> None:
    """Raises ConfigurationError for the first provider that this build does not have. Builds nothing."""
    chosen = settings.providers
    for variable, name, makers in (
        ("CRM_PROVIDER", chosen.crm_provider, CRMS), ("MAIL_PROVIDER", chosen.mail_provider, MAILBOXES),
        ("CALENDAR_PROVIDER", chosen.calendar_provider, CALENDARS), ("ASSET_PROVIDER", chosen.asset_provider, ASSET_LIBRARIES),
        ("WRITER_PROVIDER", chosen.writer_provider, WRITERS),
    ):
        _known(variable, name, tuple(makers))


def fallback_writer() -> Writer:
    """The writer that needs nobody else, for when the chosen one cannot be reached."""
    return TemplateWriter()


def _make(variable: str, name: str, makers: Makers[Port], sources: Sources) -> Port:
    _known(variable, name, tuple(makers))
    return makers[name](sources)


def _known(variable: str, name: str, names: tuple[str, ...]) -> None:
    if name not in names:
        raise ConfigurationError(f"{variable}: '{name}' is not a provider of this build; use one of: {', '.join(names)}")
