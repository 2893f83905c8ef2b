"""One call explained: the same cards as those of the call, and where its data came from."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest

from cds_service.api import SERVICES, Explained, HookRequest, InvalidField, explained_call, is_explanation
from cds_service.api.services import call
from cds_service.fhir_client import FhirClient, FhirServer
from cds_service.knowledge import Knowledge, Switches, load_knowledge
from cds_service.settings import Settings
from fhir_mappings.packaged import default_reasons
from hooks.explain import Origin, as_data
from hooks.reasons import Reasons
from tests.fhir_stand_in import EHR, FhirStandIn

Json = dict[str, Any]
BASE = EHR.base
SERVER = FhirServer(BASE, "the-token")
NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
HOOKS = {service.HOOK: service for service in SERVICES}
ME = {"resourceType": "Patient", "id": "p1", "birthDate": "1950-01-01"}
SUBJECT = {"subject": {"reference": "Patient/p1"}}
ESRD = {"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "Z99.2"}
DIALYSIS = {"resourceType": "Condition", "id": "c1", **SUBJECT, "code": {"coding": [ESRD]}}
REFUTED = {**DIALYSIS, "id": "c2", "verificationStatus": {"coding": [{"code": "refuted"}]}}
WARFARIN = {
    "resourceType": "MedicationRequest",
    "id": "m1",
    "status": "active",
    "intent": "order",
    "medicationCodeableConcept": {"text": "warfarin"},
    **SUBJECT,
}


@cache
def knowledge() -> Knowledge:
    return load_knowledge(Settings(dev=True))


@cache
def reasons() -> Reasons:
    return default_reasons(knowledge().policy)


def bundle(*resources: Json, **members: Any) -> Json:
    return {"resourceType": "Bundle", "entry": [{"resource": one} for one in resources], **members}


def prefetch(hook: str = "patient-view", **sent: Any) -> Json:
    """Nothing recorded for every query, but for what is given."""
    empty: Json = {query.key: None for query in knowledge().queries_for(hook)}
    return {**empty, "patient": ME, "conditions": bundle(DIALYSIS), "medications": bundle(WARFARIN), **sent}


def explained(client: FhirClient, request: HookRequest) -> Explained:
    return explained_call(HOOKS[request.hook], request, knowledge(), reasons(), client, NOW)


def origins(found: Explained) -> dict[str, Origin]:
    return {origin.query: origin for origin in found.explanation.origins}


def test_a_card_that_is_held_back_leaves_the_same_place_in_call_and_explanation(client: FhirClient) -> None:
    held = replace(knowledge(), switches=Switches(topics={"vka-dialysis": "minute 12"}))
    unread = {**WARFARIN, "id": "m2", "medicationCodeableConcept": {}}
    sent = prefetch(medications=bundle(WARFARIN, unread))
    request = HookRequest("patient-view", "i", "p1", sent, None)
    found = explained_call(HOOKS["patient-view"], request, held, reasons(), client, NOW)
    answered = call(HOOKS["patient-view"], request, held, client, NOW)
    assert [card["summary"] for card in found.cards] == [card["summary"] for card in answered.cards]
    assert [card["source"]["topic"]["code"] for card in found.cards] == ["cua-data-gap"]
    assert [back.card.topic for back in answered.held] == [back.topic for back in found.explanation.held]
    cut = {
        **request.prefetch,
        "medications": bundle(WARFARIN, link=[{"relation": "next", "url": "https://x.example/2"}]),
    }
    refused = explained_call(HOOKS["patient-view"], replace(request, prefetch=cut), held, reasons(), client, NOW)
    assert refused.explanation.refused
    assert refused.gap


def test_the_cards_are_those_of_the_call(client: FhirClient) -> None:
    request = HookRequest("patient-view", "i", "p1", prefetch(), None)
    found = explained(client, request)
    answered = call(HOOKS["patient-view"], request, knowledge(), client, NOW)
    assert [card["summary"] for card in found.cards] == [card["summary"] for card in answered.cards]
    assert [card["source"]["topic"]["code"] for card in found.cards] == ["vka-dialysis"]
    assert [card.topic for card in found.explanation.cards] == ["vka-dialysis"]
    assert found.judged is not None
    assert found.gap is None


def test_what_is_switched_off_is_told_with_the_reason_and_is_no_card(client: FhirClient) -> None:
    request = HookRequest("patient-view", "i", "p1", prefetch(), None)
    off = replace(knowledge(), switches=Switches(topics={"vka-dialysis": "minute 12"}))
    found = explained_call(HOOKS["patient-view"], request, off, reasons(), client, NOW)
    assert found.cards == []
    assert call(HOOKS["patient-view"], request, off, client, NOW).cards == []
    assert found.explanation.headline[:2] == (
        "No card comes.",
        "Worked out and not shown: vka-dialysis, info (switched off by the site policy: minute 12). No card does not "
        "mean no risk.",
    )
    assert is_explanation(as_data(found.explanation))


def test_what_came_along_is_told_with_its_number_and_null_is_nothing_recorded(client: FhirClient) -> None:
    sent = prefetch(conditions=bundle(DIALYSIS, REFUTED))
    told = origins(explained(client, HookRequest("patient-view", "i", "p1", sent, None)))
    assert told["patient"] == Origin("patient", "the patient", "sent along", 1)
    assert told["conditions"].came == "sent along; 1 refuted or entered in error"
    assert told["conditions"].records == 2
    assert told["calcium"].came == "sent along as null: nothing is recorded"
    assert not told["calcium"].failed


def test_what_was_not_had_is_told_with_the_reason(client: FhirClient) -> None:
    sent = prefetch()
    del sent["calcium"]
    told = origins(explained(client, HookRequest("patient-view", "i", "p1", sent, None)))
    assert told["calcium"] == Origin(
        "calcium", "calcium results", "not available: not sent along, and no FHIR server was offered", 0, True
    )


def test_a_list_that_was_cut_is_told_as_not_whole(client: FhirClient) -> None:
    sent = prefetch(conditions=bundle(DIALYSIS, total=9))
    found = explained(client, HookRequest("patient-view", "i", "p1", sent, None))
    told = origins(found)["conditions"]
    assert told.failed
    assert told.came == "sent along; not whole: only the first page was sent along"
    assert found.explanation.refused == (
        "conditions could not be read (only part of the results could be read: only the first page was sent along)"
    )
    assert found.cards == []
    assert found.gap is not None
    assert (found.gap.what, str(found.gap)) == ("conditions", found.explanation.refused)


def test_what_was_read_from_the_server_is_told_apart(client: FhirClient, mock: FhirStandIn) -> None:
    sent = prefetch(conditions=bundle(DIALYSIS, link=[{"relation": "next", "url": f"{BASE}/Condition?page=2"}]))
    del sent["patient"]
    mock.get(f"{BASE}/Patient/p1", json=ME)
    mock.get(f"{BASE}/Condition?page=2", json=bundle({**DIALYSIS, "id": "c9"}))
    told = origins(explained(client, HookRequest("patient-view", "i", "p1", sent, SERVER)))
    assert told["patient"].came == "read from the FHIR server"
    assert told["conditions"].came == "sent along, and read further from the FHIR server"
    assert told["conditions"].records == 2
    assert told["medications"].came == "sent along"


def test_a_history_under_the_clients_own_keys_and_lost_drugs_are_told(client: FhirClient, mock: FhirStandIn) -> None:
    statement = {"resourceType": "MedicationStatement", "id": "s", "status": "active", **SUBJECT}
    by_reference = {**WARFARIN, "medicationReference": {"reference": "Medication/gone"}}
    del by_reference["medicationCodeableConcept"]
    sent = prefetch(medications=bundle(by_reference), mine=bundle({**statement, "resourceType": "MedicationDispense"}))
    mock.get(f"{BASE}/Medication/gone", status=404)
    found = explained(client, HookRequest("patient-view", "i", "p1", sent, SERVER))
    told = {origin.what: origin for origin in found.explanation.origins if not origin.query}
    assert told["medication history under keys of the client's own"].records == 1
    assert told["drugs that orders refer to"] == Origin("", "drugs that orders refer to", "1 could not be had", 0, True)


def test_an_order_without_a_drug_is_explained_without_a_patient(client: FhirClient) -> None:
    found = explained(client, HookRequest("order-sign", "i", "p1", {}, None, bundle()))
    assert (found.cards, found.judged) == ([], None)
    assert found.explanation.headline[1].startswith("No drug was ordered that could be judged")


def test_drafts_that_are_not_judged_are_told_with_the_reason(client: FhirClient) -> None:
    draft = {**WARFARIN, "status": "draft"}
    drafts = bundle(
        {**draft, "doNotPerform": True}, {**draft, "status": "stopped"}, {**draft, "resourceType": "ServiceRequest"}
    )
    found = explained(client, HookRequest("order-sign", "i", "p1", {}, None, drafts))
    assert found.explanation.headline[1] == (
        'No drug was ordered that could be judged: 1 order: marked "do not perform"; '
        "1 order: stopped, cancelled, completed or entered in error; 1 order: no drug order."
    )


def test_selections_that_are_empty_beside_drafts_are_refused_as_in_the_call(client: FhirClient) -> None:
    request = HookRequest("order-select", "i", "p1", {}, None, bundle({**WARFARIN, "status": "draft"}), ())
    with pytest.raises(InvalidField):
        explained(client, request)
