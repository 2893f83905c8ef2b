"""Usable prefetch is taken, the rest is fetched, and what was not had is told with a reason."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from cds_service.api.drug_reading import MOST_MEDICATIONS, DrugReads
from cds_service.api.gather import (
    NOT_A_PATIENT,
    NOT_SENT,
    Collected,
    Gatherer,
    gathering,
)
from cds_service.api.hook_request import HookRequest
from cds_service.fhir_client import OTHER_PATIENT, OTHER_RESOURCES, Deadline, FhirClient, FhirServer, Limits
from cds_service.fhir_client.bundles import NOT_A_BUNDLE, REPORTED_ERROR
from fhir_mappings.chart import Gathered
from fhir_mappings.drug_places import new_shelf
from fhir_mappings.queries import Query
from tests.fhir_stand_in import EHR, FhirStandIn

Json = dict[str, Any]
BASE = EHR.base
SERVER = FhirServer(BASE, "the-token")
ON = date(2026, 11, 22)
PATIENT = Query("patient", "the patient", "Patient")
CONDITIONS = Query("conditions", "conditions", "Condition", (("_count", "3"),))
MEDICATIONS = Query("medications", "active medications", "MedicationRequest", (("_count", "3"),))
CALCIUM = Query("calcium", "calcium", "Observation", (("code", "1"), ("_count", "2")), 90, "date")
FAILED = {"resourceType": "OperationOutcome", "issue": [{"severity": "error"}]}
ME = {"resourceType": "Patient", "id": "p1"}
Ask = Callable[..., Gathered]


def bundle(*resources: Json, **members: Any) -> Json:
    return {"resourceType": "Bundle", "entry": [{"resource": one} for one in resources], **members}


def condition(number: int) -> Json:
    return {"resourceType": "Condition", "id": str(number)}


def calcium(number: int, day: str) -> Json:
    return {"resourceType": "Observation", "id": str(number), "effectiveDateTime": day}


def next_page(url: str) -> Json:
    return {"link": [{"relation": "next", "url": url}]}


@pytest.fixture
def client() -> Iterator[FhirClient]:
    opened = FhirClient(Limits(deadline_seconds=20), lambda base: base == BASE)
    yield opened
    opened.close()


@pytest.fixture
def mock() -> FhirStandIn:
    EHR.forget()
    return EHR


def gatherer(
    client: FhirClient, prefetch: Json, server: FhirServer | None = None, deadline: Deadline | None = None
) -> AbstractContextManager[Gatherer]:
    request = HookRequest("patient-view", "i", "p1", prefetch, server)
    return gathering(client, request, ON, ZoneInfo("UTC"), deadline or client.deadline())


def one(client: FhirClient, query: Query, prefetch: Json, server: FhirServer | None = None) -> Gathered:
    with gatherer(client, prefetch, server) as opened:
        (found,) = opened.collect([query], ()).queries
    return found


@pytest.mark.parametrize(
    ("query", "sent", "expected"),
    [
        (PATIENT, ME, [ME]),
        (PATIENT, {"resourceType": "Patient"}, [{"resourceType": "Patient"}]),
        (PATIENT, None, []),
        (CONDITIONS, bundle(condition(1), condition(2)), [condition(1), condition(2)]),
        (CONDITIONS, bundle(), []),
        (CONDITIONS, {"resourceType": "Bundle"}, []),
        (CONDITIONS, None, []),
    ],
)
def test_usable_prefetch_is_taken_as_it_is(query: Query, sent: Any, expected: list[Json], client: FhirClient) -> None:
    found = one(client, query, {query.key: sent}, SERVER)
    assert (list(found.resources), found.complete, found.failed) == (expected, True, "")


@pytest.mark.parametrize(
    ("query", "prefetch", "reason"),
    [
        (PATIENT, {}, NOT_SENT),
        (PATIENT, {"patient": FAILED}, REPORTED_ERROR),
        (PATIENT, {"patient": bundle(ME)}, NOT_A_PATIENT),
        (PATIENT, {"patient": "p1"}, NOT_A_PATIENT),
        (PATIENT, {"patient": {**ME, "id": "p2"}}, OTHER_PATIENT),
        (CONDITIONS, {}, NOT_SENT),
        (CONDITIONS, {"conditions": FAILED}, REPORTED_ERROR),
        (CONDITIONS, {"conditions": bundle(FAILED)}, REPORTED_ERROR),
        (CONDITIONS, {"conditions": condition(1)}, NOT_A_BUNDLE),
        (CONDITIONS, {"conditions": []}, NOT_A_BUNDLE),
    ],
)
def test_without_a_server_the_reason_says_what_was_wrong(
    query: Query, prefetch: Json, reason: str, client: FhirClient
) -> None:
    found = one(client, query, prefetch)
    assert (list(found.resources), found.failed) == ([], reason)


@pytest.mark.parametrize(
    "sent",
    [bundle(condition(1), **next_page(f"{BASE}/Condition?page=2")), bundle(condition(1), total=2)],
    ids=["further pages", "counted more"],
)
def test_without_a_server_what_is_cut_short_is_kept_and_called_incomplete(sent: Json, client: FhirClient) -> None:
    found = one(client, CONDITIONS, {"conditions": sent})
    assert (list(found.resources), found.complete, found.failed) == ([condition(1)], False, "")


def test_a_full_page_is_called_incomplete_unless_it_reaches_back_far_enough(client: FhirClient) -> None:
    recent = bundle(calcium(1, "2026-11-20"), calcium(2, "2026-11-19"))
    old = bundle(calcium(1, "2026-11-20"), calcium(2, "2026-01-19"))
    assert one(client, CALCIUM, {"calcium": recent}).complete is False
    assert one(client, CALCIUM, {"calcium": old}).complete is True


@pytest.mark.parametrize("prefetch", [{}, {"patient": FAILED}, {"patient": {**ME, "id": "p2"}}])
def test_a_patient_who_was_not_sent_is_read(prefetch: Json, client: FhirClient, mock: FhirStandIn) -> None:
    mock.get(f"{BASE}/Patient/p1", json=ME)
    assert list(one(client, PATIENT, prefetch, SERVER).resources) == [ME]
    assert mock.calls[0].headers["Authorization"] == "Bearer the-token"


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (404, FAILED, "the FHIR server answered 404"),
        (200, {**ME, "id": "p2"}, OTHER_PATIENT),
        (200, condition(1), "the answer was not the resource asked for"),
    ],
)
def test_a_patient_who_could_not_be_read_is_told_with_the_reason(
    status: int, body: Json, reason: str, client: FhirClient, mock: FhirStandIn
) -> None:
    mock.get(f"{BASE}/Patient/p1", status=status, json=body)
    found = one(client, PATIENT, {}, SERVER)
    assert (list(found.resources), found.failed) == ([], reason)


@pytest.mark.parametrize("prefetch", [{}, {"conditions": FAILED}, {"conditions": bundle(condition(9), total=2)}])
def test_a_search_that_was_not_sent_whole_is_made_again(prefetch: Json, client: FhirClient, mock: FhirStandIn) -> None:
    mock.get(f"{BASE}/Condition?patient=p1&_count=3", json=bundle(condition(1)))
    found = one(client, CONDITIONS, prefetch, SERVER)
    assert (list(found.resources), found.complete) == ([condition(1)], True)


def test_a_search_asks_for_the_look_back_with_a_day_to_spare(client: FhirClient, mock: FhirStandIn) -> None:
    mock.get(f"{BASE}/Observation", json=bundle())
    one(client, CALCIUM, {}, SERVER)
    assert mock.calls[0].url == f"{BASE}/Observation?patient=p1&code=1&date=ge2026-08-23&_count=2"


def test_a_search_that_failed_is_told_with_the_reason(client: FhirClient, mock: FhirStandIn) -> None:
    mock.get(f"{BASE}/Condition", status=500)
    found = one(client, CONDITIONS, {}, SERVER)
    assert (list(found.resources), found.failed) == ([], "the FHIR server answered 500")


def test_a_search_that_broke_off_is_called_incomplete(client: FhirClient, mock: FhirStandIn) -> None:
    mock.get(f"{BASE}/Condition", json=bundle(condition(1), **next_page(f"{BASE}/more")))
    mock.get(f"{BASE}/more", status=500)
    found = one(client, CONDITIONS, {}, SERVER)
    assert (list(found.resources), found.complete, found.failed) == ([condition(1)], False, "")


def test_only_the_further_pages_of_what_was_sent_are_fetched(client: FhirClient, mock: FhirStandIn) -> None:
    mock.get(f"{BASE}/more", json=bundle(condition(2)))
    sent = bundle(condition(1), **next_page(f"{BASE}/more"))
    found = one(client, CONDITIONS, {"conditions": sent}, SERVER)
    assert (list(found.resources), found.complete) == ([condition(1), condition(2)], True)
    assert len(mock.calls) == 1


@pytest.mark.parametrize("server", [SERVER, FhirServer("https://elsewhere.example/fhir")], ids=["failing", "refused"])
def test_a_first_page_that_was_sent_is_kept_when_the_others_cannot_be_had(
    server: FhirServer, client: FhirClient
) -> None:
    sent = bundle(condition(1), **next_page("https://evil.example/more"))
    found = one(client, CONDITIONS, {"conditions": sent}, server)
    assert (list(found.resources), found.complete, found.failed) == ([condition(1)], False, "")


@pytest.mark.parametrize("reply", [{"status": 500}, {"json": bundle({"resourceType": "Basic"})}])
def test_what_was_sent_cut_short_is_kept_when_it_cannot_be_had_whole(
    reply: Json, client: FhirClient, mock: FhirStandIn
) -> None:
    mock.get(f"{BASE}/Condition", **reply)
    found = one(client, CONDITIONS, {"conditions": bundle(condition(1), total=2)}, SERVER)
    assert (list(found.resources), found.complete, found.failed) == ([condition(1)], False, "")


def test_what_was_sent_beyond_a_search_that_broke_off_is_kept(client: FhirClient, mock: FhirStandIn) -> None:
    mock.get(f"{BASE}/Condition", json=bundle(condition(1), **next_page(f"{BASE}/more")))
    mock.get(f"{BASE}/more", status=500)
    stale = {**condition(1), "note": "older"}
    unnamed = {"resourceType": "Condition"}
    found = one(client, CONDITIONS, {"conditions": bundle(stale, condition(2), unnamed, total=4)}, SERVER)
    assert (list(found.resources), found.complete) == ([condition(1), condition(2), unnamed], False)


@pytest.mark.parametrize("server", [None, SERVER], ids=["no server", "a server"])
def test_a_page_that_reaches_past_the_look_back_is_complete_whatever_follows(
    server: FhirServer | None, client: FhirClient, mock: FhirStandIn
) -> None:
    sent = bundle(calcium(1, "2026-11-20"), calcium(2, "2026-01-19"), **next_page(f"{BASE}/more"))
    found = one(client, CALCIUM, {"calcium": sent}, server)
    assert (len(found.resources), found.complete) == (2, True)
    assert len(mock.calls) == 0


DIALYSIS = Query(
    "dialysis_procedures", "dialysis", "Procedure", (("code", "302497006"), ("_count", "2")), 90, settled_days=14
)


def session(number: int, day: str, status: str = "completed") -> Json:
    code = {"coding": [{"system": "http://snomed.info/sct", "code": "302497006"}]}
    period = {"start": day} if status == "in-progress" else {"start": day, "end": day}
    return {"resourceType": "Procedure", "id": str(number), "status": status, "code": code, "performedPeriod": period}


def test_a_dialysis_that_still_runs_is_found_on_a_page_behind_the_look_back(
    client: FhirClient, mock: FhirStandIn
) -> None:
    over, runs = [session(1, "2026-05-02"), session(2, "2026-05-01")], session(3, "2020-01-01", "in-progress")
    mock.get(f"{BASE}/Procedure", json=bundle(*over, **next_page(f"{BASE}/more")))
    mock.get(f"{BASE}/more", json=bundle(runs))
    found = one(client, DIALYSIS, {}, SERVER)
    assert (list(found.resources), found.complete) == ([*over, runs], True)


def test_a_first_page_of_old_sessions_is_complete_when_nobody_can_be_asked_for_the_rest(client: FhirClient) -> None:
    sent = bundle(session(1, "2026-05-02"), session(2, "2026-05-01"))
    assert one(client, DIALYSIS, {"dialysis_procedures": sent}).complete is True
    recent = bundle(session(1, "2026-11-20"), session(2, "2026-11-18"))
    assert one(client, DIALYSIS, {"dialysis_procedures": recent}).complete is False


def test_procedures_in_words_are_complete_with_their_newest_page(client: FhirClient, mock: FhirStandIn) -> None:
    query = Query(
        "procedures", "procedures", "Procedure", (("_sort", "-date"), ("_count", "2")), newest_are_enough=True
    )
    sessions = [session(1, "2026-11-20"), session(2, "2026-11-18")]
    assert one(client, query, {"procedures": bundle(*sessions)}).complete is True
    mock.get(f"{BASE}/Procedure", json=bundle(*sessions, **next_page(f"{BASE}/more")))
    assert one(client, query, {}, SERVER).complete is True
    assert len(mock.calls) == 1


def test_behind_a_session_of_these_days_no_older_page_is_read(client: FhirClient, mock: FhirStandIn) -> None:
    sessions = [session(1, "2026-11-20"), session(2, "2026-05-01")]
    mock.get(f"{BASE}/Procedure", json=bundle(*sessions, **next_page(f"{BASE}/more")))
    found = one(client, DIALYSIS, {}, SERVER)
    assert (list(found.resources), found.complete) == (sessions, True)
    assert len(mock.calls) == 1


OTHER = {"resourceType": "Basic", "id": "b"}
DRUG = {"resourceType": "Medication", "id": "a"}


@pytest.mark.parametrize(
    ("query", "held", "usable"),
    [
        (CONDITIONS, [], True),
        (CONDITIONS, [{"resourceType": "OperationOutcome", "issue": [{"severity": "warning"}]}], True),
        (CONDITIONS, [OTHER, condition(1)], True),
        (CONDITIONS, [OTHER], False),
        (CONDITIONS, [{}], False),
        (CONDITIONS, [DRUG], False),
        (MEDICATIONS, [{"resourceType": "MedicationRequest", "id": "1"}, DRUG], True),
        (MEDICATIONS, [DRUG], False),
    ],
)
def test_an_answer_that_holds_only_other_resources_is_a_failed_look_up(
    query: Query, held: list[Json], usable: bool, client: FhirClient, mock: FhirStandIn
) -> None:
    mock.get(f"{BASE}/{query.resource_type}", json=bundle(*held))
    sent, fetched = one(client, query, {query.key: bundle(*held)}), one(client, query, {}, SERVER)
    assert sent.failed == fetched.failed == ("" if usable else OTHER_RESOURCES)


def test_other_resources_than_asked_for_are_looked_up_again(client: FhirClient, mock: FhirStandIn) -> None:
    mock.get(f"{BASE}/Condition", json=bundle(condition(1)))
    assert list(one(client, CONDITIONS, {"conditions": bundle(OTHER)}, SERVER).resources) == [condition(1)]


@pytest.mark.parametrize(
    ("query", "prefetch", "line"),
    [
        (CONDITIONS, {}, "the look-up of conditions failed: the FHIR server answered 500"),
        (PATIENT, {}, "the look-up of patient failed: the FHIR server answered 500"),
        (
            CONDITIONS,
            {"conditions": bundle(condition(1), total=2)},
            "the look-up of conditions is incomplete: the FHIR server answered 500",
        ),
    ],
)
def test_a_look_up_that_failed_or_was_cut_is_one_line_in_the_log_without_address_or_id(
    query: Query,
    prefetch: Json,
    line: str,
    client: FhirClient,
    mock: FhirStandIn,
    caplog: pytest.LogCaptureFixture,
) -> None:
    mock.get(f"{BASE}/Condition", status=500)
    mock.get(f"{BASE}/Patient/p1", status=500)
    with caplog.at_level(logging.WARNING):
        one(client, query, prefetch, SERVER)
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [("WARNING", line)]


def test_a_look_up_that_went_well_is_not_in_the_log(client: FhirClient, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        one(client, CONDITIONS, {"conditions": bundle(condition(1))})
    assert caplog.records == []


def order(number: int, reference: str) -> Json:
    return {
        "resourceType": "MedicationRequest",
        "id": str(number),
        "status": "active",
        "medicationReference": {"reference": reference},
    }


def test_medications_that_orders_and_drafts_refer_to_are_read_once_each(client: FhirClient, mock: FhirStandIn) -> None:
    drug = {"resourceType": "Medication", "id": "a", "code": {"text": "warfarin"}}
    mock.get(f"{BASE}/Medication/a", json=drug)
    mock.get(f"{BASE}/Medication/b", status=404)
    active = bundle(order(1, "Medication/a"), order(2, "Medication/b"))
    with gatherer(client, {"medications": active}, SERVER) as opened:
        collected = opened.collect([MEDICATIONS], [order(3, "Medication/a")])
    assert (collected.medications, set(collected.lost)) == ({"Medication/a": drug}, {"Medication/b"})


def test_a_medication_that_came_along_is_not_read(client: FhirClient, mock: FhirStandIn) -> None:
    drug = {"resourceType": "Medication", "id": "a"}
    came = bundle(order(1, "Medication/a"), drug)
    with gatherer(client, {"medications": came}, SERVER) as opened:
        assert opened.collect([MEDICATIONS], ()).medications == {"Medication/a": drug}
    assert len(mock.calls) == 0


def test_of_very_many_medications_the_drafts_are_read_first_and_the_rest_is_left_unread(
    client: FhirClient, caplog: pytest.LogCaptureFixture
) -> None:
    active = [order(number, f"Medication/a{number:03}") for number in range(MOST_MEDICATIONS)]
    with gatherer(client, {}, SERVER) as opened:
        reads = DrugReads(opened.talk, new_shelf())
        reads.start([order(99, "Medication/z")], active)
    assert len(reads.wanted) == MOST_MEDICATIONS + 1
    assert next(iter(reads.wanted)) == "Medication/z"
    assert f"Medication/a{MOST_MEDICATIONS - 1:03}" in reads.lost
    assert [record.getMessage() for record in caplog.records] == [
        "1 of 51 Medications that orders refer to were not asked for"
    ]


def test_when_the_time_is_up_no_medication_is_asked_for_and_all_are_lost(client: FhirClient) -> None:
    over = Deadline(ends_at=0.0, margin=0.0, clock=lambda: 1.0)
    with gatherer(client, {}, SERVER, over) as late:
        collected = late.collect([MEDICATIONS], [order(1, "Medication/a")])
    assert (collected.medications, set(collected.lost)) == ({}, {"Medication/a"})


@pytest.mark.parametrize("reference", ["Medication/" + "a" * 256, "Medication/a_b", "#gone", "urn:uuid:gone", "gone"])
def test_what_nobody_can_be_asked_for_is_lost_and_not_asked_for(
    reference: str, client: FhirClient, mock: FhirStandIn
) -> None:
    with gatherer(client, {"medications": bundle(order(1, reference))}, SERVER) as opened:
        collected = opened.collect([MEDICATIONS], [])
    assert (collected.medications, set(collected.lost)) == ({}, {reference})
    assert len(mock.calls) == 0


def test_what_nobody_can_be_asked_for_takes_no_place_of_what_can(client: FhirClient, mock: FhirStandIn) -> None:
    drug = {"resourceType": "Medication", "id": "z", "code": {"text": "warfarin"}}
    mock.get(f"{BASE}/Medication/z", json=drug)
    orders = [*(order(number, f"#a{number}") for number in range(MOST_MEDICATIONS)), order(99, "Medication/z")]
    with gatherer(client, {"medications": bundle(*orders[:2])}, SERVER) as opened:
        assert opened.collect([MEDICATIONS], orders).medications == {"Medication/z": drug}


LOWER = "3f2a1c9e-0b1d-4e2f-8a7b-6c5d4e3f2a1b"


@pytest.mark.parametrize(
    ("identifier", "patient_id"),
    [
        (LOWER.upper(), LOWER),
        (LOWER, LOWER.upper()),
        (f"urn:uuid:{LOWER}", LOWER),
        (LOWER, f"urn:uuid:{LOWER}"),
        (7, "7"),
    ],
)
def test_the_patient_is_known_in_any_spelling_of_the_id(
    identifier: object, patient_id: str, client: FhirClient
) -> None:
    sent = ME | {"id": identifier}
    request = HookRequest("patient-view", "i", patient_id, {"patient": sent}, None)
    with gathering(client, request, ON, ZoneInfo("UTC"), client.deadline()) as opened:
        (found,) = opened.collect([PATIENT], ()).queries
    assert (found.failed, list(found.resources)) == ("", [sent])


def test_without_a_server_no_medication_is_read_and_none_is_lost(client: FhirClient) -> None:
    with gatherer(client, {}) as opened:
        collected = opened.collect([MEDICATIONS], [order(1, "Medication/a")])
    assert (collected.medications, collected.lost) == ({}, frozenset())


def test_what_an_ingredient_leads_to_is_read_as_well(client: FhirClient, mock: FhirStandIn) -> None:
    product = {"resourceType": "Medication", "id": "a", "ingredient": [{"itemReference": {"reference": "Substance/s"}}]}
    substance = {"resourceType": "Substance", "id": "s", "code": {"text": "warfarin"}}
    mock.get(f"{BASE}/Medication/a", json=product)
    mock.get(f"{BASE}/Substance/s", json=substance)
    with gatherer(client, {"medications": None}, SERVER) as opened:
        collected = opened.collect([MEDICATIONS], [order(1, "Medication/a")])
    assert collected.medications == {"Medication/a": product, "Substance/s": substance}


def test_what_came_beside_the_drafts_is_not_read(client: FhirClient, mock: FhirStandIn) -> None:
    beside = {"urn:uuid:7": {"resourceType": "Medication"}, "Medication/a": {"resourceType": "Medication", "id": "a"}}
    with gatherer(client, {"medications": None}, SERVER) as opened:
        collected = opened.collect([MEDICATIONS], [order(1, "Medication/a"), order(2, "urn:uuid:7")], beside)
    assert (collected.medications, collected.lost) == (beside, frozenset())
    assert len(mock.calls) == 0


def test_a_medication_in_the_prefetch_is_found_by_the_address_of_its_entry(client: FhirClient) -> None:
    drug = {"resourceType": "Medication", "code": {"text": "warfarin"}}
    came = bundle(order(1, "urn:uuid:7"))
    came["entry"].append({"fullUrl": "urn:uuid:7", "resource": drug})
    with gatherer(client, {"medications": came}) as opened:
        assert opened.collect([MEDICATIONS], ()).medications == {"urn:uuid:7": drug}


def test_what_was_collected_comes_in_the_order_of_the_queries(client: FhirClient) -> None:
    queries = [CONDITIONS, MEDICATIONS, PATIENT]
    with gatherer(client, {"patient": ME, "conditions": None, "medications": None}) as opened:
        collected = opened.collect(queries, ())
    assert [entry.query for entry in collected.queries] == queries


def test_the_resources_of_a_query_are_found_by_its_key() -> None:
    collected = Collected([Gathered(CONDITIONS, [condition(1)])])
    assert collected.resources("conditions") == [condition(1)]
    assert collected.resources("medications") == ()
