"""The sepsis watch: recorded infection is critical, any abnormal bedside or laboratory value a warning."""

import pytest

from hooks.card import Card
from hooks.chart import Analyte, Condition, Medication, Procedure, Result, Unreadable
from hooks.sepsis_watch import sepsis_card
from tests.unit.hooks.builders import (
    CONFIRMED,
    LIMITS,
    LIVEDO,
    ON_DIALYSIS,
    POLICY,
    SEPSIS,
    STEP,
    ULCER,
    assess,
    condition,
    drug,
    result,
)

TEMPERATURE, WHITE_CELLS, CRP = Analyte.BODY_TEMPERATURE, Analyte.WHITE_CELL_COUNT, Analyte.C_REACTIVE_PROTEIN
FEVER = result(TEMPERATURE, LIMITS.temperature_high + STEP)
Thing = Result | Condition | Procedure | Medication | Unreadable
TRIGGERS = [
    (TEMPERATURE, LIMITS.temperature_high, 1),
    (TEMPERATURE, LIMITS.temperature_low, -1),
    (WHITE_CELLS, LIMITS.white_cells_high, 1),
    (WHITE_CELLS, LIMITS.white_cells_low, -1),
    (CRP, LIMITS.c_reactive_protein_high, 1),
]


def card(*things: Thing) -> Card | None:
    return sepsis_card(assess(*things), POLICY)


def indicator(*things: Thing) -> str | None:
    made = card(*things)
    return made.indicator if made else None


@pytest.mark.parametrize("infection", [SEPSIS, condition("bacteraemia")])
@pytest.mark.parametrize("state", [(CONFIRMED,), (LIVEDO, ON_DIALYSIS)])
def test_recorded_infection_in_calciphylaxis_is_critical(infection: Condition, state: tuple[Condition, ...]) -> None:
    assert indicator(infection, *state) == "critical"
    assert indicator(infection, FEVER, *state) == "critical"


@pytest.mark.parametrize("state", [(), (ON_DIALYSIS,), (ULCER, ON_DIALYSIS), (LIVEDO,)])
def test_outside_of_calciphylaxis_sepsis_is_not_watched(state: tuple[Condition, ...]) -> None:
    assert card(SEPSIS, FEVER, *state) is None


def test_past_sepsis_is_no_infection() -> None:
    assert card(CONFIRMED, condition("sepsis", past=True)) is None


def test_without_any_trigger_there_is_no_card() -> None:
    assert card(CONFIRMED) is None


@pytest.mark.parametrize(("analyte", "limit", "beyond"), TRIGGERS)
def test_each_trigger_has_two_sides(analyte: Analyte, limit: float, beyond: int) -> None:
    assert indicator(CONFIRMED, result(analyte, limit + beyond * STEP)) == "warning"
    assert indicator(CONFIRMED, result(analyte, limit)) is None


@pytest.mark.parametrize(("analyte", "limit", "beyond"), TRIGGERS)
def test_any_result_in_the_window_counts_not_only_the_newest(analyte: Analyte, limit: float, beyond: int) -> None:
    usable = LIMITS.windows[analyte].usable
    normal = result(analyte, limit)
    assert indicator(CONFIRMED, normal, result(analyte, limit + beyond * STEP, usable)) == "warning"
    assert indicator(CONFIRMED, normal, result(analyte, limit + beyond * STEP, usable + 1)) is None


def test_a_comparator_that_decides_is_a_trigger_and_one_that_does_not_is_none() -> None:
    limit = LIMITS.c_reactive_protein_high
    assert indicator(CONFIRMED, result(CRP, limit, comparator=">")) == "warning"
    assert indicator(CONFIRMED, result(CRP, limit, comparator="<")) is None


MANY = result(WHITE_CELLS, LIMITS.white_cells_high + STEP)
STEROID = drug("systemic_corticosteroid", name="prednisolone", days=1)


@pytest.mark.parametrize(
    ("things", "expected"),
    [
        ((MANY,), None),
        ((MANY, FEVER), "warning"),
        ((MANY, result(CRP, LIMITS.c_reactive_protein_high + STEP)), "warning"),
        ((MANY, result(WHITE_CELLS, LIMITS.white_cells_low - STEP, 1)), "warning"),
        ((result(WHITE_CELLS, LIMITS.white_cells_low - STEP),), "warning"),
        ((FEVER,), "warning"),
        ((MANY, SEPSIS), "critical"),
    ],
)
def test_under_a_corticosteroid_many_white_cells_need_another_trigger(
    things: tuple[Thing, ...], expected: str | None
) -> None:
    assert indicator(CONFIRMED, STEROID, *things) == expected


def test_a_corticosteroid_that_is_only_coded_explains_no_white_cells() -> None:
    assert indicator(CONFIRMED, condition("steroid_use"), MANY) == "warning"


def test_palliative_care_is_said_here_too() -> None:
    made = card(CONFIRMED, FEVER, condition("palliative_care"))
    assert made is not None
    assert "palliative care on record" in made.detail.casefold()


def test_an_unreadable_newer_trigger_is_told() -> None:
    made = card(
        CONFIRMED, result(TEMPERATURE, LIMITS.temperature_high + 1, 1), Unreadable("body_temperature", "no unit")
    )
    assert made is not None
    assert "could not be read: no unit" in made.detail


def test_the_card_names_every_trigger_once_with_its_date() -> None:
    fever_again = result(TEMPERATURE, LIMITS.temperature_high + 1, 1)
    made = card(CONFIRMED, FEVER, fever_again, result(CRP, LIMITS.c_reactive_protein_high + 50, 2))
    assert made is not None
    assert made.detail.count("- temperature") == 1
    assert "- CRP 150 mg/L (above 100; 2026-11-27, 2 days ago)" in made.detail
    assert made.summary.startswith("Think of sepsis: temperature")


def test_the_value_as_received_is_shown_with_the_fact_and_keeps_markup_out_of_the_plain_summary() -> None:
    counted = result(WHITE_CELLS, LIMITS.white_cells_high + 3, original="15 10*3/uL")
    made = card(CONFIRMED, counted)
    assert made is not None
    assert "15 10\\*3/uL" in made.detail
    assert "\\" not in made.summary
