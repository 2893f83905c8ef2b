"""Members without a value, written as null or left half empty.

Sources: HL7-DaVinci/crd-request-generator, `src/util/buildRequest.js` (nulls since 2019; no access_token for an open
server); HL7-DaVinci/CRD#292; the JSON libraries of .NET and Java, which write null by default.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.card_rules import check_error
from tests.contract.ehr import HOOKS, ORDER_HOOKS, Ehr
from tests.contract.fhir_fake import FakeFhir
from tests.contract.records import CONFIRMED, DIALYSIS
from tests.field.whole_requests import EXPECTED, request, said

ELSEWHERE = "https://ehr.example/fhir"
NO_TOKEN: list[Any] = [
    None,
    {},
    {"access_token": None},
    {"access_token": ""},
    {"token_type": "Bearer", "expires_in": 300, "scope": "patient/Patient.read", "subject": "cds-service4"},
    {"access_token": None, "token_type": None, "expires_in": None, "scope": None, "subject": None, "patient": None},
]


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize("name", ["fhirServer", "fhirAuthorization", "extension", "nobodyKnowsThis"])
def test_a_member_of_the_request_that_is_null_is_absent(name: str, hook: str, ehr: Ehr) -> None:
    assert said(ehr.cards(request(ehr, hook) | {name: None})) == EXPECTED[hook]


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize("name", ["encounterId", "nobodyKnowsThis"])
def test_a_member_of_the_context_that_is_null_is_absent(name: str, hook: str, ehr: Ehr) -> None:
    body = request(ehr, hook)
    body["context"][name] = None
    assert said(ehr.cards(body)) == EXPECTED[hook]


@pytest.mark.parametrize("hook", HOOKS)
def test_every_optional_member_may_be_null_at_once(hook: str, ehr: Ehr) -> None:
    body = request(ehr, hook) | dict.fromkeys(("fhirServer", "fhirAuthorization", "extension"))
    body["context"]["encounterId"] = None
    assert said(ehr.cards(body)) == EXPECTED[hook]


@pytest.mark.parametrize("hook", HOOKS)
def test_prefetch_that_is_null_was_not_sent_and_is_fetched(hook: str, ehr: Ehr, fhir: FakeFhir) -> None:
    fhir.record = CONFIRMED if hook == "patient-view" else DIALYSIS
    assert said(ehr.cards(request(ehr, hook) | {"prefetch": None, "fhirServer": fhir.base})) == EXPECTED[hook]


@pytest.mark.parametrize("hook", HOOKS)
def test_prefetch_that_is_null_is_no_empty_chart(hook: str, ehr: Ehr) -> None:
    assert "no FHIR server was offered" in check_error(ehr.post(request(ehr, hook) | {"prefetch": None}), 412)


@pytest.mark.parametrize("hook", ORDER_HOOKS)
@pytest.mark.parametrize("name", ["id", "type", "total", "link"])
def test_a_member_of_the_drafts_that_is_null_is_absent(name: str, hook: str, ehr: Ehr) -> None:
    body = request(ehr, hook)
    body["context"]["draftOrders"][name] = None
    assert said(ehr.cards(body)) == EXPECTED[hook]


@pytest.mark.parametrize("hook", ORDER_HOOKS)
def test_drafts_whose_entries_are_null_are_none(hook: str, ehr: Ehr) -> None:
    body = request(ehr, hook)
    body["context"]["draftOrders"]["entry"] = None
    assert ehr.cards(body) == []


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize("authorization", NO_TOKEN)
def test_an_authorization_without_a_token_is_none_and_needs_no_server(authorization: Any, hook: str, ehr: Ehr) -> None:
    assert said(ehr.cards(request(ehr, hook) | {"fhirAuthorization": authorization})) == EXPECTED[hook]


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize("authorization", NO_TOKEN)
def test_without_a_token_the_server_is_asked_without_one(
    authorization: Any, hook: str, ehr: Ehr, fhir: FakeFhir
) -> None:
    fhir.record = CONFIRMED if hook == "patient-view" else DIALYSIS
    body = request(ehr, hook) | {"prefetch": {}, "fhirServer": fhir.base, "fhirAuthorization": authorization}
    assert said(ehr.cards(body)) == EXPECTED[hook]
    assert fhir.seen
    assert not any("authorization" in map(str.lower, asked.headers) for asked in fhir.seen)


def test_with_a_token_the_server_is_asked_with_it_whatever_stands_beside_it(ehr: Ehr, fhir: FakeFhir) -> None:
    fhir.record = DIALYSIS
    authorization = {"access_token": "tok-1", "token_type": None, "expires_in": "soon", "scope": None, "patient": 7}
    body = request(ehr, "order-sign") | {"prefetch": {}, "fhirServer": fhir.base, "fhirAuthorization": authorization}
    assert said(ehr.cards(body)) == EXPECTED["order-sign"]
    assert {asked.headers["Authorization"] for asked in fhir.seen} == {"Bearer tok-1"}


@pytest.mark.parametrize("server", [{}, {"fhirServer": None}])
def test_a_token_without_a_server_is_refused_by_name(server: dict[str, None], ehr: Ehr) -> None:
    body = request(ehr, "order-sign") | {"fhirAuthorization": {"access_token": "tok-1"}} | server
    assert "fhirServer is required" in check_error(ehr.post(body), 400, "fhirServer")


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize("odd", [7, [], {}, "x y", True])
@pytest.mark.parametrize("name", ["token_type", "expires_in", "scope", "subject", "patient"])
def test_what_is_not_used_of_an_authorization_refuses_nobody(name: str, odd: Any, hook: str, ehr: Ehr) -> None:
    authorization = {"access_token": "tok-1", name: odd}
    body = request(ehr, hook) | {"fhirServer": ELSEWHERE, "fhirAuthorization": authorization}
    assert said(ehr.cards(body)) == EXPECTED[hook]


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize("encounter", ["enc-1", "Encounter/1", "urn:uuid:x", "a b", "", "x" * 300])
def test_an_encounter_in_any_spelling_refuses_nobody(encounter: str, hook: str, ehr: Ehr) -> None:
    body = request(ehr, hook)
    body["context"]["encounterId"] = encounter
    assert said(ehr.cards(body)) == EXPECTED[hook]


@pytest.mark.parametrize(
    "path",
    [
        "hook",
        "hookInstance",
        "context",
        "context.userId",
        "context.patientId",
        "context.selections",
        "context.draftOrders",
    ],
)
def test_a_required_member_that_is_null_is_missing_and_named(path: str, ehr: Ehr) -> None:
    body = request(ehr, "order-select")
    holder = body["context"] if path.startswith("context.") else body
    holder[path.rpartition(".")[2]] = None
    assert f"{path} is required" in check_error(ehr.post(body, "order-select"), 400, path)


def test_feedback_may_hold_nulls(ehr: Ehr) -> None:
    (card,) = ehr.cards(request(ehr, "order-sign"))
    beside = {"outcomeTimestamp": "2026-11-22T10:05:00Z", "extension": None}
    suggestion = {"id": card["suggestions"][0]["uuid"]}
    items = [
        {"card": card["uuid"], "outcome": "accepted", "acceptedSuggestions": [suggestion], "overrideReason": None},
        {
            "card": card["uuid"],
            "outcome": "overridden",
            "acceptedSuggestions": None,
            "overrideReason": {"reason": {"code": "seen", "display": None}, "userComment": None},
        },
        {"card": card["uuid"], "outcome": "overridden", "overrideReason": {"reason": None, "userComment": None}},
        {
            "card": card["uuid"],
            "outcome": "overridden",
            "overrideReason": {"reason": {"text": None, "coding": [{"code": "seen", "system": None}]}},
        },
    ]
    sent = {"feedback": [item | beside for item in items]}
    answer = ehr.client.post(ehr.url("order-sign", "/feedback"), json=sent)
    assert (answer.status_code, answer.get_json()) == (200, {})


def test_feedback_whose_required_member_is_null_is_refused_by_name(ehr: Ehr) -> None:
    item = {"card": None, "outcome": "overridden", "outcomeTimestamp": "2026-11-22T10:05:00Z"}
    answer = ehr.client.post(ehr.url("order-sign", "/feedback"), json={"feedback": [item]})
    assert "feedback[0].card is required" in check_error(answer, 400, "feedback[0].card")
