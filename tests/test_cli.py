"""The command line as a user meets it: real processes, real output, real exit codes."""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

COMMAND = str(Path(sys.executable).with_name("sales-agent"))
FORM = {"portalId": 1, "formId": "contact", "formSubmissionId": "s-1", "fieldValues": [{"name": "email", "value": "ada@acme.example"}]}


def run(*arguments: str, place: Path, stdin: str = "", **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([COMMAND, *arguments], cwd=place, env=environment(place, **settings), input=stdin, text=True,
                          capture_output=True, timeout=90, check=False)


def environment(place: Path, **settings: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {**kept, "VAR_DIR": str(place / "var"), **settings}


def test_a_token_is_alone_on_stdout_and_works_for_nobody_else(tmp_path: Path) -> None:
    made = run("token", "create", "--name", "ci", "--role", "operator", place=tmp_path)
    assert made.returncode == 0
    assert made.stdout.startswith("sa_")
    assert made.stdout.count("\n") == 1
    assert made.stdout.strip() not in (tmp_path / "var" / "sales_agent.db").read_bytes().decode("latin-1")


def test_leads_are_submitted_from_stdin_and_file_and_only_once(tmp_path: Path) -> None:
    (tmp_path / "leads.json").write_text(json.dumps([FORM, {**FORM, "formSubmissionId": "s-2"}]), encoding="utf-8")
    first = run("leads", "submit", "-", place=tmp_path, stdin=json.dumps(FORM))
    second = run("leads", "submit", "leads.json", place=tmp_path)
    answers = [json.loads(line) for line in (first.stdout + second.stdout).splitlines()]
    assert [answer["duplicate"] for answer in answers] == [False, True, False]


@pytest.mark.parametrize(("arguments", "settings", "says"), [
    (("api",), {"API_PORT": "nine"}, "API_PORT"), (("worker",), {}, "CELERY_BROKER_URL"), (("worker",), {"CELERY_BROKER_URL": "redis://127.0.0.1:1", "CRM_PROVIDER": "x"}, "CRM_PROVIDER"), (("beat",), {}, "CELERY_BROKER_URL"),
    (("api",), {"API_ENV": "production"}, "HUBSPOT_WEBHOOK_SECRET"), (("doctor",), {"MAIL_PROVIDER": "pigeon"}, "MAIL_PROVIDER"),
    (("up",), {"DATABASE_URL": "oracle://x"}, "DATABASE_URL"), (("up",), {"VOICE_FILE": "/does/not/exist.yaml"}, "VOICE_FILE"),
    (("leads", "submit", "-"), {}, "not valid JSON"), (("leads", "submit", "nowhere.json"), {}, "nowhere.json"),
])
def test_what_is_wrong_is_one_line_and_a_failure(tmp_path: Path, arguments: tuple[str, ...], settings: dict[str, str], says: str) -> None:
    done = run(*arguments, place=tmp_path, **settings)
    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_the_doctor_names_what_is_missing(tmp_path: Path) -> None:
    done = run("doctor", place=tmp_path)
    assert done.returncode == 1
    assert "FAIL  database" in done.stdout
    assert "sales-agent migrate" in done.stdout
    assert "FAIL  calendar" in done.stdout
    assert run("migrate", place=tmp_path).returncode == 0
    assert "ok    database" in run("doctor", place=tmp_path).stdout


def test_the_demo_meets_every_expectation(tmp_path: Path) -> None:
    done = run("demo", "--exit", place=tmp_path)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert "NOT AS EXPECTED" not in done.stdout
    assert not (tmp_path / "var").exists()


def test_up_serves_learns_a_voice_and_stops_cleanly(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    process = subprocess.Popen([COMMAND, "up", "--sample"], cwd=tmp_path, env=environment(tmp_path, API_PORT=port),
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        for attempt in range(300):
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/readiness", timeout=2) as answer:
                    assert answer.status == 200
                    break
            except OSError:
                assert process.poll() is None, process.stdout and process.stdout.read()
                assert attempt < 299
                time.sleep(0.1)
        learned = run("voice", "learn", place=tmp_path)
        assert "greeting:" in learned.stdout
    finally:
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=40)
    assert process.returncode == 0, output[-3000:]


def test_the_emergency_stop_is_pulled_and_released_with_a_reason(tmp_path: Path) -> None:
    assert run("emergency", "stop", "--reason", " ", place=tmp_path).returncode == 2
    assert "is off" in run("emergency", "status", place=tmp_path).stdout
    stopped = run("emergency", "stop", "--scope", "all", "--reason", "wrong price list", place=tmp_path)
    assert "ON: nothing is sent" in stopped.stdout
    assert "wrong price list" in run("emergency", "status", place=tmp_path).stdout
    assert "is off" in run("emergency", "resume", "--reason", "mended", place=tmp_path).stdout


def test_an_address_is_suppressed_asked_for_and_lifted_and_kept_nowhere(tmp_path: Path) -> None:
    def suppression(*arguments: str) -> subprocess.CompletedProcess[str]:
        return run("suppression", *arguments, place=tmp_path)

    assert suppression("check", "ada@acme.example").returncode == 0
    assert suppression("add", "ada@acme.example", "--reason", "asked for it").returncode == 0
    asked = suppression("check", " ADA@acme.example ")
    assert (asked.returncode, asked.stdout) == (1, "On the suppression list: manual.\n")
    assert b"ada@acme" not in (tmp_path / "var" / "sales_agent.db").read_bytes().lower()
    assert suppression("add", "ada, eve", "--reason", "x").returncode == 2
    assert suppression("lift", "ada@acme.example", "--reason", " ").returncode == 2
    assert suppression("lift", "ada@acme.example", "--reason", "a mistake").returncode == 0
    assert suppression("check", "ada@acme.example").returncode == 0
    assert "not on the suppression list" in suppression("lift", "ada@acme.example", "--reason", "again").stderr


def test_the_audit_trail_is_shown_sealed_and_proved(tmp_path: Path) -> None:
    run("emergency", "stop", "--reason", "a test", place=tmp_path)
    assert "emergency" in run("audit", "show", place=tmp_path).stdout
    sealed = run("audit", "seal", place=tmp_path)
    assert sealed.stdout.startswith("1 events were sealed.")
    head = sealed.stdout.split("Head: ")[1].split()[0]
    proved = run("audit", "verify", "--expect", head, place=tmp_path)
    assert (proved.returncode, proved.stdout.split(";")[0]) == (0, "1 events in 1 seals are as they were sealed")
    assert run("audit", "verify", "--expect", "2:beef", place=tmp_path).returncode == 1
    with sqlite3.connect(tmp_path / "var" / "sales_agent.db") as database:
        database.execute("DROP TRIGGER audit_events_no_update")
        database.execute("UPDATE audit_events SET reason = 'another'")
    changed = run("audit", "verify", place=tmp_path)
    assert (changed.returncode, "seal 1" in changed.stdout) == (1, True)
