"""Draft orders: which of them are judged."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from fhir_mappings.drafts import drafts_in, naming, not_judged, split_orders
from fhir_mappings.drug_places import drug_places, new_shelf
from tests.unit.fhir_mappings.resources import Json, prescription
from tests.unit.fhir_mappings.test_fhir_json import ANY_JSON


def draft(identifier: str | None = "a", **more: Any) -> Json:
    return prescription("warfarin", id=identifier, status="draft") | more


def bundle(*resources: Json, **more: Any) -> Json:
    return {"resourceType": "Bundle", "entry": [{"resource": resource} for resource in resources], **more}


def ids(draft_orders: Any, selections: Any) -> list[str | None]:
    return [order.get("id") for order in split_orders(draft_orders, selections).judged]


def test_without_selections_every_draft_is_judged_in_its_order() -> None:
    assert ids(bundle(draft("b"), draft("a"), draft(None)), None) == ["b", "a", None]


def test_an_entry_may_be_the_order_itself() -> None:
    bare = {"resourceType": "Bundle", "entry": [draft("a"), {}]}
    assert ids(bare, None) == ids(bare, ["MedicationRequest/a"]) == ["a"]


LOST: list[Any] = [
    "MedicationRequest/x",
    [draft("x")],
    {"fullUrl": "urn:uuid:x"},
    {"request": {"method": "POST"}},
    {"resource": None},
    {"resource": []},
    {"resource": {}},
    {"resource": {"id": "x"}},
    {"resource": draft("x", resourceType=None)},
    {"resource": draft("x", resourceType=["MedicationRequest"])},
]


@pytest.mark.parametrize("entry", LOST)
def test_an_entry_that_does_not_say_what_it_is_may_be_an_order_of_any_drug(entry: Any) -> None:
    orders = {"resourceType": "Bundle", "entry": [{"resource": draft("a")}, entry]}
    assert len(split_orders(orders, None).judged) == 2
    assert len(split_orders(orders, ["MedicationRequest/none"]).judged) == 2
    beside = split_orders(orders, ["MedicationRequest/a"])
    assert [len(part) for part in beside] == [1, 1]


def test_one_that_was_selected_is_judged() -> None:
    orders = {"resourceType": "Bundle", "entry": [{"resource": draft("a")}, {"fullUrl": "urn:uuid:x"}]}
    (lost,) = split_orders(orders, ["urn:uuid:x"]).judged
    assert lost["resourceType"] == "MedicationRequest"
    assert "id" not in lost


def test_with_selections_only_the_selected_are_judged() -> None:
    assert ids(bundle(draft("a"), draft("b")), ["MedicationRequest/b"]) == ["b"]
    assert ids(bundle(draft("a")), []) == []


@pytest.mark.parametrize("selections", [["ServiceRequest/a"], ["b"], ["", " "], [None, 5], ["MedicationRequest/zzz"]])
def test_selections_that_name_none_of_the_drafts_are_no_reason_for_silence(selections: list[Any]) -> None:
    assert ids(bundle(draft("a"), draft(None)), selections) == ["a", None]


def test_a_selected_draft_that_is_no_order_of_a_drug_leaves_the_others_unjudged() -> None:
    lab = {"resourceType": "ServiceRequest", "id": "s1", "status": "draft"}
    assert ids(bundle(draft("a"), lab), ["ServiceRequest/s1"]) == []
    assert ids(bundle(draft("a"), draft("b", status="stopped")), ["MedicationRequest/b"]) == []


@pytest.mark.parametrize(
    "selection",
    [
        "MedicationRequest/a",
        " MedicationRequest/a ",
        "https://ehr.example/fhir/MedicationRequest/a",
        "MedicationRequest/a/_history/2",
        "MedicationRequest/a/",
        "a",
        "#a",
        "urn:uuid:a",
        "MedicationOrder/a",
        "medicationrequest/A",
        "A",
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


@pytest.mark.parametrize("kind", ["ServiceRequest", "NutritionOrder", "MedicationStatement"])
def test_only_medication_requests_are_judged(kind: object) -> None:
    assert ids(bundle(draft(resourceType=kind)), None) == []


def test_a_lone_entry_that_should_be_a_list_is_read() -> None:
    assert ids({"entry": {"resource": draft("a")}}, None) == ["a"]


@pytest.mark.parametrize(
    "orders",
    [{}, None, [], "x", {"entry": None}, {"entry": [None, {}]}, {"entry": "x"}],
)
def test_a_malformed_bundle_holds_no_orders(orders: object) -> None:
    assert ids(orders, None) == []


@given(ANY_JSON)
def test_any_json_is_taken(value: Any) -> None:
    assert split_orders(value, None) == ((), ())
    assert len(split_orders({"entry": [{"resource": value}]}, ["MedicationRequest/a"]).judged) == 1
    assert len(split_orders({"entry": [{"resource": value}, draft("a")]}, ["MedicationRequest/a"]).others) == 1
    order_set = {"resourceType": "CarePlan", "id": "s", "activity": value, "contained": [value]}
    assert split_orders({"entry": [{"resource": order_set}]}, ["CarePlan/s"]).judged == ()


def test_an_id_may_be_a_number() -> None:
    (judged,) = split_orders(bundle(draft("7") | {"id": 103}, draft("a")), ["MedicationRequest/103"]).judged
    assert judged["id"] == 103


@pytest.mark.parametrize(
    ("orders", "number"),
    [
        ({}, 0),
        (None, 0),
        ({"entry": None}, 0),
        ({"entry": [None, {}, {"resource": None}]}, 2),
        (bundle(draft("a"), draft("b") | {"contained": [{}]}), 2),
        (bundle({"resourceType": "CarePlan", "contained": [draft("a"), None, draft("b")]}), 3),
        ({"entry": [{"resourceType": "RequestGroup", "contained": draft("a")}]}, 2),
    ],
)
def test_how_many_drafts_there_are_can_be_asked(orders: Any, number: int) -> None:
    assert drafts_in(orders) == number


@pytest.mark.parametrize(("selection", "named"), [("103", True), ("MedicationRequest/103", True), ("10", False)])
def test_whether_a_selection_names_a_draft_can_be_asked(selection: str, named: bool) -> None:
    assert naming(bundle(draft("7") | {"id": 103}, draft("a")))(selection) is named
    assert not naming({})(selection)


@pytest.mark.parametrize(
    ("member", "selected"),
    [
        ({}, False),
        ({"medicationCodeableConcept": {}}, False),
        ({"medicationCodeableConcept": None}, False),
        ({"medicationReference": {}}, False),
        ({"_medicationCodeableConcept": {"extension": [{"valueCode": "masked"}]}}, True),
        ({"medicationReference": {"reference": "#m"}}, True),
        ({"medication": {"concept": {"text": "warfarin"}}}, True),
    ],
)
def test_a_draft_for_which_no_drug_is_picked_is_no_order_until_it_is_signed(member: Json, selected: bool) -> None:
    orders = bundle({"resourceType": "MedicationRequest", "id": "a", "status": "draft", **member})
    assert bool(split_orders(orders, ["MedicationRequest/a"]).judged) is selected
    assert not split_orders(orders, ["MedicationRequest/a"]).others
    assert bool(split_orders(orders, None).judged)


def test_the_letter_case_of_an_id_only_matters_between_two_that_differ_by_it() -> None:
    assert ids(bundle(draft("A"), draft("a")), ["MedicationRequest/a"]) == ["a"]


# ---------------------------------------------------------------- order sets


def order_set(kind: str = "RequestGroup", **more: Any) -> Json:
    return {"resourceType": kind, "id": "set", "status": "draft", "subject": {"reference": "Patient/p1"}, **more}


ACTIONS: list[Json] = [{"title": "x", "action": [{"resource": {"reference": "MedicationRequest/b"}}, 5]}]


@pytest.mark.parametrize(
    "selected",
    [
        order_set(action=ACTIONS),
        order_set("CarePlan", activity=[{"reference": {"reference": "urn:uuid:b"}}]),
        order_set(
            "RequestOrchestration", action=[{"resource": {"reference": "https://ehr.example/MedicationRequest/b"}}]
        ),
    ],
)
def test_a_selected_order_set_selects_the_orders_that_it_names(selected: Json) -> None:
    kind = selected["resourceType"]
    assert ids(bundle(draft("a"), selected, draft("b")), [f"{kind}/set"]) == ["b"]


def test_an_order_set_may_name_another() -> None:
    outer = order_set("CarePlan", activity=[{"reference": {"reference": "RequestGroup/set"}}]) | {"id": "plan"}
    circle = order_set(action=[*ACTIONS, {"resource": {"reference": "CarePlan/plan"}}])
    assert ids(bundle(outer, circle, draft("a"), draft("b")), ["CarePlan/plan"]) == ["b"]


def test_an_order_set_that_names_no_draft_is_no_reason_for_silence() -> None:
    assert ids(bundle(order_set(), draft("a")), ["RequestGroup/set"]) == ["a"]


def contained(*orders: Json, **more: Any) -> Json:
    return order_set(contained=list(orders), **more)


@pytest.mark.parametrize("selections", [None, ["RequestGroup/set"], ["c"], ["#c"], ["RequestGroup/set#c"]])
def test_an_order_contained_in_an_order_set_is_a_draft_without_an_address_of_its_own(selections: Any) -> None:
    drug = {"resourceType": "Medication", "id": "m"}
    (judged,) = split_orders(bundle(contained(draft("c", subject=None), drug)), selections).judged
    assert judged["subject"] == {"reference": "Patient/p1"}
    assert judged["contained"][1] == drug
    assert "id" not in judged


def test_only_the_contained_order_that_is_selected_is_judged() -> None:
    both = contained(draft("c"), draft("d") | {"medicationCodeableConcept": {"text": "calcium acetate"}})
    (judged,) = split_orders(bundle(both, draft("a")), ["d"]).judged
    assert judged["medicationCodeableConcept"] == {"text": "calcium acetate"}
    assert len(split_orders(bundle(both, draft("a")), ["RequestGroup/set"]).judged) == 2


def test_what_another_resource_contains_is_no_draft() -> None:
    assert ids(bundle(draft("a", contained=[draft("c")])), None) == ["a"]


# ---------------------------------------------------------------- those beside them


@pytest.mark.parametrize(
    ("selections", "judged", "others"),
    [
        (None, ["warfarin", "sevelamer", "aspirin"], []),
        (["c"], ["warfarin"], ["sevelamer", "aspirin"]),
        (["a"], ["aspirin"], ["warfarin", "sevelamer"]),
        (["RequestGroup/set"], ["warfarin", "sevelamer"], ["aspirin"]),
        (["nothing"], ["warfarin", "sevelamer", "aspirin"], []),
        ([], [], ["warfarin", "sevelamer", "aspirin"]),
    ],
)
def test_every_order_is_judged_or_stands_beside_and_never_both(
    selections: list[str] | None, judged: list[str], others: list[str]
) -> None:
    holder = contained(draft("c"), prescription("sevelamer", id="d", status="draft"))
    found = split_orders(bundle(holder, prescription("aspirin", id="a", status="draft")), selections)
    drugs = [[order["medicationCodeableConcept"]["text"] for order in orders] for orders in found]
    assert drugs == [judged, others]


class _Counted(dict[str, Any]):
    """A contained resource that counts how often it is looked at."""

    looks = 0

    def get(self, key: str, default: Any = None) -> Any:
        _Counted.looks += 1
        return super().get(key, default)


def looks_at(orders: int) -> int:
    """How often the contained resources of an order set of so many orders are looked at until each drug is known."""
    refer = {"medicationCodeableConcept": None}
    many = [draft(f"d{n}", medicationReference={"reference": f"#m{n}"}) | refer for n in range(orders)]
    drugs = [{"resourceType": "Medication", "id": f"m{n}", "code": {"text": "warfarin"}} for n in range(orders)]
    _Counted.looks = 0
    judged = split_orders(bundle(contained(*map(_Counted, [*many, *drugs]))), None).judged
    assert all([*drug_places(order, new_shelf()).words] == ["warfarin"] for order in judged)
    assert len(judged) == orders
    return _Counted.looks


def test_the_work_for_an_order_set_grows_with_its_orders_and_no_faster() -> None:
    few = looks_at(50)
    assert few > 50
    assert looks_at(400) <= 8 * few


@pytest.mark.parametrize(
    ("drafts", "why"),
    [
        ([], {}),
        ([{"resourceType": "ServiceRequest"}], {"no drug order": 1}),
        (
            [draft(status="stopped"), draft("b", status="cancelled")],
            {"stopped, cancelled, completed or entered in error": 2},
        ),
        ([draft(doNotPerform=True)], {'marked "do not perform"': 1}),
        ([draft()], {"not selected, or without a drug": 1}),
        ([{"resourceType": "RequestGroup", "contained": []}], {}),
    ],
)
def test_why_a_draft_is_not_judged_is_told_with_the_number_of_drafts(drafts: list[Json], why: dict[str, int]) -> None:
    assert not_judged(bundle(*drafts)) == why
