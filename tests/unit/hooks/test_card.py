"""Cards and suggestions refuse what the CDS Hooks specification refuses."""

import pytest

from hooks.card import SUMMARY_LIMIT, Card, CardError, Indicator, Propose, Suggestion, most_urgent_first
from hooks.cards.card_text import fitting


def card(summary: str = "a summary", topic: str = "topic", detail: str = "detail", indicator: str = "info") -> Card:
    return Card(topic, "Topic", Indicator(indicator), summary, detail)


@pytest.mark.parametrize("length", [1, SUMMARY_LIMIT - 1])
def test_a_summary_has_one_character_to_just_under_the_limit(length: int) -> None:
    assert len(card("x" * length).summary) == length


@pytest.mark.parametrize("length", [0, SUMMARY_LIMIT, SUMMARY_LIMIT + 100])
def test_an_empty_or_too_long_summary_is_refused(length: int) -> None:
    with pytest.raises(CardError, match=f"this one {length}$"):
        card("x" * length)


def test_a_card_without_topic_or_detail_is_refused() -> None:
    with pytest.raises(CardError, match="topic and a detail"):
        card(topic="")
    with pytest.raises(CardError, match="topic and a detail"):
        card(detail="")


def test_a_suggestion_needs_a_label_and_an_action() -> None:
    with pytest.raises(CardError):
        Suggestion("", (Propose("calcium", "Order calcium"),))
    with pytest.raises(CardError):
        Suggestion("Order calcium", ())


def test_critical_comes_before_warning_before_information_and_equals_keep_their_order() -> None:
    given = [card("1", indicator="info"), card("2", indicator="critical"), card("3", indicator="warning")]
    given += [card("4", indicator="critical"), card("5", indicator="info")]
    assert [item.summary for item in most_urgent_first(given)] == ["2", "4", "3", "1", "5"]
    assert most_urgent_first([]) == []


@pytest.mark.parametrize(("indicator", "urgency"), [("info", 0), ("warning", 1), ("critical", 2)])
def test_urgency_follows_the_indicator(indicator: str, urgency: int) -> None:
    assert Indicator(indicator).urgency == urgency


# ------------------------------------------------------------------ the length of a summary
def test_a_summary_that_fits_is_left_alone() -> None:
    assert fitting("x" * (SUMMARY_LIMIT - 1)) == "x" * (SUMMARY_LIMIT - 1)


@pytest.mark.parametrize("text", ["x" * SUMMARY_LIMIT, "word " * 200, "a, " * 100, "y" * 130 + " (" + "z" * 50])
def test_a_summary_that_does_not_fit_is_cut_and_says_so(text: str) -> None:
    cut = fitting(text)
    assert len(cut) < SUMMARY_LIMIT
    assert cut.endswith("…")
    assert text.startswith(cut[:-1])
    assert not cut[:-1].endswith((" ", ",", "("))
