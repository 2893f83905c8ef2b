"""Thresholds: every number dated and cited; a file with a problem is refused with every problem named."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from hooks.chart import Analyte
from hooks.thresholds import PolicyError, load_thresholds
from tests.unit.hooks.builders import LIMITS, ON, data_files

Data = dict[str, Any]


def problems(change: Callable[[Data], object]) -> list[str]:
    """The problems of the packaged thresholds after a change."""
    data = data_files()["thresholds"]
    change(data)
    with pytest.raises(PolicyError) as refused:
        load_thresholds(data)
    return str(refused.value).splitlines()


# ------------------------------------------------------------------ loading
def test_the_packaged_thresholds_load_with_a_window_for_every_analyte() -> None:
    assert set(LIMITS.windows) == set(Analyte)


@pytest.mark.parametrize(
    "pair",
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
        ("suspected_score", "elevated_risk_score"),
        ("elevated_risk_score", "high_risk_score"),
    ],
)
def test_the_packaged_numbers_stand_in_a_sensible_order(pair: tuple[str, str]) -> None:
    lower, upper = pair
    assert getattr(LIMITS, lower) < getattr(LIMITS, upper)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda data: data.pop("calcium_high"), "[calcium_high] is missing"),
        (lambda data: data["points"].pop("female"), "[points.female] is missing"),
        (lambda data: data.update(calcium_hihg=data["calcium_high"]), "[calcium_hihg] is not a threshold"),
        (lambda data: data["points"].update(age=data["points"]["female"]), "[points.age] is not a threshold"),
        (lambda data: data["calcium_high"].pop("says"), "[calcium_high] lacks says"),
        (lambda data: data["calcium_high"].update(unit=""), "[calcium_high] lacks unit"),
        (lambda data: data["calcium_high"].pop("values"), "[calcium_high] has no values"),
        (lambda data: data["calcium_high"].update(values=[]), "[calcium_high] has no values"),
        (lambda data: data["calcium_high"].update(values=10.2), "[calcium_high] has no values"),
        (lambda data: data["calcium_high"]["values"][0].pop("since"), "[calcium_high] a value lacks the day"),
        (
            lambda data: data["calcium_high"]["values"][0].update(since="2026-01-01"),
            "[calcium_high] a value lacks the day",
        ),
        (
            lambda data: data["calcium_high"]["values"][0].update(since=datetime(2026, 1, 1)),  # noqa: DTZ001
            "[calcium_high] a value lacks the day",
        ),
        (lambda data: data["calcium_high"]["values"][0].pop("source"), "[calcium_high] a value lacks its source"),
        (lambda data: data["calcium_high"]["values"][0].pop("value"), "[calcium_high] a value lacks the number value"),
        (
            lambda data: data["calcium_high"]["values"][0].update(value="10.2"),
            "[calcium_high] a value lacks the number value",
        ),
        (
            lambda data: data["calcium_high"]["values"][0].update(value=True),
            "[calcium_high] a value lacks the number value",
        ),
        (
            lambda data: data["calcium_high"]["values"][0].update(value=float("nan")),
            "[calcium_high] a value lacks the number value",
        ),
        (
            lambda data: data["calcium_high"]["values"][0].update(value=float("inf")),
            "[calcium_high] a value lacks the number value",
        ),
        (
            lambda data: data["windows"]["bone"]["values"][0].pop("usable"),
            "[windows.bone] a value lacks the number usable",
        ),
        (
            lambda data: data["windows"]["bone"]["analytes"].remove("intact_pth"),
            "[windows] names intact_pth 0 times, not once",
        ),
        (
            lambda data: data["windows"]["bone"]["analytes"].append("phosphate"),
            "[windows] names phosphate 2 times, not once",
        ),
        (
            lambda data: data["windows"]["bone"]["analytes"].append("magnesium"),
            "[windows.bone] names the unknown analyte magnesium",
        ),
        (lambda data: data.pop("windows"), "[windows] names total_calcium 0 times, not once"),
        (lambda data: data.pop("points"), "[points.female] is missing"),
    ],
)
def test_a_problem_is_named_with_its_key(change: Callable[[Data], object], problem: str) -> None:
    assert [line for line in problems(change) if line.startswith(f"thresholds.toml: {problem}")]


def test_every_problem_is_named_at_once() -> None:
    def spoil(data: Data) -> None:
        data["calcium_high"]["values"][0].pop("source")
        data["calcium_low"]["values"][0].pop("since")
        data.pop("sign_days")

    assert len(problems(spoil)) == 3


# ------------------------------------------------------------------ history
def test_before_the_first_known_day_the_oldest_values_hold() -> None:
    history = load_thresholds(data_files()["thresholds"])
    assert history.on(date(1900, 1, 1)) == history.periods[0][1]


def test_a_new_value_holds_from_its_day_on_and_not_before_whatever_its_place_in_the_list() -> None:
    data = data_files()["thresholds"]
    change = ON + timedelta(days=30)
    first = data["calcium_high"]["values"][0]
    data["calcium_high"]["values"] = [{"since": change, "value": 9.9, "source": "a new guideline"}, first]
    history = load_thresholds(data)
    assert history.on(change - timedelta(days=1)).calcium_high == LIMITS.calcium_high
    assert history.on(change).calcium_high == 9.9
    assert history.on(change + timedelta(days=9000)).calcium_high == 9.9
    assert history.on(change).calcium_low == LIMITS.calcium_low


def test_windows_and_points_are_dated_as_well() -> None:
    data = data_files()["thresholds"]
    change = ON + timedelta(days=30)
    data["windows"]["bone"]["values"].append({"since": change, "fresh": 1, "usable": 2, "source": "new"})
    data["points"]["female"]["values"].append({"since": change, "value": 7, "source": "new"})
    before, after = (load_thresholds(data).on(day) for day in (ON, change))
    assert before == LIMITS
    assert (after.windows[Analyte.INTACT_PTH].usable, after.points["female"]) == (2, 7)
