"""Drugs that records hold outside of prescriptions, in the forms in which they are really sent.

International patient summaries (HL7 IPS) and many European records have MedicationStatement only; inpatient charts
have MedicationAdministration (Synthea, recorded vendor sandboxes); pharmacies have MedicationDispense. None of them is
passed over, whichever way it comes.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.ehr import HOOKS, Ehr, actions, topics, words
from tests.contract.fhir_fake import FakeFhir
from tests.contract.records import (
    DIALYSIS,
    HARMLESS_DRAFT,
    RXNORM,
    WARFARIN,
    WARFARIN_DRAFT,
    Json,
    about,
    bundle,
    days_before,
)

KEY = "medication_statements"
STOPPED = "MedicationRequest?patient=kidney-7&status=stopped,cancelled&_sort=-authoredon&_count=200"
CONCEPT = {"text": "Warf 5 mg tab", "coding": [{"system": RXNORM, "code": "855332"}]}
MEDICATION: Json = {"resourceType": "Medication", "id": "warf-5", "code": CONCEPT}
BY_REFERENCE: Json = {"medicationReference": {"reference": "Medication/warf-5"}}
SAID = "from the medication history"
MARK = {"MedicationStatement": "taken since", "MedicationDispense": "dispensed", "MedicationAdministration": "given"}


def entry(kind: str, days: int = 5, drug: Json | None = None, **more: Any) -> Json:
    """Warfarin as this type of resource tells of it."""
    dated = "whenHandedOver" if kind == "MedicationDispense" else "effectiveDateTime"
    status = "active" if kind == "MedicationStatement" else "completed"
    named = drug or {"medicationCodeableConcept": CONCEPT}
    return {
        "resourceType": kind,
        "id": f"{kind}-1",
        "status": status,
        **about(),
        dated: days_before(days),
        **named,
        **more,
    }


STATEMENT, DISPENSE, ADMINISTRATION = map(entry, MARK)
KINDS = pytest.mark.parametrize("taken", [STATEMENT, DISPENSE, ADMINISTRATION], ids=lambda one: one["resourceType"])
EVERY_HOOK = pytest.mark.parametrize("hook", HOOKS)


def expect_counted(cards: list[Json], hook: str, kind: str = "MedicationStatement") -> None:
    """At patient-view the drug has its card; an order of it is known to be no new drug."""
    assert topics(cards) == ["vka-dialysis"]
    assert f"{SAID}, {MARK[kind]}" in words(cards)
    removed = [action for action in actions(cards) if action["type"] in ("update", "delete")]
    assert [action["type"] for action in removed] == ["delete" for _ in removed], (
        "nothing but the draft can be taken away"
    )
    assert bool(removed) is (hook != "patient-view")


def orders(hook: str) -> list[Json]:
    return [] if hook == "patient-view" else [WARFARIN_DRAFT]


# ---------------------------------------------------------------- each way in which it comes
@EVERY_HOOK
@KINDS
def test_an_entry_under_a_key_of_the_client_s_own_counts(taken: Json, hook: str, ehr: Ehr) -> None:
    cards = ehr.ask(hook, DIALYSIS, *orders(hook), history=bundle(taken))
    expect_counted(cards, hook, taken["resourceType"])


@EVERY_HOOK
@KINDS
def test_an_entry_among_the_prescriptions_counts(taken: Json, hook: str, ehr: Ehr) -> None:
    other = {**WARFARIN, "id": "other", "medicationCodeableConcept": {"text": "metoprolol"}}
    sent = bundle(other, taken, total=1)
    sent["entry"][1]["search"] = {"mode": "include"}
    expect_counted(ehr.ask(hook, DIALYSIS, *orders(hook), medications=sent), hook, taken["resourceType"])


@EVERY_HOOK
def test_a_statement_by_the_advertised_key_counts(hook: str, ehr: Ehr) -> None:
    expect_counted(ehr.ask(hook, {**DIALYSIS, KEY: [STATEMENT]}, *orders(hook)), hook)


@EVERY_HOOK
def test_a_statement_from_the_server_counts(hook: str, ehr: Ehr, fhir: FakeFhir) -> None:
    fhir.record = {**DIALYSIS, KEY: [STATEMENT]}
    expect_counted(ehr.cards(ehr.request(hook, None, orders(hook)) | {"fhirServer": fhir.base}), hook)


@EVERY_HOOK
def test_a_statement_is_fetched_where_all_else_was_sent(hook: str, ehr: Ehr, fhir: FakeFhir) -> None:
    fhir.record = {KEY: [STATEMENT]}
    body = ehr.request(hook, DIALYSIS, orders(hook)) | {"fhirServer": fhir.base}
    del body["prefetch"][KEY]
    expect_counted(ehr.cards(body), hook)
    assert fhir.asked()[0] == KEY


@EVERY_HOOK
@KINDS
def test_what_a_client_sends_unasked_counts_beside_what_is_fetched(
    taken: Json, hook: str, ehr: Ehr, fhir: FakeFhir
) -> None:
    fhir.record = {**DIALYSIS}
    body = ehr.request(hook, None, orders(hook)) | {"fhirServer": fhir.base, "prefetch": {"mine": bundle(taken)}}
    expect_counted(ehr.cards(body), hook, taken["resourceType"])


@pytest.mark.parametrize(
    "sent",
    [
        STATEMENT,
        {"resourceType": "Bundle", "type": "batch-response", "entry": [{"resource": bundle(STATEMENT)}]},
        {"response": {"status": "200"}, "resource": bundle(STATEMENT)},
        {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": STATEMENT}]},
    ],
    ids=["the resource itself", "the answers to a batch", "an answer with its resource", "a collection"],
)
def test_the_form_of_what_a_client_sends_unasked_does_not_matter(sent: Json, ehr: Ehr) -> None:
    expect_counted(ehr.ask("patient-view", DIALYSIS, list=sent), "patient-view")


# ---------------------------------------------------------------- each way in which it names its drug
@KINDS
def test_the_drug_may_be_contained(taken: Json, ehr: Ehr) -> None:
    contained = {"contained": [{**MEDICATION, "id": "m"}], "medicationReference": {"reference": "#m"}}
    sent = entry(taken["resourceType"], drug=contained)
    expect_counted(ehr.ask("patient-view", DIALYSIS, mine=bundle(sent)), "patient-view", taken["resourceType"])


@KINDS
def test_the_drug_may_stand_beside_it(taken: Json, ehr: Ehr) -> None:
    sent = bundle(entry(taken["resourceType"], drug=BY_REFERENCE), MEDICATION)
    expect_counted(ehr.ask("patient-view", DIALYSIS, mine=sent), "patient-view", taken["resourceType"])


def test_the_drug_may_be_included_with_the_statements(ehr: Ehr) -> None:
    sent = bundle(entry("MedicationStatement", drug=BY_REFERENCE), MEDICATION)
    expect_counted(ehr.ask("patient-view", DIALYSIS, **{KEY: sent}), "patient-view")


def test_the_drug_may_be_named_by_the_address_of_its_entry(ehr: Ehr) -> None:
    urn = "urn:uuid:0d6b9c86-8ad5-4bdc-8c4a-3a4d4fc7a2f4"
    sent = bundle(entry("MedicationStatement", drug={"medicationReference": {"reference": urn}}), MEDICATION)
    sent["entry"][1]["fullUrl"] = urn
    expect_counted(ehr.ask("patient-view", DIALYSIS, **{KEY: sent}), "patient-view")


@KINDS
def test_the_drug_is_read_from_the_server(taken: Json, ehr: Ehr, fhir: FakeFhir) -> None:
    fhir.record = {**DIALYSIS}
    fhir.told["Medication/warf-5"] = (200, MEDICATION)
    sent = {"mine": bundle(entry(taken["resourceType"], drug=BY_REFERENCE))}
    body = ehr.request("patient-view") | {"fhirServer": fhir.base, "prefetch": sent}
    expect_counted(ehr.cards(body), "patient-view", taken["resourceType"])


@pytest.mark.parametrize("display", ["Coumadin 5 mg", "Marcumar"])
def test_a_display_alone_names_the_drug(display: str, ehr: Ehr) -> None:
    drug = {"medicationReference": {"reference": "Medication/gone", "display": display}}
    expect_counted(
        ehr.ask("patient-view", DIALYSIS, mine=bundle(entry("MedicationStatement", drug=drug))), "patient-view"
    )


@KINDS
def test_a_drug_that_nobody_can_name_is_said_and_not_passed_over(taken: Json, ehr: Ehr) -> None:
    sent = bundle(entry(taken["resourceType"], drug=BY_REFERENCE))
    cards = ehr.ask("patient-view", DIALYSIS, mine=sent)
    assert topics(cards) == ["cua-data-gap"]
    assert "the drug of 1 entry of the medication history" in words(cards)


# ---------------------------------------------------------------- what does not count
@pytest.mark.parametrize(
    "taken",
    [
        {**STATEMENT, "status": "not-taken"},
        {**STATEMENT, "status": "stopped"},
        {**STATEMENT, "status": "On-Hold"},
        {**STATEMENT, "status": "entered-in-error"},
        {**ADMINISTRATION, "status": "not-done"},
        {**ADMINISTRATION, "status": "NOT-DONE"},
        {**DISPENSE, "status": "cancelled"},
        {**DISPENSE, "status": "declined"},
        {**STATEMENT, **about("somebody-else")},
        entry("MedicationAdministration", days=8),
        entry("MedicationDispense", days=31, daysSupply={"value": 30}),
        entry("MedicationDispense", days=91),
    ],
)
def test_an_entry_that_tells_of_nothing_taken_today_raises_nothing(taken: Json, ehr: Ehr) -> None:
    assert ehr.ask("patient-view", DIALYSIS, mine=bundle(taken)) == []
    cards = ehr.ask("order-sign", DIALYSIS, WARFARIN_DRAFT, mine=bundle(taken))
    assert SAID not in words(cards)


@KINDS
def test_off_dialysis_it_changes_nothing(taken: Json, ehr: Ehr) -> None:
    for hook in HOOKS:
        assert ehr.ask(hook, {}, HARMLESS_DRAFT, mine=bundle(taken)) == []


# ---------------------------------------------------------------- what ends it
def stopped(days: int, status: str = "stopped") -> Json:
    return {**WARFARIN, "id": "stopped", "status": status, "authoredOn": days_before(days)}


@KINDS
@pytest.mark.parametrize(("days", "counted"), [(4, False), (5, True), (6, True)])
@pytest.mark.parametrize("status", ["stopped", "cancelled", "Stopped"])
def test_a_later_prescription_that_was_stopped_ends_it(
    status: str, days: int, counted: bool, taken: Json, ehr: Ehr
) -> None:
    sent = bundle(stopped(days, status))
    assert bool(ehr.ask("patient-view", DIALYSIS, medications=sent, mine=bundle(taken))) is counted


@pytest.mark.parametrize(("days", "counted"), [(4, False), (6, True)])
def test_stopped_prescriptions_are_asked_for_where_they_may_end_it(
    days: int, counted: bool, ehr: Ehr, fhir: FakeFhir
) -> None:
    fhir.record = {**DIALYSIS, KEY: [STATEMENT]}
    fhir.told["medications"] = (200, bundle())
    body = ehr.request("patient-view") | {"fhirServer": fhir.base}
    fhir.told[STOPPED] = (200, bundle(stopped(days)))
    assert bool(ehr.cards(body)) is counted


@pytest.mark.parametrize("record", [DIALYSIS, {**DIALYSIS, KEY: [STATEMENT], "medications": [WARFARIN]}])
def test_they_are_not_asked_for_where_they_end_nothing(record: dict[str, list[Json]], ehr: Ehr, fhir: FakeFhir) -> None:
    fhir.record = record
    ehr.cards(ehr.request("patient-view") | {"fhirServer": fhir.base})
    assert fhir.asked().count("medications") == 1
    assert STOPPED not in fhir.asked()


def test_when_they_cannot_be_read_the_entry_counts_and_the_card_says_so(ehr: Ehr, fhir: FakeFhir) -> None:
    fhir.record = {**DIALYSIS, KEY: [STATEMENT]}
    fhir.told[STOPPED] = (500, "")
    cards = ehr.cards(ehr.request("patient-view") | {"fhirServer": fhir.base})
    expect_counted(cards, "patient-view")
    assert "stopped prescriptions could not be read" in words(cards)


# ---------------------------------------------------------------- beside a prescription
@EVERY_HOOK
@KINDS
def test_beside_a_prescription_of_the_same_drug_nothing_is_added(taken: Json, hook: str, ehr: Ehr) -> None:
    record = {**DIALYSIS, "medications": [WARFARIN]}
    alone = ehr.ask(hook, record, *orders(hook))
    both = ehr.ask(hook, record, *orders(hook), mine=bundle(taken))
    assert [card["detail"] for card in both] == [card["detail"] for card in alone]
    assert actions(both) == actions(alone)
