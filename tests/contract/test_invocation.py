"""Calling a service. Matrix: S30, S31, S33, S34, S37, S38; CDS Hooks 3.0.0, section "Calling a CDS Service"."""

from __future__ import annotations

import json

import pytest

from tests.contract.card_rules import check_answer, check_error
from tests.contract.ehr import HOOKS, Ehr, signature, topics
from tests.contract.records import CONFIRMED, DIALYSIS, PATIENT_ID, WARFARIN_DRAFT, Json


def good(ehr: Ehr, hook: str) -> Json:
    return ehr.request(hook, CONFIRMED, [WARFARIN_DRAFT])


@pytest.mark.parametrize("hook", HOOKS)
def test_a_call_is_answered_with_200_and_cards(hook: str, ehr: Ehr) -> None:
    assert check_answer(ehr.post(good(ehr, hook)), PATIENT_ID)


@pytest.mark.parametrize("hook", HOOKS)
def test_nothing_to_say_is_200_with_no_cards(hook: str, ehr: Ehr) -> None:
    body = ehr.request(hook, {}, [WARFARIN_DRAFT])
    body["prefetch"] = dict.fromkeys(body["prefetch"])
    assert ehr.post(body).get_json() == {"cards": []}


def test_a_well_controlled_patient_on_dialysis_is_met_with_silence(ehr: Ehr) -> None:
    assert ehr.ask("patient-view", DIALYSIS) == []


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize(
    "later",
    [
        {"extension": {"com.example.workspace": {"colour": "blue"}}},
        {"user": "Practitioner/old-style", "unknown": [None, {}]},
        {"prefetchPreference": "always"},
    ],
)
def test_members_that_we_do_not_know_change_nothing(hook: str, later: Json, ehr: Ehr) -> None:
    body = good(ehr, hook)
    assert signature(ehr.cards(body | later)) == signature(ehr.cards(body))


def test_prefetch_keys_and_context_members_that_we_do_not_know_change_nothing(ehr: Ehr) -> None:
    body = good(ehr, "patient-view")
    expected = signature(ehr.cards(body))
    body["prefetch"]["something_else"] = {"resourceType": "Bundle", "entry": "none"}
    body["context"]["com.example"] = 7
    assert signature(ehr.cards(body)) == expected


def test_the_same_hook_instance_may_call_twice(ehr: Ehr) -> None:
    body = good(ehr, "patient-view")
    assert signature(ehr.cards(body)) == signature(ehr.cards(body))


def test_cards_of_two_calls_never_share_a_uuid(ehr: Ehr) -> None:
    body = good(ehr, "patient-view")
    assert {card["uuid"] for card in ehr.cards(body)}.isdisjoint(card["uuid"] for card in ehr.cards(body))


@pytest.mark.parametrize("content_type", ["application/json", "application/json; charset=utf-8", "APPLICATION/JSON"])
def test_the_media_type_may_carry_a_charset(content_type: str, ehr: Ehr) -> None:
    answer = ehr.client.post(
        ehr.url("patient-view"), data=json.dumps(good(ehr, "patient-view")), content_type=content_type
    )
    assert answer.status_code == 200


def test_a_patient_with_a_name_in_any_script_is_served(ehr: Ehr) -> None:
    body = good(ehr, "patient-view")
    body["prefetch"]["patient"] |= {"name": [{"family": "Ὀδυσσεύς 腎臓 🫘"}]}
    assert topics(ehr.cards(body))


@pytest.mark.parametrize("called", HOOKS)
@pytest.mark.parametrize("sent", HOOKS)
def test_the_hook_of_the_body_must_be_the_one_of_the_service(called: str, sent: str, ehr: Ehr) -> None:
    answer = ehr.post(good(ehr, sent), called)
    if sent == called:
        assert answer.status_code == 200
    else:
        assert called in check_error(answer, 400, "hook")


@pytest.mark.parametrize("hook", ["order-dispatch", "encounter-start", "appointment-book", "PATIENT-VIEW", ""])
def test_another_hook_is_refused(hook: str, ehr: Ehr) -> None:
    check_error(ehr.post(good(ehr, "patient-view") | {"hook": hook}, "patient-view"), 400, "hook")


@pytest.mark.parametrize("body", [b"", b"{", b"nonsense", b"{'hook': 1}", b'{"hook": NaN}', b"\xff\xfe", b"[" * 9000])
def test_a_body_that_is_not_json_is_400(body: bytes, ehr: Ehr) -> None:
    answer = ehr.client.post(ehr.url("patient-view"), data=body, content_type="application/json")
    check_error(answer, 400, "body")


@pytest.mark.parametrize("body", ["[]", "null", '"x"', "7", "true"])
def test_a_body_that_is_no_object_is_400(body: str, ehr: Ehr) -> None:
    answer = ehr.client.post(ehr.url("patient-view"), data=body, content_type="application/json")
    check_error(answer, 400, "body")


@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", "application/x-www-form-urlencoded", None])
def test_another_media_type_is_415(content_type: str | None, ehr: Ehr) -> None:
    answer = ehr.client.post(ehr.url("patient-view"), data=b"{}", content_type=content_type)
    check_error(answer, 415, "Content-Type")


def test_an_unknown_service_is_404(ehr: Ehr) -> None:
    answer = ehr.client.post("/cds-services/no-such-service", json=good(ehr, "patient-view"))
    check_error(answer, 404)
