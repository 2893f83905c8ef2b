"""Reading the EHR's FHIR server. Matrix: S50 to S56; CDS Hooks 3.0.0, section "FHIR Resource Access"."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from cds_service.fhir_client.terms import NOT_A_SERVER, NOT_ALLOWED
from tests.contract.card_rules import check_error
from tests.contract.conftest import SITES
from tests.contract.ehr import HOOKS, Ehr, signature, topics
from tests.contract.fhir_fake import FakeFhir
from tests.contract.records import (
    CONFIRMED,
    ON_DIALYSIS,
    PATIENT,
    PATIENT_ID,
    WARFARIN,
    WARFARIN_DRAFT,
    Json,
    bundle,
    failure,
)
from tests.fhir_stand_in import FhirStandIn, Reply

FAULTS: dict[str, tuple[int, Any]] = {
    "500": (500, failure()),
    "500 as HTML": (500, "<html>failed</html>"),
    "503": (503, ""),
    "401": (401, failure()),
    "403": (403, failure()),
    "404": (404, failure()),
    "429": (429, ""),
    "garbage": (200, "{garbage"),
    "HTML with 200": (200, "<html>sign in</html>"),
    "an empty body": (200, ""),
    "null": (200, "null"),
    "an OperationOutcome with 200": (200, failure()),
    "a searchset with an error in it": (200, bundle(failure())),
    "a redirect": (302, ""),
}


def body_for(ehr: Ehr, fhir: FakeFhir, hook: str = "patient-view", **more: Any) -> Json:
    fhir.record = {**CONFIRMED, **fhir.record}
    return ehr.request(hook, None, [WARFARIN_DRAFT]) | {"fhirServer": fhir.base} | more


@pytest.mark.parametrize("hook", HOOKS)
def test_a_call_without_prefetch_gets_the_guidance_of_one_with_it(hook: str, ehr: Ehr, fhir: FakeFhir) -> None:
    expected = signature(ehr.cards(ehr.request(hook, CONFIRMED, [WARFARIN_DRAFT])))
    assert signature(ehr.cards(body_for(ehr, fhir, hook))) == expected


@pytest.mark.parametrize("hook", HOOKS)
def test_what_is_fetched_is_what_is_advertised(hook: str, ehr: Ehr, fhir: FakeFhir) -> None:
    ehr.cards(body_for(ehr, fhir, hook))
    assert sorted(fhir.asked()) == sorted(ehr.keys(hook))


def test_every_request_carries_the_token(ehr: Ehr, fhir: FakeFhir) -> None:
    ehr.cards(body_for(ehr, fhir, fhirAuthorization={"access_token": "tok-77", "token_type": "Bearer"}))
    assert {request.headers["Authorization"] for request in fhir.seen} == {"Bearer tok-77"}


def test_a_token_is_not_used_again_in_a_call_without_one(ehr: Ehr, fhir: FakeFhir) -> None:
    ehr.cards(body_for(ehr, fhir, fhirAuthorization={"access_token": "tok-77"}))
    fhir.seen.clear()
    ehr.cards(body_for(ehr, fhir))
    assert [request.headers.get("Authorization") for request in fhir.seen] == [None] * len(ehr.keys("patient-view"))


def test_every_search_is_limited_to_the_patient(ehr: Ehr, fhir: FakeFhir) -> None:
    ehr.cards(body_for(ehr, fhir))
    for request in fhir.seen:
        assert f"/Patient/{PATIENT_ID}" in request.url or f"patient={PATIENT_ID}&" in request.url


def test_only_get_is_ever_used(ehr: Ehr, fhir: FakeFhir) -> None:
    ehr.cards(body_for(ehr, fhir))
    assert {request.method for request in fhir.seen} == {"GET"}


def test_a_slash_after_the_server_changes_nothing(ehr: Ehr, fhir: FakeFhir) -> None:
    ehr.cards(body_for(ehr, fhir) | {"fhirServer": f"{fhir.base}/"})
    assert not any("//" in request.url.removeprefix("http://") for request in fhir.seen)


def test_pages_are_followed_to_the_end(ehr: Ehr, fhir: FakeFhir) -> None:
    expected = signature(ehr.cards(body_for(ehr, fhir)))
    link = [{"relation": "next", "url": f"{fhir.base}/Condition?page=2"}]
    fhir.told = {
        "conditions": (200, bundle(CONFIRMED["conditions"][0], link=link)),
        "Condition?page=2": (200, bundle(CONFIRMED["conditions"][1])),
    }
    assert signature(ehr.cards(body_for(ehr, fhir))) == expected


def test_pages_without_end_are_given_up_and_said(ehr: Ehr, fhir: FakeFhir) -> None:
    fhir.record = {"conditions": [ON_DIALYSIS], "medications": []}
    for page in range(200):
        link = [{"relation": "next", "url": f"{fhir.base}/Observation?page={page + 1}"}]
        fhir.told["bmi" if page == 0 else f"Observation?page={page}"] = (200, bundle(link=link))
    assert topics(ehr.cards(body_for(ehr, fhir))) == ["cua-data-gap"]
    assert len(fhir.seen) < 150


@pytest.mark.parametrize("reply", FAULTS.values(), ids=FAULTS)
def test_a_server_that_fails_at_everything_is_412(reply: tuple[int, Any], ehr: Ehr, fhir: FakeFhir) -> None:
    fhir.told = dict.fromkeys(ehr.keys("patient-view"), reply)
    check_error(ehr.post(body_for(ehr, fhir)), 412)


@pytest.mark.parametrize("reply", FAULTS.values(), ids=FAULTS)
@pytest.mark.parametrize("key", ["patient", "conditions", "medications"])
def test_a_server_that_fails_at_what_we_must_know_is_412(
    key: str, reply: tuple[int, Any], ehr: Ehr, fhir: FakeFhir
) -> None:
    fhir.told = {key: reply}
    assert "could not be read" in check_error(ehr.post(body_for(ehr, fhir)), 412)


@pytest.mark.parametrize("reply", FAULTS.values(), ids=FAULTS)
def test_a_server_that_fails_at_something_else_is_told_on_a_card(
    reply: tuple[int, Any], ehr: Ehr, fhir: FakeFhir
) -> None:
    fhir.record = {"conditions": [ON_DIALYSIS], "medications": []}
    fhir.told = {"bmi": reply}
    assert topics(ehr.cards(body_for(ehr, fhir))) == ["cua-data-gap"]


def test_a_server_that_hangs_up_is_412(ehr: Ehr, stand_in: FhirStandIn) -> None:
    stand_in.otherwise = lambda asked: Reply(body=None)
    check_error(ehr.post(ehr.request("patient-view", None) | {"fhirServer": stand_in.base}), 412)


def test_a_server_that_cannot_be_reached_is_412(ehr: Ehr) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        base = f"http://127.0.0.1:{closed.getsockname()[1]}/fhir"
    check_error(ehr.post(ehr.request("patient-view", None) | {"fhirServer": base}), 412)


def test_a_server_that_answers_with_another_patient_is_412(ehr: Ehr, fhir: FakeFhir) -> None:
    fhir.told["patient"] = (200, PATIENT | {"id": "somebody-else"})
    assert "another patient" in check_error(ehr.post(body_for(ehr, fhir)), 412)


@pytest.mark.parametrize(
    "address",
    [
        "file:///etc/passwd",
        "ftp://ehr.example/fhir",
        "gopher://127.0.0.1/",
        "http://169.254.169.254/latest/meta-data",
        "http://10.0.0.1/fhir",
        "https://evil.example/fhir",
        "https://ehr.example.evil.example/fhir",
        "https://ehr.example@evil.example/fhir",
        "https://ehr.example/fhir/../secret",
        "https://ehr.example/fhir2",
        "http://ehr.example/fhir",
        "//ehr.example/fhir",
        "ehr.example/fhir",
        "http://",
        "not a url",
        "http://[::ffff:169.254.169.254]/",
    ],
)
@pytest.mark.parametrize("hook", HOOKS)
def test_a_server_that_is_not_listed_is_never_contacted(hook: str, address: str, ehr: Ehr) -> None:
    body = ehr.request(hook, None, [WARFARIN_DRAFT]) | {
        "fhirServer": address,
        "fhirAuthorization": {"access_token": "t"},
    }
    said = check_error(ehr.post(body), 412)
    assert NOT_ALLOWED in said or NOT_A_SERVER in said


@pytest.mark.parametrize("outside", ["/site/nine/fhir", "/fhir"])
def test_a_server_beside_a_listed_prefix_is_not_contacted(outside: str, ehr: Ehr, stand_in: FhirStandIn) -> None:
    base = SITES.replace("/sites/", outside)
    check_error(ehr.post(ehr.request("patient-view", None) | {"fhirServer": base}), 412)
    assert stand_in.calls == []


def test_a_server_below_a_listed_prefix_is_contacted(ehr: Ehr, stand_in: FhirStandIn) -> None:
    server = FakeFhir(f"{SITES}nine/fhir", ehr.services["patient-view"]["prefetch"], CONFIRMED)
    server.serve(stand_in)
    assert topics(ehr.cards(ehr.request("patient-view", None) | {"fhirServer": server.base}))


def test_a_redirect_is_not_followed(ehr: Ehr, fhir: FakeFhir, stand_in: FhirStandIn) -> None:
    aside = f"{fhir.base}/aside/Patient/{PATIENT_ID}"
    stand_in.get(f"{fhir.base}/Patient/{PATIENT_ID}", status=302, headers={"Location": aside})
    check_error(ehr.post(body_for(ehr, fhir, fhirAuthorization={"access_token": "t"})), 412)
    assert not any("aside" in call.url for call in stand_in.calls)


def test_a_drug_that_stands_in_a_medication_apart_is_read_once(ehr: Ehr, fhir: FakeFhir) -> None:
    apart = {name: value for name, value in WARFARIN.items() if name != "medicationCodeableConcept"}
    apart["medicationReference"] = {"reference": "Medication/w"}
    fhir.record = {"medications": [apart, apart | {"id": "again"}]}
    medication = {"resourceType": "Medication", "id": "w", "code": WARFARIN["medicationCodeableConcept"]}
    fhir.told["Medication/w"] = (200, medication)
    cards = ehr.cards(body_for(ehr, fhir))
    assert "vka-cua" in topics(cards)
    assert fhir.asked().count("Medication/w") == 1
