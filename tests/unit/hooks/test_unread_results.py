"""Results that could not be read: which are newer than those that are used, and which albumin is missed."""

import pytest

from hooks.chart import Analyte, Unreadable
from hooks.labs import Labs
from tests.unit.hooks.builders import LIMITS, ago, assess, result

TOTAL, IONISED, PHOSPHATE, PTH = (
    Analyte.TOTAL_CALCIUM,
    Analyte.IONISED_CALCIUM,
    Analyte.PHOSPHATE,
    Analyte.INTACT_PTH,
)
ALBUMIN = Analyte.ALBUMIN
NEAR = int(LIMITS.correction_albumin_days)
KINDS_OF_CALCIUM = [TOTAL, Analyte.ALBUMIN_CORRECTED_CALCIUM, IONISED, Analyte.IONISED_CALCIUM_PH74]


def unread(analyte: Analyte, days: int | None, *, no_result: bool = False, reason: str = "no unit") -> Unreadable:
    return Unreadable(analyte.value, reason, None if days is None else ago(days), no_result)


def labs(*things: object) -> Labs:
    return assess(*things).labs  # type: ignore[arg-type]


@pytest.mark.parametrize("analyte", list(Analyte))
@pytest.mark.parametrize(("days", "newer"), [(1, True), (2, True), (3, False), (None, True)])
def test_what_is_newer_than_the_newest_usable_result_or_of_its_day_is_told(
    analyte: Analyte, days: int | None, newer: bool
) -> None:
    item = unread(analyte, days)
    assert labs(result(analyte, 1, 2), item).unreadable_newer(analyte) == ((item,) if newer else ())


@pytest.mark.parametrize("analyte", list(Analyte))
@pytest.mark.parametrize(("beyond", "told"), [(0, True), (1, False)])
def test_without_a_usable_result_everything_inside_the_window_is_told(
    analyte: Analyte, beyond: int, told: bool
) -> None:
    window = LIMITS.windows[analyte].usable
    item, too_old = unread(analyte, window + beyond), result(analyte, 1, window + 1)
    assert labs(too_old, item).unreadable_newer(analyte) == ((item,) if told else ())


def test_what_is_dated_ahead_or_was_never_measured_or_is_of_another_analyte_is_not_told() -> None:
    items = (unread(TOTAL, -1), unread(TOTAL, 1, no_result=True), unread(PHOSPHATE, 1))
    assert labs(*items).unreadable_newer(TOTAL) == ()
    assert labs().unreadable_newer(TOTAL, PHOSPHATE, PTH) == ()


@pytest.mark.parametrize("asked", KINDS_OF_CALCIUM)
@pytest.mark.parametrize("usable", KINDS_OF_CALCIUM)
@pytest.mark.parametrize("kind", KINDS_OF_CALCIUM)
def test_all_kinds_of_calcium_are_one_analyte(asked: Analyte, usable: Analyte, kind: Analyte) -> None:
    older, newer = unread(kind, 6), unread(kind, 4)
    assert labs(result(usable, 1, 5), older, newer).unreadable_newer(asked) == (newer,)


def test_undated_ones_come_first_then_the_newest_and_each_once() -> None:
    undated, new, old = unread(TOTAL, None), unread(IONISED, 1), unread(TOTAL, 5)
    found = labs(old, new, undated, old, new).unreadable_newer(TOTAL, IONISED)
    assert found == (undated, new, old)


@pytest.mark.parametrize(("analyte", "counts"), [(TOTAL, True), (IONISED, True), (PHOSPHATE, True), (PTH, True)])
def test_an_unread_mineral_is_a_data_gap(analyte: Analyte, counts: bool) -> None:
    item = unread(analyte, 1)
    assert (labs(item).minerals_unread == (item,)) is counts


@pytest.mark.parametrize("analyte", [Analyte.ALKALINE_PHOSPHATASE, Analyte.SP_KT_V, Analyte.BODY_MASS_INDEX])
def test_another_unread_result_is_none(analyte: Analyte) -> None:
    assert labs(unread(analyte, 1)).minerals_unread == ()


# ------------------------------------------------------------------ albumin
@pytest.mark.parametrize("before_or_after", [-NEAR, 0, NEAR])
def test_an_unread_albumin_near_an_uncorrected_calcium_is_missed(before_or_after: int) -> None:
    item = unread(ALBUMIN, 20 + before_or_after)
    found = labs(result(TOTAL, 9, 20), item)
    assert (found.albumin_unread, found.minerals_unread) == (item, (item,))


@pytest.mark.parametrize("before_or_after", [-NEAR - 1, NEAR + 1])
def test_an_unread_albumin_further_away_is_not(before_or_after: int) -> None:
    found = labs(result(TOTAL, 9, 20), unread(ALBUMIN, 20 + before_or_after))
    assert (found.albumin_unread, found.minerals_unread) == (None, ())


def test_a_newer_usable_albumin_too_far_away_does_not_settle_it() -> None:
    item = unread(ALBUMIN, 20 + NEAR)
    assert labs(result(TOTAL, 9, 20), result(ALBUMIN, 3, 20 - NEAR - 1), item).albumin_unread is item


def test_an_undated_albumin_counts_and_a_dated_one_is_named_before_it() -> None:
    undated, near, far = unread(ALBUMIN, None), unread(ALBUMIN, 22), unread(ALBUMIN, 15)
    assert labs(result(TOTAL, 9, 20), undated).albumin_unread is undated
    assert labs(result(TOTAL, 9, 20), undated, far, near).albumin_unread is near
    furthest = unread(ALBUMIN, 20 + NEAR)
    assert labs(result(TOTAL, 9, 20), undated, furthest).albumin_unread is furthest


def test_a_calcium_that_is_corrected_or_measured_otherwise_misses_no_albumin() -> None:
    item = unread(ALBUMIN, 20)
    assert labs(result(TOTAL, 9, 20), result(ALBUMIN, 4, 21), item).albumin_unread is None
    assert labs(result(Analyte.ALBUMIN_CORRECTED_CALCIUM, 9, 20), item).albumin_unread is None
    assert labs(result(IONISED, 1.2, 20), item).albumin_unread is None
    assert labs(item).albumin_unread is None


def test_what_is_no_albumin_at_all_is_not_missed() -> None:
    assert labs(result(TOTAL, 9, 20), unread(ALBUMIN, 20, no_result=True)).albumin_unread is None
    window = LIMITS.windows[ALBUMIN].usable
    assert labs(result(TOTAL, 9, window), unread(ALBUMIN, window + 1)).albumin_unread is None
