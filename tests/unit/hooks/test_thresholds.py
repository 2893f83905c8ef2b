"""Thresholds: every number dated, neighbours in their order, every problem named."""

import re
from collections.abc import Callable
from dataclasses import fields
from datetime import date, timedelta
from typing import Any

import pytest

from hooks.chart import Analyte
from hooks.thresholds import ORDERS, Thresholds, read_thresholds, threshold_problems
from tests.unit.hooks.builders import LIMITS, ON, STEP, data_files

Data = dict[str, Any]


def problems(change: Callable[[Data], object]) -> list[str]:
    """The problems of the packaged thresholds after a change."""
    data = data_files()["thresholds"]
    change(data)
    return [problem.removeprefix("thresholds.toml: ") for problem in threshold_problems(data)]


# ------------------------------------------------------------------ loading
def test_the_packaged_thresholds_load_with_a_window_for_every_analyte() -> None:
    assert set(LIMITS.windows) == set(Analyte)
    assert problems(lambda _: None) == []


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (
            lambda data: data["windows"]["bone"]["analytes"].remove("intact_pth"),
            "[windows] names intact_pth 0 times, not once",
        ),
        (
            lambda data: data["windows"]["bone"]["analytes"].append("phosphate"),
            "[windows] names phosphate 2 times, not once",
        ),
        (
            lambda data: data["windows"]["bone"]["analytes"].append("albumn"),
            "[windows.bone] analytes names the unknown albumn; did you mean albumin?",
        ),
        (
            lambda data: data["windows"]["bone"]["values"][0].update(fresh=181),
            "[windows.bone] fresh (181) from 2026-01-01 on is longer than usable (180)",
        ),
        (
            lambda data: data["calcium_high"]["values"].append(data["calcium_high"]["values"][0]),
            "[calcium_high] has 2 values from 2003-10-01 on",
        ),
        (
            lambda data: data["points"]["female"]["values"].append(data["points"]["female"]["values"][0]),
            "[points.female] has 2 values from 2026-01-01 on",
        ),
    ],
)
def test_a_problem_is_named_with_its_key(change: Callable[[Data], object], problem: str) -> None:
    assert problems(change) == [problem]


def test_a_window_may_be_silent_to_its_end() -> None:
    assert problems(lambda data: data["windows"]["bone"]["values"][0].update(fresh=180)) == []


# ------------------------------------------------------------------ the order of neighbours
NEIGHBOURS = [
    (lower, sign, upper)
    for order in ORDERS
    for names in [order.replace("<=", "<").split(" < ")]
    for lower, sign, upper in zip(names, re.findall(r"<=?", order), names[1:], strict=False)
]


def from_today(data: Data, key: str, value: float) -> None:
    """A new value from the day of the tests on."""
    data[key]["values"].append({"since": ON, "value": value, "source": "ours"})


@pytest.mark.parametrize(("lower", "sign", "upper"), NEIGHBOURS)
def test_neighbours_keep_their_order(lower: str, sign: str, upper: str) -> None:
    above = getattr(LIMITS, upper) + STEP
    beside = f"{'not below' if sign == '<' else 'above'} {upper} ({getattr(LIMITS, upper):g})"
    (order,) = [order for order in ORDERS if f"{lower} {sign} {upper}" in order]
    told = problems(lambda data: from_today(data, lower, above))
    assert told[0] == f"[{lower}] {above:g} from {ON} on is {beside}: the order must be {order}"


@pytest.mark.parametrize(("lower", "sign", "upper"), NEIGHBOURS)
def test_neighbours_may_be_equal_only_where_the_order_says_so(lower: str, sign: str, upper: str) -> None:
    equal = getattr(LIMITS, upper)
    assert bool(problems(lambda data: from_today(data, lower, equal))) is (sign == "<")
    assert problems(lambda data: from_today(data, lower, equal - STEP)) == []


def test_the_order_holds_on_every_day_and_a_fault_is_told_from_its_first_one() -> None:
    def spoil(data: Data) -> None:
        for days, value in ((10, 12.5), (20, 12.6), (30, 10.0), (40, 12.0)):
            since = ON + timedelta(days=days)
            data["calcium_high"]["values"].append({"since": since, "value": value, "source": "ours"})

    assert [told.partition(": ")[0] for told in problems(spoil)] == [
        f"[calcium_high] 12.5 from {ON + timedelta(days=10)} on is not below calcium_very_high (12)",
        f"[calcium_high] 12 from {ON + timedelta(days=40)} on is not below calcium_very_high (12)",
    ]


def test_a_neighbour_that_moves_is_looked_at_too() -> None:
    (told,) = problems(lambda data: from_today(data, "calcium_very_high", 10.1))
    assert told.startswith(f"[calcium_high] 10.2 from {ON} on is not below calcium_very_high (10.1): ")


@pytest.mark.parametrize(
    ("lower", "upper"),
    [
        ("calcium_very_low", "calcium_low"),
        ("calcium_low", "calcium_upper_normal"),
        ("calcium_upper_normal", "calcium_high"),
        ("calcium_high", "calcium_very_high"),
        ("ionised_calcium_very_low", "ionised_calcium_low"),
        ("ionised_calcium_low", "ionised_calcium_high"),
        ("product_moderate", "product_high"),
        ("pth_vitamin_d_times", "pth_high_times"),
        ("hd_kt_v_minimum", "hd_kt_v_target"),
        ("temperature_low", "temperature_high"),
        ("white_cells_low", "white_cells_high"),
        ("elevated_risk_score", "high_risk_score"),
    ],
)
def test_numbers_that_would_turn_the_rules_upside_down_are_neighbours(lower: str, upper: str) -> None:
    assert [(one, other) for one, _, other in NEIGHBOURS if (one, other) == (lower, upper)]


def test_every_order_names_thresholds() -> None:
    assert {name for order in ORDERS for name in re.findall(r"\w+", order)} <= {
        field.name for field in fields(Thresholds)
    }


# ------------------------------------------------------------------ history
def test_before_the_first_known_day_the_oldest_values_hold() -> None:
    history = read_thresholds(data_files()["thresholds"])
    assert history.on(date(1900, 1, 1)) == history.periods[0][1]


def test_a_new_value_holds_from_its_day_on_and_not_before_whatever_its_place_in_the_list() -> None:
    data = data_files()["thresholds"]
    change = ON + timedelta(days=30)
    first = data["calcium_high"]["values"][0]
    data["calcium_high"]["values"] = [{"since": change, "value": 9.9, "source": "a new guideline"}, first]
    history = read_thresholds(data)
    assert history.on(change - timedelta(days=1)).calcium_high == LIMITS.calcium_high
    assert history.on(change).calcium_high == 9.9
    assert history.on(change + timedelta(days=9000)).calcium_high == 9.9
    assert history.on(change).calcium_low == LIMITS.calcium_low


def test_windows_and_points_are_dated_as_well() -> None:
    data = data_files()["thresholds"]
    change = ON + timedelta(days=30)
    data["windows"]["bone"]["values"].append({"since": change, "fresh": 1, "usable": 2, "source": "new"})
    data["points"]["female"]["values"].append({"since": change, "value": 7, "source": "new"})
    before, after = (read_thresholds(data).on(day) for day in (ON, change))
    assert before == LIMITS
    assert (after.windows[Analyte.INTACT_PTH].usable, after.points["female"]) == (2, 7)
