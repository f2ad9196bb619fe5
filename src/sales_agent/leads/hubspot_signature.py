"""HubSpot's request signatures, versions 1, 2 and 3. The key is always the app's client secret.

v1: SHA-256(secret + body), hex. v2: SHA-256(secret + method + URI + body), hex.
v3: HMAC-SHA-256(secret, method + decoded URI + body + timestamp), base64.
v1 and v2 carry no time and can be replayed, so they count only where HubSpot sends nothing
better; de-duplication covers the rest. Everything is compared as bytes, in constant time.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from sales_agent.core.errors import AppError

Version = Literal["v1", "v2", "v3"]

MAX_AGE_MS = 300_000
_TIMESTAMP = re.compile(rb"[0-9]{13}")
# The only escapes HubSpot decodes before signing (v3); all others stay as they are.
_DECODED = {b"%3A": b":", b"%2F": b"/", b"%3F": b"?", b"%40": b"@", b"%21": b"!", b"%24": b"$",
            b"%27": b"'", b"%28": b"(", b"%29": b")", b"%2A": b"*", b"%2C": b",", b"%3B": b";"}
_ESCAPE = re.compile(b"|".join(_DECODED), re.IGNORECASE)


class InvalidSignature(AppError):
    status, code, title = 401, "INVALID_SIGNATURE", "Invalid signature"


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """The raw parts of a request that a signature covers. Header names are lower case."""

    method: bytes
    uri: bytes  # absolute, as HubSpot called it: the configured public base URL + path + query
    headers: Mapping[bytes, bytes]
    body: bytes


def v1(secret: bytes, body: bytes) -> bytes:
    return hashlib.sha256(secret + body).hexdigest().encode()


def v2(secret: bytes, method: bytes, uri: bytes, body: bytes) -> bytes:
    return hashlib.sha256(secret + method + uri + body).hexdigest().encode()


def v3(secret: bytes, method: bytes, uri: bytes, body: bytes, timestamp: bytes) -> bytes:
    message = method + decoded(uri) + body + timestamp
    return base64.b64encode(hmac.digest(secret, message, "sha256"))


def decoded(uri: bytes) -> bytes:
    return _ESCAPE.sub(lambda match: _DECODED[match[0].upper()], uri) if b"%" in uri else uri


def verify(request: SignedRequest, secrets: Sequence[str], accepted: Sequence[Version], now_ms: int) -> None:
    """Raise InvalidSignature unless one of the secrets made the best signature present.

    A request that carries a v3 signature is judged by it alone: a bad v3 is not saved by a v1.
    """
    version, given = _presented(request.headers)
    if version is None or version not in accepted:
        raise InvalidSignature(f"A valid X-HubSpot-Signature ({', '.join(accepted)}) is required.")
    timestamp = request.headers.get(b"x-hubspot-request-timestamp", b"")
    if version == "v3":
        _check_time(timestamp, now_ms)
    for secret in secrets:
        if hmac.compare_digest(_expected(version, secret.encode(), request, timestamp), given):
            return
    raise InvalidSignature("The signature does not match the request.")


def _presented(headers: Mapping[bytes, bytes]) -> tuple[Version | None, bytes]:
    if given := headers.get(b"x-hubspot-signature-v3"):
        return "v3", given
    given = headers.get(b"x-hubspot-signature", b"")
    named = headers.get(b"x-hubspot-signature-version", b"v1").lower()
    if given and named in (b"v1", b"v2"):
        return ("v1" if named == b"v1" else "v2"), given
    return None, b""


def _expected(version: Version, secret: bytes, request: SignedRequest, timestamp: bytes) -> bytes:
    if version == "v1":
        return v1(secret, request.body)
    if version == "v2":
        return v2(secret, request.method, request.uri, request.body)
    return v3(secret, request.method, request.uri, request.body, timestamp)


def _check_time(timestamp: bytes, now_ms: int) -> None:
    if not _TIMESTAMP.fullmatch(timestamp) or abs(now_ms - int(timestamp)) > MAX_AGE_MS:
        raise InvalidSignature("X-HubSpot-Request-Timestamp must be in milliseconds and within five minutes of now.")
