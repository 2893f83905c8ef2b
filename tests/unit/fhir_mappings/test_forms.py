"""The forms of a query: the usual one first, each address once, none that is empty."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from fhir_mappings.forms import PLAINER, USUAL, WITH_SYSTEMS, Form, forms_of, meets
from fhir_mappings.packaged import default_knowledge
from fhir_mappings.queries import Query, build_queries
from tests.unit.cds_service.odd_fhir_server import formed

ON = date(2026, 3, 2)
POLICY, VOCABULARY = default_knowledge()
QUERIES = build_queries(VOCABULARY, POLICY)


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.key)
def test_the_usual_form_is_what_the_service_asks_first(query: Query) -> None:
    for asked in (query, formed(query)):
        assert forms_of(asked, "p", ON)[0] == Form(USUAL, asked.fetch_path("p", ON))


def test_the_patient_is_read_in_one_way() -> None:
    assert forms_of(QUERIES[0], "p", ON) == (Form(USUAL, "Patient/p"),)
    assert forms_of(formed(QUERIES[0]), "p", ON) == (Form(USUAL, "Patient/p"),)


def test_plainer_forms_come_in_their_order_and_then_the_one_with_systems() -> None:
    calcium = formed(next(query for query in QUERIES if query.key == "calcium"))
    forms = forms_of(calcium, "p", ON)
    assert [form.name for form in forms] == [USUAL, f"{PLAINER} 1", f"{PLAINER} 2", WITH_SYSTEMS]
    assert [form.path for form in forms[1:3]] == list(calcium.plainer("p", ON))
    assert forms[3].path == calcium.with_systems().fetch_path("p", ON)


def test_an_address_that_stands_twice_is_asked_once_under_its_first_name() -> None:
    query = formed(Query("k", "w", "Condition", (("_count", "5"),)))
    assert [form.name for form in forms_of(query, "p", ON)] == [USUAL, f"{PLAINER} 2"]


def resource(kind: str, *codes: str, **members: Any) -> dict[str, Any]:
    return {"resourceType": kind, "code": {"coding": [{"code": code} for code in codes]}, **members}


CODED = Query("k", "w", "Observation", (("code", "1-8,2-6"),))
ACTIVE = Query("k", "w", "MedicationRequest", (("status", "active"),))
PART = {"component": [{"code": {"coding": [{"code": "2-6"}]}}]}


@pytest.mark.parametrize(
    ("query", "found", "expected"),
    [
        (CODED, resource("Observation", "x", "1-8"), True),
        (CODED, resource("Observation", "x", **PART), True),
        (CODED, resource("Observation", "x"), False),
        (CODED, resource("Procedure", "1-8"), False),
        (replace(CODED, params=(("code", "http://loinc.org|1-8"),)), resource("Observation", "1-8"), True),
        (ACTIVE, resource("MedicationRequest", status="Active"), True),
        (ACTIVE, resource("MedicationRequest"), True),
        (ACTIVE, resource("MedicationRequest", status="completed"), False),
        (ACTIVE, resource("Medication", status="active"), False),
        (Query("k", "w", "Condition"), resource("Condition", status="any"), True),
    ],
)
def test_what_a_plainer_form_brings_beyond_the_query_is_not_found_by_it(
    query: Query, found: dict[str, Any], expected: bool
) -> None:
    assert meets(query, found) is expected
