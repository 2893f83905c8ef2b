"""Numbers below 5 are withheld, and cannot be worked out from those beside them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cds_service.reports import Report, Row, Withheld, report_of, told
from cds_service.storage import CardCount
from tests.unit.cds_service.reports.counting import WEEKS, count, worked_out

FEW, BESIDE = Withheld.FEW, Withheld.BESIDE
CARD = ("vka-cua", "critical")


def report(*counts: CardCount) -> Report:
    return report_of(counts, WEEKS, lambda one: one.reason_code or "no reason given")


@pytest.mark.parametrize(("number", "shown"), [(1, FEW), (4, FEW), (5, 5), (6, 6)])
def test_a_number_is_told_from_five_on(number: int, shown: int | Withheld) -> None:
    row = report(count(times=number)).without_small_numbers()
    assert (row.total.shown, row.total.unanswered, row.total.accepted) == (shown, shown, 0)


@pytest.mark.parametrize(("number", "words"), [(0, 0), (1, "fewer than 5"), (4, "fewer than 5"), (5, 5)])
def test_a_number_that_stands_alone_is_told_from_five_on(number: int, words: int | str) -> None:
    assert told(number) == words


def test_what_would_give_a_small_number_away_is_withheld_too() -> None:
    given_away = report(count(outcome="accepted", times=3), count(times=10)).without_small_numbers()
    assert given_away.cards[CARD] == Row(13, FEW, 0, BESIDE)
    assert given_away.weeks[WEEKS[0]] == Row(13, FEW, 0, BESIDE)
    assert given_away.total == Row(13, FEW, 0, BESIDE)


def test_two_small_numbers_that_their_sum_gives_away_are_not_told_by_it() -> None:
    # 8 of numbers that are 4 at most: both are 4.
    both = report(count(outcome="accepted", times=4), count(outcome="overridden", times=4)).without_small_numbers()
    assert both.cards[CARD].shown is BESIDE


def test_a_rare_reason_is_not_the_rest_of_the_others() -> None:
    rare = report(
        count(outcome="overridden", code="often", times=20),
        count(outcome="overridden", code="rare", times=2),
        count(times=30),
    ).without_small_numbers()
    assert rare.reasons == {"often": BESIDE, "rare": FEW}
    assert rare.total.overridden == 22


def test_where_nothing_can_be_told_that_gives_nothing_away_nothing_is_told() -> None:
    # Four cards in all: each number could only be what it is.
    few = report(*(count("b", outcome, week=1) for outcome in ("", "accepted", "overridden")), count("a"))
    assert few.without_small_numbers().total == Row(BESIDE, BESIDE, BESIDE, BESIDE)
    assert set(few.without_small_numbers().weeks.values()) == {Row(BESIDE, BESIDE, BESIDE, BESIDE)}


def test_where_no_number_is_small_all_are_told() -> None:
    large = report(count(outcome="accepted", times=5), count(times=9), count("calcium-cua", times=7))
    assert large.without_small_numbers() == large


def test_nothing_at_all_is_told_as_nothing() -> None:
    assert report().without_small_numbers() == report()


def test_the_order_of_the_reasons_tells_nothing_of_their_numbers() -> None:
    some = [count(outcome="overridden", code=code, times=times) for code, times in (("b", 3), ("a", 1), ("c", 2))]
    assert list(report(*some).reasons) == ["b", "c", "a"]
    assert list(report(*some).without_small_numbers().reasons) == ["a", "b", "c"]


def test_the_judge_works_out_what_is_withheld_carelessly() -> None:
    exact = report(count(outcome="accepted", times=3), count(times=10))
    row = Row(13, FEW, 0, 10)
    careless = Report(row, {CARD: row}, {}, {**exact.weeks, WEEKS[0]: row})
    assert ("card", CARD, "accepted") in worked_out(exact, careless)
    assert worked_out(exact, exact.without_small_numbers()) == set()


KINDS = [("", ""), ("accepted", ""), ("overridden", "one"), ("overridden", "two"), ("overridden", "three")]
COUNTS = st.builds(
    lambda topic, kind, week, times: count(topic, kind[0], times, week=week, code=kind[1]),
    st.sampled_from(["a", "b", "c"]),
    st.sampled_from(KINDS),
    st.integers(0, 2),
    st.integers(1, 9),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(COUNTS, max_size=7))
def test_no_small_number_can_be_worked_out_by_any_sum(counts: list[CardCount]) -> None:
    exact = report(*counts)
    assert worked_out(exact, exact.without_small_numbers()) == set()


@settings(max_examples=150, deadline=None)
@given(st.lists(COUNTS, max_size=30))
def test_what_is_told_is_true(counts: list[CardCount]) -> None:
    exact = report(*counts)
    shown = exact.without_small_numbers()
    for row, real in [(shown.total, exact.total), *((shown.weeks[week], exact.weeks[week]) for week in WEEKS)]:
        for column in ("shown", "accepted", "overridden", "unanswered"):
            number, really = row.number(column), real.number(column)
            assert isinstance(really, int)
            assert number in (really, BESIDE) if really == 0 or really >= 5 else number in (FEW, BESIDE)
