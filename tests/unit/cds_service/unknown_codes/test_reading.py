"""Codes and units that the vocabulary does not hold: which are told, how often, and what is never shown."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from cds_service.knowledge import Knowledge, knowledge_of
from cds_service.knowledge.site_policy import parse_site_policy
from cds_service.settings import Settings
from cds_service.unknown_codes import CodeReading, UnknownCode, UnknownUnit, each_once, unknown_units
from cds_service.unknown_codes.plain_codes import WORDS_FOR_CODE, WORDS_FOR_SYSTEM, WORDS_FOR_UNIT
from fhir_mappings.drug_places import new_shelf
from tests.unit.cds_service.knowledge.policies import answered, policy_file

LOINC, SNOMED, LOCAL = "http://loinc.org", "http://snomed.info/sct", "urn:oid:1.2.3.4"
CALCIUM, POTASSIUM = "17861-6", "2823-3"
ON = date(2026, 3, 2)
Json = dict[str, Any]


def concept(*codings: tuple[str, str]) -> Json:
    return {"coding": [{"system": system, "code": code} for system, code in codings], "text": "Words of a person"}


def resource(kind: str, *codings: tuple[str, str], **members: Any) -> Json:
    return {"resourceType": kind, "code": concept(*codings), **members}


def order(*codings: tuple[str, str]) -> Json:
    return {"resourceType": "MedicationRequest", "medicationCodeableConcept": concept(*codings)}


def told(knowledge: Knowledge, *resources: Json) -> list[UnknownCode]:
    return list(CodeReading(knowledge.vocabulary, new_shelf(), ON, knowledge.zone).unknown(resources))


@pytest.mark.parametrize(
    ("known", "unknown"),
    [
        (resource("Observation", (LOINC, CALCIUM)), resource("Observation", (LOINC, POTASSIUM))),
        (
            resource("Observation", ("urn:oid:2.16.840.1.113883.6.1", CALCIUM)),
            resource("Observation", (LOCAL, CALCIUM)),
        ),
        (resource("Condition", (SNOMED, "236435004")), resource("Condition", (SNOMED, "38341003"))),
        (resource("Procedure", (SNOMED, "302497006")), resource("Procedure", (SNOMED, "80146002"))),
        (
            order(("http://www.nlm.nih.gov/research/umls/rxnorm", "855332")),
            order(("http://www.nlm.nih.gov/research/umls/rxnorm", "314200")),
        ),
    ],
    ids=lambda value: value["resourceType"],
)
def test_a_code_of_the_vocabulary_is_not_told_and_another_one_is(
    known: Json, unknown: Json, knowledge: Knowledge
) -> None:
    assert told(knowledge, known) == []
    (one,) = told(knowledge, known, unknown)
    assert one.resource_type == unknown["resourceType"]
    assert one.times == 1


def test_a_clinics_own_codes_are_known_to_it_and_to_nobody_else(knowledge: Knowledge) -> None:
    codes = {
        "lab": {"analyte": "phosphate", "code": "PHOS"},
        "drug": {"drug_class": "vitamin_k_antagonist", "code": "W5", "name": "warfarin"},
        "condition": {"finding": "calciphylaxis", "code": "C1"},
    }
    more = "".join(
        "\n".join([f"[[{name}]]", *(f"{key} = '{value}'" for key, value in {**one, "system": LOCAL}.items()), ""])
        for name, one in codes.items()
    )
    more += answered("phosphate", "calciphylaxis")
    theirs = knowledge_of(None, Settings(), parse_site_policy(policy_file(more=more), "north.toml")).knowledge
    records = [resource("Observation", (LOCAL, "PHOS")), order((LOCAL, "W5")), resource("Condition", (LOCAL, "C1"))]
    assert told(theirs, *records) == []
    assert len(told(knowledge, *records)) == 3
    result = resource("Observation", (LOCAL, "PHOS"), valueQuantity={"value": 1, "unit": "oz"})
    assert unknown_units([result], theirs.vocabulary) == (UnknownUnit("phosphate", "oz", 1),)
    assert unknown_units([result], knowledge.vocabulary) == ()


def test_a_code_counts_as_often_as_it_comes_and_the_most_frequent_is_first(knowledge: Knowledge) -> None:
    rare, often = resource("Observation", (LOCAL, "K")), resource("Observation", (LOCAL, "NA"))
    found = told(knowledge, rare, often, often)
    assert [(one.code, one.times) for one in found] == [("NA", 2), ("K", 1)]
    assert {one.known_system for one in found} == {False}


def test_a_system_that_we_read_is_told_from_one_that_we_do_not(knowledge: Knowledge) -> None:
    found = told(knowledge, resource("Observation", (LOCAL, "K")), resource("Observation", (LOINC, POTASSIUM)))
    assert {one.code: one.known_system for one in found} == {"K": False, POTASSIUM: True}


def test_a_local_code_beside_a_known_one_does_no_harm(knowledge: Knowledge) -> None:
    assert told(knowledge, resource("Observation", (LOCAL, "CA"), (LOINC, CALCIUM))) == []


def test_a_known_component_makes_the_observation_known(knowledge: Knowledge) -> None:
    panel = resource("Observation", (LOCAL, "PNL"), component=[{"code": concept((LOINC, CALCIUM))}])
    assert told(knowledge, panel) == []
    strange = resource("Observation", (LOCAL, "PNL"), component=[{"code": concept((LOCAL, "PNL-1"))}])
    assert {one.code for one in told(knowledge, strange)} == {"PNL", "PNL-1"}


def in_words(kind: str, words: str) -> Json:
    member = "medicationCodeableConcept" if kind == "MedicationRequest" else "code"
    return {"resourceType": kind, "status": "completed", member: {"text": words}}


@pytest.mark.parametrize(
    ("kind", "telling"),
    [
        ("Condition", "Calciphylaxis"),
        ("Procedure", "Parathyroidectomy"),
        ("MedicationRequest", "Warfarin 5 mg"),
    ],
)
def test_a_record_in_words_alone_is_counted_where_they_tell_nothing(
    kind: str, telling: str, knowledge: Knowledge
) -> None:
    assert told(knowledge, in_words(kind, telling)) == []
    (one,) = told(knowledge, in_words(kind, "Mrs Zephyrine's skin"))
    assert one == UnknownCode(kind, "", "", known_system=False, times=1)


def test_a_result_in_words_alone_is_never_read(knowledge: Knowledge) -> None:
    assert told(knowledge, in_words("Observation", "Calcium")) == [UnknownCode("Observation", "", "", False, 1)]


def test_a_refuted_condition_in_words_tells_nothing(knowledge: Knowledge) -> None:
    refuted = {**in_words("Condition", "Sepsis"), "verificationStatus": {"coding": [{"code": "refuted"}]}}
    assert len(told(knowledge, refuted)) == 1


def test_a_code_that_is_not_known_is_told_although_its_words_are(knowledge: Knowledge) -> None:
    coded = {"resourceType": "Condition", "code": {**concept((LOCAL, "C1")), "text": "Calciphylaxis"}}
    assert [one.code for one in told(knowledge, coded)] == ["C1"]


@pytest.mark.parametrize(
    "words",
    ["Mrs Zephyrine's potassium", "K\x1b[31m", "Zéphyrine", "Musterfrau", "Musterfrau-Maria-19500101", "x" * 41],
)
def test_a_code_that_a_person_has_written_is_counted_and_not_shown(words: str, knowledge: Knowledge) -> None:
    (one,) = told(knowledge, resource("Observation", (words * 10, words)))
    assert (one.system, one.code) == (WORDS_FOR_SYSTEM, WORDS_FOR_CODE)


def test_records_with_words_in_place_of_a_code_are_counted_together(knowledge: Knowledge) -> None:
    found = told(knowledge, *(resource("Observation", (LOCAL, name)) for name in ("Musterfrau", "Mustermann", "K")))
    assert [(one.code, one.times) for one in found] == [(WORDS_FOR_CODE, 2), ("K", 1)]


def test_what_is_neither_a_record_nor_an_order_is_not_looked_at(knowledge: Knowledge) -> None:
    assert told(knowledge, resource("Medication", (LOCAL, "1")), {"resourceType": 7}, {}) == []


def test_a_drug_that_an_order_refers_to_is_looked_at(knowledge: Knowledge) -> None:
    shelf = new_shelf()
    shelf.put(resource("Medication", (LOCAL, "D1"), id="m"))
    asked = {"resourceType": "MedicationRequest", "medicationReference": {"reference": "Medication/m"}}
    (one,) = CodeReading(knowledge.vocabulary, shelf, ON, knowledge.zone).unknown([asked])
    assert (one.resource_type, one.code) == ("MedicationRequest", "D1")


# ------------------------------------------------------------------ units
def result(code: str = CALCIUM, **quantity: Any) -> Json:
    return resource("Observation", (LOINC, code), valueQuantity={"value": 9, **quantity})


def units(knowledge: Knowledge, *resources: Json) -> list[UnknownUnit]:
    return list(unknown_units(resources, knowledge.vocabulary))


def test_a_unit_of_the_analyte_is_not_told_and_another_one_is(knowledge: Knowledge) -> None:
    found = units(knowledge, result(unit="mg/dL"), result(code=CALCIUM), result(unit="mg/h"), result(unit="mg/h"))
    assert found == [UnknownUnit("total_calcium", "mg/h", 2)]


def test_a_unit_is_known_by_its_code_or_by_its_text(knowledge: Knowledge) -> None:
    def both(code: str, unit: str) -> Json:
        return resource("Observation", (LOINC, CALCIUM), valueQuantity={"value": 9, "code": code, "unit": unit})

    assert units(knowledge, both("mg/dL", "local"), both("local", "mg/dL")) == []
    assert [one.unit for one in units(knowledge, both("c1", "t1"))] == ["c1"]


def test_the_unit_of_a_component_is_looked_at(knowledge: Knowledge) -> None:
    part = {"code": concept((LOINC, CALCIUM)), "valueQuantity": {"value": 9, "unit": "mg/h"}}
    assert [one.times for one in units(knowledge, resource("Observation", (LOCAL, "P"), component=[part]))] == [1]


@pytest.mark.parametrize(
    "other",
    [
        result(POTASSIUM, unit="furlong"),
        {**result(unit="furlong"), "resourceType": "X"},
        resource("Observation", (LOCAL, CALCIUM), valueQuantity={"value": 9, "unit": "furlong"}),
    ],
)
def test_units_of_what_we_do_not_read_do_not_matter(other: Json, knowledge: Knowledge) -> None:
    assert units(knowledge, other) == []


@pytest.mark.parametrize(
    ("unit", "said"),
    [
        ("mm Hg", "mm Hg"),
        ("10*3 / µL", "10*3 / µL"),
        ("see the note of Mrs Zephyrine", WORDS_FOR_UNIT),
        ("Maria Musterfrau", WORDS_FOR_UNIT),
        ("x" * 25, WORDS_FOR_UNIT),
        ("mg\x1b", WORDS_FOR_UNIT),
    ],
)
def test_a_unit_that_is_a_sentence_is_counted_and_not_shown(unit: str, said: str, knowledge: Knowledge) -> None:
    assert [one.unit for one in units(knowledge, result(unit=unit))] == [said]


# ------------------------------------------------------------------ the same record twice
def test_a_record_that_came_by_two_searches_counts_once_and_one_without_id_each_time() -> None:
    with_id, without = {"resourceType": "Condition", "id": "1"}, {"resourceType": "Condition"}
    assert len(each_once([with_id, with_id, without, without])) == 3
