"""The chart as a whole: what goes in, what is left out and why, and that nothing breaks it."""

from __future__ import annotations

import copy
import random
from dataclasses import replace
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fhir_mappings.chart import NO_KIND, OTHER_KIND, ChartContext, build_chart
from fhir_mappings.clauses import LONGEST
from fhir_mappings.gathered import OF_NOBODY, PARTIAL, STRANGERS, Gathered
from fhir_mappings.packaged import default_policy, default_vocabulary
from fhir_mappings.problem_entries import GARBLED, TOO_LONG
from fhir_mappings.queries import Query, build_queries
from fhir_mappings.subjects import NOBODYS, is_about
from hooks.chart import Analyte, Chart, Gap, Unreadable
from tests.unit.fhir_mappings.resources import (
    ICD10_CM,
    PATIENT,
    RXNORM,
    SNOMED,
    Json,
    concept,
    condition,
    observation,
    prescription,
    procedure,
    quantity,
)
from tests.unit.fhir_mappings.test_fhir_json import ANY_JSON

VOCABULARY = default_vocabulary()
QUERIES = {query.key: query for query in build_queries(VOCABULARY, default_policy())}
CONTEXT = ChartContext(PATIENT, date(2026, 3, 2), ZoneInfo("UTC"))


def chart(context: ChartContext = CONTEXT, /, **found: list[Any]) -> Chart:
    return build_chart([Gathered(QUERIES[key], resources) for key, resources in found.items()], context, VOCABULARY)


def drafted(*drafts: Json, **medications: Json) -> ChartContext:
    at_hand = {f"Medication/{identifier}": medication for identifier, medication in medications.items()}
    return ChartContext(PATIENT, CONTEXT.on, CONTEXT.zone, drafts, at_hand)


def patient(**more: Any) -> Json:
    return {"resourceType": "Patient", "id": PATIENT, "gender": "female", "birthDate": "1950-06-07"} | more


def test_nothing_gathered_is_an_empty_chart() -> None:
    assert chart() == Chart()


def test_every_kind_of_record_lands_in_its_place() -> None:
    found = chart(
        drafted(prescription("calcium acetate", id="d1", status="draft")),
        patient=[patient()],
        conditions=[condition("Type 2 diabetes", (ICD10_CM, "E11.9"))],
        medications=[prescription("warfarin", id="m1")],
        dialysis_procedures=[procedure((SNOMED, "302497006"))],
        calcium=[observation("17861-6", 9.4)],
    )
    assert (found.born, found.sex) == (date(1950, 6, 7), "female")
    assert [list(one.concepts) for one in found.conditions] == [["diabetes"]]
    assert [list(one.concepts) for one in found.procedures] == [["haemodialysis_procedure"]]
    assert [one.reference for one in found.medications] == ["MedicationRequest/m1"]
    assert [one.reference for one in found.drafts] == ["MedicationRequest/d1"]
    assert [one.value for one in found.results[Analyte.TOTAL_CALCIUM]] == [9.4]
    assert (found.unreadable, found.gaps) == ((), ())


# ---------------------------------------------------------------- patient


@pytest.mark.parametrize(
    ("birth", "born"),
    [
        ("1950-06-07", date(1950, 6, 7)),
        ("1950-06", date(1950, 6, 1)),
        ("1950", date(1950, 1, 1)),
        ("7.6.1950", None),
        (None, None),
        (1950, None),
    ],
)
def test_the_day_of_birth_is_the_earliest_possible(birth: object, born: date | None) -> None:
    assert chart(patient=[patient(birthDate=birth)]).born == born


@pytest.mark.parametrize(("gender", "sex"), [("female", "female"), ("Male", "male"), (None, ""), (5, "")])
def test_the_administrative_gender_is_kept(gender: object, sex: str) -> None:
    assert chart(patient=[patient(gender=gender)]).sex == sex


def test_another_patient_is_not_taken_for_this_one() -> None:
    found = chart(patient=[patient(id="p2")])
    assert (found.born, found.sex) == (None, "")
    assert found.unreadable == (Unreadable("patient", "belongs to another patient"),)


def test_a_patient_without_id_is_taken() -> None:
    assert chart(patient=[patient(id=None)]).sex == "female"


# ---------------------------------------------------------------- whose records, and how often


def test_records_of_another_patient_never_count() -> None:
    other = {"subject": {"reference": "Patient/p2"}}
    found = chart(
        drafted(prescription("warfarin") | other),
        conditions=[condition("Calciphylaxis") | other],
        medications=[prescription("warfarin") | other],
        dialysis_procedures=[procedure((SNOMED, "302497006")) | other],
        calcium=[observation() | other],
    )
    kinds = ["condition", "medication", "procedure", "total_calcium", "medication"]
    strangers = tuple(
        Unreadable(kind, "belongs to another patient", no_result=kind == "total_calcium") for kind in kinds
    )
    # Nor is a draft of theirs passed over in silence: nobody has checked it.
    assert replace(found, gaps=()) == Chart(unreadable=strangers, unread_drafts=1)


def test_a_look_up_that_brought_only_records_of_another_patient_has_failed() -> None:
    other = {"subject": {"reference": "Patient/p2"}}
    found = chart(
        patient=[patient(id="p2")],
        conditions=[condition("Calciphylaxis") | other],
        medications=[prescription("warfarin") | other, prescription("lisinopril")],
        calcium=[observation() | other],
    )
    assert [(gap.query, gap.reason) for gap in found.gaps] == [
        (query, "it brought only records of another patient") for query in ("patient", "conditions", "calcium")
    ]


@pytest.mark.parametrize(
    ("written", "asked", "mine"),
    [
        ("0B7D2A1C-91B2-4F0E-8A54-3F3F1A2B4C5D", "0b7d2a1c-91b2-4f0e-8a54-3f3f1a2b4c5d", True),
        ("urn:uuid:0b7d2a1c-91b2-4f0e-8a54-3f3f1a2b4c5d", "0B7D2A1C-91B2-4F0E-8A54-3F3F1A2B4C5D", True),
        ("Patient/P1", "p1", False),
        ("Patient/p1", "p1", True),
    ],
)
def test_only_uuids_are_compared_without_letter_case(written: str, asked: str, mine: bool) -> None:
    assert is_about({"subject": {"reference": written}}, asked) is mine


def test_a_resource_that_comes_twice_counts_once() -> None:
    result, entry, order = observation(id="o1"), condition("Sepsis", id="c1"), prescription("warfarin", id="m1")
    found = chart(
        drafted(order),
        calcium=[result, result],
        bmi=[result],
        conditions=[entry, entry],
        medications=[order] * 2,
    )
    assert len(found.results[Analyte.TOTAL_CALCIUM]) == 1
    assert (len(found.conditions), len(found.medications), len(found.drafts)) == (1, 1, 1)


def test_resources_without_id_all_count() -> None:
    assert len(chart(calcium=[observation(), observation(value=9.5)]).results[Analyte.TOTAL_CALCIUM]) == 2


def test_two_records_that_only_share_an_id_both_count() -> None:
    normal, high = observation(id="o1", value=9.0), observation(id="o1", value=13.0)
    aspirin, warfarin = prescription("aspirin", id="m1"), prescription("warfarin", id="m1")
    found = chart(drafted(aspirin, warfarin), calcium=[normal, high], medications=[aspirin, warfarin])
    assert {result.value for result in found.results[Analyte.TOTAL_CALCIUM]} == {9.0, 13.0}
    assert (len(found.medications), len(found.drafts)) == (2, 2)


def test_remarks_of_the_server_are_left_out() -> None:
    outcome = {"resourceType": "OperationOutcome", "issue": [{"severity": "warning"}]}
    assert chart(conditions=[outcome]) == Chart()


@pytest.mark.parametrize("stray", [None, "x", 5, [], {}, {"resourceType": ["Condition"]}])
def test_what_does_not_say_its_kind_is_said(stray: Any) -> None:
    found = chart(conditions=[stray])
    assert found.unreadable == (Unreadable("condition", NO_KIND),)
    assert (found.unread_conditions, found.masked_conditions) == (1, True)


@pytest.mark.parametrize("stray", [observation(), patient()])
def test_what_is_of_another_kind_than_asked_for_is_said(stray: Json) -> None:
    assert chart(conditions=[stray]) == Chart(unreadable=(Unreadable("condition", OTHER_KIND),))


def test_a_query_for_records_that_we_do_not_read_adds_nothing() -> None:
    query = Query("allergies", "allergies", "AllergyIntolerance", (("_count", "10"),))
    gathered = Gathered(query, [{"resourceType": "AllergyIntolerance", "code": concept("warfarin")}])
    assert build_chart([gathered], CONTEXT, VOCABULARY) == Chart()


def test_a_search_may_hold_more_than_was_asked_for() -> None:
    found = chart(calcium=[observation("2777-1", 5.1), observation("718-7", 11, "g/dL")])
    assert list(found.results) == [Analyte.PHOSPHATE]


def test_refuted_conditions_other_procedures_and_orders_that_are_over_leave_no_trace() -> None:
    found = chart(
        conditions=[condition("Sepsis", verificationStatus="refuted")],
        dialysis_procedures=[procedure((SNOMED, "302497006"), status="not-done")],
        medications=[prescription("warfarin", status="stopped"), prescription("warfarin", doNotPerform=True)],
    )
    assert found == Chart()


# ---------------------------------------------------------------- results

ORDERED = [
    observation(value=9.0, effectiveDateTime="2026-03-01T12:00:00Z"),
    observation(value=9.1, effectiveDateTime="2026-03-01T10:00:00Z", status="corrected"),
    observation(value=9.2, effectiveDateTime="2026-03-01T10:00:00Z"),
    observation(value=9.3, effectiveDateTime="2026-03-01T10:00:00Z", status="preliminary"),
    observation(value=9.4, effectiveDateTime="2026-03-01T11:00:00+02:00"),
    observation(value=9.5, effectiveDateTime="2026-03-01"),
    observation(value=9.6, effectiveDateTime="2026-02-28T23:59:59Z"),
    observation(value=9.7, effectiveDateTime="2026-02-28T23:59:59Z"),
]


@given(st.randoms(use_true_random=False))
def test_results_stand_in_the_order_of_choice_whatever_order_they_came_in(chance: random.Random) -> None:
    shuffled = list(ORDERED)
    chance.shuffle(shuffled)
    values = [one.value for one in chart(calcium=shuffled).results[Analyte.TOTAL_CALCIUM]]
    assert values == [9.5, 9.0, 9.1, 9.2, 9.3, 9.4, 9.7, 9.6]


def calciums(*found: Json) -> list[float]:
    return [one.value for one in chart(calcium=list(found)).results[Analyte.TOTAL_CALCIUM]]


def test_a_result_without_a_time_stands_at_the_moment_of_the_latest_of_its_day() -> None:
    late = observation(value=10.0, effectiveDateTime="2026-03-01T12:00:00Z")
    early = observation(value=12.0, effectiveDateTime="2026-03-01T06:00:00Z")
    undated_time = observation(value=9.0, effectiveDateTime="2026-03-01")
    found = chart(calcium=[early, undated_time, late]).results[Analyte.TOTAL_CALCIUM]
    assert [one.value for one in found] == [10.0, 9.0, 12.0]
    assert (found[0].at, found[0].timed, found[1].at, found[1].timed) == (found[0].at, True, found[0].at, False)


def test_the_status_decides_between_a_result_without_a_time_and_another_of_the_day() -> None:
    final = observation(value=12.0, effectiveDateTime="2026-03-01T12:00:00Z")
    assert calciums(final, observation(value=9.0, effectiveDateTime="2026-03-01", status="corrected")) == [9.0, 12.0]


def test_a_date_alone_that_is_tomorrows_counts_as_today_and_a_time_does_not() -> None:
    tomorrow = observation(value=11.0, effectiveDateTime="2026-03-03")
    today = observation(value=9.0, effectiveDateTime="2026-03-02")
    found = chart(calcium=[today, tomorrow]).results[Analyte.TOTAL_CALCIUM]
    assert [(one.value, one.on) for one in found] == [(11.0, CONTEXT.on), (9.0, CONTEXT.on)]
    (timed,) = chart(calcium=[observation(effectiveDateTime="2026-03-03T00:00:00Z")]).results[Analyte.TOTAL_CALCIUM]
    assert timed.on == date(2026, 3, 3)
    unread = observation(valueQuantity=None, effectiveDateTime="2026-03-03")
    assert chart(calcium=[unread]).unreadable == (Unreadable("total_calcium", "no value", CONTEXT.on),)


def test_results_of_an_unknown_method_are_shown_and_never_among_the_results() -> None:
    found = chart(pth_alp=[observation("35219-5", 60, "pg/mL"), observation("2731-8", 300, "pg/mL")])
    assert [one.value for one in found.shown[Analyte.INTACT_PTH]] == [60]
    assert [one.value for one in found.results[Analyte.INTACT_PTH]] == [300]


def test_the_reference_range_is_that_of_the_patient_wherever_the_patient_stands() -> None:
    ranges = [
        {"high": {"value": 120}, "age": {"high": {"value": 17, "code": "a"}}},
        {"high": {"value": 90}, "appliesTo": [concept("male")]},
        {"high": {"value": 60}, "appliesTo": [concept("female")]},
    ]
    result = observation("2731-8", 300, "pg/mL", referenceRange=ranges)
    for found in (chart(pth_alp=[result], patient=[patient()]), chart(patient=[patient()], pth_alp=[result])):
        assert found.results[Analyte.INTACT_PTH][0].upper_limit == 60
    assert chart(pth_alp=[result]).results[Analyte.INTACT_PTH][0].upper_limit is None


# ---------------------------------------------------------------- versions of one resource


def test_the_later_version_of_a_result_counts_in_whatever_search_it_came() -> None:
    first = observation(id="o1", value=9.0, meta={"versionId": "1"})
    second = observation(id="o1", value=12.6, meta={"versionId": "2"})
    found = chart(calcium=[first], bmi=[second])
    assert [one.value for one in found.results[Analyte.TOTAL_CALCIUM]] == [12.6]
    withdrawn = second | {"status": "entered-in-error"}
    assert chart(calcium=[first, withdrawn]) == Chart()


def test_versions_of_which_nobody_knows_the_latest_are_of_one_moment_and_status() -> None:
    one = observation(id="o1", value=9.0, status="corrected", effectiveDateTime="2026-02-27")
    other = observation(id="o1", value=12.6, effectiveDateTime="2026-03-01T09:00:00Z")
    found = chart(calcium=[one, other]).results[Analyte.TOTAL_CALCIUM]
    assert [(result.value, result.on, result.rank) for result in found] == [
        (12.6, date(2026, 3, 1), 2),
        (9.0, date(2026, 3, 1), 2),
    ]
    assert found[0].at == found[1].at


def test_a_version_that_can_be_read_counts_beside_one_that_cannot() -> None:
    lost = observation(id="o1", valueQuantity=None)
    found = chart(calcium=[observation(id="o1"), lost])
    assert [result.value for result in found.results[Analyte.TOTAL_CALCIUM]] == [9.4]
    assert found.unreadable == (Unreadable("total_calcium", "no value", date(2026, 3, 1)),)


def test_of_two_statuses_of_one_condition_or_order_the_active_one_counts_where_nothing_tells() -> None:
    over = {"clinicalStatus": concept("resolved")}
    sepsis = condition("Sepsis", id="c1")
    for entries in ([sepsis, sepsis | over], [sepsis | over, sepsis]):
        assert [one.active for one in chart(conditions=entries).conditions] == [True]
    order = prescription("warfarin", id="m1")
    assert len(chart(medications=[order, order | {"status": "stopped"}]).medications) == 1
    session = procedure((SNOMED, "302497006"), id="p1")
    assert len(chart(dialysis_procedures=[session | {"status": "not-done"}, session]).procedures) == 1


def test_a_later_version_ends_a_condition_an_order_or_a_procedure() -> None:
    def later(resource: Json, **more: Any) -> list[Json]:
        return [resource | {"meta": {"versionId": 1}}, resource | more | {"meta": {"versionId": 2}}]

    found = chart(
        conditions=later(condition("Sepsis", id="c1"), verificationStatus="refuted"),
        medications=later(prescription("warfarin", id="m1"), status="stopped"),
        dialysis_procedures=later(procedure((SNOMED, "302497006"), id="p1"), status="not-done"),
    )
    assert found == Chart()


def test_results_after_the_day_of_the_call_are_left_to_the_rules() -> None:
    future = observation(effectiveDateTime="2027-01-01")
    assert chart(calcium=[future]).results[Analyte.TOTAL_CALCIUM][0].on == date(2027, 1, 1)


def test_what_cannot_be_read_is_listed() -> None:
    found = chart(
        calcium=[observation(valueQuantity={"value": 9.4})],
        medications=[prescription(medicationCodeableConcept=None)],
    )
    assert found.unreadable == (
        Unreadable("total_calcium", "no unit", date(2026, 3, 1)),
        Unreadable("medication", "no drug named"),
    )
    assert (found.results, found.medications) == ({}, ())


# ---------------------------------------------------------------- medications

WARFARIN = {"resourceType": "Medication", "code": concept("", (RXNORM, "855332", "warfarin 5 MG"))}


def referring(**more: Any) -> Json:
    return prescription(medicationCodeableConcept=None, medicationReference={"reference": "Medication/w"}, **more)


def test_an_included_medication_serves_active_orders_and_drafts() -> None:
    included = WARFARIN | {"id": "w"}
    found = chart(drafted(referring(status="draft", id="d")), medications=[included, referring(id="m")])
    assert [one.display for one in (*found.medications, *found.drafts)] == ["warfarin 5 MG", "warfarin 5 MG"]


def test_the_later_version_of_an_included_medication_serves() -> None:
    aspirin = WARFARIN | {"id": "w", "code": concept("aspirin"), "meta": {"versionId": "1"}}
    included = WARFARIN | {"id": "w", "meta": {"versionId": "2"}}
    found = chart(medications=[included, referring(id="m"), aspirin])
    assert [one.display for one in found.medications] == ["warfarin 5 MG"]


def test_a_medication_that_was_read_apart_serves_too() -> None:
    found = chart(drafted(referring(status="draft"), w=WARFARIN), medications=[referring()])
    assert [one.matches[0].drug for one in (*found.medications, *found.drafts)] == ["warfarin", "warfarin"]


@pytest.mark.parametrize("reference", ["Medication/a_b", "#gone"])
def test_an_order_whose_drug_nobody_can_be_asked_for_is_unread(reference: str) -> None:
    order = referring() | {"medicationReference": {"reference": reference, "display": "Tablets 5 mg"}}
    context = ChartContext(PATIENT, CONTEXT.on, CONTEXT.zone, lost=frozenset({reference}))
    assert chart(context, medications=[order]).unread_medications == 1


def test_what_is_drafted_beside_the_judged_orders_is_known_where_it_can_be_read() -> None:
    other = prescription("warfarin") | {"subject": {"reference": "Patient/p2"}}
    nameless = prescription("warfarin") | {"medicationCodeableConcept": {"text": "unknown"}}
    beside = (prescription("sevelamer"), other, nameless)
    found = chart(ChartContext(PATIENT, CONTEXT.on, CONTEXT.zone, other_drafts=beside))
    assert [one.display for one in found.other_drafts] == ["sevelamer"]
    assert found.drafts == ()


def test_a_draft_that_changes_an_active_order_is_judged_beside_it() -> None:
    order = prescription("warfarin", id="m1")
    found = chart(drafted(order), medications=[order])
    assert (len(found.medications), len(found.drafts)) == (1, 1)


# ---------------------------------------------------------------- gaps


def gaps(*gathered: Gathered) -> tuple[Gap, ...]:
    return build_chart(gathered, CONTEXT, VOCABULARY).gaps


def test_a_failed_look_up_is_a_gap_for_all_its_analytes() -> None:
    query = QUERIES["phosphate_albumin"]
    assert gaps(Gathered(query, [], failed="the FHIR server answered 500")) == (
        Gap(
            "phosphate_albumin",
            "phosphate and albumin results",
            "the FHIR server answered 500",
            frozenset({Analyte.PHOSPHATE, Analyte.ALBUMIN}),
        ),
    )


def test_a_cut_look_up_may_hide_any_of_its_analytes() -> None:
    (gap,) = gaps(Gathered(QUERIES["phosphate_albumin"], [observation("2777-1", 5.1)], complete=False))
    assert (gap.reason, gap.analytes) == (PARTIAL, frozenset({Analyte.PHOSPHATE, Analyte.ALBUMIN}))


@pytest.mark.parametrize(("order", "unread"), [({"medicationReference": {"reference": "Medication/m1"}}, 1), ({}, 1)])
def test_an_active_order_whose_drug_nobody_could_read_is_counted(order: dict[str, Any], unread: int) -> None:
    request = {"resourceType": "MedicationRequest", "id": "r1", "status": "active"} | order
    assert chart(medications=[request]).unread_medications == unread


def test_a_result_that_could_not_be_used_does_not_fill_a_gap() -> None:
    unusable = observation("2777-1", valueQuantity=quantity(5.1, ""))
    (gap,) = gaps(Gathered(QUERIES["phosphate_albumin"], [unusable], complete=False))
    assert gap.analytes == {Analyte.PHOSPHATE, Analyte.ALBUMIN}


@pytest.mark.parametrize(
    ("key", "code", "value", "unit"),
    [("weight", "8341-0", 70, "kg"), ("temperature", "8310-5", 37, "Cel"), ("inflammation", "1988-5", 5, "mg/L")],
)
def test_where_every_result_counts_a_cut_hides_them_all(key: str, code: str, value: float, unit: str) -> None:
    (gap,) = gaps(Gathered(QUERIES[key], [observation(code, value, unit)], complete=False))
    assert gap.analytes == QUERIES[key].analytes


def test_a_cut_list_of_records_is_a_gap_too() -> None:
    (gap,) = gaps(Gathered(QUERIES["conditions"], [condition("Sepsis")], complete=False))
    assert gap == Gap("conditions", "conditions", PARTIAL, cut=True)


def test_a_cut_list_tells_why_and_whether_a_part_of_it_was_asked_for_and_lost() -> None:
    cut, lost = (
        gaps(Gathered(QUERIES["conditions"], [condition("Sepsis")], False, "", "no time", lost))[0]
        for lost in (False, True)
    )
    assert (cut.reason, cut.cut) == (f"{PARTIAL}: no time", True)
    assert (lost.reason, lost.cut) == (f"{PARTIAL}: no time", False)


def test_what_brought_only_strangers_is_lost_even_where_the_list_is_cut() -> None:
    (gap,) = gaps(
        Gathered(QUERIES["conditions"], [condition("Sepsis", subject={"reference": "Patient/other"})], complete=False)
    )
    assert (gap.reason, gap.cut) == (STRANGERS, False)


def test_a_complete_empty_look_up_is_no_gap() -> None:
    assert gaps(Gathered(QUERIES["calcium"], [])) == ()


@pytest.mark.parametrize(
    ("entry", "masked"),
    [
        (condition("Masked"), True),
        (condition("Gout"), False),
        (condition("Livedo"), False),
        (condition("Masked", clinicalStatus="resolved"), False),
        (condition("Masked", verificationStatus="refuted"), False),
        (condition("Masked", subject={"reference": "Patient/other"}), False),
    ],
)
def test_an_active_entry_that_does_not_tell_what_it_is_is_noted(entry: Json, masked: bool) -> None:
    assert chart(conditions=[entry]).masked_conditions is masked
    assert chart(conditions=[condition("Gout"), entry]).masked_conditions is masked


def test_a_procedure_that_two_searches_find_counts_once() -> None:
    session = procedure((SNOMED, "302497006"), id="1")
    assert len(chart(dialysis_procedures=[session], procedures=[session]).procedures) == 1


# ---------------------------------------------------------------- any JSON at all

GOOD = {
    "patient": [patient()],
    "conditions": [condition("Painful lesions", (ICD10_CM, "R23.4", "Hard"), onsetDateTime="2026-01", id="c")],
    "medications": [
        prescription("warfarin", (RXNORM, "855332"), dosageInstruction=[{"route": concept("Oral")}], id="m"),
        referring(contained=[WARFARIN]),
    ],
    "dialysis_procedures": [procedure((SNOMED, "302497006"), performedPeriod={"start": "2026-01-01"})],
    "calcium": [
        observation(referenceRange=[{"high": quantity(10.2)}], component=[{"code": concept("", ("x", "y"))}], id="o")
    ],
}


def mutated(value: Any, chance: random.Random, replacement: Any) -> Any:
    """The value with one part somewhere inside it replaced, or left out."""
    value = copy.deepcopy(value)
    holder, keys = value, list(range(len(value)))
    while keys:
        key = chance.choice(keys)
        inner = holder[key]
        deeper = list(inner) if isinstance(inner, dict) else list(range(len(inner))) if isinstance(inner, list) else []
        if not deeper or chance.random() < 0.2:
            if chance.random() < 0.3:
                del holder[key]
            else:
                holder[key] = replacement
            break
        holder, keys = inner, deeper
    return value


@pytest.mark.parametrize("place", ["text", "display"])
@pytest.mark.parametrize(("letters", "told"), [(LONGEST, 0), (LONGEST + 1, 1)])
def test_a_text_that_is_longer_than_what_is_read_of_one_is_told(place: str, letters: int, told: int) -> None:
    word = "calciphylaxis ".ljust(letters, "x")
    entry = condition(word) if place == "text" else condition("", (SNOMED, "1", word))
    found = chart(conditions=[entry])
    assert "calciphylaxis" in found.conditions[0].concepts
    assert found.unreadable == told * (Unreadable("condition", TOO_LONG),)


# ---------------------------------------------------------------- what is there and could not be read
UNTYPED: list[Json] = [{}, {"resourceType": None}, {"resourceType": "Cond\ufffdtion"}, {"resourceType": "condition"}]
SHOUTED = {"conditions": "CONDITION", "medications": "MEDICATIONREQUEST"}
WHOSE = {"reference": f"Patient/{PATIENT}\ufffd"}
STRANGER = {"reference": "Patient/p2"}


def untyped(resource: Json, said: Json) -> Json:
    return {key: value for key, value in resource.items() if key != "resourceType"} | said


@pytest.mark.parametrize("said", UNTYPED)
def test_an_entry_that_does_not_say_what_it_is_counts_as_unread(said: Json) -> None:
    found = chart(conditions=[untyped(condition("Skin necrosis"), said), condition("Gout")])
    assert found.unreadable == (Unreadable("condition", NO_KIND),)
    assert (found.unread_conditions, found.masked_conditions, found.unread_medications) == (1, True, 0)
    orders = chart(medications=[untyped(prescription("warfarin"), said)])
    assert orders.unreadable == (Unreadable("medication", NO_KIND),)
    assert (orders.unread_conditions, orders.masked_conditions, orders.unread_medications) == (0, False, 1)


@pytest.mark.parametrize(("key", "said"), SHOUTED.items())
def test_its_kind_in_other_letters_is_not_another_kind(key: str, said: str) -> None:
    found = chart(**{key: [{"resourceType": said}]})
    assert [one.reason for one in found.unreadable] == [NO_KIND]
    assert found.unread_conditions + found.unread_medications == 1


def test_one_that_is_of_another_kind_or_of_a_stranger_does_not() -> None:
    encounter = {"resourceType": "Encounter", "subject": {"reference": f"Patient/{PATIENT}"}}
    found = chart(conditions=[encounter, untyped(condition("Skin necrosis", subject=STRANGER), {})])
    assert found.unreadable == (Unreadable("condition", OTHER_KIND), Unreadable("condition", NO_KIND))
    assert (found.unread_conditions, found.masked_conditions) == (0, False)
    assert chart(dialysis_procedures=[{}]).unread_conditions == 0


def test_a_condition_of_which_nobody_can_tell_whose_it_is_counts_as_unread() -> None:
    found = chart(conditions=[condition("Skin necrosis", subject=WHOSE), condition("Gout")])
    assert found.unreadable == (Unreadable("condition", NOBODYS),)
    assert (len(found.conditions), found.unread_conditions, found.masked_conditions) == (1, 1, True)
    wrong = condition("Skin necrosis", subject=WHOSE, verificationStatus="entered-in-error")
    assert chart(conditions=[wrong, condition("Gout")]).unread_conditions == 0
    assert chart(conditions=[untyped(condition("Gout", subject=WHOSE), {})]).unread_conditions == 1


def test_a_list_of_such_alone_could_not_be_read_and_is_not_called_a_strangers() -> None:
    found = chart(conditions=[condition("Skin necrosis", subject=WHOSE), condition("Gout", subject=STRANGER)])
    assert [gap.reason for gap in found.gaps] == [OF_NOBODY]


@pytest.mark.parametrize("odd", [{"subject": WHOSE}, {"resourceType": None}])
def test_a_session_that_may_be_the_patients_may_be_dialysis(odd: Json) -> None:
    session, other = procedure((SNOMED, "302497006")), procedure((SNOMED, "71388002"))
    found = chart(dialysis_procedures=[session | odd, other | odd, other])
    assert (found.procedures, found.unread_sessions) == ((), (date(2026, 2, 27),))
    assert chart(dialysis_procedures=[session | odd | {"subject": STRANGER}, other]).unread_sessions == ()


def test_a_result_that_may_be_the_patients_may_be_newer() -> None:
    found = chart(calcium=[observation(subject=WHOSE), observation(value=9.9, effectiveDateTime="2026-02-01")])
    assert found.unreadable == (Unreadable("total_calcium", NOBODYS, date(2026, 3, 1)),)
    cancelled = chart(calcium=[observation(subject=WHOSE, status="cancelled"), observation()])
    assert [one.no_result for one in cancelled.unreadable] == [True]


def test_so_does_an_active_order() -> None:
    found = chart(medications=[prescription("warfarin", subject=WHOSE), prescription("lisinopril")])
    assert found.unreadable == (Unreadable("medication", NOBODYS),)
    assert (len(found.medications), found.unread_medications) == (1, 1)


def test_a_condition_with_half_a_character_counts_as_unread() -> None:
    found = chart(conditions=[condition("Skin nec\ufffdrosis"), condition("Gout"), condition("", id="masked")])
    assert found.unreadable == (Unreadable("condition", GARBLED),)
    assert (len(found.conditions), found.unread_conditions, found.masked_conditions) == (3, 1, True)


@settings(max_examples=300)
@given(st.sampled_from(sorted(GOOD)), st.randoms(use_true_random=False), ANY_JSON)
def test_any_mutation_of_good_resources_is_read(key: str, chance: random.Random, replacement: Any) -> None:
    resources = mutated(GOOD[key], chance, replacement)
    drafts = [draft for draft in mutated(GOOD["medications"], chance, replacement) if isinstance(draft, dict)]
    found = chart(drafted(*drafts), **{key: resources})
    # A mutation of the subject may leave nothing but another patient's records: that is a look-up that failed.
    assert {gap.reason for gap in found.gaps} <= {STRANGERS}


@given(st.sampled_from(sorted(QUERIES)), st.lists(ANY_JSON, max_size=4))
def test_any_json_is_read_as_an_empty_chart_that_counts_what_it_could_not_use(key: str, resources: list[Any]) -> None:
    found = chart(**{key: resources})
    counted = [found.unread_conditions, found.unread_medications]
    assert replace(found, unread_conditions=0, unread_medications=0, masked_conditions=False) == Chart(
        unreadable=found.unreadable
    )
    assert len(found.unreadable) == len(resources)
    assert counted == [len(resources) * (key == "conditions"), len(resources) * (key == "medications")]
    assert found.masked_conditions is (found.unread_conditions > 0)


@given(st.sampled_from(sorted(QUERIES)), st.dictionaries(st.text(max_size=8), ANY_JSON, max_size=4))
def test_any_members_of_a_resource_of_the_right_type_are_read(key: str, members: dict[str, Any]) -> None:
    resource = members | {"resourceType": QUERIES[key].resource_type}
    assert chart(**{key: [resource]}).gaps == ()
