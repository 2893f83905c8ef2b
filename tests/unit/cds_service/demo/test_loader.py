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

from cds_service.demo.fhir_site import FhirSite, LoaderError
from cds_service.demo.loader import DEPENDENTS_FIRST, LoadReport, clean, load
from cds_service.demo.patients import TAG, SyntheticPatient, load_patients
from cds_service.demo.sandbox import Sandbox
from tests.unit.cds_service.odd_fhir_server import (
    ODD,
    OddServer,
    forgets_late,
    names_itself,
    pages_of,
    sends_no_next_link,
)

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
    searches(faked)
    faked.delete(f"{BASE}/Patient/cds-demo-a", status=status)
    assert clean(BASE, pauses=()) == counted


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
        "https://elsewhere.example.org/inner/Observation?page=2",
        "http://10.0.0.7/r4?page=2",
    ],
)
def test_next_pages_are_asked_for_at_the_base_that_was_given_and_nowhere_else(
    faked: responses.RequestsMock, link: str
) -> None:
    page = responses.matchers.query_param_matcher({"page": "2"})
    last = {"entry": [{"resource": 7}, {}], "link": [{"relation": "self"}]}
    searches(faked, Observation=[])
    faked.replace("GET", f"{BASE}/Observation", json={"link": [{"relation": "next", "url": link}]})
    place = BASE if link.endswith("/r4?page=2") else f"{BASE}/Observation"
    second = faked.get(place, json=last, match=[page])
    assert clean(BASE, token="a-secret", pauses=()) == 0
    assert second.call_count == 1
    assert all(str(call.request.url).startswith(BASE) for call in faked.calls)


def test_a_next_link_that_leads_nowhere_is_an_error_and_nothing_is_deleted(faked: responses.RequestsMock) -> None:
    first = {
        "entry": [{"resource": {"resourceType": "Observation", "id": "cds-demo-a", **OURS}}],
        "link": [{"relation": "next", "url": "https://elsewhere.example.org/page/2"}],
    }
    faked.get(f"{BASE}/Observation", json=first)
    with pytest.raises(LoaderError, match="next page cannot be followed"):
        clean(BASE, token="a-secret", pauses=())
    assert len(faked.calls) == 1


def test_pages_without_end_are_an_error(faked: responses.RequestsMock) -> None:
    asked = iter(range(1_000_000))

    def another(request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        return 200, {}, json.dumps({"link": [{"relation": "next", "url": f"{BASE}/Observation?page={next(asked)}"}]})

    faked.add_callback("GET", f"{BASE}/Observation", another)
    with pytest.raises(LoaderError, match="no end"):
        clean(BASE, pauses=())


def test_a_page_that_names_itself_is_the_last(faked: responses.RequestsMock) -> None:
    searches(faked)
    faked.replace("GET", f"{BASE}/Observation", json={"link": [{"relation": "next", "url": f"{BASE}/Observation?a"}]})
    assert clean(BASE, pauses=()) == 0


# ------------------------------------------------------------------ servers that hide what is left
@pytest.fixture
def odd(few: tuple[SyntheticPatient, ...]) -> OddServer:
    ODD.start_anew(resource for patient in few for resource in patient.resources)
    return ODD


def left(server: OddServer) -> int:
    return sum(len(server.store.all(kind)) for kind in DEPENDENTS_FIRST)


def test_a_server_that_sends_part_without_a_next_link_is_searched_until_nothing_is_found(odd: OddServer) -> None:
    here = left(odd)
    odd.change = sends_no_next_link(5)
    assert clean(odd.base, pauses=()) == here > 50
    assert left(odd) == 0
    deleted = [asked.url.split("/")[-2] for asked in odd.calls if asked.method == "DELETE"]
    assert deleted == sorted(deleted, key=DEPENDENTS_FIRST.index), "what points at others goes first"


def test_a_server_that_never_sends_what_it_counts_is_an_error(odd: OddServer) -> None:
    odd.change = sends_no_next_link(0)
    with pytest.raises(LoaderError, match="0 resources were removed, and not all can be gone: the server counts"):
        clean(odd.base, pauses=(0.0,))
    assert odd.searches["Observation"] == 2, "it is asked again, once for each pause"


def test_a_server_that_forgets_late_is_waited_for_and_counted_once(odd: OddServer) -> None:
    here = left(odd)
    odd.change = forgets_late("Observation", until=4)
    assert clean(odd.base, pauses=(0.0, 0.0, 0.0, 0.0)) == here
    deletes = [asked.url for asked in odd.calls if asked.method == "DELETE"]
    assert len(deletes) == len(set(deletes)) == here


def test_a_server_that_never_forgets_is_an_error(odd: OddServer) -> None:
    odd.change = forgets_late("Observation", until=1000)
    number = len(odd.store.all("Observation"))
    with pytest.raises(LoaderError, match=f"not all can be gone: {number} of our resources are still found"):
        clean(odd.base, pauses=(0.0, 0.0))


def test_a_server_that_always_finds_more_is_an_error_in_the_end(odd: OddServer) -> None:
    odd.change = sends_no_next_link(5)
    with pytest.raises(LoaderError, match="15 resources were removed, and not all can be gone: 5 of our"):
        clean(odd.base, pauses=(), rounds=3)


def test_what_a_server_refuses_to_delete_for_now_is_tried_again(odd: OddServer) -> None:
    here = left(odd)
    refused: list[str] = []

    def conflict(url: str) -> int:
        if url.startswith("DELETE") and "/Condition/" in url and url not in refused:
            refused.append(url)
            return 409
        return 0

    odd.refuse = conflict
    assert clean(odd.base, pauses=()) == here
    assert refused


def test_what_a_server_always_refuses_to_delete_is_reported(odd: OddServer) -> None:
    odd.refuse = lambda url: 409 if url.startswith("DELETE") and "/Patient/" in url else 0
    with pytest.raises(LoaderError, match=r"deleting Patient/cds-demo-.*409"):
        clean(odd.base, pauses=(0.0,))
    assert left(odd) == FEW
    assert odd.searches["Observation"] == 2, "a refusal is not waited for"


def test_next_links_behind_a_proxy_lead_to_all_that_is_ours(odd: OddServer) -> None:
    here = left(odd)
    odd.change = pages_of(7, then=names_itself("https://inner.example:8443/hapi/fhir"))
    assert clean(odd.base, pauses=()) == here
    assert odd.searches["Observation"] > 5


def test_included_resources_and_remarks_are_no_matches_of_a_search(faked: responses.RequestsMock) -> None:
    patient = {"resource": {"resourceType": "Patient", "id": "p"}}
    include = {"resource": {"resourceType": "Medication", "id": "m"}, "search": {"mode": "include"}}
    remark = {"resource": {"resourceType": "OperationOutcome"}}
    match = {**patient, "search": {"mode": "match"}}
    faked.get(f"{BASE}/Patient", json={"total": 7, "entry": [patient, include, remark, match]})
    with FhirSite(BASE, None) as site:
        found = site.search("Patient?name=x")
    assert (len(found.resources), found.unseen) == (4, 5)


@pytest.mark.parametrize("total", [None, True, "7", 0, 1])
def test_a_server_that_does_not_count_more_than_it_sends_hides_nothing(
    total: object, faked: responses.RequestsMock
) -> None:
    faked.get(f"{BASE}/Patient", json={"total": total, "entry": [{"resource": {"resourceType": "Patient"}}]})
    with FhirSite(BASE, None) as site:
        assert site.search("Patient?name=x").unseen == 0
