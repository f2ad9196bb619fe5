"""The safety policy: what operators may set. Read once, from SAFETY_FILE or the one that ships."""

from __future__ import annotations

from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field

SHIPPED = Path(__file__).with_name("policy.yaml")


class ProhibitedTerm(BaseModel):
    """A word or phrase, matched whole and whatever its case, and why it may not leave."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    term: str = Field(min_length=2, max_length=200)
    reason: str = Field(min_length=3, max_length=300)


class SafetyPolicy(BaseModel):
    """Lists that a sales team tunes. Hosts cover their sub-domains; addresses may be `@whole-domain.example`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    prohibited_terms: tuple[ProhibitedTerm, ...] = ()
    client_names: tuple[str, ...] = ()  # never to be named to anybody else
    bank_accounts: tuple[str, ...] = ()  # IBANs that may be named: our own
    link_hosts: tuple[str, ...] = ()  # besides our own and the sender's domain
    recipient_allow: tuple[str, ...] = ()  # when set, nobody else is written to
    recipient_deny: tuple[str, ...] = ()
    min_words: int = Field(15, ge=0)
    max_words: int = Field(400, ge=1)


def load_policy(path: Path | None) -> SafetyPolicy:
    """Raises ValueError (pydantic's included) or OSError when the file cannot be used."""
    try:
        content = yaml.safe_load((path or SHIPPED).read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise ValueError("is not valid YAML") from error
    return SafetyPolicy.model_validate(content or {})
