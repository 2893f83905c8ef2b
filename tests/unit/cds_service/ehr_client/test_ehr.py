"""The EHR that we play does what a CDS Hooks client does, and says plainly when a server does not play along."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import responses

from cds_service.ehr_client.ehr import Ehr, EhrError, chart_context

CDS, FHIR = "https://cds.example", "https://ehr.example/fhir"
SERVICE = {
    "id": "one",
    "hook": "patient-view",
    "prefetch": {"patient": "Patient/{{context.patientId}}", "conditions": "Condition?patient={{context.patientId}}"},
}
ORDERING = {"id": "two", "hook": "order-select"}
DRAFT = {"resourceType": "MedicationRequest", "id": "d"}


@pytest.fixture
def mock() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as faked:
        faked.get(f"{CDS}/cds-services", json={"services": [ORDERING, SERVICE, {**SERVICE, "id": "later"}]})
        faked.get(f"{FHIR}/Patient/p1", json={"resourceType": "Patient", "id": "p1"})
        faked.get(f"{FHIR}/Condition", status=403)
        faked.post(f"{CDS}/cds-services/one", json={"cards": [{"summary": "x"}]})
        faked.post(f"{CDS}/cds-services/two", json={"cards": []})
        yield faked


def sent(mock: responses.RequestsMock) -> dict[str, Any]:
    (post,) = [call.request for call in mock.calls if call.request.method == "POST"]
    body: dict[str, Any] = json.loads(post.body or "")
    return body


def test_opening_a_chart_calls_the_first_service_of_the_hook_with_prefetch_and_server(
    mock: responses.RequestsMock,
) -> None:
    assert Ehr(f"{CDS}/", FHIR).open_chart("p1") == [{"summary": "x"}]
    body = sent(mock)
    assert body["context"] == {"userId": "Practitioner/example", "patientId": "p1"}
    assert body["fhirServer"] == FHIR
    assert "fhirAuthorization" not in body


def test_a_query_that_the_server_refuses_is_left_out_of_the_prefetch(mock: responses.RequestsMock) -> None:
    Ehr(CDS, FHIR).open_chart("p1")
    assert sent(mock)["prefetch"] == {"patient": {"resourceType": "Patient", "id": "p1"}}


def test_a_token_goes_to_the_fhir_server_and_along_with_the_call(mock: responses.RequestsMock) -> None:
    Ehr(CDS, FHIR, "sesame").open_chart("p1")
    assert sent(mock)["fhirAuthorization"]["access_token"] == "sesame"
    for call in mock.calls:
        url, header = str(call.request.url), call.request.headers.get("Authorization")
        assert header == ("Bearer sesame" if url.startswith(FHIR) else None)


def test_neither_prefetch_nor_server_need_be_sent(mock: responses.RequestsMock) -> None:
    Ehr(CDS, FHIR, "sesame", send_prefetch=False, offer_server=False).open_chart("p1")
    assert sent(mock).keys() == {"hook", "hookInstance", "context"}


def test_picking_drafts_selects_them_all(mock: responses.RequestsMock) -> None:
    assert Ehr(CDS, FHIR).order("order-select", "p1", [DRAFT]) == []
    context = sent(mock)["context"]
    assert context["selections"] == ["MedicationRequest/d"]
    assert context["draftOrders"]["entry"] == [{"resource": DRAFT}]


def test_signing_drafts_selects_nothing(mock: responses.RequestsMock) -> None:
    Ehr(CDS, FHIR).order("order-sign", "p1", [DRAFT], service={"id": "two", "hook": "order-sign"})
    assert "selections" not in sent(mock)["context"]


def test_a_hook_without_a_service_is_said(mock: responses.RequestsMock) -> None:
    with pytest.raises(EhrError, match="has no service for the hook order-dispatch"):
        Ehr(CDS, FHIR).service_for("order-dispatch")


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        ({"status": 412, "json": {"issue": [{"diagnostics": "cannot judge"}, 7]}}, "answered 412: cannot judge"),
        ({"status": 502, "body": "<html>"}, "answered 502: no OperationOutcome"),
        ({"status": 400, "json": []}, "answered 400: no OperationOutcome"),
        ({"body": "<html>"}, "did not answer with cards"),
        ({"json": []}, "did not answer with cards"),
        ({"json": {"patient": "kidney-7"}}, "did not answer with cards"),
        ({"json": {"cards": {}}}, "did not answer with cards"),
        ({"json": {"cards": ["kidney-7"]}}, "did not answer with cards"),
        ({"body": requests.ConnectionError("kidney-7")}, r"did not answer \(no connection\)"),
    ],
)
def test_a_service_that_does_not_answer_with_cards_is_said(
    reply: dict[str, Any], words: str, mock: responses.RequestsMock
) -> None:
    mock.replace(responses.POST, f"{CDS}/cds-services/one", **reply)
    with pytest.raises(EhrError, match=words) as refused:
        Ehr(CDS, FHIR).open_chart("p1")
    assert "kidney-7" not in str(refused.value)


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        ({"status": 500}, "answered 500"),
        ({"json": []}, "answered 200"),
        ({"body": "<html>"}, "did not answer as expected"),
        ({"body": requests.ReadTimeout()}, r"did not answer as expected \(nothing came within"),
    ],
)
def test_a_discovery_that_cannot_be_read_is_said(
    reply: dict[str, Any], words: str, mock: responses.RequestsMock
) -> None:
    mock.replace(responses.GET, f"{CDS}/cds-services", **reply)
    with pytest.raises(EhrError, match=words):
        Ehr(CDS, FHIR).services()


def test_the_token_does_not_show_in_a_repr() -> None:
    assert "sesame" not in repr(Ehr(CDS, FHIR, "sesame"))


# ------------------------------------------------------------------ exchanges
def test_a_call_gives_the_request_sent_the_answer_and_the_time(mock: responses.RequestsMock) -> None:
    made = Ehr(CDS, FHIR).invoke(SERVICE, chart_context("p1"))
    assert made.request == sent(mock)
    assert (made.method, made.url, made.status) == ("POST", f"{CDS}/cds-services/one", 200)
    assert made.body == {"cards": [{"summary": "x"}]}
    assert 0 < made.milliseconds < 60_000
    assert "hookInstance" not in repr(made)


def test_a_call_that_fails_is_an_exchange_too(mock: responses.RequestsMock) -> None:
    mock.replace(responses.POST, f"{CDS}/cds-services/one", status=412, json={"issue": [{"diagnostics": "no chart"}]})
    made = Ehr(CDS, FHIR).invoke(SERVICE, chart_context("p1"))
    assert (made.status, made.ok, made.diagnostics) == (412, False, "no chart")


def test_a_call_is_not_sent_on_to_another_address(mock: responses.RequestsMock) -> None:
    mock.replace(responses.POST, f"{CDS}/cds-services/one", status=302, headers={"Location": "https://evil.example"})
    assert Ehr(CDS, FHIR).invoke(SERVICE, chart_context("p1")).status == 302


def test_feedback_goes_to_the_service_that_gave_the_card(mock: responses.RequestsMock) -> None:
    mock.post(f"{CDS}/cds-services/one/feedback", json={})
    made = Ehr(CDS, FHIR).feedback("one", [{"card": "c"}])
    assert (made.ok, made.request) == (True, {"feedback": [{"card": "c"}]})


def test_the_id_of_a_service_stays_one_step_of_the_address(mock: responses.RequestsMock) -> None:
    mock.post(f"{CDS}/cds-services/..%2Fadmin/feedback", json={})
    assert Ehr(CDS, FHIR).feedback("../admin", []).ok


@pytest.mark.parametrize(("id_", "method", "address"), [("m1", "PUT", "Task/m1"), (None, "POST", "Task")])
def test_a_resource_with_an_id_is_replaced_and_one_without_is_created(
    id_: str | None, method: str, address: str, mock: responses.RequestsMock
) -> None:
    mock.add(method, f"{FHIR}/{address}", status=201, json={})
    resource = {"resourceType": "Task", **({"id": id_} if id_ else {})}
    made = Ehr(CDS, FHIR, "sesame").write(resource)
    assert (made.status, made.method) == (201, method)
    headers = mock.calls[0].request.headers
    assert (headers["Content-Type"], headers["Authorization"]) == ("application/fhir+json", "Bearer sesame")


@pytest.mark.parametrize(("version", "header"), [("3", 'W/"3"'), (None, None), (3, None), ('3"', None), ("", None)])
def test_a_version_that_the_resource_tells_is_the_only_one_replaced(
    version: object, header: str | None, mock: responses.RequestsMock
) -> None:
    mock.put(f"{FHIR}/Task/m1", json={})
    Ehr(CDS, FHIR).write({"resourceType": "Task", "id": "m1", "meta": {"versionId": version}})
    assert mock.calls[0].request.headers.get("If-Match") == header


def test_templates_are_filled_from_the_context_and_left_out_where_they_cannot_be(mock: responses.RequestsMock) -> None:
    templates = {
        "patient": "Patient/{{ context.patientId }}",
        "visit": "Encounter/{{context.encounterId}}",
        "drafts": "Medication?_id={{context.draftOrders.MedicationRequest.id}}",
        "today": "Observation?date=ge{{today() - 7 days}}",
    }
    filled = Ehr(CDS, FHIR).prefetch({"prefetch": templates}, {"patientId": "p1", "draftOrders": {}})
    assert filled.keys() == {"patient"}


def test_reading_tells_the_status_of_a_refusal(mock: responses.RequestsMock) -> None:
    with pytest.raises(EhrError) as refused:
        Ehr(CDS, FHIR).read("Condition?patient=p1")
    assert refused.value.status == 403


@pytest.mark.parametrize("services", [{}, "x", None, [7]])
def test_a_discovery_of_another_shape_has_no_services(services: object, mock: responses.RequestsMock) -> None:
    mock.replace(responses.GET, f"{CDS}/cds-services", json={"services": services})
    assert Ehr(CDS, FHIR).services() == []
