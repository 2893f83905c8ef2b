"""In a long list the drugs that the rules judge stand first, and one that they cannot read is said."""

from __future__ import annotations

from typing import Any

import pytest

from cds_service.knowledge import Knowledge, load_knowledge
from cds_service.settings import Settings
from cds_service.web.ehr.known import CANNOT_BE_READ, DrugRows, drug_rows


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return load_knowledge(Settings())


def order(name: str, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "MedicationRequest",
        "status": "active",
        "medicationCodeableConcept": {"text": name},
        **more,
    }


def shown(knowledge: Knowledge, *orders: dict[str, Any], beside: tuple[dict[str, Any], ...] = ()) -> DrugRows:
    entries = [{"resource": resource} for resource in (*orders, *beside)]
    return drug_rows({"resourceType": "Bundle", "entry": entries}, orders, knowledge)


def test_judged_drugs_stand_first_then_what_cannot_be_read_then_classes_without_a_rule(knowledge: Knowledge) -> None:
    names = ["amlodipine", "sevelamer", "see note", "warfarin", "ramipril", "calcium acetate"]
    found = shown(knowledge, *map(order, names))
    assert [row.what for row in found.rows] == [
        "warfarin",
        "calcium acetate",
        "see note",
        "sevelamer",
        "amlodipine",
        "ramipril",
    ]
    assert (found.judged, found.unread) == (2, 1)


def test_a_row_says_how_the_rules_see_the_drug(knowledge: Knowledge) -> None:
    warfarin, note, sevelamer, other = shown(
        knowledge, *map(order, ["warfarin", "see note", "sevelamer", "amlodipine"])
    ).rows
    assert warfarin.beside == "vitamin K antagonist"
    assert note.beside == CANNOT_BE_READ
    assert sevelamer.beside == "non-calcium binder"
    assert other.beside == ""


def test_a_drug_in_a_resource_of_its_own_is_judged_by_that(knowledge: Knowledge) -> None:
    pointing = {"resourceType": "MedicationRequest", "medicationReference": {"reference": "Medication/m"}}
    drug = {"resourceType": "Medication", "id": "m", "code": {"text": "warfarin"}}
    found = shown(knowledge, order("amlodipine"), pointing, beside=(drug,))
    assert [row.what for row in found.rows] == ["warfarin", "amlodipine"]
    assert shown(knowledge, pointing).unread == 1, "without that resource nobody knows the drug"


def test_an_order_not_to_give_a_drug_is_no_exposure(knowledge: Knowledge) -> None:
    found = shown(knowledge, order("warfarin", doNotPerform=True))
    assert found.judged == 0
    assert found.rows[0].beside == "not to be given"
