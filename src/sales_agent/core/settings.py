"""Settings from the environment or `.env`, in small groups, checked once at start.

Variable names are the field names in upper case. Every problem becomes one
ConfigurationError line that names the variable and never repeats a secret.
"""

from __future__ import annotations

from datetime import time
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from sales_agent.core.errors import ConfigurationError


def _blank_is_none(value: Any) -> Any:
    return None if isinstance(value, str) and not value.strip() else value


def _split(value: Any) -> Any:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


Limit = Annotated[int | None, Field(ge=0), BeforeValidator(_blank_is_none)]
Text = Annotated[str | None, BeforeValidator(_blank_is_none)]
Secret = Annotated[SecretStr | None, BeforeValidator(_blank_is_none)]
Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]


Delay = Annotated[float, Field(ge=0, le=86_400, allow_inf_nan=False)]  # seconds


class Group(BaseSettings):
    model_config = SettingsConfigDict(env_file=".env", extra="ignore", frozen=True, hide_input_in_errors=True)


class RuntimeSettings(Group):
    api_env: Literal["development", "staging", "production"] = "development"
    api_host: str = "127.0.0.1"
    api_port: int = Field(8000, ge=1, le=65535)
    public_base_url: Text = None
    var_dir: Path = Path("var")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["console", "json"] = "console"
    secret_key: Secret = None
    admin_password: Secret = None

    @field_validator("public_base_url")
    @classmethod
    def _web_url(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise ValueError("must look like https://leads.example.com")
        return value.rstrip("/")

    @property
    def secret_keys(self) -> tuple[str, ...]:
        """The newest first; the others, after commas, are still accepted while rotating."""
        raw = self.secret_key.get_secret_value() if self.secret_key else ""
        return tuple(part.strip() for part in raw.split(",") if part.strip())

    @property
    def base_url(self) -> str:
        """Where the outside world reaches us: what HubSpot signs against."""
        return self.public_base_url or f"http://{self.api_host}:{self.api_port}"


class DatabaseSettings(Group):
    database_url: Text = None
    database_pool_size: int = Field(10, ge=2, le=100)


class WorkSettings(Group):
    celery_broker_url: Text = None
    redis_url: Text = None
    worker_concurrency: int = Field(64, ge=1, le=500)
    worker_lease_seconds: float = Field(60, ge=1, le=3600)
    worker_shutdown_seconds: float = Field(25, ge=0, le=600)
    worker_metrics_port: int = Field(0, ge=0, le=65535)
    relay_poll_seconds: float = Field(1.0, ge=0.05, le=60)
    relay_republish_seconds: float = Field(60, ge=1, le=3600)
    retry_delays_seconds: Annotated[tuple[Delay, ...], NoDecode, BeforeValidator(_split)] = (60, 120, 240)


class IntakeSettings(Group):
    hubspot_webhook_secret: Secret = None
    hubspot_allowed_form_ids: Names = ()
    lead_throttle_seconds: int = Field(3600, ge=0)

    @property
    def webhook_secrets(self) -> tuple[str, ...]:
        """The current secret first; a second one, after a comma, is still accepted while rotating."""
        raw = self.hubspot_webhook_secret.get_secret_value() if self.hubspot_webhook_secret else ""
        return tuple(part.strip() for part in raw.split(",") if part.strip())


class SendingSettings(Group):
    allow_real_sends: bool = False
    max_emails_per_day: Limit = 20
    max_emails_per_week: Limit = 2
    max_emails_per_contact_per_week: Limit = 2
    safety_file: Path | None = None
    send_timeout_seconds: float = Field(60, ge=1, le=600)


class ApprovalSettings(Group):
    auto_approve_enabled: bool = True
    auto_approve_threshold: float = Field(0.85, ge=0, le=1)


class SenderSettings(Group):
    sender_name: str = "Robin Sommer"
    sender_company: str = "Northwind Analytics"
    sender_address: str = "Northwind Analytics, Beispielweg 12, 10115 Berlin, Germany"
    mail_from: Annotated[str, Field(pattern=r"^[^\s@<>,;]+@[^\s@<>,;]+\.[^\s@<>,;]+$")] = "robin@northwind.example"
    business_timezone: str = "Europe/Berlin"
    business_hours: str = "09:00-17:00"
    holiday_country: str = "DE"
    voice_file: Path | None = None
    icp_file: Path | None = None

    @field_validator("business_timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError("must be an IANA time zone such as Europe/Berlin") from error
        return value

    @field_validator("business_hours")
    @classmethod
    def _from_to(cls, value: str) -> str:
        try:
            start, end = (time.fromisoformat(part.strip()) for part in value.split("-"))
        except ValueError as error:
            raise ValueError("must look like 09:00-17:00") from error
        if start.tzinfo or end.tzinfo:
            raise ValueError("must name no time zone; that is BUSINESS_TIMEZONE's part")
        if start >= end:
            raise ValueError("must end after it starts")
        return value


class ProviderSettings(Group):
    """Which adapter stands behind each port. Names without an adapter in this build are refused at start."""

    crm_provider: str = "local"
    mail_provider: str = "local"
    calendar_provider: str = "local"
    asset_provider: str = "local"
    writer_provider: str = "template"
    asset_folders: Names = ("public",)
    smtp_url: Secret = None
    imap_url: Secret = None


class Settings:
    """All groups together. Build with `load_settings`."""

    def __init__(self) -> None:
        self.runtime = RuntimeSettings()
        self.database = DatabaseSettings()
        self.work = WorkSettings()
        self.intake = IntakeSettings()
        self.sending = SendingSettings()
        self.approval = ApprovalSettings()
        self.sender = SenderSettings()
        self.providers = ProviderSettings()

    @cached_property
    def database_url(self) -> str:
        return self.database.database_url or f"sqlite:///{self.runtime.var_dir / 'sales_agent.db'}"

    @cached_property
    def broker_url(self) -> str:
        return self.work.celery_broker_url or self.work.redis_url or "memory://"

    @property
    def embedded(self) -> bool:
        """Whether worker and beat must run inside the one process (`sales-agent up`)."""
        return self.broker_url.startswith("memory://")


def load_settings() -> Settings:
    """Read and check everything. Raises ConfigurationError with one line that names the variable."""
    try:
        settings = Settings()
    except ValidationError as error:
        raise ConfigurationError(_first_problem(error)) from None
    _check_urls(settings)
    _check_production(settings)
    _check_sender(settings)
    return settings


def _first_problem(error: ValidationError) -> str:
    problem = error.errors(include_input=False, include_url=False)[0]
    name = str(problem["loc"][0]).upper() if problem["loc"] else "settings"
    return f"{name}: {problem['msg'].removeprefix('Value error, ')}"


def _check_urls(settings: Settings) -> None:
    broker = "CELERY_BROKER_URL" if settings.work.celery_broker_url or not settings.work.redis_url else "REDIS_URL"
    for name, url, schemes in (
        ("DATABASE_URL", settings.database_url, ("sqlite", "postgresql", "postgres")),
        (broker, settings.broker_url, ("memory", "redis", "rediss", "amqp", "amqps")),
    ):
        scheme = url.partition("://")[0].partition("+")[0]
        if "://" not in url or scheme not in schemes:
            raise ConfigurationError(f"{name}: must be a URL that begins with one of: {', '.join(schemes)}")
        try:
            _ = urlsplit(url).port  # raises when it is no number or too large
        except ValueError:
            raise ConfigurationError(f"{name}: the port is not a number from 0 to 65535") from None


def _check_production(settings: Settings) -> None:
    env = settings.runtime.api_env
    if env == "development":
        return
    secrets = {
        "HUBSPOT_WEBHOOK_SECRET": min(settings.intake.webhook_secrets, key=len, default=""),
        "SECRET_KEY": min(settings.runtime.secret_keys, key=len, default=""),
    }
    if settings.runtime.admin_password:
        secrets["ADMIN_PASSWORD"] = settings.runtime.admin_password.get_secret_value()
    for name, value in secrets.items():
        if not value:
            raise ConfigurationError(f"{name}: must be set when API_ENV is {env}")
        if len(value) < 16 or len(set(value)) < 6:
            raise ConfigurationError(f"{name}: is too weak for API_ENV {env}; use 32 random characters")
    if settings.runtime.public_base_url is None:
        raise ConfigurationError(f"PUBLIC_BASE_URL: must be set when API_ENV is {env} (HubSpot signs against it)")


def _check_sender(settings: Settings) -> None:
    """Nobody gets mail in the name of the sample world's rep."""
    local = settings.providers.mail_provider == "local" and settings.runtime.api_env == "development"
    if local or not settings.sending.allow_real_sends:
        return
    for name in ("sender_name", "sender_company", "sender_address", "mail_from"):
        if name not in settings.sender.model_fields_set or not getattr(settings.sender, name).strip():
            raise ConfigurationError(f"{name.upper()}: must be set when ALLOW_REAL_SENDS is on; the default is a sample's")


def pointless_limits(sending: SendingSettings) -> list[str]:
    """Warnings for limits that can never take effect, because another one is always reached first."""
    day, week, contact = sending.max_emails_per_day, sending.max_emails_per_week, sending.max_emails_per_contact_per_week
    warnings = []
    if week is not None and day is not None and day >= week:
        warnings.append(f"MAX_EMAILS_PER_DAY ({day}) never takes effect: MAX_EMAILS_PER_WEEK ({week}) is reached first.")
    if week is not None and day is not None and day * 7 <= week:
        warnings.append(f"MAX_EMAILS_PER_WEEK ({week}) never takes effect: MAX_EMAILS_PER_DAY ({day}) is reached first.")
    if week is not None and contact is not None and contact >= week:
        warnings.append(f"MAX_EMAILS_PER_CONTACT_PER_WEEK ({contact}) never takes effect: "
                        f"MAX_EMAILS_PER_WEEK ({week}) is reached first.")
    return warnings
