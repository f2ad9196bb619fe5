"""HubSpot's v3 request signature, from the sender's side.

Written apart from the verifier on purpose: two readings of HubSpot's rules that must agree.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from urllib.parse import quote

# The twelve characters that HubSpot leaves unescaped in the address that it signs.
_UNESCAPED = ":/?@!$'()*,;"


def sign_v3(secret: str, method: str, uri: str, body: bytes, timestamp_ms: int) -> str:
    """The value of X-HubSpot-Signature-v3 for a request to `uri`, as it stands in the request line."""
    for character in _UNESCAPED:
        escaped = quote(character, safe="")
        uri = uri.replace(escaped, character).replace(escaped.lower(), character)
    message = f"{method}{uri}".encode() + body + str(timestamp_ms).encode()
    return base64.b64encode(hmac.new(secret.encode(), message, hashlib.sha256).digest()).decode()


def signed_headers(secret: str, method: str, uri: str, body: bytes, timestamp_ms: int) -> dict[str, str]:
    return {"Content-Type": "application/json", "X-HubSpot-Request-Timestamp": str(timestamp_ms),
            "X-HubSpot-Signature-v3": sign_v3(secret, method, uri, body, timestamp_ms)}
