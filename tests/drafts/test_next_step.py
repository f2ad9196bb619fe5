from __future__ import annotations

from typing import Any

import pytest

from sales_agent.drafts.memory import MemoryFacts
from sales_agent.drafts.next_step import plan


@pytest.mark.parametrize(("situation", "action"), [
    ({"topics": ("pricing",), "slots": 3}, "book_call"),
    ({"topics": (), "slots": 2}, "book_call"),
    ({"topics": ("demo",), "slots": 3, "open_question": "Is SSO included?"}, "book_call"),
    ({"topics": ("security",), "slots": 3, "open_question": "Is SSO included?"}, "book_call"),
    ({"topics": ("security",), "open_question": "Is SSO included?", "asset": True}, "share_asset"),
    ({"topics": ("security",), "open_question": "Is SSO included?"}, "reply_with_answer"),
    ({"topics": ("pricing",), "asset": True}, "share_asset"),
    ({"topics": ("demo",)}, "reply_with_answer"),
    ({"topics": ("support",), "slots": 3}, "reply_with_answer"),
    ({"topics": ("opt_out", "demo"), "slots": 3, "asset": True}, "reply_with_answer"),
    ({"topics": ("complaint", "pricing"), "slots": 3, "asset": True}, "apologise"),
    ({"topics": ("pricing", "demo"), "slots": 3, "complaint": True, "open_question": "When?"}, "apologise"),
])
def test_one_call_to_action_with_its_reason(situation: dict[str, Any], action: str) -> None:
    step = plan(**situation)
    assert step.call_to_action == action
    assert step.reason.endswith(".")


def test_what_worked_before_decides_between_two_good_ways() -> None:
    memory = MemoryFacts(similar_threads=5, answered=4, best_call_to_action="share_asset", lesson="")
    assert plan(topics=("pricing",), slots=3, asset=True, memory=memory).call_to_action == "share_asset"
    assert plan(topics=("pricing",), slots=3, asset=False, memory=memory).call_to_action == "book_call"
