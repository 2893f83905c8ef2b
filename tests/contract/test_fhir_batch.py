"""Reading the EHR's FHIR server with one batch, where the operator says that the server takes one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.contract.card_rules import check_error
from tests.contract.conftest import FHIR, MakeApp
from tests.contract.ehr import Ehr, ehr_of, signature, topics
from tests.contract.fhir_fake import FakeFhir
from tests.contract.records import CONFIRMED, ON_DIALYSIS, Json, failure
from tests.fhir_stand_in import Asked, FhirStandIn, Reply


class BatchingFhir:
    """Answers a batch with what the faked server answers to each of its entries."""

    def __init__(self, inner: FakeFhir) -> None:
        self.inner, self.batches = inner, 0

    def answer(self, request: Asked) -> Reply:
        if request.method == "GET":
            return self.inner.answer(request)
        self.batches += 1
        entries = [self._entry(entry["request"]["url"]) for entry in json.loads(request.body)["entry"]]
        return Reply(200, {"resourceType": "Bundle", "type": "batch-response", "entry": entries})

    def _entry(self, url: str) -> Json:
        single = self.inner.answer(Asked("GET", f"{FHIR}/{url}", {}, b""))
        response: dict[str, Any] = {"response": {"status": str(single.status)}}
        return response | {"resource": single.body}


@pytest.fixture
def ehr(make_app: MakeApp) -> Ehr:
    return ehr_of(make_app(allowed_fhir_servers=(FHIR,), fhir_deadline_seconds=20, fhir_batch=True))


@pytest.fixture
def batching(ehr: Ehr) -> BatchingFhir:
    return BatchingFhir(FakeFhir(FHIR, ehr.services["patient-view"]["prefetch"]))


@pytest.fixture
def fhir(batching: BatchingFhir, stand_in: FhirStandIn) -> FakeFhir:
    stand_in.otherwise = batching.answer
    return batching.inner


def test_a_call_by_batch_gets_the_guidance_of_one_with_prefetch(
    ehr: Ehr, fhir: FakeFhir, batching: BatchingFhir
) -> None:
    fhir.record = CONFIRMED
    expected = signature(ehr.cards(ehr.request("patient-view", CONFIRMED)))
    assert signature(ehr.cards(ehr.request("patient-view") | {"fhirServer": fhir.base})) == expected
    assert batching.batches == 1
    assert sorted(fhir.asked()) == sorted(ehr.keys("patient-view"))


@pytest.mark.parametrize("key", ["patient", "conditions", "medications"])
def test_an_entry_that_fails_for_what_we_must_know_is_412(key: str, ehr: Ehr, fhir: FakeFhir) -> None:
    fhir.record, fhir.told = CONFIRMED, {key: (500, failure())}
    answer = ehr.post(ehr.request("patient-view") | {"fhirServer": fhir.base})
    assert "could not be read" in check_error(answer, 412)


def test_an_entry_that_fails_for_something_else_is_told_on_a_card(ehr: Ehr, fhir: FakeFhir) -> None:
    fhir.record, fhir.told = {"conditions": [ON_DIALYSIS], "medications": []}, {"bmi": (500, failure())}
    assert topics(ehr.cards(ehr.request("patient-view") | {"fhirServer": fhir.base})) == ["cua-data-gap"]
