"""Draft orders: which of them are judged."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from fhir_mappings.drafts import judged_orders
from tests.unit.fhir_mappings.resources import Json, prescription
from tests.unit.fhir_mappings.test_fhir_json import ANY_JSON


def draft(identifier: str | None = "a", **more: Any) -> Json:
    return prescription("warfarin", id=identifier, status="draft") | more


def bundle(*resources: Json, **more: Any) -> Json:
    return {"resourceType": "Bundle", "entry": [{"resource": resource} for resource in resources], **more}


def ids(draft_orders: Any, selections: Any) -> list[str | None]:
    return [order.get("id") for order in judged_orders(draft_orders, selections)]


def test_without_selections_every_draft_is_judged_in_its_order() -> None:
    assert ids(bundle(draft("b"), draft("a"), draft(None)), None) == ["b", "a", None]


def test_with_selections_only_the_selected_are_judged() -> None:
    assert ids(bundle(draft("a"), draft("b")), ["MedicationRequest/b"]) == ["b"]
    assert ids(bundle(draft("a")), []) == []
    assert ids(bundle(draft("a"), draft(None)), ["ServiceRequest/a", "b", "", None, 5]) == []


@pytest.mark.parametrize(
    "selection",
    [
        "MedicationRequest/a",
        " MedicationRequest/a ",
        "https://ehr.example/fhir/MedicationRequest/a",
        "MedicationRequest/a/_history/2",
        "MedicationRequest/a/",
    ],
)
def test_a_selection_may_be_spelled_in_several_ways(selection: str) -> None:
    assert ids(bundle(draft("a"), draft("b")), [selection]) == ["a"]


@pytest.mark.parametrize("full_url", ["urn:uuid:7", "https://ehr.example/fhir/MedicationRequest/x"])
def test_a_selection_may_name_the_full_url_of_the_entry(full_url: str) -> None:
    orders = {"entry": [{"fullUrl": full_url, "resource": draft(None)}, {"resource": draft("b")}]}
    assert ids(orders, [full_url]) == [None]


@pytest.mark.parametrize("status", ["stopped", "cancelled", "completed", "entered-in-error", "Stopped"])
def test_an_order_that_is_over_is_not_judged(status: str) -> None:
    assert ids(bundle(draft(status=status)), None) == []


@pytest.mark.parametrize("status", ["draft", "active", "on-hold", "unknown", None, 5])
def test_an_order_of_any_other_status_is_judged(status: object) -> None:
    assert ids(bundle(draft(status=status)), None) == ["a"]


@pytest.mark.parametrize(("flag", "expected"), [(True, []), (False, ["a"]), ("true", ["a"]), (None, ["a"])])
def test_an_order_not_to_give_something_is_not_judged(flag: object, expected: list[str]) -> None:
    assert ids(bundle(draft(doNotPerform=flag)), None) == expected


@pytest.mark.parametrize(
    "kind", ["ServiceRequest", "NutritionOrder", "MedicationStatement", None, ["MedicationRequest"]]
)
def test_only_medication_requests_are_judged(kind: object) -> None:
    assert ids(bundle(draft(resourceType=kind)), None) == []


def test_a_lone_entry_that_should_be_a_list_is_read() -> None:
    assert ids({"entry": {"resource": draft("a")}}, None) == ["a"]


@pytest.mark.parametrize(
    "orders",
    [{}, None, [], "x", {"entry": None}, {"entry": [None, "x", {}, {"resource": None}, {"resource": []}]}],
)
def test_a_malformed_bundle_holds_no_orders(orders: object) -> None:
    assert ids(orders, None) == []


@given(ANY_JSON)
def test_any_json_is_taken(value: Any) -> None:
    assert judged_orders(value, None) == ()
    assert judged_orders({"entry": [{"resource": value}]}, ["MedicationRequest/a"]) == ()


def test_a_selection_may_be_a_bare_id() -> None:
    order = {"resourceType": "MedicationRequest", "id": "d1", "status": "draft"}
    bundle = {"resourceType": "Bundle", "entry": [{"resource": order}]}
    assert judged_orders(bundle, ["d1"]) == (order,)
    assert judged_orders(bundle, ["d2"]) == ()
