"""The records of a patient become one searchset for each search of ours, and none is lost on the way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest

from cds_service.knowledge import Knowledge
from cds_service.tryout.records import records_in
from cds_service.tryout.searchsets import prefetch_of, unused
from fhir_mappings.queries import Query
from tests.unit.cds_service.tryout.conftest import (
    ALBUMIN,
    DIALYSIS,
    HIGH_CALCIUM,
    PATIENT,
    RECORD,
    Json,
    about,
    concept,
    order,
    result,
)

MEDICATION = {"resourceType": "Medication", "id": "med1", "code": {"text": "warfarin"}}
STATEMENT = about({"resourceType": "MedicationStatement", "id": "s1", "status": "active"})
PHOSPHATE_PART = [{"code": concept("urn:x", "2777-1")}]
DISPENSE = about({"resourceType": "MedicationDispense", "id": "x1", "status": "completed"})


@pytest.fixture
def queries(knowledge: Knowledge) -> Sequence[Query]:
    return knowledge.queries_for("patient-view")


def made(sent: Any, queries: Sequence[Query]) -> Json:
    return prefetch_of(records_in(sent), queries)


def held(prefetch: Json, key: str) -> list[str]:
    return [entry["resource"]["id"] for entry in prefetch[key]["entry"]]


def test_each_record_stands_in_the_search_that_would_find_it(queries: Sequence[Query]) -> None:
    prefetch = made(RECORD, queries)
    assert prefetch["patient"] == PATIENT
    assert set(prefetch) == {query.key for query in queries}
    assert (held(prefetch, "calcium"), held(prefetch, "phosphate_albumin")) == (["o1"], ["o2"])
    assert (held(prefetch, "dialysis_procedures"), held(prefetch, "procedures")) == (["d1"], [])


@pytest.mark.parametrize(
    ("resource", "key", "mode"),
    [
        (result("odd", "LAB-7", 9.1, system="urn:oid:1.2.3"), "calcium", "include"),
        (result("coded", "17861-6", 9.1, system="urn:oid:1.2.3"), "calcium", "match"),
        ({**result("no", "x", 1), "code": {"text": "Calcium"}}, "calcium", "include"),
        ({**result("no", "x", 1), "code": "junk", "status": "entered-in-error"}, "calcium", "include"),
        ({**HIGH_CALCIUM, "code": {}, "component": PHOSPHATE_PART}, "phosphate_albumin", "match"),
        ({**DIALYSIS, "code": {"text": "Dialysis"}}, "procedures", "match"),
        (order("stopped", "warfarin", status="stopped"), "medications", "match"),
        (order("draft", "warfarin", status="draft"), "medications", "match"),
        (STATEMENT, "medication_statements", "match"),
        (DISPENSE, "medication_dispenses", "match"),
    ],
)
def test_no_record_is_left_out_by_its_code_or_status(
    resource: Json, key: str, mode: str, queries: Sequence[Query]
) -> None:
    prefetch = made([PATIENT, resource], queries)
    assert [entry for entry in prefetch[key]["entry"] if entry["resource"] == resource] == [
        {"resource": resource, "search": {"mode": mode}}
    ]
    held_in = [name for name, sent in prefetch.items() if name != "patient" and sent["entry"]]
    assert held_in == [key]


def test_a_long_list_does_not_look_cut_off(queries: Sequence[Query]) -> None:
    many = [result(f"o{number}", "17861-6", 9.0) for number in range(250)]
    calcium = made([PATIENT, *many], queries)["calcium"]
    modes = Counter(entry["search"]["mode"] for entry in calcium["entry"])
    assert modes == {"match": 99, "include": 151}
    assert calcium["total"] == 99


def test_medications_stand_beside_the_orders_that_may_refer_to_them(queries: Sequence[Query]) -> None:
    entry = {"fullUrl": "urn:uuid:1", "resource": MEDICATION}
    prefetch = made([PATIENT, order("m1", "x"), STATEMENT, entry], queries)
    assert held(prefetch, "medications") == ["m1", "med1"]
    assert held(prefetch, "medication_statements") == ["s1", "med1"]
    assert prefetch["medications"]["entry"][1]["fullUrl"] == "urn:uuid:1"


def test_medications_alone_are_no_answer_to_a_search_for_orders(queries: Sequence[Query]) -> None:
    assert held(made([PATIENT, MEDICATION], queries), "medications") == []


def test_a_page_that_goes_on_goes_on_in_every_searchset(queries: Sequence[Query]) -> None:
    link = [{"relation": "next", "url": "https://ehr.example/2"}]
    page = {"resourceType": "Bundle", "entry": [{"resource": PATIENT}], "link": link}
    prefetch = made(page, queries)
    assert all(sent["link"] == link for key, sent in prefetch.items() if key != "patient")
    assert "link" not in made([PATIENT], queries)["calcium"]


def test_without_a_patient_there_is_no_such_key(queries: Sequence[Query]) -> None:
    assert "patient" not in made([ALBUMIN], queries)


def test_what_we_do_not_ask_for_is_counted_by_type(queries: Sequence[Query]) -> None:
    others = [{"resourceType": "Claim"}, {"resourceType": "Encounter"}, {"resourceType": "Claim"}]
    found = records_in([*RECORD, MEDICATION, STATEMENT, DISPENSE, *others])
    assert unused(found, queries) == {"Claim": 2, "Encounter": 1}
