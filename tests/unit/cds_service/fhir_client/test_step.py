"""Each look-up is a span, whatever becomes of it; what stands on a record does not become one of its words."""

from __future__ import annotations

import pytest

from cds_service.fhir_client import FhirClient, FhirError
from cds_service.fhir_client.step import Step
from cds_service.fhir_client.terms import LATE
from tests.fhir_stand_in import FhirStandIn
from tests.recorded_spans import named, recorded_spans, told
from tests.unit.cds_service.fhir_client.asking import BASE, PATIENT, SERVER, bundle, search


@pytest.mark.parametrize(
    ("resource_type", "key", "asked"),
    [
        ("Observation", "calcium", "calcium"),
        ("Medication", "", "Medication"),
        ("Zephyrine", "", "other"),
        ("", "", "other"),
    ],
)
def test_what_was_asked_for_is_told_by_a_name_of_ours_or_of_fhir(resource_type: str, key: str, asked: str) -> None:
    with recorded_spans() as spans:
        Step("fhir.read", resource_type, key).over(None)
    (span,) = named(spans, "fhir.read")
    assert told(span) == {"fhir.asked": asked}


def test_a_search_with_all_its_pages_is_one_span(client: FhirClient, ehr: FhirStandIn) -> None:
    ehr.get(f"{BASE}/Observation?patient=1&_count=2", json=bundle(1, 2, next_page=f"{BASE}?page=2"))
    ehr.get(f"{BASE}?page=2", json=bundle(3))
    with recorded_spans() as spans:
        assert len(search(client).resources) == 3
    assert [told(span) for span in spans.get_finished_spans()] == [{"fhir.asked": "Observation"}]


def test_a_look_up_that_is_refused_tells_why(client: FhirClient, ehr: FhirStandIn) -> None:
    ehr.get(f"{BASE}/Observation?patient=1&_count=2", json={}, status=403)
    with recorded_spans() as spans, pytest.raises(FhirError):
        search(client, name="calcium")
    (span,) = named(spans, "fhir.search")
    assert told(span) == {
        "fhir.asked": "calcium",
        "http.response.status_code": 403,
        "error.type": "the FHIR server answered 403",
    }
    assert span.status.status_code.name == "ERROR"


def test_a_look_up_that_nobody_waits_for_is_a_span_as_well_and_each_ends_once(
    client: FhirClient, ehr: FhirStandIn
) -> None:
    ehr.get(f"{BASE}/Patient/1", json=PATIENT)
    with recorded_spans() as spans, client.talk(SERVER, client.deadline()) as talk:
        talk.answer(talk.read("Patient/1"))
        talk.search("Observation?patient=1")
    (late,), (patient,) = named(spans, "fhir.search"), named(spans, "fhir.read")
    assert told(late)["error.type"] == LATE
    assert told(patient) == {"fhir.asked": "Patient"}
