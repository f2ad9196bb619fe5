"""The installation's secret keys: what signs links and hashes addresses.

`SECRET_KEY` may hold several, separated by commas: the first signs, all of them verify. So a key is
rotated by putting the new one in front and keeping the old one for as long as old links must work.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from collections.abc import Sequence
from pathlib import Path

from sales_agent.core.errors import ConfigurationError
from sales_agent.core.settings import RuntimeSettings

KEY_FILE = "secret_key"


class Keys:
    """Keyed digests for named purposes; a digest made for one purpose is worth nothing for another."""

    def __init__(self, secret_keys: Sequence[str]) -> None:
        self._keys = tuple(key.encode() for key in secret_keys)

    def digest(self, purpose: str, data: bytes) -> bytes:
        """32 bytes under the newest key."""
        return _digest(self._keys[0], purpose, data)

    def digests(self, purpose: str, data: bytes) -> tuple[bytes, ...]:
        """The same under every key that is still known, newest first."""
        return tuple(_digest(key, purpose, data) for key in self._keys)


def load_keys(runtime: RuntimeSettings) -> Keys:
    """The keys of SECRET_KEY, or in development one that is made once and kept below VAR_DIR.

    Raises ConfigurationError when there is neither.
    """
    return Keys(runtime.secret_keys or (_kept_key(runtime.var_dir / KEY_FILE),))


def _digest(key: bytes, purpose: str, data: bytes) -> bytes:
    return hmac.new(key, purpose.encode() + b"\0" + data, hashlib.sha256).digest()


def _kept_key(path: Path) -> str:
    """The key in the file; written whole before it gets its name, so two processes agree on one."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            _write_first(path)
        key = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"SECRET_KEY: is not set, and {path} cannot be used ({type(error).__name__})") from error
    if len(key) < 32:
        raise ConfigurationError(f"SECRET_KEY: is not set, and {path} holds no usable key")
    return key


def _write_first(path: Path) -> None:
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_hex(32))
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(temporary, path)
    except FileExistsError:
        pass  # another process was first; its key is the one
    finally:
        temporary.unlink(missing_ok=True)
