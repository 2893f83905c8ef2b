"""Half characters and numbers that are too large cost the member in which they stand, never the patient.

Sources: RFC 8259, sections 6 and 8.2: both are JSON, and what readers make of them is not foreseen. Texts of records
are cut in the middle of an emoji; a driver's "infinity" is written as 1e400.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from cds_service.json_text import MOST_TO_MEND, TOO_LARGE
from tests.contract.card_rules import check_answer, check_error
from tests.contract.ehr import HOOKS, ORDER_HOOKS, Ehr, actions, words
from tests.contract.fhir_fake import FakeFhir
from tests.contract.records import CALCIUM_DRAFT, CONFIRMED, DIALYSIS, PATIENT_ID, Json, days_before, result
from tests.fhir_stand_in import Asked, FhirStandIn, Reply
from tests.field.test_deep_orders import STOP, labels
from tests.field.whole_requests import EXPECTED, request, said

HERE = "the odd value stands here"
NUMBERS = {
    "1e400": "1e400",
    "-1e400": "-1E+400",
    "400 digits": "9" * 400,
    "5,000 digits": "-" + "9" * 5000,
    "with decimals": "9" * 400 + ".5",
}
READ_AS_THEY_ARE = {"more than 64 bits": str(2**64), "of 300 digits": "1" * 300, "very small": "1e-400", "-0": "-0"}
TEXTS = {"half an emoji": r'"cut \ud83d"', "the other half": r'"\ude00 cut"', "two halves": r'"\ud83d\ud83d"'}
ODD = {**NUMBERS, **READ_AS_THEY_ARE, **TEXTS}
every_odd = pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
every_number = pytest.mark.parametrize("odd", NUMBERS.values(), ids=NUMBERS)


def written(body: Any, odd: str) -> bytes:
    return json.dumps(body).replace(json.dumps(HERE), odd).encode()


def ask(ehr: Ehr, body: Json, odd: str) -> list[Json]:
    """The cards of a call that must succeed; the answer is JSON in UTF-8, whole characters only."""
    sent = written(body, odd)
    answer = ehr.client.post(ehr.url(body["hook"]), data=sent, content_type="application/json")
    cards = check_answer(answer, PATIENT_ID)
    json.dumps(json.loads(answer.get_data().decode("utf-8", "strict")), ensure_ascii=False, allow_nan=False).encode()
    return cards


def serve(fhir: FakeFhir, stand_in: FhirStandIn, odd: str) -> None:
    def answer(asked: Asked) -> Reply:
        reply = fhir.answer(asked)
        body = json.loads(json.dumps(reply.body))
        spoil(body)
        return Reply(reply.status, written(body, odd), {"Content-Type": "application/fhir+json"})

    stand_in.otherwise = answer


def spoil(value: Any) -> None:
    """Put the odd value beside what is read, into every resource and every object of it."""
    if isinstance(value, list):
        for item in value:
            spoil(item)
    elif isinstance(value, dict):
        for inner in value.values():
            spoil(inner)
        value["x-odd"] = HERE
        if "resourceType" in value:
            value["note"] = [{"text": HERE, "extension": [{"url": "u", "valueDecimal": HERE}]}]


@every_odd
@pytest.mark.parametrize("hook", HOOKS)
def test_beside_everything_that_is_sent_along_it_changes_no_card(hook: str, odd: str, ehr: Ehr) -> None:
    body = request(ehr, hook)
    spoil(body["prefetch"])
    spoil(body["context"].get("draftOrders"))
    body["extension"] = {"odd": HERE}
    assert said(ask(ehr, body, odd)) == EXPECTED[hook]


@every_odd
@pytest.mark.parametrize("hook", HOOKS)
def test_beside_everything_that_is_fetched_it_changes_no_card(
    hook: str, odd: str, ehr: Ehr, fhir: FakeFhir, stand_in: FhirStandIn
) -> None:
    fhir.record = CONFIRMED if hook == "patient-view" else DIALYSIS
    serve(fhir, stand_in, odd)
    assert said(ehr.cards(request(ehr, hook) | {"prefetch": {}, "fhirServer": fhir.base})) == EXPECTED[hook]


# ------------------------------------------------------------------ results
NEWER = result("calcium-newer", "17861-6", 0, "mg/dL", days_ago=2)
NEWER["valueQuantity"]["value"] = HERE
RECORD = DIALYSIS | {"calcium": [NEWER, *DIALYSIS["calcium"]]}


def check_told(cards: list[Json]) -> None:
    assert said(cards) == [("calcium-data-gap", "info")]
    for told in ("a newer calcium", days_before(2)[:10], "could not be read", "9.2 mg/dl"):
        assert told in words(cards)


@pytest.mark.parametrize("odd", [*NUMBERS.values(), *TEXTS.values()], ids=[*NUMBERS, *TEXTS])
@pytest.mark.parametrize("hook", ORDER_HOOKS)
def test_a_result_that_is_no_number_is_told_as_unreadable_and_the_older_one_used(
    hook: str, odd: str, ehr: Ehr, fhir: FakeFhir, stand_in: FhirStandIn
) -> None:
    body = ehr.request(hook, RECORD, [CALCIUM_DRAFT])
    check_told(ask(ehr, body, odd))
    fhir.record = RECORD
    stand_in.otherwise = lambda asked: Reply(200, written(fhir.answer(asked).body, odd))
    check_told(ehr.cards(body | {"prefetch": {}, "fhirServer": fhir.base}))


# ------------------------------------------------------------------ orders
def with_odd_order(ehr: Ehr) -> Json:
    body = request(ehr, "patient-view")
    (entry,) = body["prefetch"]["medications"]["entry"]
    entry["resource"]["extension"] = [{"url": "u", "valueDecimal": HERE}]
    return body


@every_number
def test_an_order_that_would_be_handed_back_with_another_value_loses_its_suggestion_only(odd: str, ehr: Ehr) -> None:
    usual, cards = ask(ehr, with_odd_order(ehr), "1"), ask(ehr, with_odd_order(ehr), odd)
    assert said(cards) == said(usual) == EXPECTED["patient-view"]
    assert labels(cards) == [label for label in labels(usual) if not label.startswith(STOP)] != labels(usual)
    assert TOO_LARGE not in json.dumps(cards)


@pytest.mark.parametrize("odd", [*READ_AS_THEY_ARE.values(), *TEXTS.values()], ids=[*READ_AS_THEY_ARE, *TEXTS])
def test_any_other_order_is_handed_back(odd: str, ehr: Ehr) -> None:
    cards = ask(ehr, with_odd_order(ehr), odd)
    assert said(cards) == EXPECTED["patient-view"]
    assert "update" in {action["type"] for action in actions(cards)}


@every_odd
@pytest.mark.parametrize("hook", ORDER_HOOKS)
@pytest.mark.parametrize("name", ["authoredOn", "status", "dosageInstruction", "subject", "extension", "intent"])
def test_a_draft_with_it_is_judged_and_can_be_taken_away(name: str, hook: str, odd: str, ehr: Ehr) -> None:
    body = request(ehr, hook)
    (entry,) = body["context"]["draftOrders"]["entry"]
    entry["resource"][name] = HERE
    cards = ask(ehr, body, odd)
    assert said(cards) == EXPECTED[hook]
    assert "delete" in {action["type"] for action in actions(cards)}


# ------------------------------------------------------------------ where it stands in the place of what is needed
@every_odd
@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize("key", ["patient", "conditions", "medications", "calcium", "pth_alp"])
def test_in_place_of_an_answer_it_is_a_failed_look_up(key: str, hook: str, odd: str, ehr: Ehr) -> None:
    body = request(ehr, hook)
    body["prefetch"][key] = HERE
    answer = ehr.client.post(ehr.url(hook), data=written(body, odd), content_type="application/json")
    assert answer.status_code in (200, 412)
    if answer.status_code == 200:
        assert "could not be read" in words(check_answer(answer, PATIENT_ID))


@every_odd
@pytest.mark.parametrize("name", ["hookInstance", "hook", "context.patientId", "context.draftOrders"])
def test_in_place_of_a_member_of_the_request_it_is_refused_by_name(name: str, odd: str, ehr: Ehr) -> None:
    body = request(ehr, "order-sign")
    (body["context"] if "." in name else body)[name.rpartition(".")[2]] = HERE
    answer = ehr.client.post(ehr.url("order-sign"), data=written(body, odd), content_type="application/json")
    assert TOO_LARGE not in check_error(answer, 400, name)


@every_number
def test_a_body_that_is_too_large_to_mend_is_refused(odd: str, ehr: Ehr) -> None:
    sent = written(request(ehr, "order-sign") | {"extension": {"odd": HERE}}, odd)
    for size, status in ((MOST_TO_MEND, 200), (MOST_TO_MEND + 1, 400)):
        answer = ehr.client.post(
            ehr.url("order-sign"), data=sent + b" " * (size - len(sent)), content_type="application/json"
        )
        assert answer.status_code == status


@every_number
def test_an_order_whose_status_is_a_number_that_is_too_large_counts(odd: str, ehr: Ehr) -> None:
    body = request(ehr, "patient-view")
    for entry in body["prefetch"]["medications"]["entry"]:
        entry["resource"]["status"] = HERE
    assert said(ask(ehr, body, odd)) == EXPECTED["patient-view"]
