"""Unsubscribe links: signed, the same for an address every time, without the address in them.

A token carries the address's key on the suppression list and a signature. Nothing about it is stored, so a link
works for as long as the key that signed it is known, whatever has been erased since.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error

from sales_agent.core.keys import Keys
from sales_agent.sending.suppression import address_key

_PURPOSE = "unsubscribe"
_KEY_BYTES, _TAG_BYTES = 32, 16


class Unsubscribe:
    def __init__(self, base_url: str, keys: Keys) -> None:
        self._base_url = base_url.rstrip("/")
        self._keys = keys

    def url(self, address: str) -> str:
        """The link for this address."""
        key = address_key(self._keys, address)
        token = urlsafe_b64encode(key + self._keys.digest(_PURPOSE, key)[:_TAG_BYTES]).decode().rstrip("=")
        return f"{self._base_url}/u/{token}"

    def reads(self, token: str) -> bytes | None:
        """The address's key on the suppression list, or None for a token that is not ours."""
        if len(token) != 4 * (_KEY_BYTES + _TAG_BYTES) // 3:
            return None
        try:
            raw = urlsafe_b64decode(token.encode("ascii"))
        except (UnicodeEncodeError, Error):
            return None
        key, tag = raw[:_KEY_BYTES], raw[_KEY_BYTES:]
        signatures = [digest[:_TAG_BYTES] for digest in self._keys.digests(_PURPOSE, key)]
        # All are compared, so that the time taken says nothing.
        return key if sum(hmac.compare_digest(tag, each) for each in signatures) else None

    def is_for(self, url: str, address: str) -> bool:
        """Whether the link is the one for this address, and works."""
        return hmac.compare_digest(url.encode(), self.url(address).encode())
