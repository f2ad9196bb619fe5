"""What the door works with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sales_agent.core.clock import Clock
from sales_agent.core.database import Database
from sales_agent.core.errors import ConfigurationError
from sales_agent.core.keys import Keys
from sales_agent.core.settings import Settings
from sales_agent.drafts.letter import Composer, Letter
from sales_agent.ports.calendar import Calendar
from sales_agent.ports.mail import MailReader
from sales_agent.sending.checks.policy import SafetyPolicy, load_policy
from sales_agent.sending.limits import RateLimiter
from sales_agent.sending.unsubscribe import Unsubscribe


@dataclass(frozen=True)
class Means:
    """Everything the guards may look at. The mail sender is not among it: only the door holds that."""

    settings: Settings
    database: Database
    clock: Clock
    keys: Keys
    unsubscribe: Unsubscribe
    composer: Composer
    policy: SafetyPolicy
    limiter: RateLimiter
    mailbox: MailReader
    calendar: Calendar


@dataclass(frozen=True, slots=True)
class SendCase:
    """A draft that somebody wants to send, as it was read, and the letter it makes."""

    draft: Any  # the row of `drafts`
    letter: Letter
    actor: str

    @property
    def recipient(self) -> str:
        return self.letter.recipient.lower()


def composer_for(settings: Settings, keys: Keys) -> Composer:
    """The composer of this installation's letters."""
    return Composer(settings.sender, Unsubscribe(settings.runtime.base_url, keys).url)


def means_for(settings: Settings, database: Database, clock: Clock, keys: Keys, mailbox: MailReader,
              calendar: Calendar) -> Means:
    """Raises ConfigurationError when the safety policy cannot be read."""
    return Means(settings=settings, database=database, clock=clock, keys=keys,
                 unsubscribe=Unsubscribe(settings.runtime.base_url, keys), composer=composer_for(settings, keys),
                 policy=_policy(settings.sending.safety_file), limiter=RateLimiter(settings.sending, database, clock),
                 mailbox=mailbox, calendar=calendar)


def _policy(path: Path | None) -> SafetyPolicy:
    try:
        return load_policy(path)
    except (ValueError, OSError) as error:
        raise ConfigurationError(f"SAFETY_FILE: {error}") from error
