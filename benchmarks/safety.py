"""Precision and recall of the safety checks on the labelled corpus in tests/corpora/safety, and what a mail costs them."""

from __future__ import annotations

import sys
import time
from collections import Counter, defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "corpora" / "safety"))
from corpus import Sample, samples

from sales_agent.sending.checks import CHECKS, run_checks

RECALL, FALSE_BLOCKS = 0.98, 0.01  # what the product promises


def main() -> bool:
    """Print the tables of docs/benchmarks.md; whether the promises hold."""
    planted, clean = list(samples("planted")), list(samples("clean"))
    print("\n## Safety checks\n\n| check | planted | recall, dev | recall, test | precision |\n|---|---|---|---|---|")
    for check in CHECKS:
        print(row(check.name, planted, clean))
    print(row("all", planted, clean))
    print(f"\n{blocked_in(clean, 'dev')}; {blocked_in(clean, 'test')}. A mail takes {cost_ms(clean):.1f} ms.\n")
    blocked = sum(bool(each.violations) for each in clean)
    return recall(labels(planted, "all")) >= RECALL and blocked / len(clean) <= FALSE_BLOCKS


def blocked_in(clean: list[Sample], split: str) -> str:
    verdicts = [bool(each.violations) for each in clean if each.split == split]
    return f"Clean mails, {split}: {len(verdicts)}, blocked: {sum(verdicts)} ({sum(verdicts) / len(verdicts):.1%})"


def row(name: str, planted: list[Sample], clean: list[Sample]) -> str:
    found = {split: labels([each for each in planted if each.split == split], name) for split in ("dev", "test")}
    shares = " | ".join(f"{recall(each):.3f}" for each in found.values())
    return f"| {name} | {len(found['dev']) + len(found['test'])} | {shares} | {precision(planted, clean)[name]:.3f} |"


def labels(mails: list[Sample], check: str) -> list[bool]:
    """For each problem that was planted for this check: whether it was found."""
    return [mail.caught(label) for mail in mails for label in mail.planted if check in ("all", label["check"])]


def recall(found: list[bool]) -> float:
    return sum(found) / len(found) if found else 1.0


def precision(planted: list[Sample], clean: list[Sample]) -> dict[str, float]:
    """Which part of a check's violations points to something that was planted for it."""
    right: Counter[str] = Counter()
    every: Counter[str] = Counter()
    for mail in (*planted, *clean):
        for finding in mail.violations:
            for name in (finding.check, "all"):
                every[name] += 1
                right[name] += mail.explained(finding)
    return defaultdict(lambda: 1.0, {name: right[name] / count for name, count in every.items()})


def cost_ms(mails: list[Sample]) -> float:
    """Median milliseconds for all checks on one mail."""
    times = []
    for mail in mails:
        began = time.perf_counter()
        run_checks(mail.case)
        times.append(time.perf_counter() - began)
    return sorted(times)[len(times) // 2] * 1_000
