"""Reference ranges of the patient; of two versions the later; of two results of one instant the one that warns.

Sources: onc-healthit/inferno-program#368, AuDigitalHealth/ci-fhir-r4#37 (ranges by age and group),
LinuxForHealth/FHIR#440, ohs-foundation/android-fhir#2512 (one id twice), synthetichealth/synthea (two panels of one
specimen).
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.records import CALCITRIOL_DRAFT, CALCIUM_DRAFT, WARFARIN, Json, result
from tests.field.held import ORDER_HOOKS, PHOSPHATE, PTH, QUIET, Chart, calcium, day_before
from tests.field.play import Field

ORDERS_CALCITRIOL = QUIET.drafting(CALCITRIOL_DRAFT)
ORDERS_CALCIUM = QUIET.drafting(CALCIUM_DRAFT)
LOW_PTH = [("vitd-low-pth", "warning")]
VERY_HIGH = [("calcium-hypercalcaemia", "critical")]
YEARS = "http://unitsofmeasure.org"


def limits(high: float, **whom: object) -> Json:
    return {"low": {"value": 10, "unit": "pg/mL"}, "high": {"value": high, "unit": "pg/mL"}, **whom}


def aged(low: int | None, high: int | None) -> Json:
    ends = {"low": low, "high": high}
    return {"age": {end: {"value": years, "unit": "a", "system": YEARS} for end, years in ends.items() if years}}


def for_group(code: str, text: str = "") -> Json:
    return {"appliesTo": [{"coding": [{"code": code}], "text": text or code}]}


CHILDREN, ADULTS = aged(None, 17), aged(18, None)
RANGES: dict[str, tuple[float, list[Json], bool]] = {
    # The value, the ranges, and whether it is low (below twice the upper limit that holds).
    "children first": (150, [limits(120, **CHILDREN), limits(65, **ADULTS)], False),
    "adults first": (125, [limits(65, **ADULTS), limits(120, **CHILDREN)], True),
    "pregnancy first": (125, [limits(30, **for_group("pregnant")), limits(65)], True),
    "women first": (125, [limits(30, **for_group("248152002", "Female")), limits(65)], True),
    "men": (125, [limits(30, **for_group("248153007", "Male")), limits(65)], False),
    "no range": (125, [], True),
    "only children": (125, [limits(30, **CHILDREN)], True),
    "a limit without a number": (125, [{"high": {"unit": "pg/mL"}}, limits(65)], True),
    "a limit of nought": (125, [limits(0), limits(65)], True),
}


@pytest.mark.parametrize(("value", "ranges", "is_low"), RANGES.values(), ids=RANGES)
@pytest.mark.parametrize("hook", ORDER_HOOKS)
def test_the_reference_range_of_the_patient_decides(
    hook: str, value: float, ranges: list[Json], is_low: bool, field: Field
) -> None:
    measured = {**result("pth", PTH, value, "pg/mL"), "referenceRange": ranges}
    assert field.topics(hook, ORDERS_CALCITRIOL.having(measured)) == (LOW_PTH if is_low else [])


def versions(*copies: Json, **members: Any) -> tuple[Json, ...]:
    """Copies of one resource, numbered in their order where `members` name nothing else."""
    return tuple({**copy, "meta": {"versionId": str(number)}} for number, copy in enumerate(copies, 1))


def with_all(chart: Chart, *resources: Json) -> Chart:
    """The chart with all these, whatever their ids."""
    return Chart((*chart.held, *resources), chart.drafts)


@pytest.mark.parametrize("hook", ORDER_HOOKS)
@pytest.mark.parametrize("turned", [False, True])
def test_of_two_versions_of_a_result_the_later_counts(turned: bool, hook: str, field: Field) -> None:
    first, second = versions(calcium(9.2), calcium(12.6))
    pair = (second, first) if turned else (first, second)
    assert field.topics(hook, with_all(ORDERS_CALCIUM.without("calcium"), *pair)) == VERY_HIGH
    first, second = versions(calcium(12.6), calcium(9.2))
    pair = (second, first) if turned else (first, second)
    expected = [("calcium-restrict", "info")] if hook == "order-select" else []
    assert field.topics(hook, with_all(ORDERS_CALCIUM.without("calcium"), *pair)) == expected


@pytest.mark.parametrize("hook", ORDER_HOOKS)
def test_tenth_version_follows_the_ninth_and_a_later_update_an_earlier_one(hook: str, field: Field) -> None:
    low, high = calcium(9.2), calcium(12.6)
    pairs = (
        ({**low, "meta": {"versionId": "9"}}, {**high, "meta": {"versionId": "10"}}),
        (
            {**low, "meta": {"lastUpdated": "2026-11-20T10:00:00Z"}},
            {**high, "meta": {"lastUpdated": "2026-11-20T11:00:00Z"}},
        ),
    )
    for pair in pairs:
        assert field.topics(hook, with_all(ORDERS_CALCIUM.without("calcium"), *pair)) == VERY_HIGH


@pytest.mark.parametrize("hook", ORDER_HOOKS)
def test_where_nothing_says_which_is_later_the_one_that_warns_counts(hook: str, field: Field) -> None:
    chart = ORDERS_CALCIUM.without("calcium")
    for pair in ((calcium(9.2), calcium(12.6)), (calcium(12.6), calcium(9.2))):
        assert field.topics(hook, with_all(chart, *pair)) == VERY_HIGH


@pytest.mark.parametrize("turned", [False, True])
def test_of_two_versions_of_an_order_the_later_counts(turned: bool, field: Field) -> None:
    active, stopped = versions(WARFARIN, {**WARFARIN, "status": "stopped"})
    pair = (stopped, active) if turned else (active, stopped)
    assert field.topics("patient-view", with_all(QUIET, *pair)) == []
    unknown = (WARFARIN, {**WARFARIN, "status": "stopped"})
    assert field.topics("patient-view", with_all(QUIET, *unknown)) == [("vka-dialysis", "info")]


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("hook", ORDER_HOOKS)
def test_of_two_results_of_one_instant_the_one_that_warns_counts_and_both_are_named(
    hook: str, turned: bool, field: Field
) -> None:
    pair = (calcium(9.6, number="panel-1"), calcium(12.4, number="panel-2"))
    chart = with_all(ORDERS_CALCIUM.without("calcium"), *(pair[::-1] if turned else pair))
    answer = field.ask(hook, chart)
    assert answer.topics == VERY_HIGH
    assert "12.4" in answer.words
    assert "9.6" in answer.words


@pytest.mark.parametrize("hook", ORDER_HOOKS)
def test_a_day_without_a_time_is_of_the_same_instant(hook: str, field: Field) -> None:
    day = {**calcium(12.4, number="panel-2"), "effectiveDateTime": day_before(3)}
    chart = with_all(ORDERS_CALCIUM.without("calcium"), calcium(9.6, number="panel-1"), day)
    assert field.topics(hook, chart) == VERY_HIGH


@pytest.mark.parametrize("hook", ORDER_HOOKS)
def test_a_corrected_result_beats_a_final_one_of_the_same_instant(hook: str, field: Field) -> None:
    corrected = {**calcium(9.2, number="panel-2"), "status": "corrected"}
    chart = with_all(ORDERS_CALCIUM.without("calcium"), calcium(12.4, number="panel-1"), corrected)
    assert field.topics(hook, chart) == ([("calcium-restrict", "info")] if hook == "order-select" else [])


@pytest.mark.parametrize("hook", ORDER_HOOKS)
def test_of_two_phosphates_of_one_instant_the_higher_counts(hook: str, field: Field) -> None:
    pair = (result("p-1", PHOSPHATE, 4.4, "mg/dL"), result("p-2", PHOSPHATE, 8.0, "mg/dL"))
    chart = with_all(ORDERS_CALCIUM.without("phosphate").having(calcium(9.9)), *pair)
    assert field.topics(hook, chart) == [("calcium-caxp", "warning")]
