"""The sandbox's memory: versions, deletions, and transactions that happen whole or not at all."""

from __future__ import annotations

from typing import Any

import pytest

from cds_service.demo.fhir_store import SandboxError, SandboxStore

PATIENT = {"resourceType": "Patient", "id": "a"}


def bundle(*entries: Any) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": "transaction", "entry": list(entries)}


def entry(method: str, url: str, resource: Any = None) -> dict[str, Any]:
    return {"resource": resource, "request": {"method": method, "url": url}}


def test_putting_twice_updates_and_counts_the_version() -> None:
    store = SandboxStore()
    assert store.put("Patient", "a", PATIENT).created
    second = store.put("Patient", "a", {**PATIENT, "active": True})
    assert not second.created
    assert store.read("Patient", "a") == {**PATIENT, "active": True, "meta": {"versionId": "2"}}


def test_a_resource_that_was_deleted_is_gone_and_one_that_never_was_is_unknown() -> None:
    store = SandboxStore([PATIENT])
    store.delete("Patient", "a")
    store.delete("Patient", "never")
    with pytest.raises(SandboxError) as gone:
        store.read("Patient", "a")
    with pytest.raises(SandboxError) as unknown:
        store.read("Patient", "never")
    assert (gone.value.status, unknown.value.status) == (410, 404)


def test_a_deleted_resource_may_come_back() -> None:
    store = SandboxStore([PATIENT])
    store.delete("Patient", "a")
    assert store.put("Patient", "a", PATIENT).created
    assert store.get("Patient", "a") is not None


def test_create_chooses_an_id_of_its_own() -> None:
    store = SandboxStore([PATIENT])
    created = store.create("Patient", PATIENT).resource
    assert created["id"] != "a"
    assert len(store.all("Patient")) == 2


@pytest.mark.parametrize(
    ("kind", "id_", "resource"),
    [
        ("Patient", "a", {"resourceType": "Observation", "id": "a"}),
        ("Patient", "b", PATIENT),
        ("Patient", "a", {"resourceType": "Patient"}),
        ("Patient", "a_b", {"resourceType": "Patient", "id": "a_b"}),
        ("Patient", "a" * 65, {"resourceType": "Patient", "id": "a" * 65}),
        ("patient", "a", {"resourceType": "patient", "id": "a"}),
        ("Patient", "a", {**PATIENT, "meta": []}),
        ("Patient", "a", None),
        ("Patient", "a", [PATIENT]),
    ],
)
def test_a_resource_that_does_not_fit_its_address_is_refused(kind: str, id_: str, resource: Any) -> None:
    store = SandboxStore()
    with pytest.raises(SandboxError) as refused:
        store.put(kind, id_, resource)
    assert refused.value.status == 400
    assert store.all(kind) == []


def test_an_id_may_have_64_characters() -> None:
    assert SandboxStore().put("Patient", "a" * 64, {"resourceType": "Patient", "id": "a" * 64}).created


def test_a_transaction_puts_posts_and_deletes() -> None:
    store = SandboxStore([PATIENT, {"resourceType": "Patient", "id": "old"}])
    answer = store.transaction(
        bundle(
            entry("PUT", "Patient/a", PATIENT),
            entry("POST", "Patient", {"resourceType": "Patient"}),
            entry("DELETE", "Patient/old"),
        )
    )
    assert [item["response"]["status"] for item in answer["entry"]] == ["200 OK", "201 Created", "204 No Content"]
    assert len(store.all("Patient")) == 2
    assert store.get("Patient", "old") is None


def test_references_inside_a_transaction_follow_the_new_ids() -> None:
    store = SandboxStore()
    name = "urn:uuid:0b4e9b34-6f1e-4a5c-9d27-6f9a6d1f0a11"
    created = {**entry("POST", "Patient", {"resourceType": "Patient"}), "fullUrl": name}
    condition = {"resourceType": "Condition", "id": "c", "subject": {"reference": name}}
    store.transaction(bundle(entry("PUT", "Condition/c", condition), created))
    patient = store.all("Patient")[0]
    assert store.read("Condition", "c")["subject"] == {"reference": f"Patient/{patient['id']}"}


def test_a_transaction_that_fails_leaves_everything_as_it_was() -> None:
    store = SandboxStore([PATIENT])
    with pytest.raises(SandboxError):
        store.transaction(bundle(entry("DELETE", "Patient/a"), entry("PUT", "Patient/b", PATIENT)))
    assert store.read("Patient", "a")["meta"]["versionId"] == "1"


@pytest.mark.parametrize(
    "body",
    [
        None,
        PATIENT,
        {"resourceType": "Bundle", "type": "batch"},
        bundle("rubbish"),
        bundle({}),
        bundle({"request": {"method": "PUT"}}),
        bundle({"request": {"method": "POST", "url": "Patient"}}),
        bundle({"request": {"method": "PUT", "url": 7}}),
        bundle(entry("GET", "Patient/a")),
        bundle(entry("DELETE", "Patient?name=x")),
        bundle(entry("PUT", "http://elsewhere/Patient/a", PATIENT)),
        {"resourceType": "Bundle", "type": "transaction", "entry": 7},
    ],
)
def test_what_is_no_sound_transaction_is_refused(body: Any) -> None:
    with pytest.raises(SandboxError) as refused:
        SandboxStore([PATIENT]).transaction(body)
    assert refused.value.status == 400


def test_an_empty_transaction_is_answered() -> None:
    assert SandboxStore().transaction(bundle())["entry"] == []
