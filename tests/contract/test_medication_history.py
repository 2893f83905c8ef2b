"""The medication history is optional: asked for, never waited for in vain, never a reason to refuse.

Rule set, "Missing data and failure"; CDS Hooks 3.0.0, section "Prefetch Template".
"""

from __future__ import annotations

from threading import Event
from typing import Any

import pytest

from cds_service.fhir_client.terms import LATE
from tests.contract.conftest import MakeApp
from tests.contract.ehr import HOOKS, ORDER_HOOKS, Ehr, actions, ehr_of, signature, topics, words
from tests.contract.fhir_fake import FakeFhir
from tests.contract.records import (
    CONFIRMED,
    DIALYSIS,
    HARMLESS_DRAFT,
    PATIENT_ID,
    WARFARIN_DRAFT,
    Json,
    Record,
    about,
    bundle,
    days_before,
    failure,
    order,
)
from tests.fhir_stand_in import FhirStandIn, Reply

KEY = "medication_statements"
LINE = "the medication history could not be read"
TEMPLATES = {
    "medication_statements": "MedicationStatement?patient={{context.patientId}}&status=active"
    "&_sort=-effective&_count=200",
    "medication_administrations": "MedicationAdministration?patient={{context.patientId}}"
    "&_sort=-effective-time&_count=200",
    "medication_dispenses": "MedicationDispense?patient={{context.patientId}}&_sort=-whenhandedover&_count=200",
}


def statement(**more: Any) -> Json:
    """Warfarin as a patient says that it is taken."""
    made = order("statement", "855332", "warfarin 5 mg tablet")
    kept = {key: made[key] for key in ("id", "status", "subject", "medicationCodeableConcept")}
    return {"resourceType": "MedicationStatement", **kept, "effectiveDateTime": days_before(40), **more}


def keys(ehr: Ehr, hook: str) -> dict[str, str]:
    return {key: text for key, text in ehr.services[hook]["prefetch"].items() if key in TEMPLATES}


# ---------------------------------------------------------------- what is asked for
@pytest.mark.parametrize("hook", HOOKS)
def test_statements_are_advertised_at_every_hook(hook: str, ehr: Ehr) -> None:
    assert keys(ehr, hook) == {KEY: TEMPLATES[KEY]}


@pytest.mark.parametrize("wanted", [frozenset(), frozenset({"statements", "administrations", "dispenses"})])
def test_what_is_advertised_and_fetched_of_it_is_a_setting(
    wanted: frozenset[str], make_app: MakeApp, stand_in: FhirStandIn
) -> None:
    ehr = ehr_of(make_app(medication_history=wanted, fhir_deadline_seconds=20))
    fhir = FakeFhir(stand_in.base, ehr.services["patient-view"]["prefetch"], CONFIRMED)
    fhir.serve(stand_in)
    expected = {f"medication_{part}": TEMPLATES[f"medication_{part}"] for part in wanted}
    for hook in HOOKS:
        assert keys(ehr, hook) == expected
    ehr.cards(ehr.request("patient-view") | {"fhirServer": fhir.base})
    assert sorted(fhir.asked()) == sorted(ehr.keys("patient-view"))


def test_what_comes_along_counts_though_nothing_of_it_is_asked_for(make_app: MakeApp) -> None:
    ehr = ehr_of(make_app(medication_history=frozenset()))
    assert topics(ehr.ask("patient-view", DIALYSIS, mine=bundle(statement()))) == ["vka-dialysis"]
    assert ehr.ask("patient-view", DIALYSIS) == []


# ---------------------------------------------------------------- what is not there
def asking(ehr: Ehr, fhir: FakeFhir, hook: str, record: Record, *orders: Json) -> Json:
    fhir.record = record
    return ehr.request(hook, None, orders) | {"fhirServer": fhir.base}


def without_the_line(cards: list[Json]) -> str:
    """The cards without the line about the medication history, to be compared."""
    bare = [{**card, "detail": "\n".join(_other_lines(card["detail"]))} for card in cards]
    return signature(bare)


def _other_lines(detail: str) -> list[str]:
    left_out = ("", "**Missing or not readable**")
    return [line for line in detail.splitlines() if LINE not in line and line not in left_out]


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize("status", [500, 401, 403, 404])
def test_when_it_is_refused_the_cards_come_as_without_it_and_say_so(
    status: int, hook: str, ehr: Ehr, fhir: FakeFhir
) -> None:
    expected = ehr.cards(asking(ehr, fhir, hook, CONFIRMED, WARFARIN_DRAFT))
    fhir.told[KEY] = (status, failure())
    cards = ehr.cards(asking(ehr, fhir, hook, CONFIRMED, WARFARIN_DRAFT))
    assert without_the_line(cards) == without_the_line(expected)
    for card in cards:
        assert card["detail"].count(f"{LINE} (the FHIR server answered {status})") == 1
    assert LINE not in words(expected)


@pytest.mark.parametrize("hook", HOOKS)
def test_when_it_does_not_come_in_time_the_cards_come_and_say_so(
    hook: str, make_app: MakeApp, stand_in: FhirStandIn
) -> None:
    over = Event()
    stand_in.otherwise = lambda asked: Reply(404 if over.wait(20) else 500)
    ehr = ehr_of(make_app(fhir_deadline_seconds=1.0))
    body = ehr.request(hook, CONFIRMED, [WARFARIN_DRAFT]) | {"fhirServer": stand_in.base}
    del body["prefetch"][KEY]
    cards = ehr.cards(body)
    over.set()
    expected = ehr.cards(ehr.request(hook, CONFIRMED, [WARFARIN_DRAFT]))
    assert without_the_line(cards) == without_the_line(expected)
    assert f"{LINE} ({LATE})" in cards[0]["detail"]


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize("sent", [failure(), bundle(failure()), {"resourceType": "Patient", "id": PATIENT_ID}])
def test_when_it_was_sent_and_cannot_be_used_the_cards_say_so(sent: Json, hook: str, ehr: Ehr) -> None:
    cards = ehr.ask(hook, CONFIRMED, WARFARIN_DRAFT, **{KEY: sent})
    assert topics(cards) == topics(ehr.ask(hook, CONFIRMED, WARFARIN_DRAFT))
    assert LINE in words(cards)


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize("status", [500, 403])
def test_it_alone_is_no_reason_for_a_card_or_a_refusal(status: int, hook: str, ehr: Ehr, fhir: FakeFhir) -> None:
    fhir.told[KEY] = (status, failure())
    assert ehr.cards(asking(ehr, fhir, hook, DIALYSIS, HARMLESS_DRAFT)) == []


@pytest.mark.parametrize("hook", ORDER_HOOKS)
def test_it_is_no_reason_for_a_data_gap_beside_an_order(hook: str, ehr: Ehr) -> None:
    assert ehr.ask(hook, DIALYSIS, HARMLESS_DRAFT, **{KEY: failure()}) == []


def test_a_null_is_a_history_without_an_entry(ehr: Ehr) -> None:
    assert LINE not in words(ehr.ask("patient-view", CONFIRMED, **{KEY: None}))


def test_what_was_refused_is_not_asked_for_at_the_next_call_and_the_cards_say_so_again(
    ehr: Ehr, fhir: FakeFhir
) -> None:
    fhir.told[KEY] = (403, failure())
    for _ in range(2):
        assert LINE in words(ehr.cards(asking(ehr, fhir, "patient-view", CONFIRMED)))
    assert fhir.asked().count(KEY) == 1


# ---------------------------------------------------------------- what may be taken away
@pytest.mark.parametrize("hook", HOOKS)
def test_no_action_changes_what_stands_in_the_history_alone(hook: str, ehr: Ehr) -> None:
    record: Record = {**CONFIRMED, "medications": [], KEY: [statement()]}
    cards = ehr.ask(hook, record, HARMLESS_DRAFT)
    assert {action["type"] for action in actions(cards)} <= {"create"}
    assert bool(cards) is (hook == "patient-view")


def test_an_order_of_the_same_drug_may_be_stopped_as_ever(ehr: Ehr) -> None:
    record: Record = {**CONFIRMED, KEY: [statement()]}
    cards = ehr.ask("patient-view", record)
    changed = [action["resource"]["id"] for action in actions(cards) if action["type"] == "update"]
    assert changed == ["warfarin-active"]
    assert signature(cards) == signature(ehr.ask("patient-view", CONFIRMED))


def test_the_history_of_another_patient_never_counts(ehr: Ehr) -> None:
    cards = ehr.ask("patient-view", {**DIALYSIS, KEY: [statement(**about("somebody-else"))]})
    assert cards == []
