"""What an approval binds to: one fingerprint of everything the recipient will see."""

from __future__ import annotations

import hashlib
import json


def content_hash(recipient: str, subject: str, text: str, html: str = "") -> str:
    """SHA-256 in hex over recipient, subject, text and HTML.

    The parts are hashed as canonical JSON, so no two different mails share a spelling
    (plain concatenation would let text move from the subject into the body).
    """
    parts = {"html": html, "recipient": recipient, "subject": subject, "text": text}
    canonical = json.dumps(parts, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()
