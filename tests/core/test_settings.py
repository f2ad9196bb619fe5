"""Settings: every problem is one line that names the variable and repeats no secret."""

import pytest

from sales_agent.connectors.registry import connect
from sales_agent.core.clock import SystemClock
from sales_agent.core.database import Database
from sales_agent.core.errors import ConfigurationError
from sales_agent.core.settings import SendingSettings, load_settings, pointless_limits

STRONG = "q8Zr1vW5nT0pXk3mLd7s"


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: pytest.TempPathFactory) -> None:
    monkeypatch.chdir(str(tmp_path))
    for name in ("API_ENV", "DATABASE_URL", "CELERY_BROKER_URL", "REDIS_URL", "HUBSPOT_WEBHOOK_SECRET", "API_PORT", "VAR_DIR"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(("name", "value"), [
    ("API_PORT", "99999"), ("API_PORT", "http"), ("API_ENV", "prod"), ("DATABASE_URL", "mysql://x"), ("DATABASE_URL", "nonsense"),
    ("CELERY_BROKER_URL", "kafka://x"), ("PUBLIC_BASE_URL", "leads.example.com"), ("MAX_EMAILS_PER_DAY", "-1"),
    ("MAX_EMAILS_PER_DAY", "many"), ("AUTO_APPROVE_THRESHOLD", "2"), ("BUSINESS_TIMEZONE", "Mars/Olympus"),
    ("BUSINESS_HOURS", "nine to five"), ("BUSINESS_HOURS", "09:00-17:00+02:00"), ("RETRY_DELAYS_SECONDS", "nan"), ("RETRY_DELAYS_SECONDS", "-5"),
    ("MAIL_FROM", "not an address"), ("DATABASE_URL", "postgresql://u:p@h:abc/db"), ("REDIS_URL", "foo"), ("REDIS_URL", "redis://h:abc/0"), ("BUSINESS_HOURS", "17:00-09:00"), ("ALLOW_REAL_SENDS", "perhaps"),
])
def test_a_bad_value_is_one_line_with_the_name(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError) as caught:
        load_settings()
    assert str(caught.value).startswith(f"{name}: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("missing", "value"), [
    ("HUBSPOT_WEBHOOK_SECRET", ""), ("HUBSPOT_WEBHOOK_SECRET", "changeme"), ("SECRET_KEY", ""), ("SECRET_KEY", "a" * 40),
    ("PUBLIC_BASE_URL", ""),
])
def test_production_refuses_missing_and_weak_secrets(monkeypatch: pytest.MonkeyPatch, missing: str, value: str) -> None:
    good = {"API_ENV": "production", "HUBSPOT_WEBHOOK_SECRET": STRONG, "SECRET_KEY": STRONG, "PUBLIC_BASE_URL": "https://a.example"}
    for name, setting in (good | {missing: value}).items():
        monkeypatch.setenv(name, setting)
    with pytest.raises(ConfigurationError) as caught:
        load_settings()
    assert str(caught.value).startswith(f"{missing}: ")
    assert not value or value not in str(caught.value)


def test_an_empty_limit_is_no_limit_and_zero_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAX_EMAILS_PER_DAY", "")
    monkeypatch.setenv("MAX_EMAILS_PER_WEEK", "0")
    sending = load_settings().sending
    assert (sending.max_emails_per_day, sending.max_emails_per_week) == (None, 0)


def test_limits_that_make_others_pointless_are_named() -> None:
    warnings = pointless_limits(SendingSettings(max_emails_per_day=20, max_emails_per_week=2, max_emails_per_contact_per_week=2))
    assert [warning.split()[0] for warning in warnings] == ["MAX_EMAILS_PER_DAY", "MAX_EMAILS_PER_CONTACT_PER_WEEK"]
    assert not pointless_limits(SendingSettings(max_emails_per_day=20, max_emails_per_week=100, max_emails_per_contact_per_week=2))
    assert not pointless_limits(SendingSettings(max_emails_per_day=20, max_emails_per_week=None, max_emails_per_contact_per_week=2))
    [warning] = pointless_limits(SendingSettings(max_emails_per_day=2, max_emails_per_week=50, max_emails_per_contact_per_week=2))
    assert warning.startswith("MAX_EMAILS_PER_WEEK")


async def test_an_unknown_provider_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRM_PROVIDER", "salesforce")
    database = Database("sqlite:///x.db")
    with pytest.raises(ConfigurationError, match="CRM_PROVIDER"):
        connect(load_settings(), database, SystemClock())
    await database.dispose()
