"""What one client may ask of us: entries per request, calls per minute; and the headers that protect answers."""

from __future__ import annotations

from typing import Any

import pytest

from bench.instructions import count
from cds_service.api.hook_request import MOST_DRAFTS
from cds_service.fhir_client.terms import TOO_MANY_ENTRIES
from tests.contract.card_rules import check_error
from tests.contract.conftest import MakeApp
from tests.contract.ehr import HOOKS, ORDER_HOOKS, Ehr, ehr_of, topics, words
from tests.contract.fhir_fake import FakeFhir
from tests.contract.records import CONFIRMED, DIALYSIS, WARFARIN_DRAFT, Json, bundle, condition, result
from tests.field.whole_requests import EXPECTED, said

BMI = "39156-5"


def test_a_request_with_more_entries_than_the_limit_is_413(make_app: MakeApp) -> None:
    ehr = ehr_of(make_app(max_entries=3))
    body = ehr.request("patient-view")
    body["prefetch"] = {"conditions": {"resourceType": "Bundle", "type": "searchset", "entry": [{}] * 4}}
    check_error(ehr.post(body, "patient-view"), 413, "prefetch")


@pytest.mark.parametrize(("contained", "status"), [(2, 200), (3, 413)])
def test_what_an_order_set_contains_is_counted_as_entries_are(make_app: MakeApp, contained: int, status: int) -> None:
    ehr = ehr_of(make_app(max_entries=3))
    body = ehr.request("order-sign")
    order_set = {"resourceType": "RequestGroup", "id": "set", "contained": [{}] * contained}
    body["context"]["draftOrders"] = {"resourceType": "Bundle", "entry": [{"resource": order_set}]}
    answer = ehr.post(body, "order-sign")
    assert answer.status_code == status
    if status != 200:
        check_error(answer, status, "prefetch")


# ------------------------------------------------------------------ drafts
def ordering(ehr: Ehr, hook: str, number: int, **changed: Any) -> Json:
    return ehr.request(hook, DIALYSIS, [WARFARIN_DRAFT | {"id": str(one)} | changed for one in range(number)])


def check_limited(ehr: Ehr, body: Json, status: int, field: str) -> None:
    answer = ehr.post(body)
    assert answer.status_code == status
    if status == 413:
        of_what = {"context.draftOrders": "drafts (entries of draftOrders and what order sets contain)"}
        said_of = of_what.get(field, "selections")
        assert f"more than {MOST_DRAFTS} {said_of}" in check_error(answer, 413, field)
    else:
        assert topics(answer.get_json()["cards"]) == ["vka-dialysis"]


AROUND = [(MOST_DRAFTS - 1, 200), (MOST_DRAFTS, 200), (MOST_DRAFTS + 1, 413)]


def test_the_limit_is_the_documented_one() -> None:
    assert MOST_DRAFTS == 1000


@pytest.mark.parametrize(("number", "status"), AROUND)
@pytest.mark.parametrize("hook", ORDER_HOOKS)
def test_more_than_a_thousand_drafts_are_413(hook: str, number: int, status: int, ehr: Ehr) -> None:
    body = ordering(ehr, hook, number)
    if hook == "order-select":
        body["context"]["selections"] = ["MedicationRequest/0"]
    check_limited(ehr, body, status, "context.draftOrders")


@pytest.mark.parametrize(("number", "status"), AROUND)
def test_more_than_a_thousand_selections_are_413(number: int, status: int, ehr: Ehr) -> None:
    body = ordering(ehr, "order-select", 1)
    body["context"]["selections"] = ["MedicationRequest/0"] * number
    check_limited(ehr, body, status, "context.selections")


@pytest.mark.parametrize(("number", "status"), AROUND)
@pytest.mark.parametrize("kind", ["RequestGroup", "CarePlan"])
def test_drafts_in_order_sets_are_counted(kind: str, number: int, status: int, ehr: Ehr) -> None:
    inside = [WARFARIN_DRAFT | {"id": str(one)} for one in range(number - 1)]
    body = ehr.request("order-sign", DIALYSIS)
    body["context"]["draftOrders"] = bundle({"resourceType": kind, "id": "set", "contained": inside})
    check_limited(ehr, body, status, "context.draftOrders")


def test_what_drafts_contain_beside_is_no_draft(ehr: Ehr) -> None:
    body = ordering(ehr, "order-sign", 600, contained=[{"resourceType": "Medication", "id": "m"}])
    check_limited(ehr, body, 200, "context.draftOrders")


@pytest.mark.parametrize("odd", [None, 5, "x", [], {"entry": [{}] * 2000}, ["MedicationRequest/1"] * 2000])
def test_at_patient_view_nobody_looks_at_drafts(odd: Any, ehr: Ehr) -> None:
    body = ehr.request("patient-view", DIALYSIS)
    body["context"] |= {"draftOrders": odd, "selections": odd}
    assert ehr.post(body).status_code == 200


SELECTED = {
    "by number": list,
    "by their id": lambda places: [f"MedicationRequest/{place}" for place in places],
    "all the same": lambda places: ["MedicationRequest/0" for _ in places],
}


@pytest.mark.parametrize("selected", SELECTED.values(), ids=SELECTED)
@pytest.mark.parametrize("same_ids", [False, True])
def test_twice_the_drafts_are_twice_the_work(selected: Any, same_ids: bool, ehr: Ehr) -> None:
    work = []
    for number in (150, 300):
        body = ordering(ehr, "order-select", number, **({"id": "0"} if same_ids else {}))
        body["context"]["selections"] = selected(range(1 if same_ids else number)) * (number if same_ids else 1)
        ehr.cards(body)
        work.append(count(lambda sent=body: ehr.cards(sent)).instructions)  # type: ignore[misc]
    assert work[1] < 2.5 * work[0]


# ------------------------------------------------------------------ calls
def test_calls_above_the_rate_are_429_and_health_is_not_counted(make_app: MakeApp) -> None:
    client = make_app(rate_limit="2 per minute").test_client()
    for path in ("/health", "/health/live", "/health/ready"):
        assert [client.get(path).status_code for _ in range(5)] == [200] * 5
        assert client.head(path).status_code == 200
    assert [client.get("/cds-services").status_code for _ in range(3)] == [200, 200, 429]
    refused = client.get("/cds-services")
    check_error(refused, 429)
    assert int(refused.headers["Retry-After"]) > 0


@pytest.mark.parametrize("path", ["/cds-services", "/health", "/nowhere"])
def test_answers_may_not_be_stored_framed_or_sniffed(make_app: MakeApp, path: str) -> None:
    headers = make_app().test_client().get(path).headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]


@pytest.mark.parametrize("body", [b"[" * 1000 + b"]" * 1000, b'{"hook": ' + b"[" * 1000 + b"]" * 1000 + b"}"])
@pytest.mark.parametrize(
    "path", ["/cds-services/calciphylaxis-patient-view", "/cds-services/calciphylaxis-order-sign/feedback"]
)
def test_a_body_that_is_nested_too_deeply_is_400(make_app: MakeApp, path: str, body: bytes) -> None:
    check_error(make_app().test_client().post(path, data=body, content_type="application/json"), 400)


@pytest.mark.parametrize(("entries", "is_cut"), [(90, False), (110, True)])
def test_results_beyond_what_a_call_may_fetch_are_said_to_be_unread(
    entries: int, is_cut: bool, make_app: MakeApp, fhir: FakeFhir
) -> None:
    ehr = ehr_of(make_app(fhir_max_entries=100, fhir_deadline_seconds=20))
    fhir.record = {**CONFIRMED, "bmi": [result(str(n), BMI, 24.0, "kg/m2", days_ago=1) for n in range(entries)]}
    cards = ehr.cards(ehr.request("patient-view") | {"fhirServer": fhir.base})
    assert (TOO_MANY_ENTRIES in words(cards)) == is_cut


@pytest.mark.parametrize(("entries", "status"), [(101, 200), (102, 412)])
def test_a_problem_list_beyond_it_is_no_list_without_problems(
    entries: int, status: int, make_app: MakeApp, fhir: FakeFhir, caplog: pytest.LogCaptureFixture
) -> None:
    ehr = ehr_of(make_app(fhir_max_entries=100, fhir_deadline_seconds=20))
    other = [condition(str(number), "Hypertension") for number in range(entries)]
    fhir.record = {"conditions": other}
    answer = ehr.post(ehr.request("patient-view") | {"fhirServer": fhir.base})
    assert answer.status_code == status
    if status != 200:
        assert TOO_MANY_ENTRIES in check_error(answer, status, "conditions")
        assert f"conditions is incomplete: {TOO_MANY_ENTRIES} (CDS_FHIR_MAX_ENTRIES)" in caplog.text


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize("conditions", [5_000, 9_000])
def test_thousands_of_conditions_on_the_server_are_read_beside_the_results(
    conditions: int, hook: str, ehr: Ehr, fhir: FakeFhir
) -> None:
    record = CONFIRMED if hook == "patient-view" else DIALYSIS
    many = [condition(f"more{number}", "Review due") for number in range(conditions)]
    fhir.record = {**record, "conditions": [*many, *record["conditions"]]}
    body = ehr.request(hook, record, [] if hook == "patient-view" else [WARFARIN_DRAFT])
    answer = ehr.post({**body, "prefetch": {}, "fhirServer": fhir.base})
    assert answer.status_code == 200, answer.get_data(as_text=True)
    assert said(answer.get_json()["cards"]) == EXPECTED[hook]
