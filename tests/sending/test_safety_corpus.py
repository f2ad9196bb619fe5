"""The safety checks on the labelled corpus: what must be found is found, and ordinary business mail is let through."""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent / "corpora" / "safety"))
import build
from corpus import HERE, Sample, samples

from sales_agent.sending.checks import CHECKS

RECALL, FALSE_BLOCKS = 0.98, 0.01


@pytest.fixture(scope="module")
def planted() -> list[Sample]:
    return list(samples("planted"))


@pytest.fixture(scope="module")
def clean() -> list[Sample]:
    return list(samples("clean"))


def test_the_corpus_is_large_and_covers_every_check(planted: list[Sample], clean: list[Sample]) -> None:
    assert len(planted) >= 420
    assert len(clean) >= 420
    assert len({each.id for each in (*planted, *clean)}) == len(planted) + len(clean)
    assert all(each.what for each in (*planted, *clean))
    planted_for = Counter(label["check"] for each in planted for label in each.planted)
    assert {check.name for check in CHECKS if planted_for[check.name] >= 10} == set(planted_for) == {check.name for check in CHECKS}
    assert {each.split for each in (*planted, *clean)} == {"dev", "test"}
    assert len({each.case.body for each in clean}) == len(clean)


def test_what_was_planted_is_found_by_every_check(planted: list[Sample]) -> None:
    found: dict[str, list[bool]] = defaultdict(list)
    for mail in planted:
        for label in mail.planted:
            found[label["check"]].append(mail.caught(label))
    assert {check: share(each) for check, each in found.items() if share(each) < RECALL} == {}
    assert share([each for some in found.values() for each in some]) >= RECALL


def share(found: list[bool]) -> float:
    return sum(found) / len(found)


def test_clean_mail_is_not_blocked(clean: list[Sample]) -> None:
    blocked = {each.id: [finding.check for finding in each.violations] for each in clean if each.violations}
    assert len(blocked) / len(clean) <= FALSE_BLOCKS, blocked


def test_the_corpus_is_what_its_parts_make(planted: list[Sample], clean: list[Sample]) -> None:
    for name, made in (("clean", build.clean), ("planted", build.planted)):
        assert (HERE / f"{name}.jsonl").read_text("utf-8") == build.as_lines(made(build.Composer()))
