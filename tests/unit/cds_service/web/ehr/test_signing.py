"""Signing: at once where nothing objects, otherwise after an answer; what is written, and how it is marked."""

from __future__ import annotations

from cds_service.demo.loader import clean
from cds_service.demo.patients import TAG
from tests.unit.cds_service.web.ehr.clinic import Clinic, topics
from tests.unit.cds_service.web.ehr.ehr_visitor import Visitor


def test_an_order_without_objection_is_signed_at_once_and_the_chart_read_again(
    visitor: Visitor, clinic: Clinic
) -> None:
    visitor.press("pick", drug="amlodipine")
    visitor.press("sign", part=True)
    assert visitor.drafts == []
    (signed,) = [one for one in clinic.fhir.store.all("MedicationRequest") if "cds-demo-signed-" in one["id"]]
    assert (signed["status"], signed["medicationCodeableConcept"]["text"]) == ("active", "amlodipine")
    assert visitor.said == "Amlodipine: signed"
    assert ">amlodipine" in visitor.text.partition('id="chart"')[2]


def test_an_objection_is_read_before_the_order_is_signed_all_the_same(visitor: Visitor, clinic: Clinic) -> None:
    visitor.press("pick", drug="warfarin")
    before = len(clinic.fhir.store.all("MedicationRequest"))
    visitor.press("sign")
    assert topics(visitor.cards("order-sign")) == ["vka-cua"]
    assert "Not signed yet: 1 critical card" in visitor.said
    assert len(clinic.fhir.store.all("MedicationRequest")) == before
    assert visitor.button("Sign all the same") == "sign"
    assert "1 card below must be answered first" in visitor.text
    visitor.press("sign")
    assert "answer the card first: accept, or override with a reason" in visitor.said
    assert len(clinic.fhir.store.all("MedicationRequest")) == before
    card = visitor.cards("order-sign")[0]["uuid"]
    visitor.press(f"override:{card}", {f"reason:{card}": "mechanical-valve"})
    visitor.press("sign")
    assert len(clinic.fhir.store.all("MedicationRequest")) == before + 1


def test_what_was_signed_for_a_synthetic_patient_is_cleaned_away_with_the_patient(
    visitor: Visitor, clinic: Clinic
) -> None:
    visitor.press("pick", drug="amlodipine")
    visitor.press("sign")
    (signed,) = [one for one in clinic.fhir.store.all("MedicationRequest") if "-signed-" in one["id"]]
    clean(clinic.fhir.base)
    assert signed["id"] not in [one["id"] for one in clinic.fhir.store.all("MedicationRequest")]


def test_what_was_signed_for_anybody_else_is_not_marked_as_synthetic(clinic: Clinic) -> None:
    for key, tag in (("cds-demo-not", {**TAG, "code": "another"}), ("p1", TAG)):
        clinic.fhir.store.put("Patient", key, {"resourceType": "Patient", "id": key, "meta": {"tag": [tag]}})
        visitor = Visitor(clinic.client, key).open()
        visitor.press("pick", drug="amlodipine")
        visitor.press("sign")
        visitor.press("sign")
    mine = ("Patient/cds-demo-not", "Patient/p1")
    signed = [one for one in clinic.fhir.store.all("MedicationRequest") if one["subject"]["reference"] in mine]
    assert len(signed) == 2
    assert not any("tag" in one["meta"] or one["id"].startswith("cds-demo") for one in signed)


def test_drafts_that_order_sign_has_not_seen_are_not_signed_all_the_same(visitor: Visitor, clinic: Clinic) -> None:
    visitor.press("pick", drug="warfarin")
    visitor.press("sign")
    visitor.press("pick", drug="calcium acetate")
    visitor.press("sign")
    assert topics(visitor.cards("order-sign")) == ["vka-cua", "calcium-cua"]
    assert visitor.drafts == ["warfarin", "calcium acetate"]


def test_orders_that_are_no_drugs_are_signed_too(visitor: Visitor, clinic: Clinic) -> None:
    visitor.press(visitor.button("Refer urgently"))
    assert len(visitor.state["drafts"]) == 4
    visitor.press("sign")
    assert {one["status"] for one in clinic.fhir.store.all("ServiceRequest")} == {"active"}
    assert "Signed service orders" in visitor.text


def test_signing_nothing_is_said(visitor: Visitor) -> None:
    assert visitor.press("sign").said == "There is no draft to sign"
