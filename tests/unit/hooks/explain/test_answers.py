"""What each answer rests on: results with their distance from the limit, entries, drugs, procedures."""

from __future__ import annotations

import pytest

from hooks.assessment import Assessment
from hooks.chart import Analyte, DrugMatch, Unreadable
from hooks.explain.explanation import Fact, Outcome
from hooks.explain.facts import FactTeller
from hooks.reasons import Reasons
from tests.unit.hooks.builders import (
    CALCITRIOL,
    CALCIUM_ACETATE,
    CONFIRMED,
    LIMITS,
    LIVEDO,
    ON,
    ON_DIALYSIS,
    POLICY,
    WARFARIN,
    ago,
    chart,
    condition,
    drug,
    gap,
    procedure,
    result,
)
from tests.unit.hooks.explain.told import CALCIUM_IN_RANGE, PHOSPHATE_IN_RANGE, answer, opened, ordered, row, said


@pytest.mark.parametrize(
    ("value", "away"),
    [
        (LIMITS.calcium_high - 0.4, "0.4 mg/dL below 10.2"),
        (LIMITS.calcium_high, "exactly at 10.2"),
        (LIMITS.calcium_high + 0.25, "0.2 mg/dL above 10.2"),
        (LIMITS.calcium_high + 0.001, "just above 10.2"),
    ],
)
def test_a_result_says_how_far_it_is_from_the_limit(value: float, away: str, reasons: Reasons) -> None:
    told = ordered(reasons, "order-select", CALCIUM_ACETATE, ON_DIALYSIS, result(Analyte.TOTAL_CALCIUM, value, 5))
    (fact,) = told.answers["calcium_high"].facts
    assert fact.says.endswith(away)
    assert fact.result is not None
    assert (fact.result.value, fact.result.limit) == (round(value, 4), LIMITS.calcium_high)
    assert fact.result.away == round(value - LIMITS.calcium_high, 4)


def test_a_result_carries_its_day_its_code_and_the_value_as_it_was_received(reasons: Reasons) -> None:
    measured = result(Analyte.PHOSPHATE, 6.1, 5, original="1.97 mmol/L")._replace(code="2777-1")
    told = ordered(reasons, "order-select", CALCIUM_ACETATE, ON_DIALYSIS, CALCIUM_IN_RANGE, measured)
    factor = next(one for one in told.score.factors if one.name == "mineral_moderate") if told.score else None
    assert factor is not None
    fact = factor.facts[0]
    assert fact.how == "2777-1"
    assert fact.result is not None
    assert (fact.result.on, fact.result.received) == (ago(5), "1.97 mmol/L")


def test_a_result_that_is_too_old_or_cannot_be_read_is_told(reasons: Reasons) -> None:
    old = result(Analyte.TOTAL_CALCIUM, 11, LIMITS.windows[Analyte.TOTAL_CALCIUM].usable + 1)
    unread = Unreadable(Analyte.PHOSPHATE.value, "no unit", ago(2))
    told = ordered(reasons, "order-select", CALCIUM_ACETATE, ON_DIALYSIS, old, unread)
    assert "calcium: too old" in " ".join(answer(told, "calcium_high")[1])
    assert answer(told, "minerals_unread")[0] is True
    assert any("could not be read: no unit" in line for line in answer(told, "minerals_unread")[1])
    assert any("no unit" in line for line in told.missing)


def test_results_too_far_apart_give_no_product(reasons: Reasons) -> None:
    apart = result(Analyte.PHOSPHATE, 9, 5 + LIMITS.product_pair_days + 1)
    told = ordered(reasons, "order-select", CALCIUM_ACETATE, ON_DIALYSIS, CALCIUM_IN_RANGE, apart)
    met, facts = answer(told, "product_moderate")
    assert met is None
    assert facts == [f"no product: calcium of {ago(5)} and phosphate of {apart.on} lie 8 days apart, more than 7"]


def test_a_value_that_is_only_a_bound_gives_no_product(reasons: Reasons) -> None:
    bound = result(Analyte.PHOSPHATE, 4, 5, comparator=">")
    told = ordered(reasons, "order-select", CALCIUM_ACETATE, ON_DIALYSIS, CALCIUM_IN_RANGE, bound)
    assert answer(told, "product_moderate")[1] == [
        "no product: calcium or phosphate is known only as above or below a value"
    ]


def test_the_upper_limit_of_pth_is_told_as_reported_or_assumed(reasons: Reasons) -> None:
    reported = result(Analyte.INTACT_PTH, 125, 5, upper_limit=60)
    told = ordered(reasons, "order-select", CALCITRIOL, ON_DIALYSIS, CALCIUM_IN_RANGE, PHOSPHATE_IN_RANGE, reported)
    assert "5 pg/mL above 120; upper limit 60, as reported" in answer(told, "pth_low_for_vitamin_d")[1][0]
    assumed = result(Analyte.INTACT_PTH, 125, 5)
    other = ordered(reasons, "order-select", CALCITRIOL, ON_DIALYSIS, CALCIUM_IN_RANGE, PHOSPHATE_IN_RANGE, assumed)
    assert "upper limit 65, assumed" in answer(other, "pth_low_for_vitamin_d")[1][0]


def test_entries_and_drugs_carry_the_code_that_matched(reasons: Reasons) -> None:
    told = opened(reasons, ON_DIALYSIS, LIVEDO, WARFARIN)
    assert told.signs[0].how == "SNOMED CT 1"
    assert "RxNorm 1" in next(group.drugs[0].how for group in told.drug_classes if group.drugs)
    standard = opened(reasons, ON_DIALYSIS, WARFARIN, procedure("antiphospholipid", text="A procedure"))
    met, facts = answer(standard, "vitamin_k_antagonist_standard")
    assert (met, facts) == (True, [f"“A procedure” ({ON}, today; antiphospholipid)"])


def test_an_interacting_or_listed_drug_is_named_with_the_code_that_matched(reasons: Reasons) -> None:
    told = ordered(reasons, "order-select", CALCITRIOL, ON_DIALYSIS, CONFIRMED, drug("denosumab", name="denosumab"))
    teller = FactTeller(Assessment(chart(ON_DIALYSIS), ON, LIMITS), POLICY)
    assert teller.facts(DrugMatch("doac", "apixaban", "RxNorm 2")) == (Fact("apixaban", "RxNorm 2"),)
    assert answer(told, "hypocalcaemia_context") == (True, ["denosumab"])


def test_bone_that_is_being_rebuilt_is_shown_by_its_entries(reasons: Reasons) -> None:
    surgery = procedure("parathyroidectomy", 30, text="Parathyroidectomy")
    told = ordered(reasons, "order-select", CALCIUM_ACETATE, ON_DIALYSIS, CONFIRMED, surgery, procedure("other", 1))
    assert answer(told, "rebuilding_bone") == (True, [f"“Parathyroidectomy” ({ago(30)}, 30 days ago)"])
    running = opened(reasons, ON_DIALYSIS, WARFARIN, procedure("antiphospholipid", 0, ongoing=True, text="P"))
    assert answer(running, "vitamin_k_antagonist_standard")[1] == ["“P” (in progress; antiphospholipid)"]


def test_procedures_and_failed_look_ups_are_facts(reasons: Reasons) -> None:
    valve = procedure("mechanical_valve", None, text="Valve replacement")
    told = opened(reasons, ON_DIALYSIS, WARFARIN, valve, procedure("haemodialysis_procedure", 0, ongoing=True))
    assert answer(told, "mechanical_valve") == (True, ["“Valve replacement” (undated; mechanical valve)"])
    calcium = gap("calcium", Analyte.TOTAL_CALCIUM)
    gone = ordered(reasons, "order-select", CALCIUM_ACETATE, ON_DIALYSIS, calcium)
    assert "could not be read: calcium (the server answered 500)" in answer(gone, "minerals_unread")[1]


def test_what_makes_a_low_calcium_need_treatment_is_named(reasons: Reasons) -> None:
    things = (ON_DIALYSIS, CONFIRMED, drug("calcimimetic", name="cinacalcet"), condition("hungry_bone"))
    told = ordered(reasons, "order-select", CALCIUM_ACETATE, *things)
    assert answer(told, "hypocalcaemia_context") == (True, ["hungry bone", "cinacalcet"])


def test_the_sepsis_watch_tells_the_results_it_looked_at(reasons: Reasons) -> None:
    cool = result(Analyte.BODY_TEMPERATURE, 37.0, 1)
    told = opened(reasons, ON_DIALYSIS, CONFIRMED, cool)
    assert row(told, "cua-sepsis").kept_by == ("infection_or_abnormal",)
    assert "1 °C below 38" in answer(told, "infection_or_abnormal")[1][0]
    septic = opened(reasons, ON_DIALYSIS, CONFIRMED, condition("sepsis", text="Sepsis"))
    assert row(septic, "cua-sepsis").outcome is Outcome.FIRED
    assert answer(septic, "infection_or_abnormal") == (True, ["“Sepsis” (undated)"])


def test_the_sepsis_watch_is_asked_for_when_a_chart_is_opened_only(reasons: Reasons) -> None:
    fever = result(Analyte.BODY_TEMPERATURE, 36.8, 1)
    assert any("temperature" in line for line in opened(reasons, ON_DIALYSIS, fever).results)
    told = ordered(reasons, "order-select", CALCITRIOL, ON_DIALYSIS, fever)
    assert not any("temperature" in line for line in (*told.results, *told.missing))


def test_advanced_kidney_disease_is_shown_by_what_decides(reasons: Reasons) -> None:
    told = opened(reasons, LIVEDO, procedure("transplant_procedure", 400, text="Transplantation"))
    met, facts = answer(told, "advanced_kidney_disease")
    assert met is True
    assert "“Transplantation”" in facts[0]


def test_of_many_facts_the_rest_is_counted(reasons: Reasons) -> None:
    told = opened(reasons, ON_DIALYSIS, *(condition("foot_ulcer", text=f"Ulcer {number}") for number in range(40)))
    assert said(told.answers["skin_sign"].facts)[-1] == "and 15 more"


def test_only_the_surgery_that_decides_is_shown(reasons: Reasons) -> None:
    things = (procedure("parathyroidectomy", 3000, text="First"), procedure("parathyroidectomy", 10, text="Second"))
    told = ordered(reasons, "order-select", CALCIUM_ACETATE, ON_DIALYSIS, CONFIRMED, *things)
    assert answer(told, "rebuilding_bone") == (True, [f"“Second” ({ago(10)}, 10 days ago; parathyroidectomy)"])
    none = ordered(reasons, "order-select", CALCIUM_ACETATE, ON_DIALYSIS, CONFIRMED, condition("hypoparathyroidism"))
    assert answer(none, "rebuilding_bone") == (False, [])
