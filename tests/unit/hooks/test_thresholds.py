"""Thresholds: every number dated, neighbours in their order, every problem named."""

import re
from collections.abc import Callable
from dataclasses import fields
from datetime import date, timedelta
from typing import Any

import pytest

from hooks.chart import Analyte
from hooks.thresholds import FACTORS, ORDERS, Thresholds, read_thresholds, threshold_problems
from tests.unit.hooks.builders import LIMITS, ON, STEP, data_files

Data = dict[str, Any]


TOMORROW = ON + timedelta(days=1)


def of_today() -> Data:
    """The packaged thresholds with one value each, the one in force on the day of the tests."""
    data = data_files()["thresholds"]
    for section in [*data.values(), *data["windows"].values(), *data["points"].values()]:
        if "values" in section:
            section["values"] = [entry for entry in section["values"] if entry["since"] <= ON][-1:]
    return data


def problems(change: Callable[[Data], object]) -> list[str]:
    """The problems of the thresholds of today after a change."""
    data = of_today()
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


def section(data: Data, key: str) -> Data:
    """The table of a threshold, or of the points of a factor."""
    found: Data = data["points"][key.removeprefix("points.")] if key.startswith("points.") else data[key]
    return found


def today(key: str) -> float:
    """The value in force on the day of the tests."""
    value: float = section(of_today(), key)["values"][0]["value"]
    return value


def from_tomorrow(data: Data, key: str, value: float) -> None:
    """A new value from the day after the tests on."""
    section(data, key)["values"].append({"since": TOMORROW, "value": value, "source": "ours"})


@pytest.mark.parametrize(("lower", "sign", "upper"), NEIGHBOURS)
def test_neighbours_keep_their_order(lower: str, sign: str, upper: str) -> None:
    above = today(upper) + STEP
    beside = f"{'not below' if sign == '<' else 'above'} {upper} ({today(upper):g})"
    (order,) = [order for order in ORDERS if f"{lower} {sign} {upper}" in order]
    told = problems(lambda data: from_tomorrow(data, lower, above))
    assert told[0] == f"[{lower}] {above:g} from {TOMORROW} on is {beside}: the order must be {order}"


@pytest.mark.parametrize(("lower", "sign", "upper"), NEIGHBOURS)
def test_neighbours_may_be_equal_only_where_the_order_says_so(lower: str, sign: str, upper: str) -> None:
    equal = today(upper)
    assert bool(problems(lambda data: from_tomorrow(data, lower, equal))) is (sign == "<")
    assert problems(lambda data: from_tomorrow(data, lower, equal - STEP)) == []


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
    (told,) = problems(lambda data: from_tomorrow(data, "calcium_very_high", 10.1))
    assert told.startswith(f"[calcium_high] 10.2 from {TOMORROW} on is not below calcium_very_high (10.1): ")


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
        ("dialysis_after_transplant_days", "dialysis_procedure_days"),
        ("points.mineral_moderate", "points.mineral_high"),
    ],
)
def test_numbers_that_would_turn_the_rules_upside_down_are_neighbours(lower: str, upper: str) -> None:
    assert [(one, other) for one, _, other in NEIGHBOURS if (one, other) == (lower, upper)]


def test_every_order_names_thresholds() -> None:
    assert {name for order in ORDERS for name in re.findall(r"[\w.]+", order)} <= {
        *(field.name for field in fields(Thresholds)),
        *(f"points.{factor}" for factor in FACTORS),
    }


@pytest.mark.parametrize("key", ["calcium_high", "windows.bone", "points.female"])
def test_a_value_that_stands_below_a_later_one_is_a_slip_of_the_year(key: str) -> None:
    def spoil(data: Data) -> None:
        *group, name = key.split(".")
        values = (data[group[0]] if group else data)[name]["values"]
        values.append({**values[0], "since": values[0]["since"] - timedelta(days=1)})

    (told,) = problems(spoil)
    assert told.startswith(f"[{key}] the value from ")
    assert told.endswith(" on: the newest stands last")


def test_a_fault_of_order_is_told_with_the_later_day_of_the_two() -> None:
    def spoil(data: Data) -> None:
        data["calcium_upper_normal"]["values"][0].update(since=date(1999, 1, 1), value=10.5)
        data["calcium_high"]["values"][0].update(since=date(2005, 6, 1), value=10.2)

    (told,) = problems(spoil)
    assert told.startswith("[calcium_upper_normal] 10.5 from 2005-06-01 on is above calcium_high (10.2): ")


@pytest.mark.parametrize("analyte", [Analyte.DRY_WEIGHT, Analyte.POST_DIALYSIS_WEIGHT])
def test_the_gap_between_two_weights_is_shorter_than_the_time_for_which_they_are_good(analyte: Analyte) -> None:
    usable = LIMITS.windows[analyte].usable

    def spoil(gap: int) -> list[str]:
        return problems(lambda data: from_tomorrow(data, "weight_loss_gap_days", gap))

    assert spoil(usable - 1) == []
    assert spoil(usable) == [
        f"[weight_loss_gap_days] {usable} from {TOMORROW} on is not below usable of [windows.weight] ({usable}): "
        "no weight loss would be found"
    ]


def test_a_score_that_no_patient_can_reach_is_refused() -> None:
    def without_points(most: int) -> list[str]:
        def spoil(data: Data) -> None:
            for factor in FACTORS:
                data["points"][factor]["values"][0]["value"] = most if factor == "past_calciphylaxis" else 0

        return problems(spoil)

    scores = {key: int(getattr(LIMITS, key)) for key in ("suspected_score", "high_risk_score", "elevated_risk_score")}
    assert without_points(max(scores.values())) == []
    for most in (0, max(scores.values()) - 1):
        assert [told.partition("]")[0] for told in without_points(most)] == [
            f"[{key}" for key, score in scores.items() if score > most
        ]
    assert without_points(0)[0].endswith(" on is more than all [points] together (0)")


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
