"""The demo's runner against a scripted server: what it posts, what it shows, and which disappointments it reports."""

from __future__ import annotations

import io
import json
import time
from pathlib import Path
from typing import Any

import httpx2
import pytest
from rich.console import Console

from sales_agent.demo.front_door import Refused
from sales_agent.demo.leads import SampleLead, sample_leads
from sales_agent.demo.report import DemoReport
from sales_agent.demo.runner import run_demo
from sales_agent.demo.screen import where_to_look
from sales_agent.leads.hubspot_signature import SignedRequest, verify

SECRET, TOKEN = "a-secret-for-the-webhook", "a-token-for-the-operator"
WORLD = sample_leads()


class ScriptedServer:
    """Answers every sample lead exactly as expected of it, except where a test changed its mind."""

    def __init__(self) -> None:
        self.posted: dict[str, str] = {}  # submission id: workflow id
        self.leads: dict[str, SampleLead] = {}  # workflow id: lead
        self.polls: dict[str, int] = {}
        self.drafts: dict[str, dict[str, Any]] = {}  # lead key: changes to its draft
        self.tasks: dict[str, dict[str, Any]] = {}  # lead key: changes to its finished task
        self.refuse: set[str] = set()
        self.known = False

    async def __call__(self, request: httpx2.Request) -> httpx2.Response:
        if request.method == "POST":
            return self._accept(request)
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return httpx2.Response(401, json={"code": "UNAUTHENTICATED"})
        path = request.url.path
        if path == "/api/operator/drafts":
            return httpx2.Response(200, json={"total_count": int(self.known), "drafts": []})
        if path.startswith("/api/operator/drafts/"):
            return httpx2.Response(200, json=self._draft(self.leads[path.rpartition("/")[2]]))
        return httpx2.Response(200, json=self._task(path.split("/")[4]))

    def _accept(self, request: httpx2.Request) -> httpx2.Response:
        headers = {name.lower(): value for name, value in request.headers.raw}
        signed = SignedRequest(b"POST", str(request.url).encode(), headers, request.content)
        verify(signed, [SECRET], ("v3",), int(time.time() * 1000))
        submission_id = json.loads(request.content)["formSubmissionId"]
        duplicate = submission_id in self.posted
        lead = WORLD.leads[len(self.leads)] if not duplicate else None
        if lead is not None:
            # The repeated lead has no task of its own, so the one after it takes its place in the order.
            lead = lead if lead.repeats is None else WORLD.leads[len(self.leads) + 1]
            if lead.key in self.refuse:
                return httpx2.Response(422, json={"code": "INVALID_SUBMISSION"})
            self.posted[submission_id] = f"form-lead-{len(self.leads)}"
            self.leads[self.posted[submission_id]] = lead
        workflow = self.posted[submission_id]
        return httpx2.Response(202, json={"workflow_id": workflow, "duplicate": duplicate,
                                          "status_url": f"/api/async/tasks/{workflow}/status"})

    def _task(self, workflow: str) -> dict[str, Any]:
        lead = self.leads[workflow]
        self.polls[workflow] = self.polls.get(workflow, 0) + 1
        step = {"index": 3, "total": 13, "name": "research_prospect"}
        if self.polls[workflow] == 1:
            return {"status": "STARTED", "step": step, "progress": 0.2, "finished_at": None}
        drafted = lead.expect.outcome == "draft"
        result = {"draft_id": workflow if drafted else None, "decision": "needs_review" if drafted else "skipped",
                  "degraded": []}
        return {"status": "SUCCESS", "step": step, "progress": 1.0, "result": result, "error": None,
                "created_at": "2026-11-23T09:00:00.000Z", "finished_at": "2026-11-23T09:00:00.250Z",
                **self.tasks.get(lead.key, {})}

    def _draft(self, lead: SampleLead) -> dict[str, Any]:
        expect = lead.expect
        return {"recipient": WORLD.email(lead), "subject": "Your question", "body": " / ".join(expect.must_contain),
                "icp_score": (expect.min_score + expect.max_score) / 2, "language": expect.language,
                "thread_id": "t1" if expect.in_reply_thread else None, "context": {"flags": list(expect.flags)},
                **self.drafts.get(lead.key, {})}


async def _play(server: ScriptedServer, token: str = TOKEN) -> tuple[DemoReport, str]:
    output = io.StringIO()
    console = Console(file=output, width=160, force_terminal=False)
    report = await run_demo("http://demo.test", token, SECRET, console, var_dir=Path("var"), patience_seconds=0.5,
                            transport=httpx2.MockTransport(server))
    return report, output.getvalue()


async def test_a_server_that_does_as_expected_leaves_nothing_to_complain_about() -> None:
    report, output = await _play(ScriptedServer())
    assert report.ok
    assert [row.lead.key for row in report.rows] == [lead.key for lead in WORLD.leads]
    assert {row.outcome for row in report.rows} == {"draft", "skipped", "duplicate"}
    assert "NOT AS EXPECTED" not in output


async def test_each_finished_lead_is_one_plain_line_and_the_best_draft_is_shown_in_full() -> None:
    report, output = await _play(ScriptedServer())
    for lead in WORLD.leads:
        assert len([line for line in output.splitlines() if line.startswith(f"{lead.title}: ")]) == 1
    assert report.best is not None
    assert report.best.lead.expect.max_score == 1.0
    assert f"To: {WORLD.email(report.best.lead)}" in output
    assert "http://demo.test/api/operator/drafts/pending" in output
    assert "var/mailbox/.Drafts" in output
    assert "$(sales-agent token create" in output
    assert TOKEN not in output
    assert SECRET not in output


@pytest.mark.parametrize(("changes", "complaint"), [
    ({"recipient": "collector@evil.test"}, "addressed to somebody else"),
    ({"body": "Please confirm at https://evil.test/confirm"}, "must not contain 'evil.test'"),
    ({"body": "As we told Cedarline"}, "must not contain 'Cedarline'"),
    ({"icp_score": 1.0}, "expected a score of"),
    ({"icp_score": None}, "expected a score of"),
    ({"language": "de"}, "expected language en, got de"),
    ({"thread_id": "t9"}, "expected a new thread"),
])
async def test_every_unmet_expectation_is_named(changes: dict[str, Any], complaint: str) -> None:
    server = ScriptedServer()
    server.drafts["injection"] = changes
    report, output = await _play(server)
    assert not report.ok
    assert [problem for problem in report.problems if problem.startswith("injection: ") and complaint in problem]
    assert "NOT AS EXPECTED  injection: " in output


@pytest.mark.parametrize(("key", "changes", "complaint"), [
    ("marta", {"thread_id": None}, "expected a reply in the earlier thread"),
    ("marta", {"body": "Hello Marta"}, "does not mention 'backups'"),
    ("priya", {"context": {"flags": []}}, "expected the flags ['free_mail_address'], got []"),
])
async def test_missing_things_are_named(key: str, changes: dict[str, Any], complaint: str) -> None:
    server = ScriptedServer()
    server.drafts[key] = changes
    report, _ = await _play(server)
    assert [problem for problem in report.problems if problem.startswith(f"{key}: ") and complaint in problem]


async def test_a_degraded_draft_is_not_what_a_healthy_system_gives() -> None:
    server = ScriptedServer()
    result = {"draft_id": "form-lead-6", "decision": "needs_review", "degraded": ["find_assets"]}
    server.tasks["elena"] = {"result": result}
    report, _ = await _play(server)
    assert report.problems == ["elena: expected degraded [], got ['find_assets']"]


async def test_dead_letters_refusals_and_stuck_leads_are_reported() -> None:
    server = ScriptedServer()
    server.tasks["amelia"] = {"status": "FAILURE", "error": {"type": "PermanentError", "message": "no"}, "result": None}
    server.tasks["marta"] = {"status": "RETRY", "finished_at": None}
    server.refuse = {"tobias-again"}
    report, _ = await _play(server)
    assert report.problems == [
        "amelia: expected draft, got dead_letter (failed: PermanentError)",
        "marta: expected draft, got unfinished (RETRY after 0 s)",
        "tobias-again: expected skipped, got refused (422 INVALID_SUBMISSION)",
    ]


async def test_a_server_that_knows_the_sample_leads_is_left_alone() -> None:
    server = ScriptedServer()
    server.known = True
    report, output = await _play(server)
    assert report.ok
    assert report.already_there
    assert not server.posted
    assert "already here" in output


async def test_the_token_command_names_a_place_that_is_not_the_default() -> None:
    output = io.StringIO()
    where_to_look(Console(file=output, width=160), "http://demo.test", Path("elsewhere"))
    assert "$(VAR_DIR=elsewhere sales-agent token create" in output.getvalue()


async def test_a_wrong_token_is_said_before_anything_is_posted() -> None:
    server = ScriptedServer()
    with pytest.raises(Refused, match="401 UNAUTHENTICATED"):
        await _play(server, token="wrong")
    assert not server.posted


async def test_nobody_there() -> None:
    console = Console(file=io.StringIO())
    with pytest.raises(Refused, match="no answer"):
        await run_demo("http://127.0.0.1:9", TOKEN, SECRET, console)


async def test_on_a_terminal_the_steps_are_shown_as_they_pass() -> None:
    output = io.StringIO()
    console = Console(file=output, width=200, height=60, force_terminal=True)
    await run_demo("http://demo.test", TOKEN, SECRET, console, transport=httpx2.MockTransport(ScriptedServer()))
    assert "research_prospect" in output.getvalue()
