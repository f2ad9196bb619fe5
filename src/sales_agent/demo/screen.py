"""What the demo shows: progress while it runs, then the table, the best draft and where to look."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

from rich.console import Console
from rich.panel import Panel
from rich.progress import BarColumn, Progress, TaskID, TextColumn
from rich.table import Table
from rich.text import Text

from sales_agent.demo.leads import SampleLead
from sales_agent.demo.report import DemoReport, DemoRow
from sales_agent.demo.tour import Shown


class Screen(AbstractContextManager["Screen"], Protocol):
    """Shows leads on their way."""

    def moved(self, lead: SampleLead, task: dict[str, Any]) -> None:
        """The lead's task status was read."""

    def finished(self, row: DemoRow) -> None:
        """The lead came to its end."""


def screen_for(console: Console) -> Screen:
    """Live bars on a terminal, one line for each finished lead elsewhere."""
    return LiveBars(console) if console.is_terminal else PlainLines(console)


class LiveBars:
    def __init__(self, console: Console) -> None:
        self._progress = Progress(TextColumn("{task.description}"), BarColumn(bar_width=24),
                                  TextColumn("{task.fields[step]}"), console=console)
        self._bars: dict[str, TaskID] = {}

    def __enter__(self) -> LiveBars:
        self._progress.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self._progress.stop()

    def moved(self, lead: SampleLead, task: dict[str, Any]) -> None:
        step = task["step"]
        self._show(lead, task["progress"], f"step {step['index']}/{step['total']} {step['name']}")

    def finished(self, row: DemoRow) -> None:
        self._show(row.lead, 1.0, row.decision)

    def _show(self, lead: SampleLead, progress: float, step: str) -> None:
        if lead.key not in self._bars:
            self._bars[lead.key] = self._progress.add_task(lead.title, total=1.0, step="")
        self._progress.update(self._bars[lead.key], completed=progress, step=step)


class PlainLines:
    def __init__(self, console: Console) -> None:
        self._console = console

    def __enter__(self) -> PlainLines:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        return None

    def moved(self, lead: SampleLead, task: dict[str, Any]) -> None:
        """Too much for a log."""

    def finished(self, row: DemoRow) -> None:
        _line(self._console, f"{row.lead.title}: {row.decision}, score {_score(row)}, {_seconds(row)} s")


def show_report(console: Console, report: DemoReport, base_url: str, var_dir: Path | None) -> None:
    """Print everything that a newcomer should see after the leads have been answered."""
    console.print(_table(report))
    if report.best and report.best.draft:
        console.print(_letter(report.best.draft))
    where_to_look(console, base_url, var_dir)
    for problem in report.problems:
        _line(console, f"NOT AS EXPECTED  {problem}")


def show_tour(console: Console, shown: Sequence[Shown], sent_folder: Path) -> None:
    """Print what the one door answered, and that nothing left the machine."""
    table = Table(title="The one door: what \"send\" answers")
    for name in ("When", "Answer", "Why"):
        table.add_column(name)
    for each in shown:
        table.add_row(Text(each.case), Text(each.got, style="green" if each.got == "SENT" else ""), Text(each.detail))
    console.print(table)
    _line(console, f"Nothing left this machine. What was sent lies in {sent_folder}\n")
    for each in shown:
        if not each.ok:
            _line(console, f"NOT AS EXPECTED  {each.case}: expected {each.expected}, got {each.got}")


def where_to_look(console: Console, base_url: str, var_dir: Path | None) -> None:
    """Print the addresses of the drafts, and the commands that fetch them."""
    _line(console, "\nAll drafts, best lead first:")
    # Named where it is not the default, so that the command finds the database of this very server.
    place = f"VAR_DIR={var_dir} " if var_dir and var_dir != Path("var") else ""
    _line(console, f"  TOKEN=$({place}sales-agent token create --name me --role operator)")
    _line(console, f'  curl -H "Authorization: Bearer $TOKEN" {base_url}/api/operator/drafts/pending')
    _line(console, f"The API, to read and to try:   {base_url}/docs")
    if var_dir:
        _line(console, f"The same drafts as email:      {var_dir / 'mailbox' / '.Drafts'}")
    _line(console, "")


def _table(report: DemoReport) -> Table:
    table = Table(title="What became of each lead")
    table.add_column("Lead")
    table.add_column("Score", justify="right")
    table.add_column("Decision")
    table.add_column("Degraded")
    table.add_column("Seconds", justify="right")
    for row in report.rows:
        cells = (row.lead.title, _score(row), row.decision, ", ".join(row.degraded) or "-", _seconds(row))
        table.add_row(*map(Text, cells))
    return table


def _letter(draft: dict[str, Any]) -> Panel:
    """The draft in full. As Text, so that nothing in it can be taken for markup."""
    return Panel(Text(f"To: {draft['recipient']}\nSubject: {draft['subject']}\n\n{draft['body']}"),
                 title="The draft for the best lead", padding=(1, 2))


def _score(row: DemoRow) -> str:
    return "-" if row.score is None else f"{row.score:.2f}"


def _seconds(row: DemoRow) -> str:
    return "-" if row.seconds is None else f"{row.seconds:.2f}"


def _line(console: Console, text: str) -> None:
    console.print(text, markup=False, highlight=False, soft_wrap=True)
