"""Prefetched data in wrappings of their own: answers to a batch, entries without a Bundle, bare resources, lists.

Sources: cds-hooks/docs#103 and #157 (drafts of the specification with `{response, resource}`);
cerner/cds-services-tutorial#13 (the shapes that clients of those drafts still send).
"""

from __future__ import annotations

from typing import Any

import pytest

from cds_service.json_text import TOO_LARGE
from tests.contract.card_rules import check_error
from tests.contract.conftest import MakeApp
from tests.contract.ehr import HOOKS, ORDER_HOOKS, Ehr, ehr_of
from tests.contract.fhir_fake import FakeFhir
from tests.contract.records import (
    CALCIPHYLAXIS,
    CALCIUM_DRAFT,
    CHILD,
    CONFIRMED,
    DIALYSIS,
    HIGH_CALCIUM,
    ON_DIALYSIS,
    PATIENT,
    WARFARIN,
    Json,
    bundle,
    failure,
)
from tests.field.whole_requests import EXPECTED, request, said

SEARCHSET = bundle(ON_DIALYSIS, CALCIPHYLAXIS)
PRACTITIONER: Json = {"resourceType": "Practitioner", "id": "p1"}


def answer(resource: Any, status: Any = "200 OK") -> Json:
    """An entry of an answer to a batch, as servers write it."""
    return {"response": {"status": status}, "resource": resource}


def batch(*entries: Any, kind: str = "batch-response") -> Json:
    return {"resourceType": "Bundle", "type": kind, "entry": list(entries)}


def wrapped(times: int, resource: Any) -> Any:
    for _ in range(times):
        resource = {"resource": resource}
    return resource


READ: dict[str, Any] = {
    "an answer to a batch": batch(answer(SEARCHSET)),
    "the status as a number": batch(answer(SEARCHSET, 200)),
    "no status": batch(answer(SEARCHSET, None)),
    "a status in words": batch(answer(SEARCHSET, "OK")),
    "an answer to a batch without responses": batch({"resource": SEARCHSET}),
    "an answer to a transaction": batch(answer(SEARCHSET), kind="transaction-response"),
    "a searchset in a collection": batch({"resource": SEARCHSET}, kind="collection"),
    "a searchset in a searchset": batch({"resource": SEARCHSET}, kind="searchset"),
    "a searchset in a Bundle without type": {"resourceType": "Bundle", "entry": [{"resource": SEARCHSET}]},
    "the results in an answer to a batch": batch(answer(ON_DIALYSIS), answer(CALCIPHYLAXIS)),
    "response and resource": answer(SEARCHSET),
    "a remark in the response": {"response": {"status": "200", "outcome": failure("warning")}, "resource": SEARCHSET},
    "a resource without response": {"resource": SEARCHSET},
    "a response in a batch in a list": [batch(answer(SEARCHSET))],
    "four wrappings": wrapped(4, SEARCHSET),
    "a searchset in a list": [SEARCHSET],
    "an entry in a list": [answer(SEARCHSET)],
    "a list of resources": [ON_DIALYSIS, CALCIPHYLAXIS],
    "a list of entries": [answer(ON_DIALYSIS), {"resource": CALCIPHYLAXIS, "fullUrl": "urn:uuid:x"}],
}
FAILED: dict[str, Any] = {
    "not found": batch({"response": {"status": "404 Not Found"}}),
    "a refusal beside a resource": batch(answer(ON_DIALYSIS, "401 Unauthorized")),
    "a failure as a number": batch({"response": {"status": 500}}),
    "a failure in a searchset": batch({"response": {"status": "500"}}, kind="searchset"),
    "a failure beside a result": batch(answer(ON_DIALYSIS), {"response": {"status": "503"}}, kind="collection"),
    "a status that is too large": batch(answer(SEARCHSET, TOO_LARGE)),
    "a number that is no status": batch(answer(SEARCHSET, 7)),
    "a status that is true": answer(SEARCHSET, True),
    "a list as status": answer(SEARCHSET, ["200"]),
    "a redirection": answer(SEARCHSET, "302"),
    "an outcome in the response": batch({"response": {"status": "200", "outcome": failure()}, "resource": ON_DIALYSIS}),
    "an outcome as the resource": batch(answer(failure())),
    "an outcome of OK": answer(failure()),
    "a remark in place of an answer": batch(answer(failure("warning"))),
    "a remark alone": failure("information"),
    "an answer to a batch without entries": batch(),
    "an answer to a batch without any entry": {"resourceType": "Bundle", "type": "batch-response"},
    "an entry without resource": batch({"response": {"status": "200"}}),
    "an empty entry of a batch": batch({}),
    "a response without resource": {"response": {"status": "200 OK"}},
    "a response alone": {"response": None},
    "no resource": {"resource": None},
    "a text as resource": {"resource": "Condition"},
    "too many wrappings": wrapped(5, SEARCHSET),
    "a result and a searchset": batch({"resource": ON_DIALYSIS}, {"resource": bundle(CALCIPHYLAXIS)}),
    "two searchsets": batch(answer(bundle(ON_DIALYSIS)), answer(bundle(CALCIPHYLAXIS))),
    "an empty list": [],
    "a list in a list": [[]],
    "a list of texts": ["Condition"],
    "a list of nothing": [None],
    "a list of empty objects": [{}],
    "a list of two empty objects": [{}, {}],
    "a list with a failure in it": [answer(ON_DIALYSIS), answer(CALCIPHYLAXIS, "500")],
    "a list with a text in it": [ON_DIALYSIS, "Condition"],
    "another resource": PRACTITIONER,
    "a list of other resources": [PRACTITIONER, PRACTITIONER],
    "another resource in a batch": batch(answer(PRACTITIONER)),
    "an object of no type": {"entry": [{"resource": ON_DIALYSIS}]},
}


def changed(ehr: Ehr, hook: str, key: str, sent: Any) -> Json:
    body = request(ehr, hook)
    body["prefetch"][key] = sent
    return body


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize("sent", READ.values(), ids=READ)
def test_a_search_in_a_wrapping_is_read(sent: Any, hook: str, ehr: Ehr) -> None:
    expected = said(ehr.cards(changed(ehr, hook, "conditions", SEARCHSET)))
    assert expected
    assert said(ehr.cards(changed(ehr, hook, "conditions", sent))) == expected


@pytest.mark.parametrize("hook", ORDER_HOOKS)
@pytest.mark.parametrize("sent", [ON_DIALYSIS, answer(ON_DIALYSIS), batch(answer(ON_DIALYSIS)), [ON_DIALYSIS]])
def test_a_single_resource_of_the_type_asked_for_is_a_list_of_one(sent: Any, hook: str, ehr: Ehr) -> None:
    assert said(ehr.cards(changed(ehr, hook, "conditions", sent))) == EXPECTED[hook]


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize("sent", FAILED.values(), ids=FAILED)
def test_what_tells_of_a_failure_or_cannot_be_understood_is_412_where_it_is_essential(
    sent: Any, hook: str, ehr: Ehr
) -> None:
    assert "conditions could not be read" in check_error(ehr.post(changed(ehr, hook, "conditions", sent)), 412)


@pytest.mark.parametrize("sent", FAILED.values(), ids=FAILED)
def test_active_orders_that_tell_of_a_failure_or_cannot_be_understood_are_412(sent: Any, ehr: Ehr) -> None:
    said_so = check_error(ehr.post(changed(ehr, "patient-view", "medications", sent)), 412)
    assert "medications could not be read" in said_so


@pytest.mark.parametrize("hook", ORDER_HOOKS)
@pytest.mark.parametrize("sent", FAILED.values(), ids=FAILED)
def test_what_tells_of_a_failure_or_cannot_be_understood_is_said_before_calcium_is_given(
    sent: Any, hook: str, ehr: Ehr
) -> None:
    assert said(ehr.ask(hook, DIALYSIS, CALCIUM_DRAFT, calcium=sent)) == [("calcium-data-gap", "info")]


@pytest.mark.parametrize("hook", ORDER_HOOKS)
@pytest.mark.parametrize("sent", [HIGH_CALCIUM, batch(answer(bundle(HIGH_CALCIUM))), [HIGH_CALCIUM]])
def test_a_result_in_a_wrapping_is_read(sent: Any, hook: str, ehr: Ehr) -> None:
    expected = said(ehr.ask(hook, DIALYSIS, CALCIUM_DRAFT, calcium=bundle(HIGH_CALCIUM)))
    assert expected == [("calcium-hypercalcaemia", "warning")]
    assert said(ehr.ask(hook, DIALYSIS, CALCIUM_DRAFT, calcium=sent)) == expected


@pytest.mark.parametrize("sent", FAILED.values(), ids=FAILED)
def test_what_cannot_be_used_is_fetched_where_there_is_a_server(sent: Any, ehr: Ehr, fhir: FakeFhir) -> None:
    fhir.record = DIALYSIS
    body = changed(ehr, "order-sign", "conditions", sent) | {"fhirServer": fhir.base}
    assert said(ehr.cards(body)) == EXPECTED["order-sign"]
    assert fhir.asked() == ["conditions"]


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize(
    "empty", [bundle(), {"resourceType": "Bundle"}, batch(answer(bundle())), answer(bundle()), None]
)
def test_an_empty_searchset_in_a_wrapping_says_that_there_is_nothing(empty: Any, hook: str, ehr: Ehr) -> None:
    assert said(ehr.cards(changed(ehr, hook, "conditions", empty))) == said(
        ehr.cards(changed(ehr, hook, "conditions", bundle()))
    )


# ------------------------------------------------------------------ pages, limits and what comes along
@pytest.mark.parametrize("hook", ORDER_HOOKS)
def test_a_next_page_is_fetched_from_inside_a_wrapping_and_missed_without_a_server(
    hook: str, ehr: Ehr, fhir: FakeFhir
) -> None:
    fhir.told["Condition?page=2"] = (200, bundle(ON_DIALYSIS))
    first = bundle(link=[{"relation": "next", "url": f"{fhir.base}/Condition?page=2"}], total=1)
    body = changed(ehr, hook, "conditions", batch(answer(first)))
    check_error(ehr.post(body), 412)
    assert said(ehr.cards(body | {"fhirServer": fhir.base})) == EXPECTED[hook]
    assert fhir.asked() == ["Condition?page=2"]


@pytest.mark.parametrize(
    "wrap",
    [
        answer,
        lambda found: batch(answer(found)),
        lambda found: batch(answer(batch(answer(found)))),
        lambda found: wrapped(4, found),
        lambda found: [found],
        lambda found: found["entry"],
    ],
)
def test_wrapped_entries_count_towards_the_limit(wrap: Any, make_app: MakeApp) -> None:
    ehr = ehr_of(make_app(max_entries=30))
    body = request(ehr, "order-sign")
    body["prefetch"] = {"conditions": wrap(bundle(*[ON_DIALYSIS] * 20))}
    assert ehr.post(body).status_code == 412
    body["prefetch"] = {"conditions": wrap(bundle(*[ON_DIALYSIS] * 30))}
    check_error(ehr.post(body), 413, "prefetch")


@pytest.mark.parametrize("wrap", [lambda found: found, lambda found: batch(answer(found)), answer])
def test_a_drug_that_came_along_in_a_wrapping_is_found_by_its_address(wrap: Any, ehr: Ehr) -> None:
    address = "urn:uuid:2f0f8dd5-6f5f-4f42-8f45-1f6a9e2fd1e0"
    order = {name: value for name, value in WARFARIN.items() if name != "medicationCodeableConcept"}
    drug = {"resourceType": "Medication", "id": "m", "code": WARFARIN["medicationCodeableConcept"]}
    found = bundle(order | {"medicationReference": {"reference": address}})
    found["entry"].append({"fullUrl": address, "resource": drug, "search": {"mode": "include"}})
    assert said(ehr.cards(changed(ehr, "patient-view", "medications", wrap(found)))) == EXPECTED["patient-view"]


# ------------------------------------------------------------------ the Patient
OTHER: Json = {**CHILD, "id": "somebody-else"}
PATIENT_READ: dict[str, Any] = {
    "response and resource": answer(PATIENT),
    "an answer to a batch": batch(answer(PATIENT)),
    "a searchset": bundle(PATIENT),
    "a searchset in an answer to a batch": batch(answer(bundle(PATIENT))),
    "a list": [PATIENT],
    "a list of one entry": [answer(PATIENT)],
    "a Bundle with others": bundle(PRACTITIONER, PATIENT),
    "a Bundle with another patient": bundle(OTHER, PATIENT),
    "a remark beside it": bundle(failure("warning"), PATIENT),
}
PATIENT_FAILED: dict[str, Any] = {
    "not found": {"response": {"status": "404"}},
    "not found in a batch": batch({"response": {"status": "404"}}),
    "an outcome": answer(failure()),
    "an empty Bundle": bundle(),
    "an empty list": [],
    "another resource": bundle(PRACTITIONER),
    "an error beside it": bundle(failure(), PATIENT),
    "another patient": bundle(OTHER),
    "two other patients": bundle(OTHER, {**OTHER, "id": "nobody"}),
    "two patients without id": [{"resourceType": "Patient"}, {"resourceType": "Patient"}],
    "too many wrappings": wrapped(5, PATIENT),
}


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize("sent", PATIENT_READ.values(), ids=PATIENT_READ)
def test_the_patient_in_a_wrapping_is_read(sent: Any, hook: str, ehr: Ehr) -> None:
    assert said(ehr.cards(changed(ehr, hook, "patient", sent))) == EXPECTED[hook]


@pytest.mark.parametrize("hook", HOOKS)
def test_the_patient_in_a_wrapping_is_the_one_who_is_asked_about(hook: str, ehr: Ehr) -> None:
    alone = said(ehr.cards(changed(ehr, hook, "patient", CHILD)))
    assert alone != EXPECTED[hook]
    adult = {**PATIENT, "id": "somebody-else"}
    assert said(ehr.cards(changed(ehr, hook, "patient", bundle(adult, CHILD)))) == alone


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize("sent", PATIENT_FAILED.values(), ids=PATIENT_FAILED)
def test_a_patient_who_cannot_be_found_in_the_wrapping_is_412(sent: Any, hook: str, ehr: Ehr) -> None:
    assert "the patient could not be read" in check_error(ehr.post(changed(ehr, hook, "patient", sent)), 412)


def test_a_patient_who_cannot_be_found_in_the_wrapping_is_fetched(ehr: Ehr, fhir: FakeFhir) -> None:
    fhir.record = CONFIRMED
    for sent in PATIENT_FAILED.values():
        body = changed(ehr, "patient-view", "patient", sent) | {"fhirServer": fhir.base}
        assert said(ehr.cards(body)) == EXPECTED["patient-view"]
    assert fhir.asked() == ["patient"] * len(PATIENT_FAILED)
