from __future__ import annotations

from mail_helpers import thread

from sales_agent.drafts.memory import MemoryFacts, match, recall, thread_features
from sales_agent.ports.mail import MailThread

CALL = ("us", "Happy to talk about pricing. Does Tuesday 14:00 suit you for a call? Our secret number is 4711.")
SHARE = ("us", "Here is our pricing guide: https://northwind.example/pricing.pdf")


def past() -> list[MailThread]:
    return [
        thread(("them", "What is your price?"), CALL, ("them", "Yes, Tuesday."), them="eve@secret.example",
               thread_id="a"),
        thread(("them", "Pricing please"), CALL, ("auto", "Out of office"), them="tom@hidden.example", thread_id="b"),
        thread(("them", "Price list?"), SHARE, ("them", "Thanks!"), them="li@quiet.example", thread_id="c"),
        thread(("them", "We need an API"), ("us", "It is there."), them="x@y.example", thread_id="d"),
        thread(("them", "Pricing? Nobody answered."), them="z@y.example", thread_id="e"),
    ]


def test_counts_over_similar_threads() -> None:
    facts = recall(past(), ("pricing",), ())
    assert (facts.similar_threads, facts.answered, facts.best_call_to_action) == (3, 2, "share_asset")
    assert facts.lesson == "Of 3 similar conversations, 2 were answered; most often when we shared a document (1 of 1)."


def test_nothing_of_another_client_comes_through() -> None:
    told = recall(past(), ("pricing", "integration"), ()).model_dump_json().lower()
    for secret in ("secret", "hidden", "quiet", "eve", "tom@", "4711", "tuesday", "northwind"):
        assert secret not in told


def test_the_leads_own_threads_do_not_count_and_few_threads_say_nothing() -> None:
    assert recall(past(), ("pricing",), {"EVE@secret.example"}) == MemoryFacts()
    assert recall([], ("pricing",), ()) == MemoryFacts()
    assert recall(past(), (), ()) == MemoryFacts()


def test_features_can_be_kept_and_matched_later() -> None:
    features = [found for each in past() if (found := thread_features(each))]
    assert len(features) == 4  # in one thread we never wrote
    assert match(features, ("pricing",), ()) == recall(past(), ("pricing",), ())


def test_threads_without_any_answer_teach_no_best_way() -> None:
    silent = [thread(("us", "Our pricing: https://x.example"), them=f"p{n}@x.example",
                     thread_id=str(n)) for n in range(4)]
    facts = recall(silent, ("pricing",), ())
    assert (facts.similar_threads, facts.answered, facts.best_call_to_action) == (4, 0, "")
    assert facts.lesson == "Of 4 similar conversations, 0 were answered."
