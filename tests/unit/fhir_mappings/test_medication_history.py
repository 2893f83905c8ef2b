"""MedicationStatement, MedicationDispense and MedicationAdministration: status, days, supply, and whose they are."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from fhir_mappings.chart import ChartContext, build_chart
from fhir_mappings.drug_places import new_shelf
from fhir_mappings.gathered import PARTIAL, STRANGERS, Gathered
from fhir_mappings.medication_history import (
    MOST_LEVELS,
    NO_DATE,
    came_along,
    is_history,
    is_stopped,
    may_count,
    read_taken,
    references_of,
    sent_under_other_keys,
)
from fhir_mappings.packaged import default_policy, default_vocabulary
from fhir_mappings.queries import HISTORY, STOPPED_ORDERS, build_queries
from fhir_mappings.subjects import ANOTHER_PATIENT
from hooks.chart import Chart, Gap, Medication, Source, Taken, Unreadable
from tests.unit.fhir_mappings.resources import PATIENT, RXNORM, Json, about, concept, prescription

ON, UTC = date(2026, 3, 2), ZoneInfo("UTC")
VOCABULARY = default_vocabulary()
QUERIES = {query.key: query for query in build_queries(VOCABULARY, default_policy(), HISTORY)}
CONTEXT = ChartContext(PATIENT, ON, UTC)
KINDS = {
    "statement": ("MedicationStatement", "active"),
    "dispense": ("MedicationDispense", "completed"),
    "administration": ("MedicationAdministration", "completed"),
}


def entry(kind: str = "statement", text: str = "warfarin 5 mg", **more: Any) -> Json:
    """An entry with no date; members given as None are left out."""
    resource_type, status = KINDS[kind]
    found: Json = {
        "resourceType": resource_type,
        "status": status,
        "subject": about(),
        "medicationCodeableConcept": concept(text),
        **more,
    }
    return {key: member for key, member in found.items() if member is not None}


def taken(resource: Json, **more: Any) -> Taken:
    return read_taken(resource, new_shelf(), ON, UTC, VOCABULARY.drugs, **more)


def chart(*history: Any, context: ChartContext = CONTEXT, **found: list[Any]) -> Chart:
    queries = [Gathered(QUERIES[key], resources) for key, resources in found.items()]
    return build_chart(queries, replace(context, history=history), VOCABULARY)


def ago(days: int) -> str:
    return (ON - timedelta(days=days)).isoformat()


# ---------------------------------------------------------------- status
@pytest.mark.parametrize(
    ("kind", "counted", "not_counted"),
    [
        (
            "statement",
            ("active", "Active", None),
            ("completed", "entered-in-error", "intended", "stopped", "on-hold", "unknown", "not-taken"),
        ),
        (
            "administration",
            ("completed", "in-progress", "stopped", "unknown", "COMPLETED", None),
            ("not-done", "on-hold", "entered-in-error", "NOT-DONE"),
        ),
        (
            "dispense",
            ("completed", "Completed", None),
            (
                "preparation",
                "in-progress",
                "cancelled",
                "on-hold",
                "entered-in-error",
                "stopped",
                "declined",
                "unknown",
            ),
        ),
    ],
)
def test_a_status_says_whether_a_drug_came_into_the_patient(
    kind: str, counted: tuple[str | None, ...], not_counted: tuple[str, ...]
) -> None:
    assert [status for status in counted if not may_count(entry(kind, status=status))] == []
    assert [status for status in not_counted if may_count(entry(kind, status=status))] == []


@pytest.mark.parametrize(
    ("status", "expected"),
    [("in-progress", True), ("stopped", True), ("unknown", True), ("on-hold", False), ("cancelled", False)],
)
def test_of_a_dispense_that_is_not_complete_what_was_handed_over_counts(status: str, expected: bool) -> None:
    assert may_count(entry("dispense", status=status, whenHandedOver=ago(3))) is expected
    assert not may_count(entry("dispense", status=status, whenPrepared=ago(3)))


@pytest.mark.parametrize("more", [{"doNotPerform": True}, {"taken": "n"}, {"taken": "N"}])
def test_what_is_said_not_to_be_taken_does_not_count(more: Json) -> None:
    assert not may_count(entry(**more))
    assert may_count(entry(doNotPerform=False, taken="y"))


@pytest.mark.parametrize("value", [None, 5, "MedicationStatement", [], prescription("warfarin"), {"resourceType": []}])
def test_nothing_else_is_an_entry_of_the_history(value: object) -> None:
    assert not may_count(value)
    assert not is_history(value)


def test_each_of_the_three_types_is_one() -> None:
    assert all(is_history(entry(kind)) for kind in KINDS)


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        (prescription(status="stopped"), True),
        (prescription(status="Cancelled"), True),
        (prescription(status="completed"), False),
        (prescription(status="active"), False),
        (entry(status="stopped"), False),
        ("stopped", False),
    ],
)
def test_an_order_that_was_stopped_or_cancelled_ends_entries(order: object, expected: bool) -> None:
    assert is_stopped(order) is expected


# ---------------------------------------------------------------- days
@pytest.mark.parametrize(
    ("more", "last", "since"),
    [
        ({}, None, None),
        ({"effectiveDateTime": ago(9)}, ago(9), ago(9)),
        ({"effectivePeriod": {"start": ago(9)}}, ago(9), ago(9)),
        ({"effectivePeriod": {"start": ago(9), "end": ago(2)}}, ago(2), ago(9)),
        ({"effectivePeriod": {"start": ago(9), "end": ago(-30)}}, ago(9), ago(9)),
        ({"effectivePeriod": {"start": ago(9)}, "dateAsserted": ago(4)}, ago(4), ago(9)),
        ({"dateAsserted": ago(4)}, ago(4), None),
        ({"effectivePeriod": {"start": "2026"}}, None, None),
        ({"effectiveDateTime": "2026-02"}, None, None),
        ({"effectivePeriod": {"start": ago(-10)}}, None, None),
        ({"effectivePeriod": {"start": ago(-10)}, "dateAsserted": ago(4)}, ago(4), None),
        ({"effectivePeriod": "2026", "dateAsserted": 7}, None, None),
    ],
)
def test_a_statement_is_as_new_as_its_last_word(more: Json, last: str | None, since: str | None) -> None:
    found = taken(entry(**more))
    assert found.drug is not None
    assert [day and day.isoformat() for day in (found.on, found.drug.authored)] == [last, since]


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, None),
        ({"effectiveDateTime": f"{ago(3)}T23:30:00Z"}, ago(3)),
        ({"effectivePeriod": {"start": ago(5), "end": ago(3)}}, ago(3)),
        ({"effectivePeriod": {"start": ago(5), "end": ago(-3)}}, ago(0)),
        ({"effectivePeriod": {"end": ago(3)}}, ago(3)),
        ({"effectivePeriod": {"start": ago(5)}}, ago(5)),
        ({"effectivePeriod": {"start": ago(-3), "end": ago(-2)}}, ago(-3)),
        ({"effectivePeriod": {"start": ago(5)}, "status": "in-progress"}, ago(0)),
        ({"effectivePeriod": {}, "status": "in-progress"}, None),
        ({"effectiveDateTime": ago(5), "status": "in-progress"}, ago(5)),
        ({"occurenceDateTime": ago(5)}, ago(5)),
        ({"occurrencePeriod": {"start": ago(5)}}, ago(5)),
        ({"effectiveDateTime": "yesterday"}, None),
    ],
)
def test_a_drug_was_given_when_the_giving_ended(more: Json, expected: str | None) -> None:
    found = taken(entry("administration", **more))
    assert found.drug is not None
    assert found.on == found.drug.authored
    assert (found.on and found.on.isoformat()) == expected


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, None),
        ({"whenPrepared": ago(5)}, ago(5)),
        ({"whenPrepared": ago(5), "whenHandedOver": ago(3)}, ago(3)),
    ],
)
def test_a_dispense_begins_with_its_handing_over(more: Json, expected: str | None) -> None:
    found = taken(entry("dispense", **more))
    assert (found.on and found.on.isoformat()) == expected


# ---------------------------------------------------------------- supply
@pytest.mark.parametrize(
    ("supply", "expected"),
    [
        (None, None),
        ({}, None),
        ({"value": 30}, 30),
        ({"value": "30"}, 30),
        ({"value": 30, "code": "d"}, 30),
        ({"value": 30, "unit": "Days"}, 30),
        ({"value": 4, "unit": "weeks", "code": "wk"}, 28),
        ({"value": 2, "code": "mo"}, 60.875),
        ({"value": 1, "code": "a"}, 365.25),
        ({"value": 48, "code": "h"}, 2),
        ({"value": 30, "unit": "tablets"}, None),
        ({"value": 0}, None),
        ({"value": -3}, None),
        ({"value": "a month"}, None),
        ("30 days", None),
    ],
)
def test_the_days_supply_is_read_in_its_unit(supply: object, expected: float | None) -> None:
    assert taken(entry("dispense", daysSupply=supply)).supply == expected
    assert taken(entry("administration", daysSupply=supply)).supply is None


# ---------------------------------------------------------------- the drug
def test_the_drug_is_known_as_that_of_an_order_is_and_has_no_order() -> None:
    coded = entry(id="s1", medicationCodeableConcept=concept("Warf 5", (RXNORM, "855332")), effectiveDateTime=ago(4))
    found = taken(coded)
    assert found.drug is not None
    assert (found.source, found.drug.source, found.drug.reference) == (Source.STATEMENT, Source.STATEMENT, "")
    assert [match.drug for match in found.drug.matches] == ["warfarin"]


@pytest.mark.parametrize("kind", KINDS)
def test_the_route_is_read_where_each_type_has_it(kind: str) -> None:
    key = {"dispense": "dosageInstruction"}.get(kind, "dosage")
    dosage: Any = {"route": {"text": "intravenous"}}
    given = entry(kind, "calcium gluconate 1 g", **{key: dosage if kind == "administration" else [dosage]})
    (drug, swallowed) = (taken(one).drug for one in (given, entry(kind, "calcium gluconate 1 g tablet")))
    assert drug is not None
    assert swallowed is not None
    assert drug.matches == ()
    assert swallowed.matches != ()


def test_a_drug_that_nobody_can_name_is_none() -> None:
    assert taken(entry(text="unknown")).drug is None


def test_a_drug_whose_medication_could_not_be_had_is_none_unless_it_names_one_of_ours() -> None:
    lost = frozenset({"Medication/m1"})

    def displayed(words: str) -> Json:
        reference = {"reference": "Medication/m1", "display": words}
        return entry(medicationCodeableConcept=None, medicationReference=reference)

    assert taken(displayed("blue tablet"), lost=lost).drug is None
    assert taken(displayed("blue tablet")).drug is not None
    assert taken(displayed("warfarin"), lost=lost).drug is not None


def test_what_entries_that_count_lead_to_is_still_to_be_read() -> None:
    by_reference = entry(medicationCodeableConcept=None, medicationReference={"reference": "Medication/m1"})
    order = prescription(medicationCodeableConcept=None, medicationReference={"reference": "Medication/m2"})
    over = {**by_reference, "status": "not-taken", "medicationReference": {"reference": "Medication/m3"}}
    assert references_of([by_reference, order, over, "strange"], new_shelf()) == {"Medication/m1", "Medication/m2"}


# ---------------------------------------------------------------- what came along
def test_entries_are_found_in_whatever_a_client_sends() -> None:
    one, other = entry(id="a"), entry("dispense", id="b")
    bundle = {"resourceType": "Bundle", "entry": [{"resource": one}, {"resource": prescription()}, {}, "strange"]}
    batch = {"resourceType": "Bundle", "entry": [{"resource": bundle}, {"resource": other}]}
    assert list(came_along(batch)) == [one, other]
    assert list(came_along(one)) == [one]
    assert list(came_along({"response": {"status": "200"}, "resource": bundle})) == [one]
    strange: list[object] = [None, "x", [], prescription(), {"resourceType": "Bundle", "entry": "x"}]
    assert [found for value in strange for found in came_along(value)] == []


def test_bundles_are_not_followed_without_end() -> None:
    nested: Json = entry()
    for _ in range(MOST_LEVELS):
        nested = {"resourceType": "Bundle", "entry": [{"resource": nested}]}
    assert list(came_along(nested)) == [entry()]
    assert list(came_along({"entry": [{"resource": nested}]})) == []


def test_what_was_not_asked_for_is_told_by_its_key() -> None:
    assert sent_under_other_keys({"conditions": 1, "dispenses": 2}, ["conditions", "calcium"]) == {"dispenses": 2}


# ---------------------------------------------------------------- in the chart
def test_entries_are_read_wherever_they_stand() -> None:
    found = chart(
        entry("administration", "calcitriol", effectiveDateTime=ago(1)),
        medication_statements=[entry()],
        conditions=[entry("dispense", "calcium acetate", whenHandedOver=ago(1))],
    )
    drugs = [one.drug.matches[0].drug for one in found.history if one.drug]
    assert sorted(drugs) == ["calcitriol", "calcium acetate", "warfarin"]
    assert found.unreadable == ()


def test_a_drug_that_no_rule_knows_leaves_no_trace() -> None:
    assert chart(entry(text="metoprolol")) == Chart()


def test_an_entry_of_another_patient_never_counts_and_is_told() -> None:
    found = chart(entry(subject={"reference": "Patient/p2"}))
    assert (found.history, found.unreadable) == ((), (Unreadable("medication history", ANOTHER_PATIENT),))


def test_of_two_versions_of_an_entry_the_later_counts() -> None:
    old, new = entry(id="s1", meta={"versionId": "1"}), entry(id="s1", meta={"versionId": "2"}, status="not-taken")
    assert chart(old, new).history == ()
    assert len(chart(old, {**new, "status": "active"}).history) == 1


@pytest.mark.parametrize("kind", ["dispense", "administration"])
def test_what_was_given_or_handed_over_without_a_date_is_told(kind: str) -> None:
    assert chart(entry(kind)).unreadable == (Unreadable("medication history", f"{NO_DATE} (warfarin 5 mg)"),)
    month = chart(entry(kind, effectiveDateTime="2026-02", whenHandedOver="2026-02"))
    assert month.unreadable == chart(entry(kind)).unreadable
    assert month.history[0].on is None
    assert chart(entry(kind, effectiveDateTime=ago(1), whenHandedOver=ago(1))).unreadable == ()
    assert chart(entry(kind, "metoprolol")).unreadable == ()


def test_a_statement_needs_no_date() -> None:
    assert chart(entry()).unreadable == ()


def test_an_included_medication_names_the_drug() -> None:
    reference = entry(medicationCodeableConcept=None, medicationReference={"reference": "Medication/m1"})
    medication = {"resourceType": "Medication", "id": "m1", "code": concept("", (RXNORM, "855332"))}
    (found,) = chart(medication_statements=[reference, medication]).history
    assert found.drug is not None
    assert found.drug.matches[0].drug == "warfarin"


def test_stopped_orders_are_read_where_there_is_something_that_they_may_end() -> None:
    orders = [
        prescription("warfarin", status="stopped"),
        prescription("warfarin", status="completed"),
        prescription("unknown", status="stopped"),
        prescription("warfarin", status="stopped", subject={"reference": "Patient/p2"}),
    ]
    found = chart(entry(), medications=orders)
    assert [(one.matches[0].drug, type(one)) for one in found.stopped] == [("warfarin", Medication)]
    assert chart(medications=orders).stopped == ()


@pytest.mark.parametrize(
    ("gathered", "reason"),
    [
        (Gathered(QUERIES["medication_statements"], (), failed="the server answered 403"), "the server answered 403"),
        (Gathered(QUERIES["medication_statements"], (), complete=False), PARTIAL),
        (Gathered(QUERIES["medication_statements"], [entry(subject={"reference": "Patient/p2"})]), STRANGERS),
        (Gathered(STOPPED_ORDERS, (), failed="the server answered 403"), "the server answered 403"),
    ],
)
def test_a_look_up_of_the_history_that_failed_is_a_gap_apart(gathered: Gathered, reason: str) -> None:
    found = build_chart([gathered], CONTEXT, VOCABULARY)
    assert found.gaps == ()
    cut = reason == PARTIAL
    assert found.optional_gaps == (Gap(gathered.query.key, gathered.query.what, reason, cut=cut),)


# ---------------------------------------------------------------- orders that an entry carries out
UNNAMED = {"medicationCodeableConcept": {"coding": [{"system": "urn:local", "code": "7"}]}}
ORDER = prescription("amlodipine 5 mg", id="o1")


@pytest.mark.parametrize(
    ("kind", "member"),
    [
        ("dispense", {"authorizingPrescription": [{"reference": "MedicationRequest/o1"}]}),
        ("administration", {"request": {"reference": "https://ehr.example/fhir/MedicationRequest/o1"}}),
        ("statement", {"basedOn": [{"reference": "CarePlan/o1"}, {"reference": "MedicationRequest/o1"}]}),
        ("statement", {"derivedFrom": [{"reference": "MedicationRequest/o1"}]}),
    ],
)
def test_an_entry_whose_order_names_the_drug_is_not_unread(kind: str, member: Json) -> None:
    unread = {**entry(kind, **member), **UNNAMED}
    assert chart(unread, medications=[ORDER]).history == ()
    assert [one.drug for one in chart(unread).history] == [None]
    other = {**unread, **{name: {"reference": "MedicationRequest/o2"} for name in member}}
    assert [one.drug for one in chart(other, medications=[ORDER]).history] == [None]
    assert len(chart(unread, medications=[{**ORDER, **UNNAMED}]).history) == 1
