"""The thresholds in force on a day, as types, read from the parsed `thresholds.toml`.

What may live here: reading numbers, and checking that they make sense beside each other. No number is written in
Python; shape, unit and plausible range of each stand in the JSON Schema of the file, which is checked before.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import date
from itertools import pairwise
from typing import Any

from hooks.chart import Analyte
from hooks.name_checks import unknown_names


class PolicyError(ValueError):
    """A data file of the policy is wrong; the message lists every problem with file and key."""


@dataclass(frozen=True, slots=True)
class Window:
    """For how many days a result counts: `fresh` silently, `usable` at most."""

    fresh: int
    usable: int


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Every number the rules compare with, in force on one day; units and sources stand in `thresholds.toml`."""

    adult_age: float
    dialysis_procedure_days: float
    dialysis_after_transplant_days: float
    parathyroidectomy_days: float
    bleeding_days: float
    administration_days: float
    dispense_days: float
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
    phosphate_too_low_for_binder: float
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
    hd_kt_v_intensified: float
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
    sepsis_days: float
    sign_days: float
    cellulitis_days: float
    suspected_score: float
    high_risk_score: float
    elevated_risk_score: float
    windows: Mapping[Analyte, Window]
    points: Mapping[str, int]


ORDERS = (
    "calcium_very_low < calcium_low < calcium_upper_normal <= calcium_high < calcium_very_high",
    "ionised_calcium_very_low < ionised_calcium_low < ionised_calcium_high",
    "dialysis_after_transplant_days <= dialysis_procedure_days",
    "phosphate_too_low_for_binder < phosphate_high",
    "product_moderate < product_high",
    "pth_vitamin_d_times < pth_high_times",
    "hd_kt_v_minimum <= hd_kt_v_target <= hd_kt_v_intensified",
    "temperature_low < temperature_high",
    "white_cells_low < white_cells_high",
    "elevated_risk_score < high_risk_score",
    "points.mineral_moderate <= points.mineral_high",
)
"""How neighbours stand to each other on every day. A policy in another order is refused."""

COMPARED: Mapping[str, tuple[Analyte, ...]] = {
    **dict.fromkeys(
        ("calcium_high", "calcium_very_high", "calcium_upper_normal", "calcium_low", "calcium_very_low"),
        (Analyte.TOTAL_CALCIUM, Analyte.ALBUMIN_CORRECTED_CALCIUM),
    ),
    **dict.fromkeys(
        ("ionised_calcium_high", "ionised_calcium_low", "ionised_calcium_very_low"),
        (Analyte.IONISED_CALCIUM, Analyte.IONISED_CALCIUM_PH74),
    ),
    **dict.fromkeys(("phosphate_high", "phosphate_too_low_for_binder"), (Analyte.PHOSPHATE,)),
    **dict.fromkeys(("albumin_low", "correction_albumin"), (Analyte.ALBUMIN,)),
    **dict.fromkeys(("pth_low", "pth_low_twice", "pth_assumed_upper_limit"), (Analyte.INTACT_PTH,)),
    "alkaline_phosphatase_assumed_upper_limit": (Analyte.ALKALINE_PHOSPHATASE,),
    **dict.fromkeys(("hd_kt_v_minimum", "hd_kt_v_target", "hd_kt_v_intensified"), (Analyte.SP_KT_V,)),
    "pd_kt_v_minimum": (Analyte.PD_WEEKLY_KT_V,),
    "urea_reduction_ratio_minimum": (Analyte.UREA_REDUCTION_RATIO,),
    "obese_body_mass_index": (Analyte.BODY_MASS_INDEX,),
    **dict.fromkeys(("temperature_high", "temperature_low"), (Analyte.BODY_TEMPERATURE,)),
    **dict.fromkeys(("white_cells_high", "white_cells_low"), (Analyte.WHITE_CELL_COUNT,)),
    "c_reactive_protein_high": (Analyte.C_REACTIVE_PROTEIN,),
}
"""The analytes that a threshold belongs to: it has their unit and their decimals."""

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

WEIGHTS = frozenset({Analyte.DRY_WEIGHT, Analyte.POST_DIALYSIS_WEIGHT})
"""The results of which the oldest and the newest are compared."""

_NUMBERS = tuple(field.name for field in fields(Thresholds) if field.name not in ("windows", "points"))


@dataclass(frozen=True, slots=True)
class ThresholdHistory:
    """All thresholds by the day from which they hold."""

    periods: tuple[tuple[date, Thresholds], ...]

    def on(self, day: date) -> Thresholds:
        """The thresholds in force on `day`; before the first known day those of that first day."""
        index = bisect_right([since for since, _ in self.periods], day) - 1
        return self.periods[max(index, 0)][1]


def read_thresholds(data: Mapping[str, Any]) -> ThresholdHistory:
    """The thresholds of the parsed `thresholds.toml`, which has no problems."""
    return ThresholdHistory(tuple((day, _in_force(data, day)) for day in _days(data)))


def threshold_problems(data: Mapping[str, Any]) -> Iterator[str]:
    """What no schema can check: each analyte has one window, a day one value, and neighbours stand in their order."""
    yield from _window_problems(data["windows"])
    for key, section in _sections(data).items():
        yield from (_problem(key, problem) for problem in _date_problems(section))
    yield from _order_problems(data)
    yield from _weight_problems(data)
    yield from _score_problems(data)


def _problem(key: str, what: str) -> str:
    return f"thresholds.toml: [{key}] {what}"


def _sections(data: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Every table that carries dated values, by its full key."""
    flat = {key: value for key, value in data.items() if key not in ("windows", "points")}
    for group in ("windows", "points"):
        flat |= {f"{group}.{key}": value for key, value in data[group].items()}
    return flat


def _window_problems(windows: Mapping[str, Any]) -> Iterator[str]:
    covered = Counter(name for section in windows.values() for name in section["analytes"])
    for key, section in windows.items():
        yield from unknown_names(f"thresholds.toml: [windows.{key}] analytes", section["analytes"], list(Analyte))
        for entry in section["values"]:
            fresh, usable, since = entry["fresh"], entry["usable"], entry["since"]
            if fresh > usable:
                yield _problem(f"windows.{key}", f"fresh ({fresh}) from {since} on is longer than usable ({usable})")
    for analyte in Analyte:
        if covered[analyte] != 1:
            yield _problem("windows", f"names {analyte.value} {covered[analyte]} times, not once")


def _date_problems(section: Mapping[str, Any]) -> Iterator[str]:
    """The newest value stands last. A new line with an earlier day has a wrong year, and would never be in force."""
    days = [entry["since"] for entry in section["values"]]
    yield from (f"has {times} values from {day} on" for day, times in Counter(days).items() if times > 1)
    for above, below in pairwise(days):
        if below < above:
            yield f"the value from {below} on stands below the one from {above} on: the newest stands last"


def _order_problems(data: Mapping[str, Any]) -> Iterator[str]:
    """Every two neighbours that are out of order, with the day from which they are."""
    days, sections = _days(data), _sections(data)
    for order in ORDERS:
        names, signs = re.findall(r"[\w.]+", order), re.findall(r"<=?", order)
        for lower, sign, upper in zip(names, signs, names[1:], strict=False):
            wrong = False
            for day in days:
                entries = [_current(sections[name], day) for name in (lower, upper)]
                low, high = (entry["value"] for entry in entries)
                was_wrong, wrong = wrong, low > high or (low == high and sign == "<")
                if wrong and not was_wrong:
                    beside = f"{'not below' if sign == '<' else 'above'} {upper} ({high:g})"
                    # The later of the two days: from it on the file gives both values. A first value holds for earlier
                    # days too, but the file does not say so.
                    since = max(entry["since"] for entry in entries)
                    yield _problem(lower, f"{low:g} from {since} on is {beside}: the order must be {order}")


def _weight_problems(data: Mapping[str, Any]) -> Iterator[str]:
    """Two weights can only be compared while the older one is still good."""
    for key, section in data["windows"].items():
        told = not WEIGHTS & set(section["analytes"])
        for day in _days(data):
            gap, window = _current(data["weight_loss_gap_days"], day), _current(section, day)
            if gap["value"] >= window["usable"] and not told:
                told, since = True, max(gap["since"], window["since"])
                beside = f"not below usable of [windows.{key}] ({window['usable']}): no weight loss would be found"
                yield _problem("weight_loss_gap_days", f"{gap['value']} from {since} on is {beside}")


def _score_problems(data: Mapping[str, Any]) -> Iterator[str]:
    """A score that no patient can reach silences its tier."""
    factors = [data["points"][factor] for factor in FACTORS if factor != "mineral_moderate"]
    for key in ("suspected_score", "high_risk_score", "elevated_risk_score"):
        told = False
        for day in _days(data):
            score, reached = _current(data[key], day), [_current(factor, day) for factor in factors]
            most = sum(entry["value"] for entry in reached)
            if score["value"] > most and not told:
                told, since = True, max(entry["since"] for entry in (score, *reached))
                yield _problem(key, f"{score['value']} from {since} on is more than all [points] together ({most})")


def _days(data: Mapping[str, Any]) -> list[date]:
    """The days on which any value begins to hold."""
    return sorted({entry["since"] for section in _sections(data).values() for entry in section["values"]})


def _current(section: Mapping[str, Any], day: date) -> Mapping[str, Any]:
    """The entry of a section in force on `day`, else its first."""
    entries = sorted(section["values"], key=lambda entry: entry["since"])
    started = [entry for entry in entries if entry["since"] <= day]
    current: Mapping[str, Any] = (started or entries[:1])[-1]
    return current


def _in_force(data: Mapping[str, Any], day: date) -> Thresholds:
    windows = {
        name: Window(fresh=entry["fresh"], usable=entry["usable"])
        for section in data["windows"].values()
        for entry in [_current(section, day)]
        for name in map(Analyte, section["analytes"])
    }
    points = {factor: _current(data["points"][factor], day)["value"] for factor in FACTORS}
    numbers = {name: float(_current(data[name], day)["value"]) for name in _NUMBERS}
    return Thresholds(windows=windows, points=points, **numbers)
