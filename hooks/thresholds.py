"""The thresholds in force on a day, as types, read from the parsed `thresholds.toml`.

What may live here: reading and checking numbers. No number is written in Python.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

from hooks.chart import Analyte


class PolicyError(ValueError):
    """A data file of the policy is wrong; the message lists every problem with file and key."""


@dataclass(frozen=True, slots=True)
class Window:
    """How many days a result is good for: `fresh` silently, `usable` at most."""

    fresh: int
    usable: int


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Every number the rules compare with, in force on one day; units and sources stand in `thresholds.toml`."""

    adult_age: float
    dialysis_procedure_days: float
    dialysis_after_transplant_days: float
    calcium_high: float
    calcium_very_high: float
    calcium_upper_normal: float
    calcium_low: float
    calcium_very_low: float
    ionised_calcium_high: float
    ionised_calcium_low: float
    ionised_calcium_very_low: float
    ionised_calcium_pair_days: float
    correction_slope: float
    correction_albumin: float
    correction_albumin_days: float
    phosphate_high: float
    product_moderate: float
    product_high: float
    product_pair_days: float
    pth_low: float
    pth_assumed_upper_limit: float
    pth_high_times: float
    pth_vitamin_d_times: float
    pth_low_twice: float
    albumin_low: float
    alkaline_phosphatase_assumed_upper_limit: float
    hd_kt_v_minimum: float
    hd_kt_v_target: float
    pd_kt_v_minimum: float
    urea_reduction_ratio_minimum: float
    obese_body_mass_index: float
    weight_loss_percent: float
    weight_loss_gap_days: float
    steroid_days: float
    temperature_high: float
    temperature_low: float
    white_cells_high: float
    white_cells_low: float
    c_reactive_protein_high: float
    sign_days: float
    cellulitis_days: float
    suspected_score: float
    high_risk_score: float
    elevated_risk_score: float
    windows: Mapping[Analyte, Window]
    points: Mapping[str, int]


FACTORS = (
    "vitamin_k_antagonist",
    "mineral_high",
    "mineral_moderate",
    "pth",
    "albumin",
    "alkaline_phosphatase",
    "obesity",
    "female",
    "diabetes",
    "calcium_product",
    "active_vitamin_d",
    "corticosteroid",
    "liver_or_thrombophilia",
    "weight_loss",
    "dialysis_dose",
    "past_calciphylaxis",
)
"""The risk factors that `risk_score` knows; each needs its points in `thresholds.toml`."""

_NUMBERS = tuple(field.name for field in fields(Thresholds) if field.name not in ("windows", "points"))


@dataclass(frozen=True, slots=True)
class ThresholdHistory:
    """All thresholds by the day from which they hold."""

    periods: tuple[tuple[date, Thresholds], ...]

    def on(self, day: date) -> Thresholds:
        """The thresholds in force on `day`; before the first known day those of that first day."""
        index = bisect_right([since for since, _ in self.periods], day) - 1
        return self.periods[max(index, 0)][1]


def load_thresholds(data: Mapping[str, Any]) -> ThresholdHistory:
    """The parsed `thresholds.toml`, checked whole: unknown or missing keys, lacking sources, units or dates.

    Raises:
        PolicyError: with one line per problem.
    """
    problems = list(_problems(data))
    if problems:
        raise PolicyError("\n".join(problems))
    days = sorted({entry["since"] for section in _sections(data).values() for entry in section["values"]})
    return ThresholdHistory(tuple((day, _in_force(data, day)) for day in days))


def _sections(data: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Every table that carries dated values, by its full key."""
    flat = {key: value for key, value in data.items() if key not in ("windows", "points")}
    for group in ("windows", "points"):
        flat |= {f"{group}.{key}": value for key, value in data.get(group, {}).items()}
    return flat


def _problems(data: Mapping[str, Any]) -> Iterator[str]:
    sections = _sections(data)
    known = {*_NUMBERS, *(f"points.{factor}" for factor in FACTORS)}
    for key in sorted(known - sections.keys()):
        yield f"thresholds.toml: [{key}] is missing"
    for key in sorted(key for key in sections.keys() - known if not key.startswith("windows.")):
        yield f"thresholds.toml: [{key}] is not a threshold that any rule uses"
    for key, section in sections.items():
        yield from (f"thresholds.toml: [{key}] lacks {name}" for name in ("says", "unit") if not section.get(name))
        numbers = ("fresh", "usable") if key.startswith("windows.") else ("value",)
        yield from _value_problems(key, section.get("values"), numbers)
    yield from _window_problems(data.get("windows", {}))


def _window_problems(windows: Mapping[str, Any]) -> Iterator[str]:
    covered = [(key, name) for key, section in windows.items() for name in section.get("analytes", ())]
    for key, name in covered:
        if name not in set(Analyte):
            yield f"thresholds.toml: [windows.{key}] names the unknown analyte {name}"
    for analyte in Analyte:
        times = sum(name == analyte for _, name in covered)
        if times != 1:
            yield f"thresholds.toml: [windows] names {analyte.value} {times} times, not once"


def _value_problems(key: str, values: object, numbers: tuple[str, ...]) -> Iterator[str]:
    if not isinstance(values, list) or not values:
        yield f"thresholds.toml: [{key}] has no values"
        return
    for entry in values:
        if type(entry.get("since")) is not date:
            yield f"thresholds.toml: [{key}] a value lacks the day from which it holds (since)"
        if not entry.get("source"):
            yield f"thresholds.toml: [{key}] a value lacks its source"
        for number in numbers:
            if not _is_number(entry.get(number)):
                yield f"thresholds.toml: [{key}] a value lacks the number {number}"


def _is_number(value: object) -> bool:
    """A number that can be compared with: TOML knows nan, with which every comparison fails in silence."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _current(section: Mapping[str, Any], day: date) -> Mapping[str, Any]:
    """The entry of a section in force on `day`, else its first."""
    entries = sorted(section["values"], key=lambda entry: entry["since"])
    started = [entry for entry in entries if entry["since"] <= day]
    current: Mapping[str, Any] = (started or entries[:1])[-1]
    return current


def _in_force(data: Mapping[str, Any], day: date) -> Thresholds:
    windows = {
        Analyte(name): Window(fresh=entry["fresh"], usable=entry["usable"])
        for section in data["windows"].values()
        for entry in [_current(section, day)]
        for name in section["analytes"]
    }
    points = {factor: int(_current(data["points"][factor], day)["value"]) for factor in FACTORS}
    numbers = {name: float(_current(data[name], day)["value"]) for name in _NUMBERS}
    return Thresholds(windows=windows, points=points, **numbers)
