"""What a request holds that the vocabulary does not is listed, wherever in the request it stands."""

from __future__ import annotations

from cds_service.knowledge import Knowledge
from cds_service.tryout import unknown_in
from tests.unit.cds_service.tryout.conftest import NOW, PATIENT, RECORD, Make, about, bundle, concept, order, result

LOCAL = "urn:oid:1.2.3"
FAILED = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "security"}]}


def codes(make: Make, knowledge: Knowledge, *resources: object) -> list[tuple[str, str, int]]:
    found = unknown_in(make([*RECORD, *resources]).body, knowledge, NOW)
    return [(one.resource_type, one.code, one.times) for one in found.codes]


def test_a_known_record_has_nothing_unknown(make: Make, knowledge: Knowledge) -> None:
    found = unknown_in(make(RECORD).body, knowledge, NOW)
    assert (found.codes, found.units) == ((), ())


def test_a_code_and_a_unit_that_we_do_not_know_are_listed(make: Make, knowledge: Knowledge) -> None:
    odd = [result(f"x{number}", "HB-1", 9, system=LOCAL) for number in range(2)]
    assert codes(make, knowledge, *odd) == [("Observation", "HB-1", 2)]
    found = unknown_in(make([*RECORD, result("u", "17861-6", 9, unit="AU/mL")]).body, knowledge, NOW)
    assert [(one.analyte, one.unit) for one in found.units] == [("total_calcium", "AU/mL")]


def test_the_drug_of_an_order_is_found_where_it_stands(make: Make, knowledge: Knowledge) -> None:
    link = {"medicationReference": {"reference": "Medication/m"}}
    bare = {name: value for name, value in order("o", "").items() if name != "medicationCodeableConcept"}
    drug = {"resourceType": "Medication", "id": "m", "code": concept(LOCAL, "WAR-1", "warfarin")}
    assert codes(make, knowledge, {**bare, **link}, drug) == [("MedicationRequest", "WAR-1", 1)]
    named = {**drug, "code": {"text": "warfarin"}}
    assert codes(make, knowledge, {**bare, **link}, named) == []


def test_drafts_and_keys_that_are_not_ours_are_looked_at_and_failed_parts_are_not(
    make: Make, knowledge: Knowledge
) -> None:
    draft = {**order("d", ""), "status": "draft", "medicationCodeableConcept": concept(LOCAL, "PIL-9", "Blue")}
    context = {"userId": "Practitioner/1", "patientId": "p1", "draftOrders": bundle(draft)}
    prefetch = {"patient": PATIENT, "own": about(result("o", "K-1", 4)), "bad": FAILED}
    made = make({"hook": "order-sign", "context": context, "prefetch": prefetch})
    found = unknown_in(made.body, knowledge, NOW)
    assert [one.code for one in found.codes] == ["PIL-9", "K-1"]
