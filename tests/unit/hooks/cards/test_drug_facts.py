"""The placeholders of the drug cards: each says something sensible in every situation."""

import pytest

from hooks.cards.drug_facts import DRUG_PLACEHOLDERS, DRUG_WHY, RECORD_TEXT, DrugFacts, in_markdown
from hooks.cards.facts import Facts, exact
from hooks.cards.placeholders import Placeholders
from hooks.chart import Analyte, Condition, DrugMatch, Gap, Medication, Procedure, Result
from tests.unit.hooks.builders import (
    CALCIUM_ACETATE,
    CONFIRMED,
    LIMITS,
    LIVEDO,
    ON_DIALYSIS,
    POLICY,
    STEP,
    ULCER,
    WARFARIN,
    assess,
    condition,
    gap,
    result,
)

Thing = Result | Condition | Procedure | Medication | Gap
CALCIUM, IONISED, PTH = Analyte.TOTAL_CALCIUM, Analyte.IONISED_CALCIUM, Analyte.INTACT_PTH


def card(*things: Thing, orders: tuple[Medication, ...] = (WARFARIN,), draft: bool = True) -> DrugFacts:
    drugs = tuple((order, order.matches[0].drug) for order in orders)
    return DrugFacts(Facts(assess(*things), POLICY.wording), drugs, draft)


def says(name: str, *things: Thing, needs: tuple[str, ...] = ()) -> str:
    return card(*things).placeholders(needs)[name]


@pytest.mark.parametrize("name", DRUG_PLACEHOLDERS)
@pytest.mark.parametrize("things", [(), (CONFIRMED,), (ON_DIALYSIS, LIVEDO, ULCER)])
def test_every_placeholder_can_be_filled_for_every_patient(name: str, things: tuple[Thing, ...]) -> None:
    assert isinstance(says(name, *things, needs=("calcium", "phosphate")), str)


@pytest.mark.parametrize("name", DRUG_WHY)
@pytest.mark.parametrize("things", [(), (CONFIRMED,), (ON_DIALYSIS, LIVEDO, ULCER)])
def test_every_fact_leaves_out_what_it_cannot_say(name: str, things: tuple[Thing, ...]) -> None:
    assert all(card(*things).why(name))


def test_the_drugs_are_named_once_with_a_capital_only_at_the_start() -> None:
    both = card(orders=(WARFARIN, CALCIUM_ACETATE, WARFARIN)).placeholders(())
    assert both["drug"] == "Warfarin and calcium acetate"


def test_an_endless_drug_name_is_cut() -> None:
    endless = Medication("", "", (DrugMatch("vitamin_k_antagonist", "x" * 100, "RxNorm 1"),))
    assert len(card(orders=(endless,)).placeholders(())["drug"]) == 40


def test_the_orders_are_drafts_or_active() -> None:
    assert card(draft=True).why("drug_lines") == ["draft order: warfarin as worded (RxNorm 1)"]
    assert card(draft=False).why("drug_lines") == ["active: warfarin as worded (RxNorm 1)"]


def test_the_reason_is_the_diagnosis_or_the_signs() -> None:
    assert says("reason", CONFIRMED, LIVEDO) == "diagnosis on record"
    assert says("reason", ON_DIALYSIS, LIVEDO, ULCER) == "livedo and skin ulcer"


# ------------------------------------------------------------------ calcium in a summary
@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (LIMITS.calcium_high + STEP, f"calcium {LIMITS.calcium_high + STEP:.4f} mg/dL"),
        (LIMITS.calcium_high, f"calcium {LIMITS.calcium_high:.1f} mg/dL"),
        (LIMITS.calcium_low, f"calcium {LIMITS.calcium_low:.1f} mg/dL"),
        (LIMITS.calcium_low - STEP, f"calcium {LIMITS.calcium_low - STEP:.4f} mg/dL"),
        (LIMITS.calcium_very_low - STEP, f"calcium {LIMITS.calcium_very_low - STEP:.4f} mg/dL"),
    ],
)
def test_a_summary_shows_calcium_on_the_right_side_of_its_threshold(value: float, shown: str) -> None:
    assert says("calcium_value", result(CALCIUM, value)) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (LIMITS.ionised_calcium_high + STEP, f"{LIMITS.ionised_calcium_high + STEP:.4f}"),
        (LIMITS.ionised_calcium_high, f"{LIMITS.ionised_calcium_high:.2f}"),
        (LIMITS.ionised_calcium_low - STEP, f"{LIMITS.ionised_calcium_low - STEP:.4f}"),
        (LIMITS.ionised_calcium_very_low - STEP, f"{LIMITS.ionised_calcium_very_low - STEP:.4f}"),
    ],
)
def test_a_summary_shows_ionised_calcium_on_the_right_side_of_its_threshold(value: float, shown: str) -> None:
    assert says("calcium_value", result(IONISED, value)) == f"ionised calcium {shown} mmol/L"


def test_without_a_calcium_the_summary_says_so() -> None:
    assert says("calcium_value") == "calcium unknown"


def test_the_limit_belongs_to_the_calcium_that_answered() -> None:
    total, open_ionised = result(CALCIUM, LIMITS.calcium_high + 1), result(IONISED, 1.2, comparator=">")
    assert says("calcium_high_limit", total) == exact(LIMITS.calcium_high)
    assert says("calcium_high_limit", result(IONISED, 2)) == exact(LIMITS.ionised_calcium_high)
    assert says("calcium_high_limit", total, open_ionised) == exact(LIMITS.calcium_high)
    assert says("calcium_value", total, open_ionised).startswith("calcium ")
    assert says("calcium_high_limit") == exact(LIMITS.calcium_high)


def test_an_undecided_ionised_calcium_alone_is_shown_as_it_is() -> None:
    assert says("calcium_value", result(IONISED, 1.2, comparator=">")) == "ionised calcium >1.20 mmol/L"


# ------------------------------------------------------------------ other values
def test_the_reason_for_calcium_in_calciphylaxis_is_its_low_value_or_hungry_bone() -> None:
    very_low = result(CALCIUM, LIMITS.calcium_very_low - 1)
    words = says("low_reason", very_low)
    assert f"calcium {very_low.value:.1f} mg/dL" in words
    assert "very low" in words
    assert says("low_reason", result(CALCIUM, LIMITS.calcium_low)) == "hungry bone"


def test_values_that_are_not_there_are_not_made_up() -> None:
    assert [says(name) for name in ("product_value", "pth_value", "pth_twice_values", "valve_short")] == [""] * 4


def test_pth_is_shown_as_a_whole_number() -> None:
    assert says("pth_value", result(PTH, 99.6)) == "PTH 100 pg/mL"
    assert says("pth_twice_values", result(PTH, 90.4), result(PTH, 80, 50, comparator="<")) == "90 and <80"


def test_the_product_is_shown_with_its_unit() -> None:
    assert says("product_value", result(CALCIUM, 10), result(Analyte.PHOSPHATE, 6)) == "60.0 mg²/dL²"


NEEDS = ("calcium", "phosphate", "pth")


@pytest.mark.parametrize(
    ("things", "words"),
    [
        ((), "no usable calcium and phosphate"),
        ((result(CALCIUM, 9),), "no usable phosphate"),
        (
            (gap("calcium", what="calcium results"),),
            "no usable calcium and phosphate; calcium results could not be read",
        ),
        (
            (result(CALCIUM, 9), result(Analyte.PHOSPHATE, 4), gap("pth", what="PTH results")),
            "PTH results could not be read",
        ),
        ((result(CALCIUM, 9, comparator=">"), result(Analyte.PHOSPHATE, 4)), "the results leave it open"),
    ],
)
def test_a_data_gap_is_named(things: tuple[Thing, ...], words: str) -> None:
    assert says("gap_names", *things, needs=NEEDS) == words


# ------------------------------------------------------------------ escaping
def test_placeholders_are_escaped_in_markdown_but_not_in_a_summary() -> None:
    nasty = Medication("", "", (DrugMatch("vitamin_k_antagonist", "<b>*x*", "RxNorm 1"),))
    words = card(orders=(nasty,)).placeholders(())
    assert "{drug}".format_map(words) == "<b>*x*"
    assert "{drug}".format_map(in_markdown(words)) == "&lt;b&gt;\\*x\\*"


def test_a_fact_that_quotes_the_record_is_escaped_once() -> None:
    assert {"indication"} == RECORD_TEXT
    words = card(condition("atrial_fibrillation", text="<AF>")).placeholders(())
    assert "“&lt;AF&gt;”" in "{indication}".format_map(in_markdown(words))


# ------------------------------------------------------------------ worked out when asked for
def test_a_placeholder_is_worked_out_once_and_only_when_a_text_uses_it() -> None:
    asked: list[str] = []

    def make(name: str) -> str:
        asked.append(name)
        return name.upper()

    words = Placeholders(make)
    assert "{a} {b} {a}".format_map(words) == "A B A"
    assert asked == ["a", "b"]


def test_an_unknown_placeholder_is_an_error() -> None:
    with pytest.raises(KeyError):
        card().placeholders(())["moon"]
