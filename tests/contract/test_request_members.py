"""The members of a request and of its context. Matrix: S35, S36, S39, S57, S130, S131, S132."""

from __future__ import annotations

import copy
import json

import pytest

from tests.contract.card_rules import check_error
from tests.contract.ehr import HOOKS, ORDER_HOOKS, Ehr
from tests.contract.records import CONFIRMED, PATIENT_ID, WARFARIN_DRAFT, Json

ENVELOPE = ("hook", "hookInstance", "context")
CONTEXT = {
    "patient-view": ("userId", "patientId"),
    "order-select": ("userId", "patientId", "selections", "draftOrders"),
    "order-sign": ("userId", "patientId", "draftOrders"),
}
REQUIRED = [(hook, path) for hook in HOOKS for path in (*ENVELOPE, *(f"context.{name}" for name in CONTEXT[hook]))]
WRONG: dict[str, list[object]] = {
    "hook": [None, 7, [], {}, ""],
    "hookInstance": [None, 7, [], {}, "", "not-a-uuid", "d1577c69dfbe44ad8fb81cfa5c3a52f5", "{}",
                     "d1577c69-dfbe-44ad-8fb8-1cfa5c3a52f5\n"],
    "context": [None, 7, [], "x"],
    "prefetch": [7, [], "x"],
    "extension": [7, [], "x"],
    "fhirServer": [7, [], {}, ""],
    "context.userId": [None, 7, [], {}, "", "nobody", "Device/7", "Practitioner/", "Practitioner/a b", "Patient/1\n"],
    "context.patientId": [
        None, 7, [], {}, "", "a b", "a/b", "../Practitioner/1", "1?_count=9", "1&patient=2", "1,2", "a" * 256, "é",
        "1%2F2", "p1\n", "urn:uuid:", "urn:oid:1",
    ],
    "context.encounterId": [7, True, [], {}],
    "context.draftOrders": [None, 7, [], "x"],
    "context.draftOrders.resourceType": [None, 7, "Basic"],
    "context.draftOrders.entry": [7, {}, "x"],
    "context.selections": [None, 7, {}, "x"],
    "context.selections[0]": [None, 5, 7.5, True, {}, []],
}  # fmt: skip


def good(ehr: Ehr, hook: str) -> Json:
    return copy.deepcopy(ehr.request(hook, CONFIRMED, [WARFARIN_DRAFT]))


def holder_of(body: Json, path: str) -> tuple[Json, str]:
    *steps, name = path.split(".")
    for step in steps:
        body = body[step]
    return body, name


def wrong_rows() -> list[tuple[str, str, object]]:
    def applies(hook: str, path: str) -> bool:
        member = path.split(".")[1].split("[")[0] if path.startswith("context.") else ""
        return member in ("", "encounterId", *CONTEXT[hook])

    return [(hook, path, value) for hook in HOOKS for path in WRONG if applies(hook, path) for value in WRONG[path]]


@pytest.mark.parametrize(("hook", "path"), REQUIRED)
def test_a_missing_member_is_400_and_named(hook: str, path: str, ehr: Ehr) -> None:
    body = good(ehr, hook)
    holder, name = holder_of(body, path)
    del holder[name]
    assert path in check_error(ehr.post(body, hook), 400, path)


@pytest.mark.parametrize(("hook", "path", "value"), wrong_rows())
def test_a_member_of_the_wrong_kind_is_400_and_named(hook: str, path: str, value: object, ehr: Ehr) -> None:
    body = good(ehr, hook)
    if path.endswith("[0]"):
        body["context"]["selections"] = [value]
    else:
        holder, name = holder_of(body, path)
        holder[name] = value
    check_error(ehr.post(body, hook), 400, path)


@pytest.mark.parametrize(
    ("authorization", "path"),
    [
        ("x", "fhirAuthorization"),
        ([], "fhirAuthorization"),
        ({"access_token": 7}, "fhirAuthorization.access_token"),
        ({"access_token": "a b"}, "fhirAuthorization.access_token"),
        ({"access_token": "a\r\nHost: b"}, "fhirAuthorization.access_token"),
    ],
)
def test_an_authorization_of_the_wrong_kind_is_400_and_named(authorization: object, path: str, ehr: Ehr) -> None:
    body = good(ehr, "patient-view") | {"fhirServer": "https://ehr.example/fhir", "fhirAuthorization": authorization}
    check_error(ehr.post(body), 400, path)


def test_a_token_without_a_server_is_400(ehr: Ehr) -> None:
    body = good(ehr, "patient-view") | {"fhirAuthorization": {"access_token": "a", "token_type": "Bearer"}}
    check_error(ehr.post(body), 400, "fhirServer")


@pytest.mark.parametrize("seconds", [0, -5, 300.5])
def test_an_expired_authorization_is_not_our_business_while_prefetch_suffices(seconds: float, ehr: Ehr) -> None:
    body = good(ehr, "patient-view")
    body |= {
        "fhirServer": "https://ehr.example/fhir",
        "fhirAuthorization": {"access_token": "a", "expires_in": seconds, "patient": "another"},
    }
    assert ehr.cards(body)


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize("user", ["Practitioner/a", "PractitionerRole/a-1", "Patient/a.b", "RelatedPerson/A"])
def test_every_kind_of_user_that_the_hooks_allow_is_served(hook: str, user: str, ehr: Ehr) -> None:
    body = good(ehr, hook)
    body["context"]["userId"] = user
    assert ehr.cards(body)


@pytest.mark.parametrize("hook", HOOKS)
def test_an_encounter_may_be_named(hook: str, ehr: Ehr) -> None:
    body = good(ehr, hook)
    body["context"]["encounterId"] = "enc-1"
    assert ehr.cards(body)


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize("patient_id", ["a" * 255, "urn:uuid:{id}", "URN:UUID:{id}"])
def test_a_patient_id_may_be_long_or_written_as_a_urn(hook: str, patient_id: str, ehr: Ehr) -> None:
    body = good(ehr, hook)
    text = json.dumps(body["prefetch"])
    if "{id}" not in patient_id:
        for before in ('"', "Patient/"):
            text = text.replace(f'{before}{PATIENT_ID}"', f'{before}{patient_id}"')
    body["prefetch"] = json.loads(text)
    expected = len(ehr.cards(good(ehr, hook)))
    body["context"]["patientId"] = patient_id.format(id=PATIENT_ID)
    cards = ehr.cards(body)
    assert len(cards) == expected > 0
    assert "urn:uuid:" not in json.dumps(cards).lower()


@pytest.mark.parametrize("hook", HOOKS)
def test_the_hook_instance_may_be_written_in_capitals(hook: str, ehr: Ehr) -> None:
    body = good(ehr, hook)
    assert ehr.cards(body | {"hookInstance": body["hookInstance"].upper()})


@pytest.mark.parametrize("hook", ORDER_HOOKS)
def test_the_drafts_may_be_a_bundle_without_type_and_without_entries(hook: str, ehr: Ehr) -> None:
    body = good(ehr, hook)
    body["context"]["draftOrders"] = {"resourceType": "Bundle"}
    assert ehr.cards(body) == []


@pytest.mark.parametrize("entry", [None, 7, "x", [], {}, {"resource": None}, {"resource": []}, {"resource": {"id": 3}}])
@pytest.mark.parametrize("hook", ORDER_HOOKS)
def test_an_entry_of_the_drafts_that_cannot_be_read_does_not_hide_the_others(
    hook: str, entry: object, ehr: Ehr
) -> None:
    body = good(ehr, hook)
    body["context"]["draftOrders"]["entry"].insert(0, entry)
    assert ehr.cards(body)
