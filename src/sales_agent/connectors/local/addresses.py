"""E-mail addresses in the one form in which two of them can be compared."""

from __future__ import annotations

import re

from email_validator import validate_email

_ATOM = r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_PLAIN = re.compile(rf"(?!.*=\?){_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})*")


def plain_address(text: str) -> str:
    """The one bare address in lower case, an international domain as A-labels.

    Raises ValueError for anything else: a display name, two addresses, control characters, quoted local parts,
    encoded words, and local parts beyond ASCII, which no server is bound to accept.
    """
    address = text.strip(" ").lower()
    local, _, domain = address.rpartition("@")
    if not address.isascii() and local.isascii():
        address = f"{local}@{_a_labels(domain)}"
    if len(address) > 254 or len(local) > 64 or not _PLAIN.fullmatch(address):
        raise ValueError("this is not one plain e-mail address")
    return address


def comparable(address: str) -> str:
    """The plain form where there is one, else just in lower case: for addresses that others wrote."""
    try:
        return address.lower() if address.isascii() else plain_address(address)
    except ValueError:
        return address.lower()


def _a_labels(domain: str) -> str:
    return validate_email(f"x@{domain}", check_deliverability=False, test_environment=True).ascii_domain
