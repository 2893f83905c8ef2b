"""Bars repeat the numbers that are told, and nothing else."""

from __future__ import annotations

import pytest

from cds_service.reports import Row, Withheld
from cds_service.web.feedback.bars import Piece, bar_of

FULL = Row(40, 10, 10, 20)


def test_the_longest_bar_is_the_largest_number_and_its_parts_follow_each_other() -> None:
    assert bar_of(FULL, [FULL, Row(20)]) == [
        Piece("accepted", 0.0, 25.0),
        Piece("overridden", 25.0, 25.0),
        Piece("unanswered", 50.0, 50.0),
    ]
    assert bar_of(Row(20, 0, 0, 20), [FULL]) == [Piece("unanswered", 0.0, 50.0)]


def test_of_parts_that_are_withheld_only_the_whole_is_drawn() -> None:
    row = Row(20, Withheld.FEW, 0, Withheld.BESIDE)
    assert bar_of(row, [FULL]) == [Piece("shown", 0.0, 50.0)]


@pytest.mark.parametrize("shown", [Withheld.FEW, Withheld.BESIDE, 0])
def test_of_what_is_withheld_there_is_no_bar(shown: int | Withheld) -> None:
    assert bar_of(Row(shown), [Row(shown)]) == []
    assert bar_of(Row(shown), [FULL]) == []
