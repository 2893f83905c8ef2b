"""Drugs of the medication history: both sides of each window, what ends them, and one exposure for one drug."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from hooks import order_select, patient_view
from hooks.chart import Chart, Medication, Source, Taken
from hooks.medication_history import counts, stands_alone, with_history
from tests.unit.hooks.builders import CONFIRMED, LIMITS, ON, ON_DIALYSIS, POLICY, ago, chart, drug, gap

VKA = "vitamin_k_antagonist"
STATEMENT, DISPENSE, ADMINISTRATION = Source.STATEMENT, Source.DISPENSE, Source.ADMINISTRATION


def taken(
    *drug_classes: str,
    source: Source = STATEMENT,
    days: float | None = 1,
    supply: float | None = None,
    name: str = "warfarin",
) -> Taken:
    """An entry of `days` ago; without a class its drug is one that no rule knows."""
    on = None if days is None else ago(days)
    medication = replace(drug(*drug_classes, name=name), reference="", authored=on, source=source)
    return Taken(source, medication, on, supply)


def unread(source: Source = STATEMENT, days: float | None = 1) -> Taken:
    return replace(taken(source=source, days=days), drug=None)


def told(patient: Chart) -> Chart:
    return with_history(patient, ON, LIMITS)


def names(patient: Chart) -> list[tuple[str, Source]]:
    return [(medication.matches[0].drug, medication.source) for medication in told(patient).medications]


# ---------------------------------------------------------------- windows
@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (taken(VKA, days=3000), True),
        (taken(VKA, days=None), True),
        (taken(VKA, source=ADMINISTRATION, days=0), True),
        (taken(VKA, source=ADMINISTRATION, days=LIMITS.administration_days), True),
        (taken(VKA, source=ADMINISTRATION, days=LIMITS.administration_days + 1), False),
        (taken(VKA, source=ADMINISTRATION, days=-1), False),
        (taken(VKA, source=ADMINISTRATION, days=None), False),
        (taken(VKA, source=DISPENSE, days=0), True),
        (taken(VKA, source=DISPENSE, days=LIMITS.dispense_days), True),
        (taken(VKA, source=DISPENSE, days=LIMITS.dispense_days + 1), False),
        (taken(VKA, source=DISPENSE, days=-1), False),
        (taken(VKA, source=DISPENSE, days=None), False),
        (taken(VKA, source=DISPENSE, days=28, supply=28), True),
        (taken(VKA, source=DISPENSE, days=29, supply=28), False),
        (taken(VKA, source=DISPENSE, days=LIMITS.dispense_days + 1, supply=LIMITS.dispense_days + 1), True),
    ],
)
def test_an_entry_counts_within_its_window(entry: Taken, expected: bool) -> None:
    assert counts(entry, ON, LIMITS) is expected
    assert bool(told(replace(chart(), history=(entry,))).medications) is expected


def test_a_chart_without_entries_that_count_stays_as_it_is() -> None:
    patient = replace(chart(drug(VKA)), history=(taken(VKA, source=ADMINISTRATION, days=100),))
    assert told(patient) is patient


# ---------------------------------------------------------------- one drug, one exposure
def test_a_drug_of_the_history_stands_among_the_active_ones() -> None:
    patient = replace(chart(drug("iv_iron", name="iron")), history=(taken(VKA),))
    assert names(patient) == [("iron", Source.ORDER), ("warfarin", STATEMENT)]


def test_an_order_of_the_same_drug_is_the_one_that_is_named() -> None:
    patient = replace(chart(drug(VKA, name="warfarin")), history=(taken(VKA),))
    assert names(patient) == [("warfarin", Source.ORDER)]


def test_another_drug_of_the_class_is_a_drug_of_its_own() -> None:
    patient = replace(chart(drug(VKA, name="phenprocoumon")), history=(taken(VKA),))
    assert names(patient) == [("phenprocoumon", Source.ORDER), ("warfarin", STATEMENT)]


def test_of_several_entries_on_a_drug_that_counts_which_says_most() -> None:
    given, handed, stated = (taken(VKA, source=source) for source in (ADMINISTRATION, DISPENSE, STATEMENT))
    assert names(replace(chart(), history=(given, handed, stated))) == [("warfarin", STATEMENT)]
    assert names(replace(chart(), history=(given, handed))) == [("warfarin", DISPENSE)]


def test_of_one_kind_the_newest_counts_and_an_undated_one_last() -> None:
    entries = tuple(taken(VKA, days=days) for days in (None, 20, 3, 8))
    (found,) = told(replace(chart(), history=entries)).medications
    assert found.authored == ago(3)


def test_of_a_combination_only_what_no_order_names_is_added() -> None:
    both = taken("calcium_product", name="calcium carbonate")
    assert both.drug is not None
    vitamin = drug("nutritional_vitamin_d", name="cholecalciferol").matches
    combined = replace(both, drug=replace(both.drug, matches=(*both.drug.matches, *vitamin)))
    patient = replace(chart(drug("calcium_product", name="calcium carbonate")), history=(combined,))
    assert [match.drug for match in told(patient).medications[1].matches] == ["cholecalciferol"]


def test_a_drug_that_no_rule_knows_is_not_listed() -> None:
    assert told(replace(chart(), history=(taken(),))).medications == ()


# ---------------------------------------------------------------- what ends an entry
def stopped(days: float | None, name: str = "warfarin") -> Medication:
    return drug(VKA, name=name, days=days)


@pytest.mark.parametrize(
    ("order", "entry", "ended"),
    [
        (stopped(4), taken(VKA, days=5), True),
        (stopped(5), taken(VKA, days=5), False),
        (stopped(6), taken(VKA, days=5), False),
        (stopped(None), taken(VKA, days=5), False),
        (stopped(4), taken(VKA, days=None), False),
        (stopped(4, name="phenprocoumon"), taken(VKA, days=5), False),
        (stopped(4), taken(VKA, source=ADMINISTRATION, days=5), True),
        (stopped(4), taken(VKA, source=DISPENSE, days=5), True),
    ],
)
def test_a_stopped_order_of_the_same_drug_ends_what_is_older(order: Medication, entry: Taken, ended: bool) -> None:
    patient = replace(chart(), history=(entry,), stopped=(order,))
    assert bool(told(patient).medications) is not ended


def test_what_is_newer_than_the_stopped_order_counts_all_the_same() -> None:
    old, new = taken(VKA, days=300), taken(VKA, source=ADMINISTRATION, days=1)
    patient = replace(chart(), history=(old, new), stopped=(stopped(30),))
    assert names(patient) == [("warfarin", ADMINISTRATION)]


def test_a_stopped_order_does_not_end_an_active_one() -> None:
    patient = replace(chart(drug(VKA, name="warfarin")), history=(taken(VKA, days=300),), stopped=(stopped(30),))
    assert names(patient) == [("warfarin", Source.ORDER)]


@pytest.mark.parametrize(
    ("patient", "expected"),
    [
        (chart(drug(VKA, name="warfarin")), False),
        (chart(), True),
    ],
)
def test_stopped_orders_matter_where_the_history_alone_names_a_drug(patient: Chart, expected: bool) -> None:
    assert stands_alone(replace(patient, history=(taken(VKA),)), ON, LIMITS) is expected


# ---------------------------------------------------------------- what could not be read
def test_entries_whose_drug_could_not_be_read_are_counted_within_their_windows() -> None:
    late = unread(ADMINISTRATION, LIMITS.administration_days + 1)
    patient = replace(chart(), unread_medications=2, history=(unread(), late, taken(VKA)))
    assert (told(patient).unread_history, told(patient).unread_drugs) == (1, 3)


def cards(patient: Chart, on: date = ON) -> list[str]:
    return [card.topic for card in patient_view.advise(patient, on, POLICY)]


def test_an_unread_entry_is_told_where_no_other_card_comes() -> None:
    assert cards(replace(chart(ON_DIALYSIS), history=(unread(),))) == ["cua-data-gap"]
    assert cards(replace(chart(ON_DIALYSIS), history=(unread(ADMINISTRATION, 100),))) == []
    assert cards(replace(chart(), history=(unread(),))) == []


def test_a_look_up_that_is_optional_raises_no_card_and_is_a_line_on_those_that_come() -> None:
    lost = (gap("medication_statements", what="the medication history"),) * 2
    assert cards(replace(chart(ON_DIALYSIS), optional_gaps=lost)) == []
    (card,) = patient_view.advise(replace(chart(ON_DIALYSIS, drug(VKA)), optional_gaps=lost), ON, POLICY)
    assert card.detail.count("the medication history could not be read (the server answered 500)") == 1


# ---------------------------------------------------------------- on the cards
def test_a_draft_of_a_drug_of_the_history_is_no_new_drug() -> None:
    draft = drug(VKA, name="warfarin")
    new = chart(ON_DIALYSIS, drafts=(draft,))
    (before,) = order_select.advise(new, ON, POLICY)
    (card,) = order_select.advise(replace(new, history=(taken(VKA),)), ON, POLICY)
    assert "from the medication history, taken since" in card.detail
    assert "from the medication history" not in before.detail


def test_a_status_card_names_what_counts_without_an_order_though_it_feeds_nothing() -> None:
    sick = chart(ON_DIALYSIS, drug(VKA))
    (card,) = patient_view.advise(replace(sick, unread_medications=1), ON, POLICY)
    assert "from the medication history" not in card.detail
    history = (taken("sodium_thiosulfate", name="sodium thiosulfate", source=ADMINISTRATION), unread())
    (gap_card,) = patient_view.advise(replace(chart(ON_DIALYSIS), history=history), ON, POLICY)
    assert "active: sodium thiosulfate as worded (RxNorm 1; from the medication history, given" in gap_card.detail


def test_a_dialysis_fluid_of_the_history_shows_dialysis_and_is_said_to_be_of_it() -> None:
    fluid = taken("peritoneal_dialysis_fluid", name="Dianeal")
    patient = replace(chart(drug(VKA)), history=(fluid,))
    (card,) = patient_view.advise(patient, ON, POLICY)
    assert card.topic == "vka-dialysis"
    assert "on dialysis (Dianeal as worded, from the medication history)" in card.detail
    (ordered,) = patient_view.advise(chart(drug(VKA), drug("peritoneal_dialysis_fluid", name="Dianeal")), ON, POLICY)
    assert "on dialysis (Dianeal as worded)" in ordered.detail


def test_where_the_prescriptions_were_not_all_read_no_card_says_that_there_is_none_to_stop() -> None:
    cut = replace(gap("medications", what="active medications"), cut=True)
    whole = replace(chart(CONFIRMED, ON_DIALYSIS), history=(taken(VKA),))
    for patient, said in ((whole, True), (replace(whole, gaps=(cut,)), False)):
        (card,) = (card for card in patient_view.advise(patient, ON, POLICY) if card.topic == "vka-cua")
        assert ("no prescription here to stop" in card.detail) is said


# ---------------------------------------------------------------- entries without a day
@pytest.mark.parametrize("source", [DISPENSE, ADMINISTRATION])
def test_a_drug_of_ours_without_a_day_counts_as_one_that_could_not_be_read(source: Source) -> None:
    undated = taken(VKA, source=source, days=None)
    found = told(replace(chart(), history=(undated,)))
    assert (found.medications, found.unread_history) == ((), 1)
    assert told(replace(chart(drug(VKA, name="warfarin")), history=(undated,))).unread_history == 0
    assert told(replace(chart(), history=(undated, taken(VKA)))).unread_history == 0


def test_no_card_says_that_no_drug_is_active_while_one_could_not_be_read() -> None:
    undated = taken(VKA, source=DISPENSE, days=None)
    patient = replace(chart(CONFIRMED, ON_DIALYSIS), history=(undated,))
    (card,) = patient_view.advise(patient, ON, POLICY)
    assert "no drug active" not in card.summary
    assert "could not be read" in card.summary
    alone = patient_view.advise(replace(chart(ON_DIALYSIS), history=(undated,)), ON, POLICY)
    assert [card.topic for card in alone] == ["cua-data-gap"]
