"""The placeholders of the drug cards: each says something sensible in every situation."""

import pytest

from hooks.cards.drug_facts import DRUG_PLACEHOLDERS, DRUG_WHY, RECORD_TEXT, DrugFacts, in_markdown
from hooks.cards.facts import Facts
from hooks.cards.placeholders import Placeholders
from hooks.cards.result_words import exact
from hooks.chart import Analyte, Condition, DrugMatch, Gap, Medication, Procedure, Result
from tests.unit.hooks.builders import (
    CALCIUM_ACETATE,
    CONFIRMED,
    LIMITS,
    LIVEDO,
    ON_DIALYSIS,
    POLICY,
    ULCER,
    WARFARIN,
    assess,
    condition,
    drug,
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
CENT = 0.01
"""The smallest difference that a card shows."""


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (LIMITS.calcium_high + CENT, f"calcium {LIMITS.calcium_high + CENT:.2f} mg/dL"),
        (LIMITS.calcium_high, f"calcium {LIMITS.calcium_high:.1f} mg/dL"),
        (LIMITS.calcium_low, f"calcium {LIMITS.calcium_low:.1f} mg/dL"),
        (LIMITS.calcium_low - CENT, f"calcium {LIMITS.calcium_low - CENT:.2f} mg/dL"),
        (LIMITS.calcium_very_low - CENT, f"calcium {LIMITS.calcium_very_low - CENT:.2f} mg/dL"),
    ],
)
def test_a_summary_shows_calcium_on_the_right_side_of_its_threshold(value: float, shown: str) -> None:
    assert says("calcium_value", result(CALCIUM, value)) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (LIMITS.ionised_calcium_high + CENT, f"{LIMITS.ionised_calcium_high + CENT:.2f}"),
        (LIMITS.ionised_calcium_high, f"{LIMITS.ionised_calcium_high:.2f}"),
        (LIMITS.ionised_calcium_low - CENT, f"{LIMITS.ionised_calcium_low - CENT:.2f}"),
        (LIMITS.ionised_calcium_very_low - CENT, f"{LIMITS.ionised_calcium_very_low - CENT:.2f}"),
    ],
)
def test_a_summary_shows_ionised_calcium_on_the_right_side_of_its_threshold(value: float, shown: str) -> None:
    assert says("calcium_value", result(IONISED, value)) == f"ionised calcium {shown} mmol/L"


def test_a_summary_shows_calcium_in_the_conventional_unit_with_its_age_once_it_is_no_longer_fresh() -> None:
    fresh = LIMITS.windows[CALCIUM].fresh
    assert says("calcium_value", result(CALCIUM, 9, fresh, original="2.25 mmol/L")) == "calcium 9.0 mg/dL"
    old = result(CALCIUM, 9, fresh + 1, original="2.25 mmol/L")
    assert says("calcium_value", old) == f"calcium 9.0 mg/dL ({fresh + 1} d old)"


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
    in_range, low = result(CALCIUM, LIMITS.calcium_low), result(CALCIUM, LIMITS.calcium_low - CENT)
    high_pth = result(PTH, LIMITS.pth_assumed_upper_limit * LIMITS.pth_high_times + 1)
    hungry_bone = condition("hungry_bone")
    assert says("low_reason", in_range, hungry_bone) == "hungry bone"
    assert says("low_reason", hungry_bone) == "no usable calcium, with hungry bone"
    assert says("low_reason", low, hungry_bone) == f"calcium {low.value:.2f} mg/dL, low, with hungry bone"
    assert says("low_reason", low, high_pth) == f"calcium {low.value:.2f} mg/dL, low, with PTH high"


def test_values_that_are_not_there_are_not_made_up() -> None:
    assert [says(name) for name in ("product_value", "pth_value", "pth_twice_values", "standard", "past")] == [""] * 5
    assert says("pth_newest") == "intact PTH unknown"
    assert says("phosphate_newest") == "phosphate unknown"


def test_the_newest_values_are_shown_with_their_age_once_they_are_no_longer_fresh() -> None:
    fresh = LIMITS.windows[PTH].fresh
    assert says("pth_newest", result(PTH, 300, fresh)) == "intact PTH 300 pg/mL"
    assert says("pth_newest", result(PTH, 300, fresh + 1)) == f"intact PTH 300 pg/mL ({fresh + 1} d old)"


def test_two_equal_values_are_both_shown_and_their_ages_once_one_is_old() -> None:
    fresh = LIMITS.windows[PTH].fresh
    assert says("pth_twice_values", result(PTH, 149, 20), result(PTH, 149, 80)) == "149 and 149"
    old = f"149 and 149, 20 and {fresh + 1} d old"
    assert says("pth_twice_values", result(PTH, 149, 20), result(PTH, 149, fresh + 1)) == old


def test_many_drugs_are_counted_in_a_summary() -> None:
    four = tuple(drug("iv_iron", name=f"iron {number}") for number in range(4))
    assert card(orders=four).placeholders(())["drug"] == "Iron 0, iron 1 and 2 more"
    assert card(orders=four[:2]).placeholders(())["drugs"] == "iron 0 and iron 1"


def test_an_anticoagulant_beside_the_ordered_one_is_named() -> None:
    assert "apixaban. Never two" in says("two_anticoagulants", drug("doac", name="apixaban"))
    assert says("two_anticoagulants") == ""


def test_the_limit_that_was_crossed_is_named() -> None:
    assert says("calcium_above", result(CALCIUM, LIMITS.calcium_high + CENT)) == f"above {LIMITS.calcium_high:g}"
    assert (
        says("calcium_above", result(CALCIUM, LIMITS.calcium_very_high)) == f"at or above {LIMITS.calcium_very_high:g}"
    )


def test_the_product_shows_its_own_calcium_where_ionised_calcium_decides() -> None:
    things = (result(CALCIUM, 10), result(Analyte.PHOSPHATE, 6), result(IONISED, 1.2))
    assert says("product_calcium", *things) == "calcium 10.0 mg/dL"
    assert says("product_calcium") == ""


def test_what_makes_an_antagonist_the_standard_is_named() -> None:
    both = (condition("antiphospholipid"), condition("mitral_stenosis"))
    assert says("standard", *both) == "antiphospholipid syndrome and mitral stenosis"


def test_without_an_indication_the_card_asks_whether_it_is_needed() -> None:
    assert "still needed" in says("is_needed")
    assert says("is_needed", condition("atrial_fibrillation")) == ""


def test_only_suspicion_asks_to_examine_the_skin_first() -> None:
    assert says("skin_first", ON_DIALYSIS, LIVEDO) == "Suspected, not confirmed: examine the skin first."
    assert says("skin_first", CONFIRMED) == ""


def test_on_peritoneal_dialysis_there_is_no_session() -> None:
    weekly = result(Analyte.PD_WEEKLY_KT_V, LIMITS.pd_kt_v_minimum)
    assert says("session", ON_DIALYSIS) == "at each session"
    assert says("session", ON_DIALYSIS, weekly) == "at each visit"


def test_possible_calciphylaxis_is_named_by_its_sign_on_every_drug_card() -> None:
    (line,) = card(ON_DIALYSIS, ULCER).always()
    assert line.startswith("possible calciphylaxis: skin ulcer")
    assert card(ON_DIALYSIS).always() == []
    assert card(condition("esrd")).always() == ["dialysis status not confirmed (presumed from the ESRD code)"]


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
    assert "{drug}".format_map(words) == "< b>*x*"
    assert "{drug}".format_map(in_markdown(words)) == "&lt; b&gt;\\*x\\*"


def test_a_fact_that_quotes_the_record_is_escaped_once() -> None:
    assert {"indication", "past"} == RECORD_TEXT
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
