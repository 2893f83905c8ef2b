"""A newer result that cannot be read is never passed over in silence: the older one is used, and named as such.

Sources: fastenhealth/fasten-onprem#441 (values as text), drajer-health/eCRNow#509 (dataAbsentReason),
masslight/ottehr#2029 (units), hapifhir/hapi-fhir#887 (dates),
National-COVID-Cohort-Collaborative/Data-Ingestion-and-Harmonization#105 (albumin).
"""

from __future__ import annotations

import pytest

from tests.contract.records import CALCITRIOL_DRAFT, CALCIUM_DRAFT, Json, days_before, result
from tests.field.held import (
    ALBUMIN,
    ON_WARFARIN,
    ORDER_HOOKS,
    PHOSPHATE,
    PTH,
    QUIET,
    SUSPECTED,
    calcium,
    day_before,
    without,
)
from tests.field.play import Field

ABSENT = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
ORDERS_CALCIUM = QUIET.drafting(CALCIUM_DRAFT)
ORDERS_CALCITRIOL = QUIET.drafting(CALCITRIOL_DRAFT)
CALCIUM_GAP, VITD_GAP = [("calcium-data-gap", "info")], [("vitd-data-gap", "info")]


def newer(**members: object) -> Json:
    """A calcium of the day before yesterday, with no value but these members."""
    return {**without(calcium(0, days_ago=2, number="calcium-newer"), "valueQuantity"), **members}


def absent(reason: str) -> Json:
    return {"dataAbsentReason": {"coding": [{"system": ABSENT, "code": reason}]}}


UNREADABLE = {
    "words": (newer(valueString="haemolysed"), "words instead of a number"),
    "no unit": (newer(valueQuantity={"value": 12.6}), "no unit"),
    "odd unit": (newer(valueQuantity={"value": 12.6, "unit": "units"}), "unit not understood"),
    "odd comparator": (newer(valueQuantity={"value": 12.6, "unit": "mg/dL", "comparator": "~"}), "comparator"),
    "a comma of thousands": (newer(valueString="12,600 mg/dL"), "comma"),
    "implausible": (newer(valueQuantity={"value": 126, "unit": "mg/dL"}), "implausible"),
    "error": (newer(**absent("error")), "no value"),
    "unknown": (newer(**absent("unknown")), "no value"),
    "status unknown": (newer(status="unknown", valueQuantity={"value": 12.6, "unit": "mg/dL"}), "status unknown"),
    "a code of no system": (
        newer(code={"coding": [{"code": "17861-6"}]}, valueQuantity={"value": 12.6, "unit": "mg/dL"}),
        "no known system",
    ),
}
UNDATED = {
    "24 o'clock": "2026-11-20T24:00:00Z",
    "a month": "2026-11",
    "without hyphens": "20261120",
    "as in the United States": "11/20/2026",
}
NO_RESULT = {
    "entered in error": newer(status="entered-in-error", valueString="x"),
    "cancelled": newer(status="cancelled", **absent("error")),
    "registered": newer(status="registered"),
    "not performed": newer(**absent("not-performed")),
    "of somebody else": {**newer(valueString="x"), "subject": {"reference": "Patient/somebody-else"}},
}


@pytest.mark.parametrize(("unread", "reason"), UNREADABLE.values(), ids=UNREADABLE)
@pytest.mark.parametrize("hook", ORDER_HOOKS)
def test_an_order_says_that_a_newer_calcium_could_not_be_read(
    hook: str, unread: Json, reason: str, field: Field
) -> None:
    for chart, expected in ((ORDERS_CALCIUM, CALCIUM_GAP), (ORDERS_CALCITRIOL, VITD_GAP)):
        answer = field.ask(hook, chart.having(unread))
        assert answer.topics == expected
        for said in ("could not be read", day_before(2), reason, "9.2 mg/dl"):
            assert said in answer.words


@pytest.mark.parametrize("moment", UNDATED.values(), ids=UNDATED)
@pytest.mark.parametrize("hook", ORDER_HOOKS)
def test_a_result_whose_date_cannot_be_read_counts_as_newer_and_is_called_undated(
    hook: str, moment: str, field: Field
) -> None:
    odd = {**calcium(12.6, number="calcium-newer"), "effectiveDateTime": moment, "issued": days_before(300)}
    answer = field.ask(hook, ORDERS_CALCIUM.having(odd))
    assert answer.topics == CALCIUM_GAP
    assert "undated" in answer.words


@pytest.mark.parametrize("hook", ORDER_HOOKS)
def test_where_it_is_the_only_result_the_order_says_so_too(hook: str, field: Field) -> None:
    alone = ORDERS_CALCIUM.without("calcium").having(newer(valueString="haemolysed"))
    answer = field.ask(hook, alone)
    assert answer.topics == CALCIUM_GAP
    assert "could not be read" in answer.words


@pytest.mark.parametrize("unread", NO_RESULT.values(), ids=NO_RESULT)
def test_what_never_was_a_result_leaves_the_older_one_alone(unread: Json, field: Field) -> None:
    chart = ORDERS_CALCIUM.having(unread)
    assert field.topics("order-select", chart) == [("calcium-restrict", "info")]
    assert field.topics("order-sign", chart) == []
    assert "could not be read" not in field.ask("order-select", chart).words


@pytest.mark.parametrize(("code", "number"), [(PHOSPHATE, "phosphate-newer"), (PTH, "pth-newer")])
@pytest.mark.parametrize("hook", ORDER_HOOKS)
def test_a_phosphate_or_pth_that_cannot_be_read_is_told_as_well(
    hook: str, code: str, number: str, field: Field
) -> None:
    unread = result(number, code, 4.4, "no such unit", days_ago=1)
    answer = field.ask(hook, ORDERS_CALCIUM.having(unread))
    assert answer.topics == CALCIUM_GAP
    assert day_before(1) in answer.words


@pytest.mark.parametrize("hook", ORDER_HOOKS)
def test_a_calcium_stays_uncorrected_for_an_albumin_that_could_not_be_read_and_says_why(
    hook: str, field: Field
) -> None:
    unread = {**result("albumin", ALBUMIN, 3.0, "g/dL", days_ago=3), "valueQuantity": {"value": 3.0, "unit": "dL"}}
    answer = field.ask(hook, ORDERS_CALCIUM.having(unread))
    assert answer.topics == CALCIUM_GAP
    assert f"not corrected, an albumin of {day_before(3)} could not be read" in answer.words
    assert "no albumin within" not in answer.words


@pytest.mark.parametrize("hook", ORDER_HOOKS)
def test_the_older_result_still_warns_and_the_newer_one_is_named(hook: str, field: Field) -> None:
    chart = QUIET.having(calcium(10.9), newer(valueString="haemolysed")).drafting(CALCIUM_DRAFT)
    answer = field.ask(hook, chart)
    assert answer.topics == [("calcium-hypercalcaemia", "warning")]
    assert "could not be read" in answer.words
    assert not any(one.get("isRecommended") for one in answer.cards[0]["suggestions"] if "delete" in str(one))


@pytest.mark.parametrize("unread", [unread for unread, _ in UNREADABLE.values()], ids=UNREADABLE)
def test_opening_the_chart_names_it_on_the_cards_that_come_and_raises_none_of_its_own(
    unread: Json, field: Field
) -> None:
    assert field.topics("patient-view", QUIET.having(unread)) == []
    answer = field.ask("patient-view", SUSPECTED.having(unread))
    assert answer.topics == [("cua-suspected", "critical"), ("vka-cua", "critical")]
    assert "could not be read" in answer.words
    assert field.topics("patient-view", ON_WARFARIN.having(unread)) == [("vka-dialysis", "info")]
