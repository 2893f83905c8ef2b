"""From orders to cards: one card per topic, the winning indicator, and what is dropped at each hook."""

from dataclasses import replace
from datetime import date

import pytest

from hooks.assessment import Assessment
from hooks.card import SUMMARY_LIMIT, Card, Indicator, Propose, Remove
from hooks.chart import Analyte, Chart, Condition, Gap, Medication, Procedure, Result, Unreadable
from hooks.offending_drugs import Moment, drug_cards
from hooks.policy import CardText, DrugRule
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
    WARFARIN,
    ago,
    chart,
    condition,
    drug,
    gap,
    procedure,
    result,
)

VIEW, SELECT, SIGN = Moment.PATIENT_VIEW, Moment.ORDER_SELECT, Moment.ORDER_SIGN
HIGH_CALCIUM = result(Analyte.TOTAL_CALCIUM, LIMITS.calcium_high + STEP)
NORMAL_CALCIUM = result(Analyte.TOTAL_CALCIUM, LIMITS.calcium_low)
PHOSPHATE = result(Analyte.PHOSPHATE, LIMITS.phosphate_high)
MECHANICAL = procedure("mechanical_valve", None)
CHOLECALCIFEROL = drug("nutritional_vitamin_d", name="cholecalciferol")


def cards(patient: Chart, *orders: Medication, moment: Moment = SELECT) -> list[Card]:
    return drug_cards(Assessment(patient, ON, LIMITS), orders, moment, POLICY)


def shown(patient: Chart, *orders: Medication, moment: Moment = SELECT) -> list[tuple[str, str]]:
    return [(card.topic, card.indicator) for card in cards(patient, *orders, moment=moment)]


# ------------------------------------------------------------------ moments
@pytest.mark.parametrize(
    ("patient", "order", "view", "select", "sign"),
    [
        (chart(CONFIRMED), WARFARIN, "critical", "critical", "critical"),
        (chart(ON_DIALYSIS), WARFARIN, "info", "warning", "warning"),
        (chart(ON_DIALYSIS, gap("valve_procedures")), WARFARIN, "info", "warning", "warning"),
        (chart(ON_DIALYSIS, MECHANICAL), WARFARIN, "info", "info", None),
        (chart(ON_DIALYSIS, HIGH_CALCIUM), CALCIUM_ACETATE, "warning", "warning", "warning"),
        (chart(ON_DIALYSIS, NORMAL_CALCIUM, PHOSPHATE), CALCIUM_ACETATE, None, "info", None),
        (chart(ON_DIALYSIS), CALCIUM_ACETATE, None, "info", None),
        (chart(ON_DIALYSIS), CALCITRIOL, None, "info", None),
        (chart(CONFIRMED), drug("iron_binder"), None, "info", None),
        (
            chart(ON_DIALYSIS, gap("calcium", Analyte.TOTAL_CALCIUM)),
            CALCIUM_ACETATE,
            None,
            "info",
            "info",
        ),
        (chart(ON_DIALYSIS, gap("calcium", Analyte.TOTAL_CALCIUM)), CALCITRIOL, None, "info", "info"),
        (chart(ON_DIALYSIS, gap("calcium", Analyte.TOTAL_CALCIUM)), CHOLECALCIFEROL, None, "info", "info"),
    ],
)
def test_each_moment_drops_or_lowers_its_information(
    patient: Chart, order: Medication, view: str | None, select: str | None, sign: str | None
) -> None:
    found = [shown(patient, order, moment=moment) for moment in (VIEW, SELECT, SIGN)]
    assert [card[0][1] if card else None for card in found] == [view, select, sign]


def test_only_drafts_are_drafts() -> None:
    assert [moment.draft for moment in (VIEW, SELECT, SIGN)] == [False, True, True]


# ------------------------------------------------------------------ who gets none
@pytest.mark.parametrize("moment", list(Moment))
def test_a_child_gets_no_drug_card(moment: Moment) -> None:
    child = chart(CONFIRMED, ON_DIALYSIS, born=date(ON.year - 10, 1, 1))
    assert cards(child, WARFARIN, CALCIUM_ACETATE, moment=moment) == []


def test_no_order_raises_no_card() -> None:
    assert cards(chart(CONFIRMED)) == []


def test_a_drug_that_no_rule_knows_raises_no_card() -> None:
    assert cards(chart(CONFIRMED), drug(), drug("insulin")) == []


# ------------------------------------------------------------------ one card per topic
def test_two_drugs_of_one_topic_share_a_card_that_names_both() -> None:
    tums = drug("calcium_product", name="calcium carbonate")
    (card,) = cards(chart(CONFIRMED, ON_DIALYSIS), CALCIUM_ACETATE, tums)
    assert card.summary.startswith("Calcium acetate and calcium carbonate with confirmed calciphylaxis")
    assert "calcium acetate as worded" in card.detail
    assert "calcium carbonate as worded" in card.detail


@pytest.mark.parametrize("orders", [(CALCITRIOL, CHOLECALCIFEROL), (CHOLECALCIFEROL, CALCITRIOL)])
def test_of_several_rows_of_one_topic_the_most_urgent_wins_with_its_text(orders: tuple[Medication, ...]) -> None:
    (card,) = cards(chart(CONFIRMED, HIGH_CALCIUM), *orders)
    assert (card.topic, card.indicator) == ("vitd-cua", "critical")
    assert "stop active vitamin D" in card.summary
    assert "calcitriol" in card.summary.lower()
    # The other drug has its own words: what the card says of the first one is not true of it.
    assert "cholecalciferol" not in card.summary.lower()
    assert "**Cholecalciferol with confirmed calciphylaxis:** stop or hold vitamin D." in card.detail


def test_a_product_of_two_classes_runs_both_rules() -> None:
    both = drug("calcium_product", "nutritional_vitamin_d", name="calcium with vitamin D")
    assert shown(chart(CONFIRMED, ON_DIALYSIS), both) == [("calcium-cua", "critical"), ("vitd-cua", "warning")]


def test_a_drug_ordered_twice_is_named_once() -> None:
    (card,) = cards(chart(CONFIRMED), WARFARIN, WARFARIN)
    assert card.detail.count("warfarin as worded") == 1


def test_different_topics_are_different_cards() -> None:
    assert shown(chart(CONFIRMED, ON_DIALYSIS), WARFARIN, CALCIUM_ACETATE, drug("iv_iron")) == [
        ("vka-cua", "critical"),
        ("calcium-cua", "critical"),
        ("iron-cua", "warning"),
    ]


# ------------------------------------------------------------------ suggestions
def removals(card: Card) -> list[tuple[str, bool]]:
    actions = [action for suggestion in card.suggestions for action in suggestion.actions]
    return [(action.reference, action.draft) for action in actions if isinstance(action, Remove)]


def test_a_draft_is_deleted_and_an_active_prescription_stopped() -> None:
    patient = chart(CONFIRMED, ON_DIALYSIS)
    (drafted,) = cards(patient, CALCIUM_ACETATE)
    (active,) = cards(patient, CALCIUM_ACETATE, moment=VIEW)
    assert set(removals(drafted)) == {("MedicationRequest/calcium-acetate", True)}
    assert set(removals(active)) == {("MedicationRequest/calcium-acetate", False)}


def test_every_order_of_the_card_is_removed_together() -> None:
    tums = drug("calcium_product", name="calcium carbonate")
    (card,) = cards(chart(CONFIRMED, ON_DIALYSIS), CALCIUM_ACETATE, tums)
    taken = ["MedicationRequest/calcium-acetate", "MedicationRequest/calcium-carbonate"]
    removing = [item.actions for item in card.suggestions if any(isinstance(act, Remove) for act in item.actions)]
    assert removing
    for actions in removing:
        assert [act.reference for act in actions if isinstance(act, Remove)] == taken


def test_an_order_without_an_id_cannot_be_removed() -> None:
    (card,) = cards(chart(CONFIRMED, ON_DIALYSIS), replace(CALCIUM_ACETATE, reference=""))
    assert removals(card) == []
    assert card.suggestions


@pytest.mark.parametrize("moment", list(Moment))
def test_with_a_mechanical_valve_no_card_proposes_to_stop_the_antagonist_or_to_take_apixaban(moment: Moment) -> None:
    for patient in (chart(CONFIRMED, MECHANICAL), chart(ON_DIALYSIS, MECHANICAL)):
        for card in cards(patient, WARFARIN, moment=moment):
            assert removals(card) == []
            assert "apixaban" not in " ".join(suggestion.label.lower() for suggestion in card.suggestions)


@pytest.mark.parametrize("moment", [SELECT, SIGN])
def test_an_antagonist_is_never_removed_without_the_replacement_discussion(moment: Moment) -> None:
    for patient in (chart(CONFIRMED), chart(ON_DIALYSIS)):
        (card,) = cards(patient, WARFARIN, moment=moment)
        stopping = [item for item in card.suggestions if any(isinstance(act, Remove) for act in item.actions)]
        assert stopping
        for item in stopping:
            assert Propose("anticoagulation_review", POLICY.wording.actions["anticoagulation_review"]) in item.actions


def test_stopping_an_active_antagonist_is_never_the_recommended_click() -> None:
    for patient in (chart(CONFIRMED), chart(ON_DIALYSIS), chart(ON_DIALYSIS, LIVEDO)):
        (card,) = cards(patient, WARFARIN, moment=VIEW)
        recommended = [item for item in card.suggestions if item.recommended]
        assert not [act for item in recommended for act in item.actions if isinstance(act, Remove)]


def test_no_second_anticoagulant_is_drafted_beside_an_active_one() -> None:
    for patient in (chart(CONFIRMED), chart(ON_DIALYSIS)):
        (card,) = cards(patient, WARFARIN, moment=VIEW)
        assert "apixaban" not in [
            act.template for item in card.suggestions for act in item.actions if isinstance(act, Propose)
        ]


def test_at_most_one_suggestion_is_recommended() -> None:
    (card,) = cards(chart(CONFIRMED), WARFARIN)
    assert [item.recommended for item in card.suggestions].count(True) == 1


@pytest.mark.parametrize("moment", [SELECT, SIGN])
def test_removal_covers_only_the_drugs_whose_own_row_asks_for_it(moment: Moment) -> None:
    low = result(Analyte.TOTAL_CALCIUM, LIMITS.calcium_low - STEP)
    high_pth = result(Analyte.INTACT_PTH, LIMITS.pth_assumed_upper_limit * LIMITS.pth_high_times + 1)
    calcitriol = drug("active_vitamin_d", name="calcitriol", identifier="calcitriol")
    other = drug("nutritional_vitamin_d", name="cholecalciferol", identifier="cholecalciferol")
    (card,) = cards(chart(CONFIRMED, ON_DIALYSIS, low, high_pth), calcitriol, other, moment=moment)
    assert set(removals(card)) == {(other.reference, True)}
    assert "may need it" in card.detail


def test_of_two_equally_urgent_rows_of_one_topic_the_first_order_speaks_and_the_other_is_added() -> None:
    rows = {
        "calcium_product": (row("calcium_product", "first"),),
        "active_vitamin_d": (row("active_vitamin_d", "second"),),
    }
    texts = {
        name: CardText(name, f"{name} speaks", (f"{name} leads",), (), ("source",)) for name in ("first", "second")
    }
    policy = replace(POLICY, rules=rows, drug_texts=texts)
    for orders, speaks, adds in (
        ((CALCIUM_ACETATE, CALCITRIOL), "first", "second"),
        ((CALCITRIOL, CALCIUM_ACETATE), "second", "first"),
    ):
        (card,) = drug_cards(Assessment(chart(ON_DIALYSIS), ON, LIMITS), orders, SELECT, policy)
        assert card.summary == f"{speaks} speaks"
        assert f"{adds} leads" in card.detail


def test_what_a_clinic_adds_stands_below_the_lead_as_it_was_written_and_is_told_as_its_own() -> None:
    text = CardText("t", "says", ("leads",), (), ("source",), draft_lead=("leads a draft",), added=("Call {us}.",))
    rows = {"calcium_product": (row("calcium_product", "first"),)}
    policy = replace(POLICY, rules=rows, drug_texts={"first": text})
    (card,) = drug_cards(Assessment(chart(ON_DIALYSIS), ON, LIMITS), (CALCIUM_ACETATE,), SELECT, policy)
    assert card.detail.startswith("leads a draft  \nAdded by this clinic: Call {us}.\n")


# ------------------------------------------------------------------ what is recommended
def recommended_removal(patient: Chart, *orders: Medication, moment: Moment = SELECT) -> bool:
    (card,) = cards(patient, *orders, moment=moment)
    found = [item for item in card.suggestions if any(isinstance(act, Remove) for act in item.actions)]
    assert found, "a removal is offered"
    return any(item.recommended for item in found)


FRESH = LIMITS.windows[Analyte.TOTAL_CALCIUM].fresh


@pytest.mark.parametrize(
    ("things", "recommended"),
    [
        ((HIGH_CALCIUM,), True),
        ((HIGH_CALCIUM, condition("hungry_bone")), False),
        ((HIGH_CALCIUM, procedure("parathyroidectomy", 10)), False),
        ((HIGH_CALCIUM, drug("denosumab")), False),
        ((HIGH_CALCIUM, MECHANICAL), False),
        ((HIGH_CALCIUM, condition("valve_kind_unknown")), False),
        ((HIGH_CALCIUM, gap("calcium", Analyte.TOTAL_CALCIUM)), False),
        ((HIGH_CALCIUM, gap("phosphate_albumin", Analyte.ALBUMIN)), False),
        ((result(Analyte.TOTAL_CALCIUM, LIMITS.calcium_high + STEP, FRESH),), True),
        ((result(Analyte.TOTAL_CALCIUM, LIMITS.calcium_high + STEP, FRESH + 1),), False),
        (
            (
                result(Analyte.TOTAL_CALCIUM, LIMITS.calcium_high),
                result(Analyte.ALBUMIN, LIMITS.correction_albumin - 1),
            ),
            False,
        ),
    ],
)
@pytest.mark.parametrize("order", [CALCIUM_ACETATE, CALCITRIOL, CHOLECALCIFEROL])
def test_a_removal_on_weak_ground_is_not_recommended(
    things: tuple[Result | Condition | Procedure | Medication | Gap, ...], recommended: bool, order: Medication
) -> None:
    assert recommended_removal(chart(ON_DIALYSIS, *things), order) is recommended


@pytest.mark.parametrize("days", [FRESH, FRESH + 1])
def test_a_product_that_rests_on_an_old_phosphate_recommends_the_recheck_and_no_removal(days: int) -> None:
    calcium = result(Analyte.TOTAL_CALCIUM, LIMITS.calcium_high, min(days, FRESH))
    phosphate = result(Analyte.PHOSPHATE, LIMITS.product_high / LIMITS.calcium_high + 1, days)
    patient = chart(ON_DIALYSIS, calcium, phosphate)
    assert recommended_removal(patient, CALCITRIOL) is (days <= FRESH)
    (card,) = cards(patient, CALCIUM_ACETATE)
    marked = [item.label for item in card.suggestions if item.recommended]
    assert marked == (["Recheck calcium, albumin, phosphate and PTH: a value is old"] if days > FRESH else [])


PTH_FRESH = LIMITS.windows[Analyte.INTACT_PTH].fresh


@pytest.mark.parametrize(
    ("days", "unread", "recommended"),
    [((20, 80), False, True), ((20, 80), True, False), ((PTH_FRESH + 1, PTH_FRESH + 20), False, False)],
)
def test_the_low_pth_rows_recommend_no_removal_on_an_old_pth_or_with_a_newer_one_unread(
    days: tuple[int, int], unread: bool, recommended: bool
) -> None:
    low = [result(Analyte.INTACT_PTH, LIMITS.pth_low_twice - 50, day) for day in days]
    things = (Unreadable(Analyte.INTACT_PTH, "no unit", ago(3)),) if unread else ()
    patient = chart(ON_DIALYSIS, NORMAL_CALCIUM, PHOSPHATE, *low, *things)
    assert recommended_removal(patient, CALCITRIOL) is recommended
    assert not recommended_removal(patient, CALCIUM_ACETATE)


@pytest.mark.parametrize("query", ["valve_procedures", "surgery_procedures", "procedures", "medications"])
@pytest.mark.parametrize("order", [CALCIUM_ACETATE, CALCITRIOL])
def test_a_failed_look_up_that_might_speak_against_a_removal_leaves_it_unmarked(query: str, order: Medication) -> None:
    assert not recommended_removal(chart(ON_DIALYSIS, HIGH_CALCIUM, gap(query)), order)


def test_a_drug_that_is_only_about_to_be_ordered_is_not_to_be_started() -> None:
    (new,) = cards(chart(CONFIRMED), WARFARIN)
    (running,) = cards(chart(CONFIRMED, WARFARIN), WARFARIN)
    assert "do not start it" in new.summary
    assert "then stop" in running.summary
    assert "do not start" not in running.summary + running.detail


def test_an_antagonist_draft_is_recommended_to_go_only_in_confirmed_calciphylaxis() -> None:
    assert recommended_removal(chart(CONFIRMED, ON_DIALYSIS), WARFARIN)
    assert not recommended_removal(chart(ON_DIALYSIS, LIVEDO), WARFARIN)
    assert not recommended_removal(chart(ON_DIALYSIS), WARFARIN)


# ------------------------------------------------------------------ beside a status card
@pytest.mark.parametrize("topic", ["cua-possible", "cua-risk-high", "cua-risk-elevated"])
def test_an_active_antagonist_has_no_card_of_its_own_beside_a_status_card_that_names_it(topic: str) -> None:
    patient = Assessment(chart(ON_DIALYSIS), ON, LIMITS)
    assert drug_cards(patient, (WARFARIN,), VIEW, POLICY, beside=[topic]) == []
    assert drug_cards(patient, (WARFARIN,), VIEW, POLICY, beside=["cua-sepsis"])
    assert drug_cards(patient, (WARFARIN,), SELECT, POLICY, beside=[topic])


def test_iron_in_calciphylaxis_has_its_card_at_orders_only() -> None:
    for order in (drug("iv_iron"), drug("oral_iron")):
        assert [shown(chart(CONFIRMED), order, moment=moment) for moment in (VIEW, SELECT, SIGN)] == [
            [],
            [("iron-cua", "warning")],
            [("iron-cua", "warning")],
        ]


def test_the_suggestions_of_a_drug_card_are_alternatives() -> None:
    (card,) = cards(chart(CONFIRMED), WARFARIN)
    assert card.at_most_one


def row(drug_class: str, text: str) -> DrugRule:
    return DrugRule(drug_class, "one-topic", text, Indicator.WARNING, when=("on_dialysis",))


def test_warnings_and_critical_cards_carry_override_reasons() -> None:
    for topic, text in POLICY.drug_texts.items():
        assert text.override, topic


# ------------------------------------------------------------------ what every card says
def test_presumed_dialysis_is_said_on_every_card() -> None:
    presumed = condition("esrd")
    results = (HIGH_CALCIUM, PHOSPHATE)
    for patient in (chart(presumed, *results), chart(presumed, LIVEDO, *results), chart(presumed, LIVEDO)):
        orders = [drug(drug_class, name=f"a {drug_class}") for drug_class in sorted(POLICY.rules)]
        for card in cards(patient, *orders):
            assert "dialysis status not confirmed (presumed from the ESRD code)" in card.detail, card.topic


def test_a_provisional_diagnosis_is_said_on_every_card_that_rests_on_it() -> None:
    patient = chart(ON_DIALYSIS, condition("calciphylaxis_provisional", verification="unconfirmed"))
    orders = [drug(drug_class, name=f"a {drug_class}") for drug_class in sorted(POLICY.rules)]
    found = [card for card in cards(patient, *orders) if card.topic != "doac-dialysis"]
    assert found
    for card in found:
        assert "recorded as unconfirmed" in card.detail, card.topic


def test_what_could_not_be_read_is_said_on_the_card() -> None:
    (card,) = cards(chart(CONFIRMED, gap("medications", what="active medications")), WARFARIN)
    assert "could not be read: active medications" in card.detail


def test_a_match_by_name_is_said() -> None:
    named = replace(WARFARIN, matches=(replace(WARFARIN.matches[0], how="by name"),))
    (card,) = cards(chart(CONFIRMED), named)
    assert "matched by name" in card.detail


@pytest.mark.parametrize("moment", list(Moment))
def test_a_summary_stays_short_for_absurdly_many_drugs(moment: Moment) -> None:
    orders = [
        drug(drug_class, name=f"an unreasonably long ingredient name {number} of {drug_class}")
        for drug_class in POLICY.rules
        for number in range(30)
    ]
    stories = [
        chart(CONFIRMED, ON_DIALYSIS, HIGH_CALCIUM),
        chart(CONFIRMED, MECHANICAL),
        chart(LIVEDO, ON_DIALYSIS),
        chart(ON_DIALYSIS, HIGH_CALCIUM),
        chart(ON_DIALYSIS, MECHANICAL),
        chart(ON_DIALYSIS, NORMAL_CALCIUM, PHOSPHATE),
        chart(ON_DIALYSIS, gap("calcium", Analyte.TOTAL_CALCIUM), gap("valve_procedures")),
    ]
    found = [card for story in stories for card in cards(story, *orders, moment=moment)]
    assert found
    assert all(0 < len(card.summary) < SUMMARY_LIMIT for card in found)
    assert not [card.summary for card in found if "…" in card.summary]


def test_names_that_leave_no_room_for_the_advice_give_way_to_the_name_of_the_class() -> None:
    one, other = (
        drug("calcium_product", name=f"calcium acetate with {added}") for added in ("magnesium", "menthol and sugar")
    )
    end = "; no calcium-based product now"
    (card,) = cards(chart(ON_DIALYSIS, HIGH_CALCIUM), one, moment=SIGN)
    assert card.summary.startswith("Calcium acetate with magnesium: ")
    assert card.summary.endswith(end)
    (card,) = cards(chart(ON_DIALYSIS, HIGH_CALCIUM), one, other, drug("calcium_product", name=40 * "x"), moment=SIGN)
    assert card.summary.startswith("Calcium product: ")
    assert card.summary.endswith(end)
    assert "Calcium acetate with magnesium" in card.detail


@pytest.mark.parametrize("moment", list(Moment))
def test_a_drug_whose_own_row_only_informs_is_named_beside_the_more_urgent_one(moment: Moment) -> None:
    low = result(Analyte.TOTAL_CALCIUM, LIMITS.calcium_low - STEP)
    high_pth = result(Analyte.INTACT_PTH, LIMITS.pth_assumed_upper_limit * LIMITS.pth_high_times + 1)
    (card,) = cards(chart(CONFIRMED, ON_DIALYSIS, low, high_pth), CALCITRIOL, CHOLECALCIFEROL, moment=moment)
    assert (card.topic, card.indicator) == ("vitd-cua", "warning")
    assert card.summary.startswith("Cholecalciferol with confirmed calciphylaxis: stop or hold vitamin D")
    assert "**Calcitriol with confirmed calciphylaxis: calcium" in card.detail
    assert "may need it" in card.detail
