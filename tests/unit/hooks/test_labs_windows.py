"""How long a result is good for: up to its last usable day, never from the future."""

import pytest

from hooks.chart import Analyte, Chart
from hooks.labs import Labs
from tests.unit.hooks.builders import LIMITS, ON, assess, result


@pytest.mark.parametrize("analyte", list(Analyte))
def test_a_result_is_usable_on_its_last_day(analyte: Analyte) -> None:
    last = result(analyte, 1, LIMITS.windows[analyte].usable)
    assert assess(last).labs.usable(analyte) == (last,)


@pytest.mark.parametrize("analyte", list(Analyte))
def test_a_result_is_missing_one_day_later(analyte: Analyte) -> None:
    labs = assess(result(analyte, 1, LIMITS.windows[analyte].usable + 1)).labs
    assert (labs.usable(analyte), labs.newest(analyte)) == ((), None)


@pytest.mark.parametrize("analyte", list(Analyte))
def test_a_result_of_today_is_usable_and_one_of_tomorrow_is_not(analyte: Analyte) -> None:
    today = result(analyte, 1)
    assert assess(today, result(analyte, 2, -1)).labs.usable(analyte) == (today,)


@pytest.mark.parametrize("analyte", list(Analyte))
def test_no_result_is_no_result(analyte: Analyte) -> None:
    labs = assess().labs
    assert (labs.usable(analyte), labs.newest(analyte)) == ((), None)


def test_the_newest_usable_result_comes_first() -> None:
    old, new = result(Analyte.PHOSPHATE, 4, 9), result(Analyte.PHOSPHATE, 5, 3)
    assert assess(old, new, result(Analyte.PHOSPHATE, 6, -2)).labs.newest(Analyte.PHOSPHATE) is new


@pytest.mark.parametrize("analyte", list(Analyte))
def test_a_result_is_never_fresh_after_it_stopped_being_usable(analyte: Analyte) -> None:
    assert LIMITS.windows[analyte].fresh <= LIMITS.windows[analyte].usable


@pytest.mark.parametrize("analyte", list(Analyte))
def test_a_result_is_old_one_day_after_it_stopped_being_fresh(analyte: Analyte) -> None:
    fresh, labs = LIMITS.windows[analyte].fresh, assess().labs
    assert [labs.is_old(result(analyte, 1, days)) for days in (0, fresh, fresh + 1)] == [False, False, True]


def test_a_result_of_an_unknown_method_is_told_inside_the_window_and_never_used() -> None:
    pth, usable = Analyte.INTACT_PTH, LIMITS.windows[Analyte.INTACT_PTH].usable
    told = tuple(result(pth, 60, days) for days in (0, usable))
    shown = {pth: (result(pth, 60, -1), *told, result(pth, 60, usable + 1))}
    labs = Labs(Chart(shown=shown), ON, LIMITS)
    assert labs.shown(pth) == told
    assert (labs.usable(pth), labs.pth_low.met, labs.shown(Analyte.SP_KT_V)) == ((), None, ())
