"""The history of a patient from everything that was gathered: longer searches, periods, and what could not be read."""

from __future__ import annotations

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_mappings.chart import ChartContext, Gathered
from fhir_mappings.course.history import LOOK_BACK_DAYS, course_queries, past_orders, read_history
from fhir_mappings.packaged import default_policy, default_vocabulary
from fhir_mappings.patients import NAMELESS, patient_name
from fhir_mappings.queries import Query, build_queries
from fhir_mappings.vocabulary import Vocabulary
from hooks.course.record import History
from tests.unit.fhir_mappings.resources import (
    PATIENT,
    SNOMED,
    condition,
    observation,
    prescription,
    procedure,
)

TODAY = date(2026, 3, 2)
VOCABULARY = default_vocabulary()
SERVICES = {query.key: query for query in build_queries(VOCABULARY, default_policy())}
QUERIES = {query.key: query for query in course_queries(SERVICES.values())}
BY_TYPE = {query.resource_type: query for query in QUERIES.values()}


def history(*resources: Any, vocabulary: Vocabulary, medications: dict[str, Any] | None = None) -> History:
    gathered = [
        Gathered(query, [one for one in resources if not isinstance(one, dict) or one.get("resourceType") == kind])
        for kind, query in BY_TYPE.items()
    ]
    context = ChartContext(PATIENT, TODAY, ZoneInfo("UTC"), medications=medications or {})
    return read_history(gathered, context, vocabulary)


# ------------------------------------------------------------------ searches
def test_the_course_asks_for_all_but_the_sepsis_watch_and_the_medication_history() -> None:
    assert SERVICES.keys() - QUERIES.keys() == {"temperature", "inflammation", "medication_statements"}


@pytest.mark.parametrize("key", [key for key, query in SERVICES.items() if query.look_back_days and key in QUERIES])
def test_a_search_reaches_two_years_beyond_what_the_rules_look_at(key: str) -> None:
    look_back = SERVICES[key].look_back_days
    assert look_back is not None
    assert QUERIES[key].look_back_days == look_back + LOOK_BACK_DAYS


def test_prescriptions_of_every_status_are_asked_for() -> None:
    path = QUERIES["medications"].fetch_path("p1", TODAY)
    assert "status=" not in path
    assert path.startswith("MedicationRequest?patient=p1&")


def test_results_are_asked_for_by_code_and_since_a_day() -> None:
    path = QUERIES["calcium"].fetch_path("p1", TODAY)
    assert "code=17861-6," in path
    assert "&date=ge2023-" in path
    assert path.endswith("_count=500")


def test_the_read_of_the_patient_stays_a_read() -> None:
    assert QUERIES["patient"].fetch_path("p1", TODAY) == "Patient/p1"


def test_orders_that_are_over_are_put_as_active_so_that_their_drugs_are_looked_up() -> None:
    orders = [
        prescription("a", status="completed"),
        prescription("b", status="active"),
        prescription("c", status="cancelled"),
        "no order",
    ]
    assert [(one["medicationCodeableConcept"]["text"], one["status"]) for one in past_orders(orders)] == [
        ("a", "active")
    ]


# ------------------------------------------------------------------ the history
def test_drugs_of_every_time_have_a_period_and_only_active_ones_are_in_the_chart(vocabulary: Vocabulary) -> None:
    found = history(
        prescription("warfarin", id="1"),
        prescription("calcium acetate", id="2", status="stopped"),
        prescription("calcitriol", id="3", status="cancelled"),
        vocabulary=vocabulary,
    )
    assert [one.medication.display for one in found.medications] == ["warfarin", "calcium acetate"]
    assert [one.display for one in found.chart.medications] == ["warfarin"]


def test_a_past_drug_in_a_medication_of_its_own_is_read_from_there(vocabulary: Vocabulary) -> None:
    order = prescription(id="1", status="stopped", medicationCodeableConcept=None)
    order["medicationReference"] = {"reference": "Medication/m1"}
    medication = {"resourceType": "Medication", "id": "m1", "code": {"text": "warfarin"}}
    included = Gathered(QUERIES["medications"], [order, medication])
    context = ChartContext(PATIENT, TODAY, ZoneInfo("UTC"))
    beside = read_history([included], context, vocabulary)
    apart = history(order, vocabulary=vocabulary, medications={"Medication/m1": medication})
    assert [one.medication.display for one in (*beside.medications, *apart.medications)] == ["warfarin", "warfarin"]


def test_a_past_drug_that_cannot_be_read_is_counted_and_named(vocabulary: Vocabulary) -> None:
    order = prescription(id="1", status="stopped", medicationCodeableConcept=None)
    order["medicationReference"] = {"reference": "Medication/m1"}
    nameless = prescription(id="2", status="stopped", medicationCodeableConcept=None)
    found = history(order, nameless, vocabulary=vocabulary)
    assert (found.chart.unread_medications, found.unread_past) == (0, 2)
    assert [one.reason for one in found.chart.unreadable] == ["no drug named", "no drug named"]
    assert found.medications == ()


def test_an_active_drug_that_cannot_be_read_is_counted_once(vocabulary: Vocabulary) -> None:
    order = prescription(id="1", medicationCodeableConcept=None)
    order["medicationReference"] = {"reference": "Medication/m1"}
    found = history(order, vocabulary=vocabulary)
    assert (found.chart.unread_medications, len(found.chart.unreadable)) == (1, 1)


def test_what_came_twice_counts_once_and_anothers_records_never(vocabulary: Vocabulary) -> None:
    livedo = condition("Livedo", (SNOMED, "238772004"), id="1")
    foreign = condition("Livedo", (SNOMED, "238772004"), id="2", subject={"reference": "Patient/other"})
    dialysis = procedure((SNOMED, "302497006"))
    other = procedure((SNOMED, "1"))
    found = history(livedo, livedo, foreign, dialysis, other, "nonsense", vocabulary=vocabulary)
    assert len(found.conditions) == 1
    assert len(found.procedures) == 1


def test_refuted_conditions_have_no_period(vocabulary: Vocabulary) -> None:
    refuted = condition("Livedo", (SNOMED, "238772004"), verificationStatus={"coding": [{"code": "refuted"}]})
    assert history(refuted, vocabulary=vocabulary).conditions == ()


def test_failed_searches_are_gaps_of_the_chart(vocabulary: Vocabulary) -> None:
    failed = Gathered(QUERIES["calcium"], (), failed="the FHIR server answered 500")
    found = read_history([failed], ChartContext(PATIENT, TODAY, ZoneInfo("UTC")), vocabulary)
    assert [(gap.query, gap.reason) for gap in found.chart.gaps] == [("calcium", "the FHIR server answered 500")]


def test_results_are_those_of_the_chart(vocabulary: Vocabulary) -> None:
    found = history(observation(), vocabulary=vocabulary)
    assert [result.value for results in found.chart.results.values() for result in results] == [9.4]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-10**12, 10**12) | st.floats() | st.text(max_size=8)
    | st.sampled_from(["stopped", "resolved", "2026-02-30", "9999-12-31", "0001-01-01", "Medication/m", "wk", "d"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            ["start", "end", "timing", "repeat", "boundsPeriod", "boundsDuration", "value", "code", "reference", "text"]
        ),
        inner,
        max_size=4,
    ),
    max_leaves=12,
)  # fmt: skip
MEMBERS = [
    *("status", "doNotPerform", "authoredOn", "dosageInstruction", "dispenseRequest", "statusChanged", "name"),
    *("clinicalStatus", "abatementDateTime", "abatementPeriod", "onsetDateTime", "recordedDate", "code"),
    *("performedPeriod", "performedDateTime", "medicationReference", "medicationCodeableConcept", "id", "subject"),
]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["MedicationRequest", "Condition", "Procedure", "Patient"]),
            st.dictionaries(st.sampled_from(MEMBERS), JSON, max_size=6),
        ),
        max_size=4,
    )
)
def test_any_json_at_all_can_be_read(drawn: list[tuple[str, dict[str, Any]]]) -> None:
    resources = [{"resourceType": kind, **members} for kind, members in drawn]
    assert history(*resources, vocabulary=VOCABULARY)
    assert all(patient_name(resource) for resource in resources)


def test_a_query_of_another_kind_is_left_as_it_is() -> None:
    (found,) = course_queries([Query("conditions", "conditions", "Condition", (("_count", "200"),))])
    assert (found.look_back_days, found.params) == (None, (("_count", "500"),))


# ------------------------------------------------------------------ the name
@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ([{"text": "Ariadne Synthetic", "family": "x"}], "Ariadne Synthetic"),
        ([{"given": ["Ariadne", "M."], "family": "Synthetic"}], "Synthetic, Ariadne M."),
        ([{"use": "old", "text": "before"}, {"use": "official", "text": "now"}], "now"),
        ([{"given": "Ariadne"}], "Ariadne"),
        ([{}], NAMELESS),
        (None, NAMELESS),
    ],
)
def test_the_name_is_the_one_in_use_as_written(name: Any, shown: str) -> None:
    assert patient_name({"name": name}) == shown
