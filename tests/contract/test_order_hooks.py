"""The drafts of order-select and order-sign. Matrix: S33, S38, S131, S132; hook pages order-select and order-sign."""

from __future__ import annotations

import pytest

from tests.contract.card_rules import check_error
from tests.contract.ehr import ORDER_HOOKS, Ehr, actions, topics
from tests.contract.fhir_fake import FakeFhir
from tests.contract.records import (
    CALCIPHYLAXIS,
    CALCIUM_DRAFT,
    CONFIRMED,
    DIALYSIS,
    HARMLESS_DRAFT,
    HIGH_CALCIUM,
    PATIENT_ID,
    WARFARIN_DRAFT,
    Json,
    about,
)

EMPTY_DRAFT: Json = {"resourceType": "MedicationRequest", "id": "d1", "status": "draft", **about()}
SERVICE_REQUEST: Json = {"resourceType": "ServiceRequest", "id": "d2", "status": "draft", "intent": "plan", **about()}


NO_DRUG = {
    "empty": EMPTY_DRAFT,
    "empty drug": EMPTY_DRAFT | {"medicationCodeableConcept": {}},
    "null": EMPTY_DRAFT | {"medicationCodeableConcept": None},
    "empty reference": EMPTY_DRAFT | {"medicationReference": {}},
    "reason only": EMPTY_DRAFT | {"reasonCode": {"text": "Calciphylaxis"}},
}


@pytest.mark.parametrize("hook", ORDER_HOOKS)
@pytest.mark.parametrize(
    "orders",
    [
        [],
        [SERVICE_REQUEST],
        [WARFARIN_DRAFT | {"status": "cancelled"}],
        [WARFARIN_DRAFT | {"status": "entered-in-error"}],
        [WARFARIN_DRAFT | {"doNotPerform": True}],
        [EMPTY_DRAFT | {"status": "cancelled"}],
    ],
    ids=["none", "not a drug", "cancelled", "in error", "do not give", "empty and cancelled"],
)
def test_without_a_draft_of_a_drug_nothing_is_said_and_nobody_asked(
    orders: list[Json], hook: str, ehr: Ehr, fhir: FakeFhir
) -> None:
    assert ehr.cards(ehr.request(hook, None, orders) | {"fhirServer": fhir.base}) == []
    assert fhir.seen == []


@pytest.mark.parametrize("order", NO_DRUG.values(), ids=NO_DRUG)
def test_a_draft_without_a_drug_is_no_order_yet_while_drugs_are_selected(order: Json, ehr: Ehr, fhir: FakeFhir) -> None:
    assert ehr.cards(ehr.request("order-select", None, [order]) | {"fhirServer": fhir.base}) == []
    assert fhir.seen == []
    assert ehr.cards(ehr.request("order-select", None, [order])) == []


@pytest.mark.parametrize("order", NO_DRUG.values(), ids=NO_DRUG)
def test_a_draft_without_a_drug_that_is_signed_could_not_be_read(order: Json, ehr: Ehr) -> None:
    assert topics(ehr.cards(ehr.request("order-sign", DIALYSIS, [order]))) == ["order-data-gap"]
    warfarin = ehr.cards(ehr.request("order-sign", DIALYSIS, [order, WARFARIN_DRAFT]))
    assert topics(warfarin) == ["vka-dialysis", "order-data-gap"]
    assert ehr.cards(ehr.request("order-sign", {}, [order])) == []
    assert ehr.post(ehr.request("order-sign", None, [order])).status_code == 412


def test_when_nothing_is_selected_of_the_drafts_the_call_is_refused_by_name_and_nobody_is_asked(
    ehr: Ehr, fhir: FakeFhir
) -> None:
    body = ehr.request("order-select", None, [WARFARIN_DRAFT]) | {"fhirServer": fhir.base}
    body["context"]["selections"] = []
    assert "must not be empty" in check_error(ehr.post(body), 400, "context.selections")
    assert fhir.seen == []


@pytest.mark.parametrize("orders", [[], [EMPTY_DRAFT]])
def test_when_nothing_is_selected_and_no_draft_names_a_drug_the_answer_is_nothing(orders: list[Json], ehr: Ehr) -> None:
    body = ehr.request("order-select", None, orders)
    body["context"]["selections"] = []
    assert ehr.cards(body) == []


def test_where_no_selection_is_among_the_drafts_all_of_them_are_judged(ehr: Ehr) -> None:
    body = ehr.request("order-select", DIALYSIS, [WARFARIN_DRAFT, HARMLESS_DRAFT])
    body["context"]["selections"] = ["MedicationRequest/gone"]
    assert topics(ehr.cards(body)) == ["vka-dialysis"]


def test_an_order_set_selects_what_it_names_and_what_it_contains(ehr: Ehr) -> None:
    order_set = {"resourceType": "RequestGroup", "id": "set", "status": "draft", "intent": "proposal", **about()}
    naming = order_set | {"action": [{"resource": {"reference": f"MedicationRequest/{WARFARIN_DRAFT['id']}"}}]}
    body = ehr.request("order-select", DIALYSIS, [naming, WARFARIN_DRAFT, CALCIUM_DRAFT])
    body["context"]["selections"] = ["RequestGroup/set"]
    assert topics(ehr.cards(body)) == ["vka-dialysis"]
    holding = order_set | {"contained": [WARFARIN_DRAFT]}
    cards = ehr.cards(ehr.request("order-sign", DIALYSIS, [holding]))
    assert topics(cards) == ["vka-dialysis"]
    assert "delete" not in {action["type"] for action in actions(cards)}


@pytest.mark.parametrize("hook", ORDER_HOOKS)
@pytest.mark.parametrize("reference", ["Medication/w", "urn:uuid:2f0f8dd5-6f5f-4f42-8f45-1f6a9e2fd1e0"])
def test_the_drug_of_a_draft_may_stand_beside_it(hook: str, reference: str, ehr: Ehr) -> None:
    order = {name: value for name, value in WARFARIN_DRAFT.items() if name != "medicationCodeableConcept"}
    drug = {"resourceType": "Medication", "id": "w", "code": WARFARIN_DRAFT["medicationCodeableConcept"]}
    body = ehr.request(hook, DIALYSIS, [order | {"medicationReference": {"reference": reference}}])
    full_url = {"fullUrl": reference} if reference.startswith("urn:") else {}
    body["context"]["draftOrders"]["entry"].append({"resource": drug, **full_url})
    assert topics(ehr.cards(body)) == ["vka-dialysis"]


@pytest.mark.parametrize(
    ("selected", "expected"),
    [
        ([WARFARIN_DRAFT], ["vka-dialysis"]),
        ([CALCIUM_DRAFT], ["calcium-restrict"]),
        ([HARMLESS_DRAFT], []),
        ([WARFARIN_DRAFT, CALCIUM_DRAFT], ["vka-dialysis", "calcium-restrict"]),
    ],
)
def test_while_ordering_only_the_selected_drafts_are_judged(
    selected: list[Json], expected: list[str], ehr: Ehr
) -> None:
    body = ehr.request("order-select", DIALYSIS, [WARFARIN_DRAFT, CALCIUM_DRAFT, HARMLESS_DRAFT])
    body["context"]["selections"] = [f"MedicationRequest/{order['id']}" for order in selected]
    assert topics(ehr.cards(body)) == expected


@pytest.mark.parametrize(
    "selection",
    [
        "MedicationRequest/draft-warfarin",
        "https://ehr.example/fhir/MedicationRequest/draft-warfarin",
        "MedicationRequest/draft-warfarin/_history/2",
        "urn:uuid:2f0f8dd5-6f5f-4f42-8f45-1f6a9e2fd1e0",
    ],
)
def test_a_selection_may_be_relative_absolute_versioned_or_the_full_url(selection: str, ehr: Ehr) -> None:
    body = ehr.request("order-select", DIALYSIS, [WARFARIN_DRAFT])
    body["context"]["draftOrders"]["entry"][0]["fullUrl"] = "urn:uuid:2f0f8dd5-6f5f-4f42-8f45-1f6a9e2fd1e0"
    body["context"]["selections"] = [selection]
    assert topics(ehr.cards(body)) == ["vka-dialysis"]


def test_before_signing_all_drafts_are_judged_and_selections_are_not_looked_at(ehr: Ehr) -> None:
    record = DIALYSIS | {"calcium": [HIGH_CALCIUM]}
    body = ehr.request("order-sign", record, [WARFARIN_DRAFT, CALCIUM_DRAFT])
    body["context"]["selections"] = ["MedicationRequest/nothing"]
    assert set(topics(ehr.cards(body))) == {"vka-dialysis", "calcium-hypercalcaemia"}


@pytest.mark.parametrize("status", ["active", "draft", "on-hold", None])
def test_before_signing_an_order_may_have_another_status(status: str | None, ehr: Ehr) -> None:
    assert topics(ehr.ask("order-sign", DIALYSIS, WARFARIN_DRAFT | {"status": status})) == ["vka-dialysis"]


def test_before_signing_there_are_no_info_cards_for_what_was_read(ehr: Ehr) -> None:
    assert [card["indicator"] for card in ehr.ask("order-select", DIALYSIS, CALCIUM_DRAFT)] == ["info"]
    assert ehr.ask("order-sign", DIALYSIS, CALCIUM_DRAFT) == []


def test_a_draft_never_turns_a_patient_view_card_up(ehr: Ehr) -> None:
    assert "cua-confirmed" not in topics(ehr.ask("order-sign", CONFIRMED, WARFARIN_DRAFT))


@pytest.mark.parametrize("hook", ORDER_HOOKS)
def test_a_draft_that_is_not_quite_fhir_is_judged_all_the_same(hook: str, ehr: Ehr) -> None:
    sloppy = WARFARIN_DRAFT | {
        "category": {"coding": [{"code": "community"}]},
        "reasonCode": {"text": "atrial fibrillation"},
        "dosageInstruction": {"route": {"text": "by mouth"}},
        "authoredOn": 20261122,
    }
    assert topics(ehr.ask(hook, DIALYSIS, sloppy)) == ["vka-dialysis"]


@pytest.mark.parametrize("hook", ORDER_HOOKS)
def test_the_reason_on_a_draft_is_not_taken_for_a_diagnosis(hook: str, ehr: Ehr) -> None:
    reasoned = WARFARIN_DRAFT | {"reasonCode": [CALCIPHYLAXIS["code"]]}
    assert topics(ehr.ask(hook, DIALYSIS, reasoned)) == ["vka-dialysis"]


@pytest.mark.parametrize("hook", ORDER_HOOKS)
def test_the_drug_of_a_draft_may_stand_in_a_medication_apart(hook: str, ehr: Ehr, fhir: FakeFhir) -> None:
    apart = {name: value for name, value in WARFARIN_DRAFT.items() if name != "medicationCodeableConcept"}
    apart["medicationReference"] = {"reference": "Medication/w"}
    code = WARFARIN_DRAFT["medicationCodeableConcept"]
    fhir.told["Medication/w"] = (200, {"resourceType": "Medication", "id": "w", "code": code})
    body = ehr.request(hook, DIALYSIS, [apart]) | {"fhirServer": fhir.base}
    assert topics(ehr.cards(body)) == ["vka-dialysis"]
    contained = apart | {
        "contained": [{"resourceType": "Medication", "id": "c", "code": code}],
        "medicationReference": {"reference": "#c"},
    }
    assert topics(ehr.ask(hook, DIALYSIS, contained)) == ["vka-dialysis"]


@pytest.mark.parametrize("hook", ORDER_HOOKS)
def test_a_medication_apart_is_read_once(hook: str, ehr: Ehr, fhir: FakeFhir) -> None:
    apart = {name: value for name, value in WARFARIN_DRAFT.items() if name != "medicationCodeableConcept"}
    apart["medicationReference"] = {"reference": "Medication/w"}
    ehr.cards(ehr.request(hook, DIALYSIS, [apart]) | {"fhirServer": fhir.base})
    assert fhir.asked() == ["Medication/w"]


def test_a_draft_without_an_id_is_judged_but_cannot_be_deleted(ehr: Ehr) -> None:
    unnamed = {name: value for name, value in WARFARIN_DRAFT.items() if name != "id"}
    cards = ehr.ask("order-sign", DIALYSIS, unnamed)
    assert topics(cards) == ["vka-dialysis"]
    assert "delete" not in {action["type"] for action in actions(cards)}


def test_drafts_are_never_looked_for_on_the_fhir_server(ehr: Ehr, fhir: FakeFhir) -> None:
    fhir.record = DIALYSIS
    ehr.cards(ehr.request("order-sign", None, [WARFARIN_DRAFT]) | {"fhirServer": fhir.base})
    assert not any("draft" in str(request.url) for request in fhir.seen)
    assert all(PATIENT_ID in str(request.url) for request in fhir.seen)
