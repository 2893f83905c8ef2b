"""What the status cards say: drugs, steps, caveats and risk factors."""

from dataclasses import replace

import pytest

from hooks.assessment import Assessment
from hooks.calciphylaxis_status import calciphylaxis_card
from hooks.card import Propose
from hooks.cards.facts import Facts
from hooks.cards.result_words import exact
from hooks.cards.status_facts import FACTOR_PLACEHOLDERS, PLAIN, STATUS_PLACEHOLDERS, STATUS_WHY, StatusFacts, in_detail
from hooks.chart import Analyte, Condition, Gap, Medication, Procedure, Result
from hooks.thresholds import FACTORS
from tests.unit.hooks.builders import (
    CALCITRIOL,
    CALCIUM_ACETATE,
    CONFIRMED,
    LIMITS,
    LIVEDO,
    ON,
    ON_DIALYSIS,
    POLICY,
    STEP,
    ULCER,
    WARFARIN,
    assess,
    chart,
    condition,
    drug,
    gap,
    procedure,
    result,
    scoring,
    span,
)

Thing = Result | Condition | Procedure | Medication | Gap
PHRASES = POLICY.status_phrases
CALCIUM, PHOSPHATE, PTH = Analyte.TOTAL_CALCIUM, Analyte.PHOSPHATE, Analyte.INTACT_PTH
INSULIN = drug("insulin", name="insulin")


HD = procedure("haemodialysis_procedure", 1, text="Haemodialysis")
PD = procedure("peritoneal_dialysis_procedure", 1, text="Peritoneal dialysis")
DOSES = {
    name: exact(getattr(LIMITS, name))
    for name in ("hd_kt_v_minimum", "hd_kt_v_target", "hd_kt_v_intensified", "pd_kt_v_minimum")
}


def status(*things: Thing, sex: str = "", needed: tuple[str, ...] = ()) -> StatusFacts:
    facts = Facts(assess(*things, sex=sex), POLICY.wording)
    return StatusFacts(facts, PHRASES, POLICY.drug_classes, needed=frozenset(needed))


@pytest.mark.parametrize("name", [*STATUS_PLACEHOLDERS, *FACTOR_PLACEHOLDERS])
@pytest.mark.parametrize("things", [(), (CONFIRMED,), (ON_DIALYSIS, LIVEDO, WARFARIN)])
def test_every_placeholder_can_be_filled_for_every_patient(name: str, things: tuple[Thing, ...]) -> None:
    make = {**STATUS_PLACEHOLDERS, **FACTOR_PLACEHOLDERS}[name]
    assert isinstance(make(status(*things)), str)


@pytest.mark.parametrize("name", STATUS_WHY)
@pytest.mark.parametrize("things", [(), (CONFIRMED,), (ON_DIALYSIS, LIVEDO, WARFARIN)])
def test_every_fact_leaves_out_what_it_cannot_say(name: str, things: tuple[Thing, ...]) -> None:
    assert all(status(*things).why(name))


# ------------------------------------------------------------------ drugs
def test_the_drugs_that_feed_calciphylaxis_are_named_in_the_summary() -> None:
    assert status().offending_short() == ""
    assert status(INSULIN).offending_short() == ""
    assert status(CALCIUM_ACETATE, WARFARIN).offending_short() == "; warfarin and calcium acetate active"


@pytest.mark.parametrize(("count", "words"), [(3, "a, b and c"), (4, "a, b and 2 more"), (9, "a, b and 7 more")])
def test_more_than_three_are_counted(count: int, words: str) -> None:
    drugs = [drug("calcium_product", name=name) for name in "abcdefghi"[:count]]
    assert status(*drugs).offending_short() == f"; {words} active"


STANDARD = condition("antiphospholipid", text="APS")


@pytest.mark.parametrize(
    ("things", "needed", "phrase", "name"),
    [
        ((WARFARIN,), (), "offending_vka", "warfarin"),
        ((WARFARIN, condition("mechanical_valve")), (), "offending_vka_valve", "warfarin"),
        ((WARFARIN, condition("valve_kind_unknown")), (), "offending_vka_valve", "warfarin"),
        ((WARFARIN, gap("valve_procedures")), (), "offending_vka_valve", "warfarin"),
        ((WARFARIN, condition("mechanical_valve"), STANDARD), (), "offending_vka_valve", "warfarin"),
        ((CALCIUM_ACETATE,), (), "offending_calcium", "calcium acetate"),
        ((CALCIUM_ACETATE,), ("calcium_product",), "offending_calcium_needed", "calcium acetate"),
        ((CALCITRIOL,), (), "offending_vitamin_d", "calcitriol"),
        ((CALCITRIOL,), ("active_vitamin_d",), "offending_vitamin_d_needed", "calcitriol"),
        ((CALCITRIOL,), ("calcium_product",), "offending_vitamin_d", "calcitriol"),
    ],
)
def test_what_to_do_about_a_drug_follows_the_exceptions_of_its_own_card(
    things: tuple[Thing, ...], needed: tuple[str, ...], phrase: str, name: str
) -> None:
    assert status(*things, needed=needed).offending() == PHRASES[phrase].format(drugs=name)


def test_where_the_drug_is_the_standard_no_stop_is_asked_for() -> None:
    words = status(WARFARIN, STANDARD)
    assert words.offending() == PHRASES["vka_is_standard"].format(drugs="warfarin", fact="antiphospholipid syndrome")
    step = words.anticoagulation()
    assert "A VKA is the standard here: antiphospholipid syndrome. A specialist weighs" in step
    assert "first, then stop" not in step
    assert "first, then stop" not in status(WARFARIN, STANDARD, gap("valve_procedures")).anticoagulation()
    beside_a_valve = status(WARFARIN, STANDARD, condition("mechanical_valve")).anticoagulation()
    assert beside_a_valve.endswith("an option; a VKA is the standard here: antiphospholipid syndrome")


@pytest.mark.parametrize("iron", ["iv_iron", "oral_iron"])
def test_iron_is_reviewed_where_calciphylaxis_is_confirmed_or_suspected(iron: str) -> None:
    given = drug(iron, name="an iron")
    for things in ((CONFIRMED,), (ON_DIALYSIS, LIVEDO)):
        assert status(*things, given).offending() == PHRASES["offending_iron"].format(drugs="an iron")
        assert status(*things, given).why("offending_drugs") == ["active: an iron as worded"]
    assert status(ON_DIALYSIS, ULCER, given).offending() == ""
    assert status(ON_DIALYSIS, ULCER, given).why("offending_drugs") == []


@pytest.mark.parametrize(
    ("things", "needed", "words"),
    [
        ((HD,), (), PHRASES["short_none"] + PHRASES["short_steps"]),
        ((), (), PHRASES["short_none"] + PHRASES["short_steps_off"]),
        ((WARFARIN,), (), "replace warfarin"),
        ((WARFARIN, condition("mechanical_valve")), (), "keep warfarin until a specialist decides"),
        ((WARFARIN, STANDARD), (), "keep warfarin until a specialist decides"),
        ((CALCIUM_ACETATE,), (), "stop calcium acetate"),
        ((CALCIUM_ACETATE,), ("calcium_product",), "ask a specialist about calcium acetate"),
        ((drug("oral_iron", name="iron"), CALCITRIOL), (), "review calcitriol and iron"),
        (
            (CALCITRIOL, WARFARIN, CALCIUM_ACETATE),
            (),
            "replace warfarin, stop calcium acetate and review calcitriol",
        ),
        (
            (CALCITRIOL, WARFARIN, CALCIUM_ACETATE),
            ("calcium_product", "active_vitamin_d"),
            "replace warfarin and ask a specialist about calcium acetate and calcitriol",
        ),
        (
            (CALCITRIOL, WARFARIN, CALCIUM_ACETATE, result(CALCIUM, LIMITS.calcium_high + 1)),
            (),
            f"stop calcium acetate and calcitriol (high calcium {LIMITS.calcium_high + 1:.1f} mg/dL) "
            "and replace warfarin",
        ),
    ],
)
def test_the_summary_of_a_confirmed_case_says_what_to_do_about_its_drugs(
    things: tuple[Thing, ...], needed: tuple[str, ...], words: str
) -> None:
    said = status(CONFIRMED, *things, needed=needed).today()
    assert said.removesuffix(PHRASES["short_steps_off"]) == words.removesuffix(PHRASES["short_steps_off"])


def test_every_drug_that_feeds_calciphylaxis_is_named_in_what_to_do() -> None:
    words = status(WARFARIN, CALCIUM_ACETATE, CALCITRIOL, drug("nutritional_vitamin_d", name="cholecalciferol"))
    for name in ("warfarin", "calcium acetate", "calcitriol", "cholecalciferol"):
        assert name in words.offending()
    assert status(INSULIN).offending() == ""
    assert status(CALCITRIOL).why("offending_drugs") == ["active: calcitriol as worded"]
    assert status().why("offending_drugs") == []


def test_anticoagulation_names_the_drug_and_its_indication_or_that_there_is_none() -> None:
    assert status().anticoagulation() == PHRASES["vka_absent"]
    plain_, valve = (
        status(WARFARIN).anticoagulation(),
        status(WARFARIN, condition("mechanical_valve")).anticoagulation(),
    )
    assert "first, then stop" in plain_
    assert "none found" in plain_
    assert "Do not stop without cardiology" in valve


@pytest.mark.parametrize(
    ("things", "words"),
    [
        ((), ""),
        ((WARFARIN,), "warfarin and "),
        ((WARFARIN, condition("mechanical_valve")), "warfarin (only with cardiology or haematology) and "),
        ((WARFARIN, STANDARD), "warfarin (only with cardiology or haematology) and "),
        ((CALCIUM_ACETATE,), "calcium acetate (calcium product) and "),
        ((CALCITRIOL,), ""),
        (
            (CALCITRIOL, result(PHOSPHATE, LIMITS.phosphate_high + 1)),
            "calcitriol (vitamin D with high minerals), moderate minerals and ",
        ),
        ((result(CALCIUM, LIMITS.calcium_high + 1),), "high minerals and "),
    ],
)
def test_what_can_be_changed_is_named_where_it_is_there(things: tuple[Thing, ...], words: str) -> None:
    reference = PHRASES["dose_reference"].format(**DOSES)
    assert status(HD, *things).changeable() == f"{words}dialysis dose ({reference})"


# ------------------------------------------------------------------ the kind of dialysis
THIOSULFATE = drug("sodium_thiosulfate", name="sodium thiosulfate")
KINDS: list[tuple[tuple[Thing, ...], str]] = [((), "_off"), ((HD,), ""), ((PD,), "_peritoneal"), ((HD, PD), "_both")]


@pytest.mark.parametrize(("things", "ending"), KINDS)
def test_thiosulfate_is_worded_for_the_kind_of_dialysis_and_acknowledged_where_it_runs(
    things: tuple[Thing, ...], ending: str
) -> None:
    assert status(*things).thiosulfate() == PHRASES[f"thiosulfate_absent{ending}"]
    running = status(*things, THIOSULFATE).thiosulfate()
    assert running == PHRASES[f"thiosulfate_active{ending}"]
    assert "already on it" in running


@pytest.mark.parametrize(("things", "ending"), KINDS[1:])
def test_the_dose_is_advised_for_the_kind_of_dialysis(things: tuple[Thing, ...], ending: str) -> None:
    words = status(*things).dialysis_advice()
    assert words.startswith(PHRASES[f"dose_advice{ending}"].format(**DOSES))
    assert (PHRASES["dose_intensified"].format(**DOSES) in words) is (ending != "_peritoneal")


def test_intensified_dialysis_is_not_named_where_the_dose_is_there_already() -> None:
    short = status(HD, result(Analyte.SP_KT_V, LIMITS.hd_kt_v_intensified - 0.01)).dialysis_advice()
    there = status(HD, result(Analyte.SP_KT_V, LIMITS.hd_kt_v_intensified)).dialysis_advice()
    assert "Intensified" in short
    assert "Intensified" not in there


def test_phosphate_in_the_dialysate_is_for_haemodialysis() -> None:
    assert "Phosphate additive" in status(HD).dialysate()
    assert "Phosphate additive" in status(HD, PD).dialysate()
    assert "Phosphate additive" not in status(PD).dialysate()


# ------------------------------------------------------------------ calcium
LOW = result(CALCIUM, LIMITS.calcium_low - 1)


@pytest.mark.parametrize(
    ("things", "needed", "words"),
    [
        ((), (), PHRASES["calcium_stop"]),
        ((LOW,), (), PHRASES["calcium_stop_low"]),
        ((LOW,), ("calcium_product",), "Calcium low: a specialist decides on calcium"),
        ((condition("hungry_bone"),), ("calcium_product",), "Hungry bone: a specialist decides on calcium"),
        (
            (condition("hungry_bone"), procedure("parathyroidectomy", 3), LOW),
            ("calcium_product",),
            "Calcium low and hungry bone: a specialist decides on calcium",
        ),
        (
            (procedure("parathyroidectomy", 3),),
            ("calcium_product",),
            f"H{PHRASES['hungry_bone_surgery'][1:]}: a specialist decides on calcium",
        ),
    ],
)
def test_calcium_is_stopped_unless_a_specialist_has_to_decide(
    things: tuple[Thing, ...], needed: tuple[str, ...], words: str
) -> None:
    assert status(CONFIRMED, *things, needed=needed).calcium_advice() == words


HIGH, ACTIVE_D = result(CALCIUM, LIMITS.calcium_high + 1), "active_vitamin_d"


def test_vitamin_d_is_reviewed_stopped_or_left_to_a_specialist_in_lead_step_and_summary_alike() -> None:
    review, stop = status(CONFIRMED, CALCITRIOL), status(CONFIRMED, CALCITRIOL, HIGH)
    ask = status(CONFIRMED, CALCITRIOL, LOW, needed=(ACTIVE_D,))
    value = f"high calcium {HIGH.value:.1f} mg/dL"
    assert review.vitamin_d_advice() == PHRASES["vitamin_d_review"]
    assert stop.vitamin_d_advice() == PHRASES["vitamin_d_stop"].format(drugs="calcitriol", calcium=value)
    assert stop.offending() == PHRASES["offending_vitamin_d_high"].format(drugs="calcitriol", calcium=value)
    assert stop.today().startswith(f"stop calcitriol ({value})")
    assert ask.vitamin_d_advice() == PHRASES["vitamin_d_needed"]
    assert ask.today().startswith("ask a specialist about calcitriol")
    assert status(CONFIRMED, HIGH).vitamin_d_advice() == PHRASES["vitamin_d_review"]


def test_a_high_calcium_that_is_no_longer_fresh_says_its_age_in_the_summary() -> None:
    days = LIMITS.windows[CALCIUM].fresh + 1
    total = status(CONFIRMED, CALCITRIOL, result(CALCIUM, LIMITS.calcium_high + 1, days))
    assert f"mg/dL, {days} d old)" in total.today()
    ionised = status(CONFIRMED, CALCITRIOL, result(Analyte.IONISED_CALCIUM, LIMITS.ionised_calcium_high + STEP))
    assert f"(high ionised calcium {LIMITS.ionised_calcium_high + STEP:.2f} mmol/L)" in ionised.today()
    assert status(CONFIRMED).facts.high_calcium() == ""


PTH_HIGH = result(PTH, LIMITS.pth_high_times * LIMITS.pth_assumed_upper_limit + 1)
AT_THE_LIMIT = result(PTH, LIMITS.pth_high_times * LIMITS.pth_assumed_upper_limit)


@pytest.mark.parametrize(
    ("things", "phrase"),
    [
        ((), ""),
        ((AT_THE_LIMIT,), ""),
        ((PTH_HIGH,), "hyperparathyroidism"),
        ((PTH_HIGH, procedure("parathyroidectomy", LIMITS.parathyroidectomy_days)), ""),
        ((PTH_HIGH, procedure("parathyroidectomy", LIMITS.parathyroidectomy_days + 1)), "hyperparathyroidism"),
        ((PTH_HIGH, drug("calcimimetic", name="cinacalcet")), "hyperparathyroidism_surgery"),
        ((PTH_HIGH, LOW), "hyperparathyroidism_surgery"),
    ],
)
def test_specialist_options_are_named_for_severe_hyperparathyroidism_alone(
    things: tuple[Thing, ...], phrase: str
) -> None:
    expected = PHRASES[phrase].format(times=exact(LIMITS.pth_high_times)) if phrase else ""
    assert status(CONFIRMED, *things).hyperparathyroidism() == expected


@pytest.mark.parametrize(
    ("things", "words"),
    [
        ((ON_DIALYSIS,), "is on dialysis"),
        ((condition("esrd"),), "is on dialysis (not confirmed)"),
        ((CONFIRMED,), "has confirmed calciphylaxis"),
        ((ON_DIALYSIS, LIVEDO), "is on dialysis and has suspected calciphylaxis"),
        ((condition("calciphylaxis_history", past=True),), "had calciphylaxis"),
    ],
)
def test_why_an_order_that_could_not_be_read_matters(things: tuple[Thing, ...], words: str) -> None:
    assert status(*things).scope() == words


def test_palliative_care_is_said_once_it_is_on_record() -> None:
    assert "palliative care on record" in status(condition("palliative_care")).palliative().lower()
    assert status().palliative() == ""


# ------------------------------------------------------------------ values in a summary
def test_the_risk_is_summed_up_by_its_drugs_and_values() -> None:
    high = result(PHOSPHATE, LIMITS.phosphate_high + 1)
    words = status(WARFARIN, condition("diabetes"), high, sex="female").factors_short()
    assert words == f"warfarin, phosphate {high.value:.1f} mg/dL, female sex and diabetes"


def test_a_value_that_is_no_longer_fresh_comes_before_the_others_and_what_has_no_room_is_counted() -> None:
    fresh = LIMITS.windows[PHOSPHATE].fresh
    old = result(Analyte.ALBUMIN, LIMITS.albumin_low - 1, fresh + 1)
    words = status(WARFARIN, result(PHOSPHATE, LIMITS.phosphate_high + 1), old)
    shown = f"warfarin, albumin {old.value:.1f} g/dL ({fresh + 1} d old)"
    assert words.factors_short().startswith(f"{shown} and phosphate")
    assert replace(words, room=len(shown) + 12).factors_short() == f"{shown} and 1 more"
    assert replace(words, room=1).factors_short() == "warfarin and 2 more"


def test_a_product_alone_is_summed_up_by_its_two_values() -> None:
    calcium = LIMITS.calcium_upper_normal
    phosphate = LIMITS.product_moderate / calcium + 0.1
    limits = replace(LIMITS, phosphate_high=phosphate + 1)
    patient = Assessment(chart(result(CALCIUM, calcium), result(PHOSPHATE, phosphate)), ON, limits)
    words = StatusFacts(Facts(patient, POLICY.wording), PHRASES, POLICY.drug_classes)
    assert words.factors_short() == f"calcium {calcium:.1f} mg/dL and phosphate {phosphate:.1f} mg/dL"


@pytest.mark.parametrize(
    ("things", "shown"),
    [
        ((CONFIRMED, CALCITRIOL), False),
        ((ON_DIALYSIS, LIVEDO, CALCITRIOL), False),
        (scoring(LIMITS.suspected_score, ON_DIALYSIS, ULCER), True),
    ],
)
def test_an_old_value_is_told_in_the_summary_where_the_card_rests_on_it(
    things: tuple[Thing, ...], *, shown: bool
) -> None:
    fresh = LIMITS.windows[CALCIUM].fresh
    old, new = (result(CALCIUM, LIMITS.calcium_high + 1, days) for days in (fresh + 1, fresh))
    words = f"; calcium {old.value:.1f} mg/dL ({fresh + 1} d old)"
    assert status(*things, old).old_short() == (words if shown else "")
    assert status(*things, new).old_short() == ""


# ------------------------------------------------------------------ caveats
@pytest.mark.parametrize(
    ("things", "phrases"),
    [
        ((condition("skin_induration"),), ["induration_alone"]),
        ((condition("skin_induration"), LIVEDO), []),
        ((condition("skin_texture"),), ["texture"]),
        ((condition("calcium_disorder_unspecific"),), ["unspecific_code"]),
        ((), []),
    ],
)
def test_caveats_say_what_a_sign_may_also_mean(things: tuple[Thing, ...], phrases: list[str]) -> None:
    assert status(ON_DIALYSIS, *things).caveats() == " ".join(PHRASES[name] for name in phrases)


def test_an_entry_that_excluded_calciphylaxis_is_told_as_a_sentence() -> None:
    words = status(ON_DIALYSIS, ULCER)
    assert words.excluded() == ""
    refuted = condition("calciphylaxis", text="CUA", recorded=span(9))
    patient = words.facts.patient
    patient.__dict__["signs"] = replace(patient.signs, lowered_by=refuted)
    assert words.excluded().startswith("Calciphylaxis was excluded on ")
    assert words.excluded().endswith(", refuted).")


def test_a_detail_has_the_plain_words_of_a_summary_escaped() -> None:
    plain = StatusFacts(Facts(assess(), POLICY.wording), PHRASES, POLICY.drug_classes, (("CRP <5*", ""),))
    words = plain.placeholders()
    assert {"factors_short", "trigger_short"} == PLAIN
    assert words["trigger_short"] == "CRP <5*"
    assert in_detail(words)["trigger_short"] == "CRP &lt;5\\*"
    assert in_detail(words)["changeable"] == words["changeable"]


def test_a_provisional_diagnosis_asks_for_confirmation() -> None:
    provisional = condition("calciphylaxis_provisional", verification="unconfirmed")
    assert "recorded as unconfirmed: confirm or exclude it" in status(ON_DIALYSIS, provisional).caveats()


@pytest.mark.parametrize(
    ("things", "said"), [((CONFIRMED,), True), ((ON_DIALYSIS, LIVEDO), True), ((ON_DIALYSIS, ULCER), False)]
)
def test_insulin_is_kept_away_from_the_lesions_of_calciphylaxis(things: tuple[Thing, ...], *, said: bool) -> None:
    assert status(*things, INSULIN).insulin() == (PHRASES["insulin"] if said else "")
    assert status(*things).insulin() == ""


# ------------------------------------------------------------------ minerals and factors
def test_the_mineral_step_shows_everything_that_is_there() -> None:
    assert status().minerals() == "calcium missing; phosphate missing; intact PTH missing"
    full = status(result(CALCIUM, 9), result(PHOSPHATE, 4), result(PTH, 300)).minerals()
    assert full.startswith("calcium 9.0 mg/dL")
    assert "Ca x P 36.0" in full


def test_beside_an_ionised_calcium_the_total_of_the_product_is_shown() -> None:
    ionised = result(Analyte.IONISED_CALCIUM, LIMITS.ionised_calcium_very_low - 0.05)
    words = status(result(CALCIUM, 9), result(PHOSPHATE, 4), ionised).minerals()
    assert words.startswith(f"ionised calcium 0.95 mmol/L (below {LIMITS.ionised_calcium_very_low:.2f}; ")
    assert "; calcium 9.0 mg/dL (" in words
    assert "calcium 9.0 mg/dL" not in status(result(CALCIUM, 9), ionised).minerals()


BY_CORRECTION, UPPER = "by albumin correction only", LIMITS.calcium_upper_normal
ALBUMIN_LOW = result(Analyte.ALBUMIN, LIMITS.correction_albumin - 0.5)
BARELY = result(PHOSPHATE, LIMITS.phosphate_high - 2)


@pytest.mark.parametrize(
    ("total", "on_risk_card"), [(UPPER - 0.1, True), (UPPER + 0.1, False), (LIMITS.calcium_high - 0.1, True)]
)
def test_where_a_card_says_that_only_the_correction_decides_it_orders_an_ionised_calcium(
    total: float, *, on_risk_card: bool
) -> None:
    for things in ((CONFIRMED,), scoring(LIMITS.high_risk_score, ON_DIALYSIS, WARFARIN)):
        card = calciphylaxis_card(assess(*things, result(CALCIUM, total), ALBUMIN_LOW, BARELY), POLICY)
        assert card is not None
        orders = {action.template for one in card.suggestions for action in one.actions if isinstance(action, Propose)}
        said = BY_CORRECTION in card.detail
        assert said is ("ionised_calcium" in orders)
        assert said is (on_risk_card if card.topic == "cua-risk-high" else total == LIMITS.calcium_high - 0.1)


def test_a_total_that_the_correction_lifts_out_of_low_is_told_on_a_risk_card_too() -> None:
    hidden = (result(CALCIUM, LIMITS.calcium_low - 0.1), ALBUMIN_LOW)
    assert any("low before correction" in line for line in status(WARFARIN, *hidden).factors())
    assert not any("calcium" in line for line in status(WARFARIN, result(CALCIUM, LIMITS.calcium_low)).factors())


@pytest.mark.parametrize(
    ("things", "start"),
    [
        ((result(CALCIUM, LIMITS.calcium_high + STEP), result(PHOSPHATE, 1)), "calcium"),
        ((result(CALCIUM, LIMITS.calcium_upper_normal + STEP),), "calcium"),
        ((result(PHOSPHATE, LIMITS.phosphate_high + STEP), result(CALCIUM, 8.5, 30)), "phosphate"),
        ((result(CALCIUM, LIMITS.calcium_low), result(PHOSPHATE, 1)), ""),
        ((), ""),
    ],
)
def test_a_mineral_factor_shows_only_what_crossed_its_threshold(things: tuple[Thing, ...], start: str) -> None:
    words = status(*things).minerals_crossed()
    assert words.startswith(start)
    assert words.count(" mg/dL ") == bool(start)


STORIES: dict[str, tuple[tuple[Thing, ...], str]] = {
    "vitamin_k_antagonist": ((WARFARIN,), "warfarin as worded"),
    "mineral_high": ((result(CALCIUM, LIMITS.calcium_high + 1),), "calcium "),
    "mineral_moderate": ((result(PHOSPHATE, LIMITS.phosphate_high + 1),), "phosphate "),
    "pth": (
        (result(PTH, LIMITS.pth_low - 1),),
        f"intact PTH {LIMITS.pth_low - 1:.0f} pg/mL (below {exact(LIMITS.pth_low)}; ",
    ),
    "albumin": (
        (result(Analyte.ALBUMIN, LIMITS.albumin_low - 0.5),),
        f"albumin {LIMITS.albumin_low - 0.5:.1f} g/dL (below {exact(LIMITS.albumin_low)}; ",
    ),
    "alkaline_phosphatase": (
        (result(Analyte.ALKALINE_PHOSPHATASE, 200, upper_limit=120),),
        "alkaline phosphatase 200 U/L (above 120; ",
    ),
    "obesity": (
        (result(Analyte.BODY_MASS_INDEX, LIMITS.obese_body_mass_index),),
        f"(at or above {LIMITS.obese_body_mass_index:.1f}; ",
    ),
    "diabetes": ((condition("diabetes"),), "diabetes"),
    "calcium_product": ((CALCIUM_ACETATE,), "calcium acetate as worded"),
    "active_vitamin_d": ((CALCITRIOL, result(PHOSPHATE, LIMITS.phosphate_high + 1)), "calcitriol as worded"),
    "corticosteroid": ((drug("systemic_corticosteroid", name="prednisone"),), "prednisone as worded"),
    "liver_or_thrombophilia": ((condition("thrombophilia"),), "liver disease or thrombophilia"),
    "weight_loss": ((result(Analyte.DRY_WEIGHT, 80, 90), result(Analyte.DRY_WEIGHT, 60)), "25.0 %, dry weight 80.0 kg"),
    "dialysis_dose": ((result(Analyte.SP_KT_V, LIMITS.hd_kt_v_minimum - 0.2),), "Kt/V "),
    "past_calciphylaxis": ((condition("calciphylaxis_history", text="Old CUA", past=True),), "“Old CUA” (undated)"),
}


def test_a_high_pth_shows_the_multiple_of_its_limit() -> None:
    (line,) = status(PTH_HIGH).factors()
    assert f"(above {exact(LIMITS.pth_high_times)} x {exact(LIMITS.pth_assumed_upper_limit)} pg/mL" in line


@pytest.mark.parametrize("factor", [name for name in FACTORS if name != "female"])
def test_a_factor_shows_its_facts_and_points(factor: str) -> None:
    things, words = STORIES[factor]
    lines = status(*things).factors()
    points = LIMITS.points[factor]
    assert [line for line in lines if words in line and line.endswith(f" (+{points})")], lines


def test_sex_is_a_factor_without_further_facts() -> None:
    assert status(sex="female").factors() == [f"female sex (+{LIMITS.points['female']})"]


def test_without_a_factor_nothing_is_listed() -> None:
    assert status().factors() == []


def test_a_coded_obesity_and_a_coded_steroid_are_said_to_be_coded() -> None:
    lines = status(condition("obesity", text="Obesity"), condition("steroid_use")).factors()
    assert any("“Obesity” (undated)" in line for line in lines)
    assert any("coded as long-term" in line for line in lines)


def test_an_assumed_upper_limit_of_alkaline_phosphatase_is_shown_as_the_limit() -> None:
    assumed = LIMITS.alkaline_phosphatase_assumed_upper_limit
    (line,) = status(result(Analyte.ALKALINE_PHOSPHATASE, assumed + 10)).factors()
    assert f"(above {exact(assumed)}; " in line
