"""The same values in the units of the rules and in SI: factors, decimals, and never on the other side of a limit."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cds_service.web.course.units import RULES, SI, Units
from fhir_mappings.packaged import default_vocabulary
from hooks.chart import Analyte
from hooks.course import CALCIUM, PRODUCT
from tests.unit.cds_service.web.course.course_records import policy, two_years, words

LABS = default_vocabulary().labs
LIMITS = policy().thresholds(max(since for since, _ in policy().history.periods))


def units(system: str) -> Units:
    return Units(policy().wording, LABS, system)


@pytest.mark.parametrize(
    ("key", "value", "in_rules", "in_si"),
    [
        (CALCIUM, 10.2, "10.2 mg/dL", "2.54 mmol/L"),
        (Analyte.PHOSPHATE, 5.5, "5.5 mg/dL", "1.78 mmol/L"),
        (PRODUCT, 55.0, "55.0 mg²/dL²", "4.43 mmol²/L²"),
        (Analyte.INTACT_PTH, 585.0, "585 pg/mL", "62.1 pmol/L"),
        (Analyte.ALBUMIN, 3.2, "3.2 g/dL", "32 g/L"),
        (Analyte.IONISED_CALCIUM, 1.15, "1.15 mmol/L", "1.15 mmol/L"),
        (Analyte.SP_KT_V, 1.2, "1.20 per session", "1.20 per session"),
    ],
)
def test_each_measure_has_its_unit_and_its_decimals(key: str, value: float, in_rules: str, in_si: str) -> None:
    shown = {system: f"{units(system).of(key).number(value)} {units(system).of(key).name}" for system in (RULES, SI)}
    assert shown == {RULES: in_rules, SI: in_si}


@pytest.mark.parametrize("key", [Analyte.TOTAL_CALCIUM, Analyte.PHOSPHATE, Analyte.INTACT_PTH, Analyte.ALBUMIN])
@given(value=st.floats(0.1, 3000))
def test_what_was_received_in_the_other_unit_is_shown_as_it_was_received(key: Analyte, value: float) -> None:
    unit = units(SI).of(key)
    received = round(value, unit.decimals)
    canonical = LABS.by_analyte[key].units[unit.name].to_canonical(received)
    assert unit.shown(canonical) == pytest.approx(received, abs=0.002)


@pytest.mark.parametrize("system", [RULES, SI])
@given(value=st.floats(7, 13))
@example(10.2)
@example(10.2001)
@example(10.1999)
@example(8.3997)
def test_no_rounding_takes_a_value_to_the_other_side_of_a_limit(system: str, value: float) -> None:
    limits = frozenset({LIMITS.calcium_low, LIMITS.calcium_upper_normal, LIMITS.calcium_high})
    unit = units(system).of(CALCIUM)
    value = round(value, 4)
    written = float(unit.number(value, limits))
    for limit in limits:
        bound = float(unit.written(limit))
        if abs(unit.shown(value) - unit.shown(limit)) > 0.001:
            assert (written > bound) == (value > limit)
            assert (written < bound) == (value < limit)


def test_more_decimals_come_only_where_they_are_needed() -> None:
    unit = units(RULES).of(CALCIUM)
    limits = frozenset({10.2})
    assert [unit.number(value, limits) for value in (10.2, 10.24, 10.2001, 10.3)] == [
        "10.2",
        "10.24",
        "10.2001",
        "10.3",
    ]


@pytest.mark.parametrize(("system", "wrong"), [(SI, r"(mg/dL|pg/mL)"), (RULES, r"(?<!\()\b[\d.]+ (pmol/L|mmol²)")])
def test_titles_limits_and_values_of_one_page_are_in_one_system(system: str, wrong: str) -> None:
    spoken = words(units=system)
    for series in two_years().series:
        said = [spoken.unit(series), spoken.limits(series), *(spoken.value(series, point) for point in series.points)]
        assert not [text for text in said if re.search(wrong, text)]


def test_a_correction_is_told_in_the_units_of_the_page_and_as_received() -> None:
    (calcium,) = [series for series in two_years().series if series.key == CALCIUM]
    point = calcium.points[-1]
    assert words(units=RULES).origin(point) == (
        "corrected for albumin: calcium 8.7 mg/dL (2.17 mmol/L); albumin 3.2 g/dL"
    )
    assert words(units=SI).origin(point) == "corrected for albumin: calcium 2.17 mmol/L; albumin 32 g/L"
