"""Putting the synthetic patients on a server and taking away exactly those again, over real HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import requests
import responses
from fhir.resources.R4B import get_fhir_model_class

from cds_service.demo.loader import DEPENDENTS_FIRST, LoaderError, LoadReport, clean, load
from cds_service.demo.patients import TAG, SyntheticPatient, load_patients
from cds_service.demo.sandbox import Sandbox

BASE = "https://fhir.example.org/r4"
OURS = {"meta": {"tag": [TAG]}}
FEW = 3


def held(sandbox: Sandbox) -> set[str]:
    return {f"{kind}/{resource['id']}" for kind in DEPENDENTS_FIRST for resource in sandbox.store.all(kind)}


def addresses(patients: tuple[SyntheticPatient, ...]) -> set[str]:
    return {f"{resource['resourceType']}/{resource['id']}" for p in patients for resource in p.resources}


@pytest.fixture
def few(patients: tuple[SyntheticPatient, ...]) -> tuple[SyntheticPatient, ...]:
    return patients[:FEW]


@pytest.fixture
def faked() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as mock:
        yield mock


def test_load_puts_every_patient_on_the_server(empty_sandbox: Sandbox, patients: tuple[SyntheticPatient, ...]) -> None:
    report = load(empty_sandbox.base, patients)
    expected = addresses(patients)
    assert held(empty_sandbox) == expected
    assert report == LoadReport(patients=len(patients), created=len(expected), updated=0)
    assert report.resources == len(expected)


def test_loading_again_changes_the_dates_and_makes_nothing_twice(
    empty_sandbox: Sandbox, few: tuple[SyntheticPatient, ...], now: datetime
) -> None:
    load(empty_sandbox.base, few)
    tomorrow = load_patients(now + timedelta(days=1))[:FEW]
    report = load(empty_sandbox.base + "/", tomorrow)
    assert (report.created, report.updated) == (0, len(addresses(few)))
    assert held(empty_sandbox) == addresses(few)
    temperatures = [r for r in tomorrow[0].resources if "8310-5" in str(r.get("code"))]
    stored = empty_sandbox.store.read("Observation", temperatures[0]["id"])
    assert stored["effectiveDateTime"] == temperatures[0]["effectiveDateTime"] == "2026-03-01T12:00:00Z"


def test_a_transaction_is_sent_as_fhir_json_with_absolute_names(
    faked: responses.RequestsMock, few: tuple[SyntheticPatient, ...]
) -> None:
    confirmed = [{"response": {"status": "200 OK"}}] * len(few[0].resources)
    faked.post(BASE, json={"resourceType": "Bundle", "entry": confirmed})
    assert load(BASE, few[:1]).updated == len(confirmed)
    request = faked.calls[0].request
    assert request.headers["Content-Type"] == "application/fhir+json"
    bundle = json.loads(request.body or b"")
    assert get_fhir_model_class("Bundle").model_validate_json(json.dumps(bundle)) is not None
    assert bundle["entry"][0]["fullUrl"] == f"{BASE}/Patient/{few[0].patient_id}"
    assert bundle["entry"][0]["request"] == {"method": "PUT", "url": f"Patient/{few[0].patient_id}"}


def test_progress_tells_each_patient_as_it_is_loaded(empty_sandbox: Sandbox, few: tuple[SyntheticPatient, ...]) -> None:
    steps: list[tuple[int, int, str]] = []
    load(empty_sandbox.base, few, progress=lambda *step: steps.append(step))
    assert steps == [(number, FEW, patient.title) for number, patient in enumerate(few, start=1)]


def test_clean_takes_everything_away_and_may_be_repeated(
    empty_sandbox: Sandbox, patients: tuple[SyntheticPatient, ...]
) -> None:
    report = load(empty_sandbox.base, patients)
    assert clean(empty_sandbox.base) == report.resources
    assert held(empty_sandbox) == set()
    assert clean(empty_sandbox.base) == 0


def test_clean_leaves_what_is_not_wholly_ours(empty_sandbox: Sandbox, few: tuple[SyntheticPatient, ...]) -> None:
    foreign: list[dict[str, Any]] = [
        {"id": "cds-demo-another-tag", "meta": {"tag": [{"system": "urn:other", "code": "synthetic"}]}},
        {"id": "cds-demo-another-code", "meta": {"tag": [{"system": TAG["system"], "code": "other"}]}},
        {"id": "cds-demo-no-tag"},
        {"id": "somebody-else", **OURS},
        {"id": "not-cds-demo-either", **OURS},
    ]
    for resource in foreign:
        empty_sandbox.store.put("Patient", resource["id"], {"resourceType": "Patient", **resource})
    load(empty_sandbox.base, few)
    clean(empty_sandbox.base)
    assert held(empty_sandbox) == {f"Patient/{resource['id']}" for resource in foreign}


def test_clean_deletes_what_depends_on_a_patient_before_the_patient(
    empty_sandbox: Sandbox, few: tuple[SyntheticPatient, ...]
) -> None:
    load(empty_sandbox.base, few)
    steps: list[tuple[int, int, str]] = []
    deleted = clean(empty_sandbox.base, progress=lambda *step: steps.append(step))
    kinds = [what.partition("/")[0] for _, _, what in steps]
    assert kinds == sorted(kinds, key=DEPENDENTS_FIRST.index)
    assert [step[:2] for step in steps] == [(number, deleted) for number in range(1, deleted + 1)]


def searches(faked: responses.RequestsMock, **found: list[dict[str, Any]]) -> None:
    for kind in DEPENDENTS_FIRST:
        entries = [{"resource": {"resourceType": kind, **resource}} for resource in found.get(kind, [])]
        faked.get(f"{BASE}/{kind}", json={"resourceType": "Bundle", "entry": entries})


def test_clean_does_not_trust_a_server_that_ignores_the_tag(faked: responses.RequestsMock) -> None:
    odd: list[dict[str, Any]] = [
        {"id": "cds-demo-other", "meta": {"tag": "rubbish"}},
        {"id": "cds-demo-a/../b", **OURS},
        {"id": 7, **OURS},
    ]
    searches(faked, Patient=[{"id": "cds-demo-real-person"}, *odd])
    assert clean(BASE) == 0


@pytest.mark.parametrize(("status", "counted"), [(200, 1), (204, 1), (404, 0), (410, 0)])
def test_clean_accepts_that_another_caller_was_faster(faked: responses.RequestsMock, status: int, counted: int) -> None:
    searches(faked, Patient=[{"id": "cds-demo-a", **OURS}, {"id": "cds-demo-a", **OURS}])
    faked.delete(f"{BASE}/Patient/cds-demo-a", status=status)
    assert clean(BASE) == counted


def test_a_refused_delete_is_reported_with_what_the_server_said(faked: responses.RequestsMock) -> None:
    searches(faked, Patient=[{"id": "cds-demo-a", **OURS}])
    outcome = {"resourceType": "OperationOutcome", "issue": [{"diagnostics": "still referenced"}, {"details": 7}]}
    faked.delete(f"{BASE}/Patient/cds-demo-a", status=409, json=outcome)
    with pytest.raises(LoaderError, match=r"Patient/cds-demo-a.*409.*still referenced") as refused:
        clean(BASE)
    assert (refused.value.status, refused.value.diagnostics) == (409, "still referenced")


@pytest.mark.parametrize(
    ("answer", "diagnostics"),
    [
        ({"json": {"resourceType": "OperationOutcome", "issue": [{"details": {"text": "read only"}}]}}, "read only"),
        ({"json": {"issue": [{"diagnostics": "a"}, {"diagnostics": "b"}]}}, "a; b"),
        ({"json": {"issue": [{"diagnostics": "x" * 10_000}]}}, "x" * 500),
        ({"json": {"issue": "rubbish"}}, ""),
        ({"json": ["rubbish"]}, ""),
        ({"body": "<html>Bad gateway</html>"}, ""),
    ],
)
def test_a_server_error_is_reported_with_status_and_diagnostics(
    faked: responses.RequestsMock, few: tuple[SyntheticPatient, ...], answer: dict[str, Any], diagnostics: str
) -> None:
    faked.post(BASE, status=502, **answer)
    with pytest.raises(LoaderError) as refused:
        load(BASE, few)
    assert (refused.value.status, refused.value.diagnostics) == (502, diagnostics)
    assert few[0].key in str(refused.value)


def test_a_refusal_by_a_real_server_is_reported(few: tuple[SyntheticPatient, ...], empty_sandbox: Sandbox) -> None:
    with pytest.raises(LoaderError, match="no POST at this address") as refused:
        load(f"{empty_sandbox.base}/no/such/place", few)
    assert refused.value.status == 404


def test_a_server_that_cannot_be_reached_is_reported(few: tuple[SyntheticPatient, ...]) -> None:
    with Sandbox(()) as sandbox:
        address = sandbox.base
    with pytest.raises(LoaderError, match="cannot be reached") as refused:
        load(address, few)
    assert refused.value.status is None


@pytest.mark.parametrize("base", ["fhir.example.org/r4", "ftp://fhir.example.org/r4", ""])
def test_an_address_that_is_none_is_reported(few: tuple[SyntheticPatient, ...], base: str) -> None:
    with pytest.raises(LoaderError):
        load(base, few)


@pytest.mark.parametrize(
    "entries",
    [
        [],
        [{"response": {"status": "201 Created"}}],
        [{}],
        ["rubbish"],
        "rubbish",
        [{"response": {"status": 201}}] * 999,
    ],
)
def test_a_transaction_that_was_not_confirmed_whole_is_an_error(
    faked: responses.RequestsMock, few: tuple[SyntheticPatient, ...], entries: Any
) -> None:
    faked.post(BASE, json={"resourceType": "Bundle", "type": "transaction-response", "entry": entries})
    with pytest.raises(LoaderError, match="did not confirm"):
        load(BASE, few)


def test_one_refused_entry_among_confirmed_ones_is_an_error(
    faked: responses.RequestsMock, few: tuple[SyntheticPatient, ...]
) -> None:
    confirmed = [{"response": {"status": "201"}}] * (len(few[0].resources) - 1)
    faked.post(BASE, json={"resourceType": "Bundle", "entry": [*confirmed, {"response": {"status": "412"}}]})
    with pytest.raises(LoaderError, match="did not confirm"):
        load(BASE, few)


def test_an_answer_that_is_not_json_is_an_error(faked: responses.RequestsMock) -> None:
    faked.get(f"{BASE}/Observation", body="<html>Please log in</html>")
    with pytest.raises(LoaderError, match="not FHIR JSON"):
        clean(BASE)


def test_the_token_goes_with_every_request_and_into_no_message(faked: responses.RequestsMock) -> None:
    searches(faked, Patient=[{"id": "cds-demo-a", **OURS}])
    faked.delete(f"{BASE}/Patient/cds-demo-a", status=401)
    with pytest.raises(LoaderError) as refused:
        clean(BASE, token="a-secret")
    assert {call.request.headers["Authorization"] for call in faked.calls} == {"Bearer a-secret"}
    assert "a-secret" not in str(refused.value)


def test_without_a_token_no_authorization_is_sent(faked: responses.RequestsMock) -> None:
    searches(faked)
    clean(BASE)
    assert all("Authorization" not in call.request.headers for call in faked.calls)


@pytest.mark.parametrize(
    "link",
    [
        "?page=2",
        "/r4/Observation?page=2",
        f"{BASE}/Observation?page=2",
        "http://fhir.example.org:8080/r4/Observation?page=2",
    ],
)
def test_next_pages_are_followed_on_the_same_host(faked: responses.RequestsMock, link: str) -> None:
    def answer(request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        assert request.url is not None
        assert request.url.startswith(BASE)
        return 200, {}, '{"entry": [{"resource": 7}, {}], "link": [{"relation": "self"}]}'

    first = {"link": [{"relation": "next", "url": link}]}
    faked.get(f"{BASE}/Observation", json=first)
    faked.add_callback(
        "GET", f"{BASE}/Observation", answer, match=[responses.matchers.query_param_matcher({"page": "2"})]
    )
    for other in DEPENDENTS_FIRST[1:]:
        faked.get(f"{BASE}/{other}", json={})
    assert clean(BASE) == 0


def test_a_next_page_on_another_server_is_refused_and_nothing_deleted(faked: responses.RequestsMock) -> None:
    first = {
        "entry": [{"resource": {"resourceType": "Observation", "id": "cds-demo-a", **OURS}}],
        "link": [{"relation": "next", "url": "https://elsewhere.example.org/r4/Observation?page=2"}],
    }
    faked.get(f"{BASE}/Observation", json=first)
    with pytest.raises(LoaderError, match="another server"):
        clean(BASE, token="a-secret")
    assert len(faked.calls) == 1


def test_pages_without_end_are_an_error(faked: responses.RequestsMock) -> None:
    endless = {"link": [{"relation": "next", "url": f"{BASE}/Observation?again"}]}
    faked.get(f"{BASE}/Observation", json=endless)
    with pytest.raises(LoaderError, match="no end"):
        clean(BASE)
