"""What the log keeps of codes that the vocabulary does not hold: system, code, unit; few; nothing of a person."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from cds_service.knowledge import Knowledge
from cds_service.unknown_codes import Patient, Unmapped
from cds_service.unknown_codes.crowd import Crowd
from cds_service.unknown_codes.plain_codes import CODE_OF_FEW, WORDS_FOR_CODE
from fhir_mappings.bases import ANYWHERE
from fhir_mappings.gathered import Gathered
from fhir_mappings.queries import Query

LOINC, LOCAL = "http://loinc.org", "urn:oid:1.2.3.4"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
CALCIUM, POTASSIUM, WARFARIN = "17861-6", "2823-3", "855332"
Json = dict[str, Any]


def concept(*codings: tuple[str, str]) -> Json:
    coding = [{"system": system, "code": code, "display": "Mrs Example"} for system, code in codings]
    return {"coding": coding, "text": "Words of a person"}


def result(*codings: tuple[str, str], unit: str | None = "mg/dL") -> Json:
    quantity = {"valueQuantity": {"value": 987654, "unit": unit}} if unit else {"valueString": "words"}
    return {"resourceType": "Observation", "code": concept(*codings), **quantity}


def order(*codings: tuple[str, str]) -> Json:
    return {"resourceType": "MedicationRequest", "medicationCodeableConcept": concept(*codings)}


ONE = Patient("northern", "https://ehr.example/fhir", "1")


def told(
    knowledge: Knowledge,
    *resources: Any,
    medications: Json | None = None,
    patient: Patient = ONE,
    crowd: Crowd | None = None,
) -> list[tuple[str, ...]]:
    queries = [Gathered(query_for(knowledge, kind), resources) for kind in ("Observation", "MedicationRequest")]
    zone = ZoneInfo("UTC")
    on, crowd = date(2026, 3, 2), crowd or Crowd()
    return list(Unmapped(knowledge.vocabulary, queries, medications or {}, ANYWHERE, on, zone, patient, crowd).codes())


def query_for(knowledge: Knowledge, kind: str) -> Query:
    return next(query for query in knowledge.queries if query.resource_type == kind)


def test_a_code_of_the_vocabulary_is_not_told(knowledge: Knowledge) -> None:
    assert told(knowledge, result((LOINC, CALCIUM)), order((RXNORM, WARFARIN))) == []


def test_without_a_record_there_is_none(knowledge: Knowledge) -> None:
    assert told(knowledge) == []


def test_labs_are_told_with_their_unit_and_drugs_without(knowledge: Knowledge) -> None:
    assert told(knowledge, result((LOCAL, "PHOS")), order((LOCAL, "A1"))) == [
        ("lab", LOCAL, CODE_OF_FEW, "mg/dL"),
        ("drug", LOCAL, "A1", ""),
    ]
    assert told(knowledge, result((LOCAL, "PO4"), unit=None)) == [("lab", LOCAL, "PO4", "")]


@pytest.mark.parametrize("code", ["PHOS", "K_SER", "CA-TOT"])
def test_a_local_code_in_letters_is_told_from_the_fifth_patient_on(code: str, knowledge: Knowledge) -> None:
    crowd = Crowd()
    found = [
        told(knowledge, result((LOCAL, code)), patient=ONE._replace(id=str(number // 2)), crowd=crowd)[0][2]
        for number in range(12)
    ]
    assert found == [CODE_OF_FEW] * 8 + [code] * 4


@pytest.mark.parametrize("elsewhere", [ONE._replace(tenant="southern"), ONE._replace(server="https://other.example")])
def test_patients_of_one_tenant_and_server_do_not_vouch_for_codes_of_another(
    elsewhere: Patient, knowledge: Knowledge
) -> None:
    crowd = Crowd()
    for number in range(9):
        told(knowledge, result((LOCAL, "PHOS")), patient=ONE._replace(id=str(number)), crowd=crowd)
    assert told(knowledge, result((LOCAL, "PHOS")), patient=elsewhere, crowd=crowd)[0][2] == CODE_OF_FEW


@pytest.mark.parametrize(
    ("system", "code"), [("our lab", "PHOS"), ("", "PHOS"), (LOCAL, "Smith"), (LOCAL, "EVA SMITH")]
)
def test_words_and_codes_without_the_address_of_a_table_are_told_of_no_number_of_patients(
    system: str, code: str, knowledge: Knowledge
) -> None:
    crowd = Crowd()
    for number in range(9):
        patient = ONE._replace(id=str(number))
        (found,) = told(knowledge, result((system, code)), patient=patient, crowd=crowd)
        assert found[2] == WORDS_FOR_CODE


def test_a_record_that_also_has_a_code_of_the_vocabulary_tells_nothing(knowledge: Knowledge) -> None:
    assert told(knowledge, result((LOCAL, "CA2"), (LOINC, CALCIUM)), order((LOCAL, "A1"), (RXNORM, WARFARIN))) == []


def test_each_is_told_once_also_where_it_is_remembered_from_an_earlier_call(knowledge: Knowledge) -> None:
    for _ in range(2):
        twice = [result((LOCAL, "PO4")), result((LOCAL, "PO4")), result((LOCAL, "PO4"), unit="mmol/L")]
        assert told(knowledge, *twice) == [("lab", LOCAL, "PO4", "mg/dL"), ("lab", LOCAL, "PO4", "mmol/L")]


def test_another_vocabulary_is_not_answered_for_with_what_was_found_for_this_one(knowledge: Knowledge) -> None:
    assert told(knowledge, result((LOINC, CALCIUM))) == []
    labs = replace(knowledge.vocabulary.labs, by_code={}, excluded=frozenset(), telling=frozenset())
    other = replace(knowledge, vocabulary=replace(knowledge.vocabulary, labs=labs))
    assert told(other, result((LOINC, CALCIUM))) == [("lab", LOINC, CALCIUM, "mg/dL")]
    assert told(knowledge, result((LOINC, CALCIUM))) == []


def test_few_are_told_and_those_of_systems_that_are_not_read_come_first(knowledge: Knowledge) -> None:
    found = told(knowledge, *(result((LOINC, f"9{number}-1")) for number in range(30)), result((LOCAL, "PO4")))
    assert len(found) == 20
    assert found[0] == ("lab", LOCAL, "PO4", "mg/dL")


def test_the_drug_that_an_order_refers_to_is_looked_at(knowledge: Knowledge) -> None:
    refers = {"resourceType": "MedicationRequest", "medicationReference": {"reference": "Medication/1"}}
    drug = {"resourceType": "Medication", "id": "1", "code": concept((LOCAL, "A7"))}
    assert told(knowledge, refers, medications={"Medication/1": drug}) == [("drug", LOCAL, "A7", "")]


def test_the_parts_of_a_result_are_looked_at(knowledge: Knowledge) -> None:
    panel = {"resourceType": "Observation", "code": concept(), "component": [{"code": concept((LOCAL, "PO4"))}]}
    assert told(knowledge, panel) == [("lab", LOCAL, "PO4", "")]
    known = {**panel, "component": [*panel["component"], {"code": concept((LOINC, CALCIUM))}]}
    assert told(knowledge, known) == []


@pytest.mark.parametrize("code", ["Mrs Example", "Smith", "19470131", "x" * 300])
def test_words_and_names_in_place_of_codes_and_units_are_not_repeated(code: str, knowledge: Knowledge) -> None:
    found = told(knowledge, result((code, code), unit=code), order((code, code)))
    assert found
    assert code not in repr(found)
    assert "987654" not in repr(found)
    assert "person" not in repr(found)


@pytest.mark.parametrize("part", [None, 5, "text", [], {}, [None], [[]], [{"code": 5}], [{"system": 7, "code": {}}]])
def test_any_json_is_looked_through_without_a_fault(part: Any, knowledge: Knowledge) -> None:
    shapes = [
        part,
        {"resourceType": part},
        {"resourceType": "Observation", "code": part, "valueQuantity": part},
        {"resourceType": "Observation", "code": {"coding": part}, "component": part},
        {"resourceType": "MedicationRequest", "medicationCodeableConcept": {"coding": part}},
        {"resourceType": "MedicationRequest", "medicationReference": part, "contained": part},
    ]
    assert all(len(code) == 4 for code in told(knowledge, *shapes))


def test_calls_with_other_vocabularies_at_once_disturb_nobody(knowledge: Knowledge) -> None:
    queries = [Gathered(query_for(knowledge, "Observation"), ())]

    def one_call(_: int) -> int:
        own = replace(knowledge.vocabulary)
        return len(Unmapped(own, queries, {}, ANYWHERE, date(2026, 3, 2), ZoneInfo("UTC"), ONE).codes())

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(4) as threads:
            assert set(threads.map(one_call, range(8_000))) == {0}
    finally:
        sys.setswitchinterval(before)
