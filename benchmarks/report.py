"""What a benchmark prints: small tables, and for every promise whether it held in this run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Promise:
    """A ratio (or a limit) that must hold, with what was measured."""

    words: str
    measured: float
    limit: float
    at_least: bool
    unit: str = ""

    @property
    def held(self) -> bool:
        return self.measured >= self.limit if self.at_least else self.measured < self.limit

    def __str__(self) -> str:
        bound = f"{'at least' if self.at_least else 'under'} {self.limit:g}{self.unit}"
        return f"  {'held  ' if self.held else 'MISSED'}  {self.words}: {self.measured:.2f}{self.unit} ({bound})"


def table(title: str, header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    cells = [[_cell(value) for value in row] for row in [header, *rows]]
    widths = [max(len(row[column]) for row in cells) for column in range(len(header))]
    print(f"\n{title}")
    for row in cells:
        print("  " + "  ".join([row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in
                                                            zip(row[1:], widths[1:], strict=True))]), flush=True)


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.2f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def promises(listed: Sequence[Promise]) -> bool:
    """Print them; whether all held."""
    for promise in listed:
        print(promise, flush=True)
    return all(promise.held for promise in listed)
