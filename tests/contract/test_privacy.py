"""Nothing of a patient, of a token or of our inside leaves by an answer or a log. Matrix: S52, S58, S59."""

from __future__ import annotations

import copy
import logging
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.contract.card_rules import check_error
from tests.contract.conftest import FHIR, MakeApp
from tests.contract.ehr import HOOKS, Ehr
from tests.contract.fhir_fake import FakeFhir
from tests.contract.records import CONFIRMED, PATIENT_ID, WARFARIN_DRAFT, Json

TOKEN = "sesame-4711-opens-the-chart"
PLANTED = ("Zephyrine", "Ottoline", "1956-04-17", TOKEN, PATIENT_ID, "nephrologist-3", "warfarin")


def full(ehr: Ehr, hook: str) -> Json:
    """A request that holds everything that must not come out again."""
    body = copy.deepcopy(ehr.request(hook, CONFIRMED, [WARFARIN_DRAFT]))
    return body | {"fhirServer": FHIR, "fhirAuthorization": {"access_token": TOKEN}}


def leaks(text: str, words: tuple[str, ...] = PLANTED) -> list[str]:
    return [word for word in words if word.lower() in text.lower()]


def failing(ehr: Ehr, hook: str) -> list[TestResponse]:
    """Answers to the same request spoilt in many ways, all of them errors."""
    spoilt: tuple[Json, ...] = (
        {"hook": "Zephyrine"},
        {"hookInstance": "Zephyrine"},
        {"fhirServer": {"Zephyrine": TOKEN}},
        {"fhirAuthorization": {"access_token": f"{TOKEN} "}},
        {"fhirAuthorization": [TOKEN, "Zephyrine"]},
        {"context": "Zephyrine"},
        {"context": {"userId": "Zephyrine", "patientId": PATIENT_ID}},
        {"context": {"userId": "Practitioner/nephrologist-3", "patientId": "Zephyrine?"}},
        {"prefetch": ["Zephyrine"]},
        {"prefetch": {"patient": {"resourceType": "Zephyrine"}}, "fhirServer": "https://zephyrine.example/"},
    )
    return [ehr.post(full(ehr, hook) | members, hook) for members in spoilt]


@pytest.mark.parametrize("hook", HOOKS)
def test_errors_echo_nothing_of_the_request(hook: str, ehr: Ehr, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        answers = failing(ehr, hook)
    for answer in answers:
        check_error(answer, answer.status_code)
        assert answer.status_code in (400, 412)
        assert leaks(answer.get_data(as_text=True)) == []
    assert leaks(caplog.text) == []


@pytest.mark.parametrize("hook", HOOKS)
def test_an_ordinary_call_leaves_nothing_of_the_patient_in_the_log(
    hook: str, ehr: Ehr, fhir: FakeFhir, caplog: pytest.LogCaptureFixture
) -> None:
    fhir.record = CONFIRMED
    body = full(ehr, hook)
    with caplog.at_level(logging.DEBUG):
        assert ehr.cards(body)
        del body["prefetch"]
        assert ehr.cards(body)
        logging.getLogger("cds_service").debug("the log is heard")
    assert "the log is heard" in caplog.text
    assert leaks(caplog.text) == []


def test_cards_hold_neither_token_nor_name_nor_birth_date(ehr: Ehr) -> None:
    answer = ehr.post(full(ehr, "patient-view"))
    assert leaks(answer.get_data(as_text=True), ("Zephyrine", "Ottoline", "1956-04-17", TOKEN)) == []


def test_what_a_fhir_server_says_when_it_fails_is_not_passed_on(
    ehr: Ehr, fhir: FakeFhir, caplog: pytest.LogCaptureFixture
) -> None:
    outcome = {"severity": "error", "code": "exception", "diagnostics": f"Zephyrine {TOKEN}"}
    fhir.told = dict.fromkeys(ehr.keys("patient-view"), (500, {"resourceType": "OperationOutcome", "issue": [outcome]}))
    body = full(ehr, "patient-view")
    del body["prefetch"]
    with caplog.at_level(logging.DEBUG):
        answer = ehr.post(body)
    check_error(answer, 412)
    assert leaks(answer.get_data(as_text=True) + caplog.text) == []


def test_a_fault_of_ours_is_500_without_its_message_and_the_log_has_only_kind_and_place(
    make_app: MakeApp, ehr: Ehr, caplog: pytest.LogCaptureFixture
) -> None:
    def clock() -> Any:
        raise RuntimeError("Zephyrine was born on 1956-04-17")

    # Discovery tells what counts today, so it cannot be asked for without a clock.
    ehr = Ehr(make_app(clock=clock).test_client(), ehr.services)
    with caplog.at_level(logging.DEBUG):
        answer = ehr.post(ehr.request("patient-view", CONFIRMED))
    check_error(answer, 500)
    assert leaks(answer.get_data(as_text=True) + caplog.text) == []
    assert "RuntimeError" in caplog.text
    assert "test_privacy.py" in caplog.text
    assert "Traceback" not in caplog.text


def test_feedback_leaves_no_comment_in_the_log_or_in_an_answer(ehr: Ehr, caplog: pytest.LogCaptureFixture) -> None:
    item = {"card": "c", "outcome": "overridden", "outcomeTimestamp": "2026-11-22T10:00:00Z"}
    bodies: list[Json] = [
        {"feedback": [item | {"overrideReason": {"userComment": "Zephyrine"}}]},
        {"feedback": [item | {"overrideReason": {"userComment": ["Zephyrine"]}}]},
        {"feedback": [item | {"outcome": "Zephyrine"}]},
        {"feedback": [item | {"outcomeTimestamp": "2026-99-22T10:00 Zephyrine"}]},
    ]
    with caplog.at_level(logging.DEBUG):
        answers = [ehr.client.post(ehr.url("patient-view", "/feedback"), json=body) for body in bodies]
    assert [answer.status_code for answer in answers] == [200, 400, 400, 400]
    assert leaks(caplog.text + "".join(answer.get_data(as_text=True) for answer in answers)) == []
