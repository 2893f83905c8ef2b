"""Data that the client sends along. Matrix: S40 to S46; CDS Hooks 3.0.0, section "Prefetch"."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.card_rules import check_answer, check_error
from tests.contract.ehr import HOOKS, ORDER_HOOKS, Ehr, signature, topics, words
from tests.contract.fhir_fake import FakeFhir
from tests.contract.records import (
    CALCIPHYLAXIS,
    CALCIUM_DRAFT,
    CONFIRMED,
    DIALYSIS,
    HIGH_CALCIUM,
    ON_DIALYSIS,
    PATIENT,
    PATIENT_ID,
    WARFARIN,
    WARFARIN_DRAFT,
    Json,
    bundle,
    condition,
    failure,
    order,
    result,
)

SEARCHES = [
    "conditions", "medications", "dialysis_procedures", "valve_procedures", "calcium", "phosphate_albumin", "pth_alp",
    "dialysis_dose", "weight", "bmi", "temperature", "inflammation",
]  # fmt: skip
ESSENTIAL = ["patient", "conditions", "medications"]
TELLING = ["calcium", "phosphate_albumin", "pth_alp", "dialysis_dose", "weight", "bmi"]
"""Searches whose results can raise a card for anybody on dialysis."""
UNUSABLE = {
    "an error": failure("error"),
    "a fatal error": failure("fatal"),
    "a searchset with an error in it": bundle(failure("error")),
    "another resource": {"resourceType": "Basic"},
    "an entry that is no object": {"resourceType": "Bundle", "entry": ["x"]},
    "a list": [],
    "a text": "none",
    "a number": 0,
}


def test_complete_prefetch_is_enough_and_the_fhir_server_is_left_in_peace(ehr: Ehr, fhir: FakeFhir) -> None:
    body = ehr.request("patient-view", CONFIRMED) | {"fhirServer": fhir.base}
    assert ehr.cards(body)
    assert fhir.seen == []


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize("members", [{}, {"prefetch": {}}])
def test_without_any_data_and_without_a_server_the_answer_is_412(hook: str, members: Json, ehr: Ehr) -> None:
    said = check_error(ehr.post(ehr.request(hook, None, [WARFARIN_DRAFT]) | members), 412)
    assert "no FHIR server" in said


@pytest.mark.parametrize("key", ["patient", *SEARCHES])
def test_a_missing_key_is_fetched_and_only_that_one(key: str, ehr: Ehr, fhir: FakeFhir) -> None:
    body = ehr.request("patient-view", CONFIRMED) | {"fhirServer": fhir.base}
    expected = signature(ehr.cards(body))
    fhir.record = CONFIRMED
    del body["prefetch"][key]
    assert signature(ehr.cards(body)) == expected
    assert {*fhir.asked()} == {key}


@pytest.mark.parametrize("hook", HOOKS)
def test_null_means_that_there_is_nothing_and_is_not_asked_for_again(hook: str, ehr: Ehr, fhir: FakeFhir) -> None:
    body = ehr.request(hook, CONFIRMED, [WARFARIN_DRAFT]) | {"fhirServer": fhir.base}
    body["prefetch"] = dict.fromkeys(body["prefetch"])
    assert ehr.cards(body) == []
    assert fhir.seen == []


@pytest.mark.parametrize("key", SEARCHES)
def test_null_is_the_same_as_a_searchset_without_entries(key: str, ehr: Ehr) -> None:
    with_null = ehr.ask("patient-view", CONFIRMED, **{key: None})
    for empty in (bundle(), {"resourceType": "Bundle"}, bundle(link=[{"relation": "self", "url": "here"}])):
        assert signature(ehr.ask("patient-view", CONFIRMED, **{key: empty})) == signature(with_null)


@pytest.mark.parametrize("sent", UNUSABLE.values(), ids=UNUSABLE)
@pytest.mark.parametrize("key", ["patient", *SEARCHES])
def test_what_cannot_be_used_is_fetched_instead(key: str, sent: Any, ehr: Ehr, fhir: FakeFhir) -> None:
    body = ehr.request("patient-view", CONFIRMED) | {"fhirServer": fhir.base}
    expected = signature(ehr.cards(body))
    fhir.record = CONFIRMED
    body["prefetch"][key] = sent
    assert signature(ehr.cards(body)) == expected
    assert {*fhir.asked()} == {key}


@pytest.mark.parametrize("sent", UNUSABLE.values(), ids=UNUSABLE)
@pytest.mark.parametrize("key", ESSENTIAL)
def test_without_a_server_what_we_must_know_and_cannot_use_is_412(key: str, sent: Any, ehr: Ehr) -> None:
    body = ehr.request("patient-view", DIALYSIS)
    body["prefetch"][key] = sent
    check_error(ehr.post(body), 412)


@pytest.mark.parametrize("sent", UNUSABLE.values(), ids=UNUSABLE)
@pytest.mark.parametrize("key", TELLING)
def test_without_a_server_what_cannot_be_used_is_never_taken_for_nothing_there(key: str, sent: Any, ehr: Ehr) -> None:
    assert topics(ehr.ask("patient-view", DIALYSIS, **{key: sent})) == ["cua-data-gap"]


@pytest.mark.parametrize("hook", HOOKS)
def test_when_every_look_up_failed_and_there_is_no_server_the_answer_is_412(hook: str, ehr: Ehr) -> None:
    body = ehr.request(hook, CONFIRMED, [WARFARIN_DRAFT])
    body["prefetch"] = dict.fromkeys(body["prefetch"], failure())
    check_error(ehr.post(body), 412)


@pytest.mark.parametrize("severity", ["warning", "information"])
def test_a_remark_beside_the_matches_is_no_failure(severity: str, ehr: Ehr) -> None:
    beside = bundle(*CONFIRMED["conditions"], failure(severity)) | {"total": 2}
    cards = ehr.ask("patient-view", CONFIRMED, conditions=beside)
    assert signature(cards) == signature(ehr.ask("patient-view", CONFIRMED))


def next_page(url: str) -> Json:
    return {"link": [{"relation": "next", "url": url}]}


def test_the_further_pages_of_a_prefetched_search_are_fetched_with_the_token(ehr: Ehr, fhir: FakeFhir) -> None:
    fhir.told["Condition?page=2"] = (200, bundle(CALCIPHYLAXIS))
    body = ehr.request("patient-view", CONFIRMED)
    expected = signature(ehr.cards(body))
    body["prefetch"]["conditions"] = bundle(ON_DIALYSIS, **next_page(f"{fhir.base}/Condition?page=2"))
    body |= {"fhirServer": fhir.base, "fhirAuthorization": {"access_token": "tok-1"}}
    assert signature(ehr.cards(body)) == expected
    assert fhir.asked() == ["Condition?page=2"]
    assert fhir.seen[0].headers["Authorization"] == "Bearer tok-1"


def test_the_further_pages_are_not_called_read_when_there_is_no_server_to_ask(ehr: Ehr) -> None:
    cut = bundle(HIGH_CALCIUM, **next_page("https://ehr.example/fhir/Observation?page=2"))
    said = words(ehr.ask("order-select", DIALYSIS, CALCIUM_DRAFT, pth_alp=bundle(**next_page("?page=2"))))
    assert "pth" in said
    assert "could not be read" in said
    assert topics(ehr.ask("order-select", DIALYSIS, CALCIUM_DRAFT, calcium=cut)) == ["calcium-hypercalcaemia"]


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/fhir/Condition?page=2", "http://ehr.example/fhir/Condition", "http://x/a/b"]
)
def test_a_next_page_that_is_none_of_this_search_is_not_visited(elsewhere: str, ehr: Ehr, fhir: FakeFhir) -> None:
    body = ehr.request("patient-view", DIALYSIS) | {"fhirServer": fhir.base, "fhirAuthorization": {"access_token": "t"}}
    body["prefetch"]["calcium"] = bundle(**next_page(elsewhere))
    assert topics(ehr.cards(body)) == ["cua-data-gap"]
    assert fhir.seen == []


def test_a_bundle_that_counts_more_than_it_holds_is_fetched_again(ehr: Ehr, fhir: FakeFhir) -> None:
    fhir.record = CONFIRMED
    body = ehr.request("patient-view", CONFIRMED) | {"fhirServer": fhir.base}
    expected = signature(ehr.cards(body))
    body["prefetch"]["conditions"] = bundle(ON_DIALYSIS) | {"total": 2}
    assert signature(ehr.cards(body)) == expected
    assert fhir.asked() == ["conditions"]


def test_a_truncated_bundle_without_a_server_is_not_called_complete(ehr: Ehr) -> None:
    cards = ehr.ask("patient-view", DIALYSIS, calcium=bundle() | {"total": 3})
    assert topics(cards) == ["cua-data-gap"]
    assert "calcium" in words(cards)


def test_a_full_first_page_that_reaches_beyond_the_look_back_is_complete(ehr: Ehr, fhir: FakeFhir) -> None:
    results = [result(f"c{day}", "17861-6", 9.2, "mg/dL", day) for day in range(100)]
    body = ehr.request("patient-view", DIALYSIS | {"calcium": results}) | {"fhirServer": fhir.base}
    assert ehr.cards(body) == []
    assert fhir.seen == []


@pytest.mark.parametrize(
    ("key", "foreign"),
    [
        ("conditions", condition("c9", "Calciphylaxis", "somebody-else")),
        ("medications", order("m9", "855332", "warfarin", patient_id="somebody-else")),
        ("calcium", result("o9", "17861-6", 13.0, "mg/dL", 1, "somebody-else")),
    ],
)
def test_another_patients_resources_never_count(key: str, foreign: Json, ehr: Ehr) -> None:
    record = {**DIALYSIS, "medications": [order("m1", "314076", "lisinopril")]}
    record |= {key: [*record.get(key, [result("o1", "17861-6", 9.0, "mg/dL", 3)]), foreign]}
    assert ehr.ask("patient-view", record) == []


@pytest.mark.parametrize(
    ("key", "stranger"),
    [
        ("conditions", condition("c9", "Calciphylaxis", "somebody-else")),
        ("medications", order("m9", "855332", "warfarin", patient_id="somebody-else")),
    ],
)
def test_a_list_that_holds_only_another_patients_records_is_no_empty_list(key: str, stranger: Json, ehr: Ehr) -> None:
    answer = ehr.post(ehr.request("patient-view", {**DIALYSIS, key: [stranger]}))
    assert "another patient" in check_error(answer, 412)


@pytest.mark.parametrize("hook", HOOKS)
def test_another_patient_in_the_prefetch_is_refused(hook: str, ehr: Ehr) -> None:
    body = ehr.request(hook, CONFIRMED, [WARFARIN_DRAFT], patient=PATIENT | {"id": "somebody-else"})
    assert "another patient" in check_error(ehr.post(body), 412)


def test_another_patient_in_the_prefetch_is_replaced_by_the_right_one(ehr: Ehr, fhir: FakeFhir) -> None:
    body = ehr.request("patient-view", CONFIRMED, patient=PATIENT | {"id": "somebody-else"})
    assert topics(ehr.cards(body | {"fhirServer": fhir.base}))
    assert fhir.asked() == ["patient"]


@pytest.mark.parametrize("hook", ORDER_HOOKS)
def test_another_patients_draft_is_not_judged_and_this_is_said(hook: str, ehr: Ehr) -> None:
    foreign = WARFARIN_DRAFT | {"subject": {"reference": "Patient/somebody-else"}}
    assert topics(ehr.ask(hook, CONFIRMED, foreign)) == ["order-data-gap"]


def holes(value: Any) -> list[Any]:
    """The value with one element taken out or spoilt, wherever that is possible."""
    made: list[Any] = []
    if isinstance(value, dict):
        for name, inner in value.items():
            rest = {other: kept for other, kept in value.items() if other != name}
            made += [rest, *({**value, name: spoilt} for spoilt in (None, 7, "x", [], {}, [None], *holes(inner)))]
    if isinstance(value, list):
        for number, inner in enumerate(value):
            made += [[*value[:number], spoilt, *value[number + 1 :]] for spoilt in holes(inner)]
    return made


@pytest.mark.parametrize(
    ("key", "resource", "beside"),
    [
        ("conditions", CALCIPHYLAXIS, [ON_DIALYSIS]),
        ("medications", WARFARIN, [order("paracetamol-active", "313782", "paracetamol 500 mg tablet")]),
        ("calcium", HIGH_CALCIUM, []),
    ],
    ids=["condition", "medication", "result"],
)
def test_a_resource_with_any_element_missing_or_spoilt_is_answered(
    key: str, resource: Json, beside: list[Json], ehr: Ehr
) -> None:
    for spoilt in holes(resource):
        record = {**CONFIRMED, key: [*beside, spoilt]}
        answer = ehr.post(ehr.request("patient-view", record))
        # What does not say of which type it is may be the condition or the drug that matters.
        if key in ("conditions", "medications") and not isinstance(spoilt.get("resourceType"), str):
            check_error(answer, 412)
        else:
            check_answer(answer, PATIENT_ID)


@pytest.mark.parametrize("key", ["conditions", "medications"])
def test_without_a_server_a_searchset_of_other_resources_than_asked_for_is_412(key: str, ehr: Ehr) -> None:
    others = bundle({"resourceType": "Medication", "id": "m"}, {"resourceType": "AllergyIntolerance", "id": "a"})
    said = check_error(
        ehr.post(
            ehr.request("patient-view", CONFIRMED)
            | {"prefetch": {**ehr.prefetch("patient-view", CONFIRMED), key: others}}
        ),
        412,
    )
    assert "other resources than asked for" in said


def test_a_searchset_of_other_resources_than_asked_for_is_fetched_instead(ehr: Ehr, fhir: FakeFhir) -> None:
    body = ehr.request("patient-view", CONFIRMED) | {"fhirServer": fhir.base}
    expected = signature(ehr.cards(body))
    fhir.record = CONFIRMED
    body["prefetch"]["medications"] = bundle({"resourceType": "MedicationStatement", "id": "s"})
    assert signature(ehr.cards(body)) == expected
    assert fhir.asked() == ["medications"]


def test_a_cut_short_searchset_is_used_as_far_as_it_goes_when_the_server_fails(ehr: Ehr, fhir: FakeFhir) -> None:
    fhir.told = {"calcium": (500, failure())}
    body = ehr.request("order-select", DIALYSIS, [CALCIUM_DRAFT]) | {"fhirServer": fhir.base}
    body["prefetch"]["calcium"] = bundle(HIGH_CALCIUM) | {"total": 2}
    assert topics(ehr.cards(body)) == ["calcium-hypercalcaemia"]
    assert {*fhir.asked()} == {"calcium"}


def test_a_draft_with_any_element_missing_or_spoilt_is_answered(ehr: Ehr) -> None:
    for spoilt in holes(WARFARIN_DRAFT):
        body = ehr.request("order-sign", CONFIRMED, [spoilt])
        check_answer(ehr.post(body), PATIENT_ID)


def test_a_patient_with_any_element_missing_or_spoilt_is_answered(ehr: Ehr) -> None:
    for spoilt in holes(PATIENT):
        answer = ehr.post(ehr.request("patient-view", CONFIRMED, patient=spoilt))
        assert answer.status_code in (200, 412)
