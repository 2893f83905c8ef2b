"""Usable prefetch is taken, the rest is fetched, and what was not had is told with a reason."""

from __future__ import annotations

import logging
from collections.abc import Callable
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
from tests.fhir_stand_in import EHR, Asked, FhirStandIn, Reply

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
        (PATIENT, {"patient": bundle(condition(1))}, NOT_A_PATIENT),
        (PATIENT, {"patient": "p1"}, NOT_A_PATIENT),
        (PATIENT, {"patient": {**ME, "id": "p2"}}, OTHER_PATIENT),
        (CONDITIONS, {}, NOT_SENT),
        (CONDITIONS, {"conditions": FAILED}, REPORTED_ERROR),
        (CONDITIONS, {"conditions": bundle(FAILED)}, REPORTED_ERROR),
        (CONDITIONS, {"conditions": ME}, OTHER_RESOURCES),
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
    assert (found.reason, found.lost) == ("the FHIR server answered 500", True)


def test_a_list_that_leads_nowhere_is_cut_and_nothing_of_it_lost(client: FhirClient, mock: FhirStandIn) -> None:
    mock.get(f"{BASE}/Condition", json=bundle(condition(1), **next_page("https://other.example/page/2")))
    found = one(client, CONDITIONS, {}, SERVER)
    assert (found.complete, found.reason, found.lost) == (False, "a next page lies on another server", False)


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


DIALYSIS = Query("dialysis_procedures", "dialysis", "Procedure", (("code", "302497006"), ("_count", "2")), 90)


def session(number: int, day: str, status: str = "completed") -> Json:
    code = {"coding": [{"system": "http://snomed.info/sct", "code": "302497006"}]}
    period = {"start": day} if status == "in-progress" else {"start": day, "end": day}
    return {"resourceType": "Procedure", "id": str(number), "status": status, "code": code, "performedPeriod": period}


@pytest.mark.parametrize("server", [None, SERVER], ids=["no server", "a server"])
def test_sessions_before_the_look_back_are_neither_asked_for_nor_missed(
    server: FhirServer | None, client: FhirClient, mock: FhirStandIn
) -> None:
    over = [session(1, "2026-05-02"), session(2, "2026-05-01")]
    sent = bundle(*over, **next_page(f"{BASE}/more"))
    found = one(client, DIALYSIS, {"dialysis_procedures": sent}, server)
    assert (list(found.resources), found.complete) == (over, True)
    assert mock.calls == []


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
    assert (collected.medications, set(collected.lost)) == ({f"{BASE}/Medication/a": drug}, {"Medication/b"})


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
        assert opened.collect([MEDICATIONS], orders).medications == {f"{BASE}/Medication/z": drug}


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
    assert collected.medications == {f"{BASE}/Medication/a": product, f"{BASE}/Substance/s": substance}


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


# Servers that refuse a search, or find a code only in one of its forms

CODED = Query(
    "calcium", "calcium", "Observation", (("code", "1"), ("_sort", "-date"), ("_count", "2")), 90, "date",
    coded="http://loinc.org|1", plain=((("code", "1"),), ()),
)  # fmt: skip
PHOSPHATE = Query(
    "phosphate", "phosphate", "Observation", (("code", "2"), ("_count", "2")), 90, "date",
    coded="http://loinc.org|2", plain=((("code", "2"),),),
)  # fmt: skip


def asked(mock: FhirStandIn) -> list[str]:
    return [call.url.removeprefix(f"{BASE}/").replace("%7C", "|") for call in mock.calls]


def refusing(word: str, status: int = 400) -> Callable[[Asked], Reply]:
    """A server that refuses a parameter, and has one result."""
    return lambda one: Reply(status) if word in one.url else Reply(200, bundle(calcium(1, "2026-11-20")))


@pytest.mark.parametrize("status", [403, 500])
def test_what_may_mean_something_else_is_tried_once_more_and_not_remembered(
    status: int, client: FhirClient, mock: FhirStandIn
) -> None:
    mock.otherwise = refusing("_sort", status)
    for _ in range(2):
        assert list(one(client, CODED, {}, SERVER).resources) == [calcium(1, "2026-11-20")]
    plain = "Observation?patient=p1&code=1"
    assert asked(mock) == [f"{plain}&date=ge2026-08-23&_sort=-date&_count=2", plain] * 2


@pytest.mark.parametrize("status", [400, 404, 405, 422, 501])
def test_a_refused_search_is_made_again_more_plainly_and_that_is_remembered(
    status: int, client: FhirClient, mock: FhirStandIn
) -> None:
    mock.otherwise = refusing("_sort", status)
    for _ in range(2):
        assert list(one(client, CODED, {}, SERVER).resources) == [calcium(1, "2026-11-20")]
    first, plain = (
        "Observation?patient=p1&code=1&date=ge2026-08-23&_sort=-date&_count=2",
        "Observation?patient=p1&code=1",
    )
    assert asked(mock) == [first, plain, plain]


@pytest.mark.parametrize(("status", "requests"), [(400, 4), (403, 2), (500, 2), (401, 1), (302, 1)])
def test_a_search_that_is_refused_in_every_form_has_failed_with_the_first_reason(
    status: int, requests: int, client: FhirClient, mock: FhirStandIn
) -> None:
    mock.otherwise = lambda one: Reply(status if "_sort" in one.url else 400 if status == 400 else status)
    found = one(client, CODED, {}, SERVER)
    assert (list(found.resources), found.failed) == ([], f"the FHIR server answered {status}")
    assert len(mock.calls) == requests


def test_a_patient_is_named_by_the_other_parameter_last(client: FhirClient, mock: FhirStandIn) -> None:
    mock.otherwise = refusing("patient=")
    assert one(client, CODED, {}, SERVER).failed == ""
    assert asked(mock)[-1] == "Observation?subject=Patient/p1&code=1"


def collected(client: FhirClient, prefetch: Json | None = None, server: FhirServer | None = SERVER) -> list[int]:
    """How many results each of two searches by code brings."""
    with gatherer(client, prefetch or {}, server) as opened:
        return [len(found.resources) for found in opened.collect([CODED, PHOSPHATE], ()).queries]


def finds(*, with_system: bool) -> Callable[[Asked], Reply]:
    def answer(one: Asked) -> Reply:
        return Reply(200, bundle(calcium(1, "2026-11-20")) if ("%7C" in one.url) is with_system else bundle())

    return answer


def test_where_every_search_by_code_is_empty_the_codes_are_written_with_their_systems(
    client: FhirClient, mock: FhirStandIn
) -> None:
    mock.otherwise = finds(with_system=True)
    assert [collected(client), collected(client)] == [[1, 1], [1, 1]]
    assert len(mock.calls) == 4 + 2
    assert all("|" in url for url in asked(mock)[2:])


def test_how_a_server_finds_codes_is_believed_for_some_minutes(client: FhirClient, mock: FhirStandIn) -> None:
    mock.otherwise = finds(with_system=True)
    collected(client)
    mock.otherwise = finds(with_system=False)
    assert collected(client) == [0, 0]


def test_where_a_search_by_code_found_something_an_empty_one_is_empty(client: FhirClient, mock: FhirStandIn) -> None:
    mock.otherwise = lambda one: Reply(200, bundle(calcium(1, "2026-11-20")) if "code=1" in one.url else bundle())
    assert collected(client) == [1, 0]
    mock.otherwise = lambda one: Reply(200, bundle())
    # So it is for the next patient, as long as it is remembered.
    assert collected(client) == [0, 0]
    assert len(mock.calls) == 4


def test_what_the_client_says_is_empty_is_not_asked_for_again(client: FhirClient, mock: FhirStandIn) -> None:
    mock.otherwise = finds(with_system=True)
    assert collected(client, {"calcium": None, "phosphate": bundle()}) == [0, 0]
    assert mock.calls == []
    # What the client sent proves nothing of how the server finds codes.
    assert collected(client, {"calcium": bundle(calcium(1, "2026-11-20"))}) == [1, 1]


@pytest.mark.parametrize(("status", "failed"), [(400, ""), (200, "the answer was not a FHIR Bundle")])
def test_a_server_that_refuses_systems_has_found_nothing_and_one_that_fails_with_them_has_failed(
    status: int, failed: str, client: FhirClient, mock: FhirStandIn
) -> None:
    mock.otherwise = lambda one: Reply(status, ME) if "%7C" in one.url else Reply(200, bundle())
    with gatherer(client, {}, SERVER) as opened:
        found = opened.collect([CODED, PHOSPHATE], ()).queries
    assert [one.failed for one in found] == [failed, failed]


def test_a_list_that_lost_a_page_stays_lost_though_the_other_form_is_empty(
    client: FhirClient, mock: FhirStandIn
) -> None:
    def answer(one: Asked) -> Reply:
        if "page" in one.url:
            return Reply(500)
        link = next_page(f"{BASE}/Observation?page=2") if "code=1&" in one.url else {}
        return Reply(200, bundle(**link))

    mock.otherwise = answer
    with gatherer(client, {}, SERVER) as opened:
        found = opened.collect([CODED, PHOSPHATE], ()).queries
    assert [(one.complete, one.lost) for one in found] == [(False, True), (True, False)]


def test_what_another_call_finds_meanwhile_changes_nothing_here(client: FhirClient, mock: FhirStandIn) -> None:
    mock.otherwise = finds(with_system=True)
    with gatherer(client, {}, SERVER) as opened:
        assert opened.searches is not None
        pending = [opened.searches.start(CODED), opened.searches.start(PHOSPHATE)]
        assert collected(client) == [1, 1]
        done = {query.key: finish() for query, finish in zip((CODED, PHOSPHATE), pending, strict=True)}
        again = opened.searches.in_other_form(done)
    assert [len(found.resources) for found in again.values()] == [1, 1]


def test_a_server_that_refuses_every_form_is_asked_in_the_usual_one_alone_for_some_minutes(
    client: FhirClient, mock: FhirStandIn
) -> None:
    mock.otherwise = lambda one: Reply(400)
    for _ in range(3):
        assert one(client, CODED, {}, SERVER).failed == "the FHIR server answered 400"
    assert ["_sort" in url for url in asked(mock)] == [True, False, False, False, True, True]
    mock.otherwise = lambda one: Reply(200, bundle(calcium(1, "2026-11-20")))
    assert one(client, CODED, {}, SERVER).failed == ""


def test_one_patient_who_is_refused_does_not_make_the_plainer_form_forgotten(
    client: FhirClient, mock: FhirStandIn
) -> None:
    mock.otherwise = refusing("_sort")
    one(client, CODED, {}, SERVER)
    mock.otherwise = lambda one: Reply(404)
    one(client, CODED, {}, SERVER)
    mock.otherwise = refusing("_sort")
    mock.calls.clear()
    assert one(client, CODED, {}, SERVER).failed == ""
    assert asked(mock) == ["Observation?patient=p1&code=1"]


def test_a_refused_form_is_asked_anew_after_some_minutes_whatever_came_between(mock: FhirStandIn) -> None:
    now = [0.0]
    client = FhirClient(Limits(deadline_seconds=20), lambda base: base == BASE, clock=lambda: now[0])
    mock.otherwise = refusing("_sort")
    for at in (0, 100, 200, 290, 301):
        now[0] = float(at)
        one(client, CODED, {}, SERVER)
    client.close()
    assert ["_sort" in url for url in asked(mock)] == [True, False, False, False, False, True, False]


@pytest.mark.parametrize(
    "link", ["Observation?page=2", "Patient/other/Condition?page=2", "Condition?patient=other", "$export?x=1"]
)
def test_a_next_page_of_another_search_is_not_asked_for(link: str, client: FhirClient, mock: FhirStandIn) -> None:
    mock.get(f"{BASE}/Condition", json=bundle(condition(1), **next_page(link)))
    found = one(client, CONDITIONS, {}, SERVER)
    assert (found.complete, found.reason) == (False, "a next page lies on another server")
    assert len(mock.calls) == 1


def test_a_further_page_of_strangers_alone_is_a_lost_page(client: FhirClient, mock: FhirStandIn) -> None:
    stranger = {**condition(2), "subject": {"reference": "Patient/p2"}}
    mine = {**condition(3), "subject": {"reference": "Patient/p1"}}
    mock.get(f"{BASE}/Condition", json=bundle(condition(1), **next_page("https://inner/fhir/Condition?cursor=1")))
    mock.get(f"{BASE}/Condition", json=bundle(stranger))
    mock.get(f"{BASE}/Condition", json=bundle(condition(1), **next_page("https://inner/fhir/Condition?cursor=1")))
    mock.get(f"{BASE}/Condition", json=bundle(stranger, mine))
    found = one(client, CONDITIONS, {}, SERVER)
    assert (found.complete, found.lost, found.reason) == (False, True, OTHER_PATIENT)
    assert one(client, CONDITIONS, {}, SERVER).complete
