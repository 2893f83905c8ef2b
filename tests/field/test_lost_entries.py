"""Entries that have lost their resource on the way, and next pages that are the first one under another name.

Own cases: a proxy that may not show a resource leaves its address, its status or its search mode behind; a serialiser
that is cut writes null; two nodes behind one balancer name themselves in each address, or count versions anew.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.card_rules import check_error
from tests.contract.ehr import ORDER_HOOKS, Ehr, topics
from tests.contract.fhir_fake import FakeFhir
from tests.contract.records import CONFIRMED, DIALYSIS, ON_DIALYSIS, WARFARIN_DRAFT, Json, bundle, condition
from tests.field.whole_requests import EXPECTED, said

LOST: dict[str, Json] = {
    "an address": {"fullUrl": "https://ehr.example/fhir/Condition/necrosis"},
    "a refusal": {"response": {"status": "403 Forbidden"}},
    "a search mode": {"search": {"mode": "match"}},
    "null": {"resource": None},
    "a resource without type": {"resource": {"id": "necrosis"}},
}
KEYS = ["conditions", "medications"]


def answer(*entries: Any) -> Json:
    return {"resourceType": "Bundle", "type": "searchset", "entry": list(entries)}


def beside(key: str) -> Json:
    """An entry that is sound; what matters stands in the others."""
    return {"resource": ON_DIALYSIS if key == "conditions" else CONFIRMED["medications"][0]}


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("lost", LOST.values(), ids=LOST)
@pytest.mark.parametrize("is_alone", [True, False], ids=["alone", "beside another"])
def test_an_entry_that_has_lost_its_resource_is_no_empty_one(
    is_alone: bool, lost: Json, key: str, ehr: Ehr, fhir: FakeFhir
) -> None:
    sent = answer(lost, lost) if is_alone else answer(beside(key), lost)
    body = ehr.request("patient-view", CONFIRMED)
    check_error(ehr.post(body | {"prefetch": {**body["prefetch"], key: sent}}), 412)
    fhir.record, fhir.told = CONFIRMED, {key: (200, sent)}
    check_error(ehr.post(body | {"prefetch": {}, "fhirServer": fhir.base}), 412)


def test_an_empty_object_says_nothing_and_is_none(ehr: Ehr) -> None:
    body = ehr.request("patient-view", CONFIRMED)
    body["prefetch"]["conditions"]["entry"].insert(0, {})
    assert said(ehr.cards(body)) == EXPECTED["patient-view"]


ANEW: dict[str, list[Json]] = {
    "versions": [{"resource": {**ON_DIALYSIS, "meta": {"versionId": version}}} for version in "12"],
    "hosts": [{"resource": ON_DIALYSIS, "fullUrl": f"http://node{n}/Condition/{ON_DIALYSIS['id']}"} for n in (1, 2)],
}
SECOND = "Condition?page=2"


def next_page(fhir: FakeFhir) -> Json:
    return {"link": [{"relation": "next", "url": f"{fhir.base}/{SECOND}"}]}


@pytest.mark.parametrize("total", [3, None])
@pytest.mark.parametrize("anew", ANEW.values(), ids=ANEW)
def test_a_first_page_that_comes_again_in_place_of_the_second_is_not_the_second(
    anew: list[Json], total: int | None, ehr: Ehr, fhir: FakeFhir
) -> None:
    more = {"resource": condition("pressure", "Essential hypertension")}
    first, again = (answer(one, more) | ({} if total is None else {"total": total}) for one in anew)
    fhir.record = CONFIRMED
    fhir.told = {"conditions": (200, first | next_page(fhir)), SECOND: (200, again)}
    body = ehr.request("patient-view", CONFIRMED)
    check_error(ehr.post(body | {"prefetch": {}, "fhirServer": fhir.base}), 412)


def test_a_second_page_that_is_one_is_read(ehr: Ehr, fhir: FakeFhir) -> None:
    """The control of the test above."""
    fhir.record = CONFIRMED
    first, second = (bundle(one) | {"total": 2} for one in CONFIRMED["conditions"])
    fhir.told = {"conditions": (200, first | next_page(fhir)), SECOND: (200, second)}
    body = ehr.request("patient-view", CONFIRMED)
    assert said(ehr.cards(body | {"prefetch": {}, "fhirServer": fhir.base})) == EXPECTED["patient-view"]


@pytest.mark.parametrize("hook", ORDER_HOOKS)
@pytest.mark.parametrize("lost", [*LOST.values(), "MedicationRequest/draft"], ids=[*LOST, "a reference"])
def test_a_draft_that_has_lost_its_resource_may_be_an_order_of_any_drug(lost: Any, hook: str, ehr: Ehr) -> None:
    body = ehr.request(hook, DIALYSIS, [WARFARIN_DRAFT])
    body["context"]["draftOrders"]["entry"].append(lost)
    if hook == "order-select":
        body["context"]["selections"] = ["MedicationRequest/gone"]
    assert topics(ehr.cards(body)) == ["vka-dialysis", "order-data-gap"]
    body["context"]["draftOrders"]["entry"] = [lost]
    assert topics(ehr.cards(body)) == ["order-data-gap"]


def test_while_other_drafts_are_selected_one_that_is_lost_stands_beside_them(ehr: Ehr) -> None:
    body = ehr.request("order-select", DIALYSIS, [WARFARIN_DRAFT])
    body["context"]["draftOrders"]["entry"].append(LOST["an address"])
    assert topics(ehr.cards(body)) == ["vka-dialysis"]
