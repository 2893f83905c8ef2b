"""What could not be read never looks like "no risk": the card that says so, and where it is not needed."""

from dataclasses import replace

import pytest

from hooks import order_select, order_sign, patient_view
from hooks.chart import Analyte, Chart
from tests.unit.hooks.builders import (
    CALCIUM_ACETATE,
    CONFIRMED,
    LIVEDO,
    ON,
    ON_DIALYSIS,
    POLICY,
    ULCER,
    assess,
    chart,
    condition,
    drug,
    gap,
)

INCOMPLETE = [("cua-data-gap", "info")]
NO_BMI = gap("bmi", Analyte.BODY_MASS_INDEX)
PROCEDURES = ("dialysis_procedures", "valve_procedures", "surgery_procedures", "procedures")
NO_TEMPERATURE = gap("temperature", Analyte.BODY_TEMPERATURE)
IRON = drug("oral_iron", name="ferrous sulfate")


def unread(patient: Chart, count: int = 1) -> Chart:
    return replace(patient, unread_medications=count)


def garbled(patient: Chart, count: int = 1) -> Chart:
    return replace(patient, unread_conditions=count)


@pytest.mark.parametrize(
    ("patient", "expected"),
    [
        (chart(ON_DIALYSIS), []),
        (chart(ON_DIALYSIS, NO_BMI), INCOMPLETE),
        (chart(ON_DIALYSIS, NO_TEMPERATURE), INCOMPLETE),
        (chart(ON_DIALYSIS, gap("inflammation", Analyte.WHITE_CELL_COUNT)), INCOMPLETE),
        *((chart(ON_DIALYSIS, gap(name)), INCOMPLETE) for name in PROCEDURES),
        *((chart(gap(name)), []) for name in PROCEDURES),
        (unread(chart(ON_DIALYSIS)), INCOMPLETE),
        (unread(chart(condition("esrd"))), INCOMPLETE),
        (unread(chart()), []),
        (garbled(chart(ON_DIALYSIS)), INCOMPLETE),
        (garbled(chart()), []),
        (garbled(chart(ON_DIALYSIS, LIVEDO)), [("cua-suspected", "warning")]),
        (unread(chart(ON_DIALYSIS, LIVEDO)), [("cua-suspected", "warning")]),
    ],
)
def test_an_opened_chart(patient: Chart, expected: list[tuple[str, str]]) -> None:
    assert [(card.topic, card.indicator) for card in patient_view.advise(patient, ON, POLICY)] == expected


def test_the_card_counts_the_active_orders_whose_drug_could_not_be_read() -> None:
    (card,) = patient_view.advise(unread(chart(ON_DIALYSIS), 2), ON, POLICY)
    assert "the drug of 2 active orders could not be read" in card.summary


@pytest.mark.parametrize(("count", "words"), [(1, "1 entry of the problem list"), (2, "2 entries of the problem list")])
def test_so_it_does_the_entries_of_the_problem_list(count: int, words: str) -> None:
    (card,) = patient_view.advise(garbled(chart(ON_DIALYSIS), count), ON, POLICY)
    assert f"{words} could not be read" in card.summary
    (beside,) = patient_view.advise(garbled(chart(ON_DIALYSIS, LIVEDO), count), ON, POLICY)
    assert f"could not be read: {words}" in beside.detail
    (both,) = patient_view.advise(unread(garbled(chart(ON_DIALYSIS), count)), ON, POLICY)
    assert f"the drug of 1 active order and {words} could not be read" in both.summary


@pytest.mark.parametrize("hook", [order_select, order_sign])
@pytest.mark.parametrize(
    ("patient", "expected"),
    [
        (chart(ON_DIALYSIS, ULCER, NO_BMI, drafts=(IRON,)), INCOMPLETE),
        (unread(chart(ON_DIALYSIS, ULCER, drafts=(IRON,))), INCOMPLETE),
        (garbled(chart(ON_DIALYSIS, ULCER, drafts=(IRON,))), INCOMPLETE),
        (garbled(chart(ON_DIALYSIS, drafts=(IRON,))), []),
        (chart(ON_DIALYSIS, ULCER, drafts=(IRON,)), []),
        (chart(ON_DIALYSIS, NO_BMI, drafts=(IRON,)), []),
        (chart(ON_DIALYSIS, ULCER, NO_BMI, drafts=(drug("other", name="amlodipine"),)), []),
        (chart(ON_DIALYSIS, LIVEDO, NO_BMI, drafts=(IRON,)), [("iron-cua", "warning")]),
    ],
)
def test_an_order_beside_one_weak_sign_whose_points_could_not_all_be_read(
    hook: type, patient: Chart, expected: list[tuple[str, str]]
) -> None:
    cards = hook.advise(patient, ON, POLICY)  # type: ignore[attr-defined]  # a module with `advise`
    assert [(card.topic, card.indicator) for card in cards] == expected


def test_without_dialysis_procedures_a_diagnosis_is_not_called_off_dialysis() -> None:
    patient = chart(CONFIRMED, CALCIUM_ACETATE, gap("dialysis_procedures", what="dialysis procedures"))
    status, drug_card = patient_view.advise(patient, ON, POLICY)
    assert "not on dialysis" not in status.summary + status.detail + drug_card.detail
    assert "dialysis cannot be told" in status.detail
    assert "**Dialysis**" in status.detail
    assert not assess(CONFIRMED).dialysis_unknown
