"""A FHIR server that does not answer at all: its calls are answered at once, exactly as when it was asked.

Matrix: S55; CDS Hooks 3.0.0, section "FHIR Resource Access".
"""

from __future__ import annotations

import pytest
from flask import Flask

from cds_service.fhir_client.standing import BAD_CALLS
from cds_service.fhir_client.terms import CROWDED
from tests.contract.conftest import MakeApp
from tests.contract.ehr import HOOKS, Ehr, ehr_of, signature, topics
from tests.contract.fhir_fake import FakeFhir
from tests.contract.records import CONFIRMED, WARFARIN_DRAFT, Json
from tests.fhir_stand_in import Asked, FhirStandIn, Reply

LOST = Reply(body=None)
NOBODY = Reply(503)
KNOWN = ("patient", "conditions", "medications")


@pytest.fixture
def clinic(make_app: MakeApp) -> Ehr:
    """An EHR of its own for each test, so that what its server did is not remembered from another one."""
    return ehr_of(make_app(fhir_deadline_seconds=20))


def without_results(ehr: Ehr, fhir: FakeFhir, hook: str) -> Json:
    """A request that brings the patient, the conditions and the medications along, and nothing else."""
    body = ehr.request(hook, CONFIRMED, [WARFARIN_DRAFT]) | {"fhirServer": fhir.base}
    body["prefetch"] = {key: value for key, value in body["prefetch"].items() if key in KNOWN}
    return body


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize("reply", [LOST, NOBODY], ids=["lost", "503"])
def test_the_cards_that_name_the_gap_are_the_same_whether_it_was_asked_or_not(
    reply: Reply, hook: str, clinic: Ehr, fhir: FakeFhir, stand_in: FhirStandIn
) -> None:
    stand_in.otherwise = lambda asked: reply
    asked = [clinic.cards(without_results(clinic, fhir, hook)) for _ in range(BAD_CALLS)]
    requests = len(stand_in.calls)
    unasked = [clinic.cards(without_results(clinic, fhir, hook)) for _ in range(2)]
    assert len(stand_in.calls) == requests > 0
    assert topics(unasked[0])
    assert len({signature(cards) for cards in (*asked, *unasked)}) == 1


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize("reply", [LOST, NOBODY], ids=["lost", "503"])
def test_the_refusal_is_the_same_whether_it_was_asked_or_not(
    reply: Reply, hook: str, clinic: Ehr, fhir: FakeFhir, stand_in: FhirStandIn
) -> None:
    stand_in.otherwise = lambda asked: reply
    body = clinic.request(hook, None, [WARFARIN_DRAFT]) | {"fhirServer": fhir.base}
    answers = [clinic.post(body) for _ in range(BAD_CALLS)]
    requests = len(stand_in.calls)
    answers += [clinic.post(body) for _ in range(2)]
    assert len(stand_in.calls) == requests > 0
    assert {answer.status_code for answer in answers} == {412}
    assert len({answer.get_data() for answer in answers}) == 1


def test_it_says_nothing_of_calls_that_bring_everything_along(
    clinic: Ehr, fhir: FakeFhir, stand_in: FhirStandIn
) -> None:
    stand_in.otherwise = lambda asked: LOST
    whole = clinic.request("patient-view", CONFIRMED) | {"fhirServer": fhir.base}
    before = signature(clinic.cards(whole))
    for _ in range(BAD_CALLS + 1):
        clinic.post(clinic.request("patient-view") | {"fhirServer": fhir.base})
    assert signature(clinic.cards(whole)) == before


def test_when_it_answers_again_the_guidance_is_back(
    make_app: MakeApp, fhir: FakeFhir, stand_in: FhirStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a pause of no length: how long it is, and that it does not grow, is a matter of the clock of the client."""
    monkeypatch.setattr("cds_service.fhir_client.standing.CLOSED_SECONDS", 0.0)
    app: Flask = make_app(fhir_deadline_seconds=20)
    clinic = ehr_of(app)
    fhir.record = dict(CONFIRMED)
    body = clinic.request("patient-view") | {"fhirServer": fhir.base}
    expected = signature(clinic.cards(body))
    stand_in.otherwise = lambda asked: LOST
    assert {clinic.post(body).status_code for _ in range(2 * BAD_CALLS)} == {412}
    fhir.serve(stand_in)
    assert signature(clinic.cards(body)) == expected


def test_of_two_threads_one_may_wait_for_it(make_app: MakeApp, fhir: FakeFhir, stand_in: FhirStandIn) -> None:
    clinic = ehr_of(make_app(fhir_deadline_seconds=20, threads=2))
    body = clinic.request("patient-view") | {"fhirServer": fhir.base}
    told: list[str] = []

    def ask_once_more(asked: Asked) -> Reply:
        stand_in.otherwise = lambda asked: Reply(404)
        told.append(clinic.post(body).get_data(as_text=True))
        return Reply(404)

    stand_in.otherwise = ask_once_more
    clinic.post(body)
    assert [CROWDED in one for one in told] == [True]
