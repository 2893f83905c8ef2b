"""On a connection that was used before, an answer is believed only where it says what it answers."""

from __future__ import annotations

from typing import Any

import pytest

from cds_service.fhir_client.answer import HttpAnswer
from cds_service.fhir_client.asked import AskedBatch, AskedResource, AskedSearch, asked_resource, asked_search
from cds_service.fhir_client.believed import believed
from cds_service.fhir_client.look_up import LookUp, as_it_is
from cds_service.fhir_client.terms import OTHER_SEARCH, UNNAMED, FhirError, PassingError, RefusedError
from cds_service.fhir_client.transfer import Received

BASE = "https://ehr.example/fhir"
SEARCH = "Condition?patient=1"
Json = dict[str, Any]


def bundle(patient: str | None = None) -> Json:
    link = {} if patient is None else {"link": [{"relation": "self", "url": f"{BASE}/Condition?patient={patient}"}]}
    return {"resourceType": "Bundle", "type": "searchset", **link}


def received(*, on_kept: bool = False, in_streams: bool = False) -> Received:
    return Received(HttpAnswer(200, 0, b""), on_kept, in_streams)


ASKED = asked_search(SEARCH)


def look_up(asked: AskedSearch | AskedResource | AskedBatch | None = ASKED, body: bytes | None = None) -> LookUp[Json]:
    return LookUp(as_it_is(f"{BASE}/{SEARCH}"), asked, body)


NEW, KEPT = received(), received(on_kept=True)
STREAM, KEPT_STREAM = received(in_streams=True), received(on_kept=True, in_streams=True)


@pytest.mark.parametrize(
    ("patient", "how", "problem", "in_step"),
    [
        ("1", NEW, "", True),
        ("1", KEPT, "", True),
        ("1", STREAM, "", True),
        ("1", KEPT_STREAM, "", True),
        (None, NEW, "", False),
        (None, KEPT, UNNAMED, False),
        (None, STREAM, "", True),
        (None, KEPT_STREAM, "", True),
        ("2", NEW, OTHER_SEARCH, True),
        ("2", KEPT, OTHER_SEARCH, False),
    ],
)
def test_what_is_believed_depends_on_the_answer_and_on_its_connection(
    patient: str | None, how: Received, problem: str, in_step: bool
) -> None:
    answer = bundle(patient)
    found, is_in_step = believed(look_up(), answer, how)
    assert is_in_step is in_step
    assert found is answer if not problem else isinstance(found, FhirError) and found.reason == problem
    # What was refused on a connection that was used before is asked for once more at once, on a new one.
    assert (isinstance(found, PassingError) and found.pause == 0.0) is (bool(problem) and how.on_kept)


@pytest.mark.parametrize("how", [NEW, KEPT])
def test_a_failure_is_believed_and_breaks_no_step(how: Received) -> None:
    failure = RefusedError(404)
    assert believed(look_up(), failure, how) == (failure, True)


def test_where_nobody_knows_what_was_asked_no_answer_names_it() -> None:
    assert believed(look_up(None), bundle("1"), NEW) == (bundle("1"), False)
    found, _ = believed(look_up(None), bundle("1"), KEPT)
    assert isinstance(found, PassingError)


PATIENT = {"resourceType": "Patient", "id": "1"}
BATCH = AskedBatch((asked_resource("Patient/1"), asked_search(SEARCH), None))
REFUSED = {"response": {"status": "404"}}


def batch_response(*resources: Json | None) -> Json:
    entries = [REFUSED if one is None else {"resource": one, "response": {"status": "200"}} for one in resources]
    return {"resourceType": "Bundle", "type": "batch-response", "entry": entries}


@pytest.mark.parametrize(
    ("answer", "named"),
    [
        (batch_response(PATIENT, bundle(), bundle()), True),
        (batch_response(None, bundle("1"), bundle()), True),
        (batch_response(None, bundle(), bundle("1")), False),
        (batch_response(None, None, None), False),
        (batch_response(PATIENT), False),
        (bundle("1"), False),
    ],
)
def test_a_batch_is_named_by_one_of_its_entries(answer: Json, named: bool) -> None:
    found, is_in_step = believed(look_up(BATCH, b"{}"), answer, KEPT)
    assert is_in_step is named
    assert (found is answer) is named


def test_of_a_batch_on_a_new_connection_each_entry_is_judged_by_itself() -> None:
    answer = batch_response(PATIENT, bundle("2"), bundle())
    assert believed(look_up(BATCH, b"{}"), answer, NEW) == (answer, True)
    found, is_in_step = believed(look_up(BATCH, b"{}"), answer, KEPT)
    assert isinstance(found, PassingError)
    assert (found.reason, is_in_step) == (OTHER_SEARCH, False)
