"""`sales-agent audit` as an operator meets it."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

COMMAND = str(Path(sys.executable).with_name("sales-agent"))


def run(place: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "VAR_DIR": str(place / "var")}
    return subprocess.run([COMMAND, *arguments], cwd=place, env=environment, text=True, capture_output=True, timeout=90, check=False)


def test_no_escape_sequence_of_an_event_reaches_the_terminal(tmp_path: Path) -> None:
    run(tmp_path, "emergency", "stop", "--reason", "\x1b[2Jgone\x9b31m")
    shown = run(tmp_path, "audit", "show").stdout
    assert "gone" in shown
    assert not {"\x1b", "\x9b"} & set(shown)


def test_the_proof_names_the_event_that_was_changed(tmp_path: Path) -> None:
    run(tmp_path, "emergency", "stop", "--reason", "a test")
    run(tmp_path, "emergency", "resume", "--reason", "over")
    assert run(tmp_path, "audit", "seal").stdout.startswith("2 events were sealed.")
    with sqlite3.connect(tmp_path / "var" / "sales_agent.db") as database:
        database.execute("DROP TRIGGER audit_events_no_update")
        changed = database.execute("UPDATE audit_events SET reason = 'another' WHERE reason = 'over' RETURNING id").fetchone()[0]
    found = run(tmp_path, "audit", "verify")
    assert found.returncode == 1
    assert f"seal 1: the event {changed} is not as it was sealed" in found.stdout
