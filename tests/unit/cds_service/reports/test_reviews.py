"""Verdicts counted: a card once, who cannot judge apart, and an interval that says how little small numbers tell."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from cds_service.reports.reviews import Judged, interval, judged_of, reviews_table
from cds_service.storage import Drawn, Reviewed, Verdict

NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)
YES, KNOWN, NO, UNSURE, NONE = (
    Verdict.APPROPRIATE, Verdict.NOT_NEEDED, Verdict.INAPPROPRIATE, Verdict.CANNOT_JUDGE, Verdict.NONE,
)  # fmt: skip


def judged(*verdicts: Verdict, topic: str = "vka-cua", drawn: Drawn = Drawn.SHOWN, **differs: str) -> Judged:
    told = {"hook": "patient-view", "indicator": "critical", "why": "", **differs}
    return judged_of([
        Reviewed(f"{n}", "card-1", drawn, f"reviewer {n}", one, "", NOON, NOON, "northern", topic, **told)
        for n, one in enumerate(verdicts)
    ])  # fmt: skip


def table(*cards: Judged) -> list[dict[str, Any]]:
    return reviews_table(cards).records()


def all_of(*cards: Judged) -> dict[str, Any]:
    return next(row for row in table(*cards) if row["hook"] == "all")


# ------------------------------------------------------------------ the interval
@pytest.mark.parametrize(
    ("part", "whole", "low", "high"),
    [
        # Newcombe 1998, Statistics in Medicine 17:857, table I, method 3; and 27 of 30.
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
        (27, 30, 0.7438, 0.9654),
        (1, 1, 0.2065, 1.0),
    ],
)
def test_the_interval_is_wilsons(part: int, whole: int, low: float, high: float) -> None:
    assert interval(part, whole) == pytest.approx((low, high), abs=5e-5)


def test_all_or_none_of_few_are_not_certain_and_no_share_leaves_its_bounds() -> None:
    for whole in range(1, 200):
        for part in (0, whole):
            low, high = interval(part, whole)
            assert 0 <= low < high <= 1


# ------------------------------------------------------------------ one card
@pytest.mark.parametrize(
    ("verdicts", "became", "judges"),
    [
        ([YES], "appropriate", 1),
        ([KNOWN], "not_needed", 1),
        ([NO], "inappropriate", 1),
        ([YES, YES], "appropriate", 2),
        ([YES, NO], "disputed", 2),
        ([YES, KNOWN], "disputed", 2),
        ([YES, UNSURE], "appropriate", 1),
        ([UNSURE], "cannot_judge", 0),
        ([UNSURE, UNSURE], "cannot_judge", 0),
        ([NONE], "without_verdict", 0),
        ([NONE, YES], "appropriate", 1),
        ([NONE, UNSURE], "cannot_judge", 0),
    ],
)
def test_a_card_counts_once(verdicts: list[Verdict], became: str, judges: int) -> None:
    found = judged(*verdicts)
    assert (found.became, found.judges) == (became, judges)


# ------------------------------------------------------------------ the table
def test_the_share_is_that_of_the_cards_judged_with_who_cannot_judge_and_who_has_not_apart() -> None:
    cards = [judged(YES)] * 27 + [judged(NO)] * 2 + [judged(KNOWN)] + [judged(UNSURE)] * 4 + [judged(NONE)] * 5
    row = all_of(*cards)
    assert (row["judged"], row["appropriate"], row["inappropriate"], row["not_needed"]) == (30, 27, 2, 1)
    assert (row["cannot_judge"], row["without_verdict"]) == (4, 5)
    assert (row["appropriate_share"], row["from"], row["to"]) == (0.9, 0.7438, 0.9654)


def test_where_nobody_judged_there_is_no_share() -> None:
    row = all_of(judged(UNSURE), judged(NONE))
    assert (row["judged"], row["appropriate_share"], row["from"], row["to"]) == (0, None, None, None)


def test_where_two_differ_the_card_is_judged_and_not_appropriate() -> None:
    row = all_of(judged(YES, YES), judged(YES, NO), judged(YES), judged(YES, UNSURE))
    assert (row["judged"], row["appropriate"], row["disputed"]) == (4, 3, 1)
    assert (row["judged_by_two"], row["agreed"]) == (2, 1)


def test_each_topic_is_told_with_its_hooks_and_indicators_and_there_is_no_sum_of_topics() -> None:
    rows = table(
        judged(YES), judged(NO, hook="order-sign"), judged(YES, indicator="warning"), judged(YES, topic="iron")
    )
    told = [(row["card"], row["hook"], row["indicator"], row["judged"]) for row in rows]
    assert told == [
        ("iron", "all", "all", 1),
        ("iron", "patient-view", "critical", 1),
        ("vka-cua", "all", "all", 3),
        ("vka-cua", "order-sign", "critical", 1),
        ("vka-cua", "patient-view", "critical", 1),
        ("vka-cua", "patient-view", "warning", 1),
    ]


def test_cards_shown_overridden_and_held_back_are_not_mixed() -> None:
    cards = [
        judged(YES),
        judged(NO, drawn=Drawn.OVERRIDDEN),
        judged(KNOWN, drawn=Drawn.HELD_BACK, why="shown-before"),
        judged(YES, drawn=Drawn.HELD_BACK, why="shadow"),
    ]
    told = [(row["drawn_from"], row["why_held_back"], row["judged"]) for row in table(*cards) if row["hook"] == "all"]
    assert told == [
        ("shown", "", 1),
        ("held-back", "shadow", 1),
        ("held-back", "shown-before", 1),
        ("overridden", "", 1),
    ]


def test_of_no_sample_there_is_an_empty_table() -> None:
    assert table() == []
