"""Part of the data cannot be read: never "no risk". Matrix: S40, S43, S55; rule set, "Could not be read"."""

from __future__ import annotations

import pytest

from tests.contract.card_rules import check_error
from tests.contract.ehr import HOOKS, ORDER_HOOKS, Ehr, actions, signature, topics, words
from tests.contract.records import (
    CALCIPHYLAXIS,
    CALCITRIOL_DRAFT,
    CALCIUM_DRAFT,
    CHILD,
    CONFIRMED,
    DIALYSIS,
    HAEMODIALYSIS,
    HARMLESS_DRAFT,
    MECHANICAL_VALVE,
    NORMAL_LABS,
    ON_DIALYSIS,
    PATIENT,
    WARFARIN,
    WARFARIN_DRAFT,
    Json,
    Record,
    failure,
)

NAMES = {
    "calcium": "calcium",
    "phosphate_albumin": "phosphate",
    "pth_alp": "pth",
    "dialysis_dose": "kt/v",
    "weight": "weight",
    "bmi": "body mass index",
}
"""How a card names what each laboratory search would have brought."""
NOT_KNOWN_TO_BE_ON_DIALYSIS: Record = NORMAL_LABS


def failing(ehr: Ehr, hook: str, record: Record, *keys: str, orders: tuple[Json, ...] = ()) -> Json:
    """A request in which these look-ups failed and no FHIR server is offered."""
    body = ehr.request(hook, record, orders)
    body["prefetch"] |= dict.fromkeys(keys, failure())
    return body


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize("key", ["patient", "conditions"])
def test_without_the_patient_or_the_conditions_the_answer_is_412_and_says_which(key: str, hook: str, ehr: Ehr) -> None:
    body = failing(ehr, hook, CONFIRMED, key, orders=(WARFARIN_DRAFT,))
    assert "could not be read" in check_error(ehr.post(body), 412, {"patient": "the patient"}.get(key, key))


def test_without_the_active_medications_patient_view_is_412(ehr: Ehr) -> None:
    check_error(ehr.post(failing(ehr, "patient-view", CONFIRMED, "medications")), 412, "active medications")


@pytest.mark.parametrize("hook", ORDER_HOOKS)
def test_without_the_active_medications_an_offending_draft_is_judged_and_the_card_says_so(hook: str, ehr: Ehr) -> None:
    cards = ehr.cards(failing(ehr, hook, CONFIRMED, "medications", orders=(WARFARIN_DRAFT,)))
    assert topics(cards) == ["vka-cua"]
    assert "medications" in words(cards)
    assert "could not be read" in words(cards)


@pytest.mark.parametrize("hook", ORDER_HOOKS)
@pytest.mark.parametrize("record", [DIALYSIS, NOT_KNOWN_TO_BE_ON_DIALYSIS])
def test_without_the_active_medications_silence_about_a_draft_is_412(hook: str, record: Record, ehr: Ehr) -> None:
    check_error(
        ehr.post(failing(ehr, hook, record, "medications", orders=(HARMLESS_DRAFT,))), 412, "active medications"
    )


@pytest.mark.parametrize("hook", ORDER_HOOKS)
def test_children_are_never_our_patients_whatever_could_not_be_read(hook: str, ehr: Ehr) -> None:
    body = failing(ehr, hook, CONFIRMED, "medications", "dialysis_procedures", orders=(WARFARIN_DRAFT,))
    body["prefetch"]["patient"] = CHILD
    assert ehr.cards(body) == []


def test_without_dialysis_procedures_the_cards_come_where_dialysis_is_shown_otherwise(ehr: Ehr) -> None:
    read = ehr.ask("patient-view", CONFIRMED)
    unread = ehr.cards(failing(ehr, "patient-view", CONFIRMED, "dialysis_procedures"))
    assert topics(unread) == topics(read)


@pytest.mark.parametrize("hook", HOOKS)
def test_without_dialysis_procedures_the_answer_is_412_where_dialysis_would_matter(hook: str, ehr: Ehr) -> None:
    record = {"medications": [WARFARIN], **NOT_KNOWN_TO_BE_ON_DIALYSIS}
    body = failing(ehr, hook, record, "dialysis_procedures", orders=(WARFARIN_DRAFT,))
    check_error(ehr.post(body), 412, "dialysis procedures")


@pytest.mark.parametrize("hook", HOOKS)
def test_without_dialysis_procedures_silence_stays_where_dialysis_would_not_matter(hook: str, ehr: Ehr) -> None:
    body = failing(ehr, hook, NOT_KNOWN_TO_BE_ON_DIALYSIS, "dialysis_procedures", orders=(HARMLESS_DRAFT,))
    assert ehr.cards(body) == []


def test_dialysis_procedures_that_were_read_do_matter(ehr: Ehr) -> None:
    record = {"medications": [WARFARIN], "dialysis_procedures": [HAEMODIALYSIS], **NORMAL_LABS}
    assert "vka-dialysis" in topics(ehr.ask("patient-view", record))


@pytest.mark.parametrize("hook", ORDER_HOOKS)
@pytest.mark.parametrize("conditions", [[ON_DIALYSIS], [ON_DIALYSIS, CALCIPHYLAXIS]], ids=["dialysis", "calciphylaxis"])
def test_without_valve_procedures_nobody_is_told_to_delete_warfarin(
    conditions: list[Json], hook: str, ehr: Ehr
) -> None:
    record = {**NORMAL_LABS, "conditions": conditions}
    assert "delete" in {action["type"] for action in actions(ehr.ask(hook, record, WARFARIN_DRAFT))}
    cards = ehr.cards(failing(ehr, hook, record, "valve_procedures", orders=(WARFARIN_DRAFT,)))
    assert cards
    assert {action["type"] for action in actions(cards)} == {"create"}
    assert "valve" in words(cards)
    assert "could not be read" in words(cards)


def test_with_a_mechanical_valve_nobody_is_told_to_delete_warfarin(ehr: Ehr) -> None:
    cards = ehr.ask("order-sign", CONFIRMED | {"valve_procedures": [MECHANICAL_VALVE]}, WARFARIN_DRAFT)
    assert topics(cards) == ["vka-cua"]
    assert "delete" not in {action["type"] for action in actions(cards)}


@pytest.mark.parametrize("key", NAMES)
def test_a_patient_on_dialysis_without_any_other_card_gets_one_that_names_the_gap(key: str, ehr: Ehr) -> None:
    cards = ehr.cards(failing(ehr, "patient-view", DIALYSIS, key))
    assert [(topic, card["indicator"]) for topic, card in zip(topics(cards), cards, strict=True)] == [
        ("cua-data-gap", "info")
    ]
    assert NAMES[key] in words(cards)
    assert "could not be read" in words(cards)


@pytest.mark.parametrize(
    "key",
    ["dialysis_procedures", "valve_procedures", "surgery_procedures", "procedures", "temperature", "inflammation"],
)
def test_so_does_one_whose_card_could_not_have_changed_by_it(key: str, ehr: Ehr) -> None:
    cards = ehr.cards(failing(ehr, "patient-view", DIALYSIS, key))
    assert topics(cards) == ["cua-data-gap"]
    assert "could not be read" in words(cards)


def test_a_patient_who_is_not_on_dialysis_is_not_told_of_gaps(ehr: Ehr) -> None:
    assert ehr.cards(failing(ehr, "patient-view", NOT_KNOWN_TO_BE_ON_DIALYSIS, "calcium")) == []


@pytest.mark.parametrize("key", ["calcium", "phosphate_albumin", "pth_alp", "dialysis_dose"])
def test_a_card_that_comes_anyway_says_what_could_not_be_read(key: str, ehr: Ehr) -> None:
    cards = ehr.cards(failing(ehr, "patient-view", CONFIRMED, key))
    assert topics(cards) == topics(ehr.ask("patient-view", CONFIRMED))
    assert NAMES[key] in words(cards)
    assert "could not be read" in words(cards)
    assert "could not be read" not in words(ehr.ask("patient-view", CONFIRMED))


@pytest.mark.parametrize("hook", ORDER_HOOKS)
@pytest.mark.parametrize("key", ["calcium", "phosphate_albumin", "pth_alp"])
@pytest.mark.parametrize(
    ("order", "topic"),
    [(CALCIUM_DRAFT, "calcium-data-gap"), (CALCITRIOL_DRAFT, "vitd-data-gap")],
    ids=["calcium", "vitd"],
)
def test_minerals_that_could_not_be_read_are_said_on_the_order_even_before_signing(
    order: Json, topic: str, key: str, hook: str, ehr: Ehr
) -> None:
    cards = ehr.cards(failing(ehr, hook, DIALYSIS, key, orders=(order,)))
    assert topics(cards) == [topic]
    assert NAMES[key] in words(cards)
    assert "could not be read" in words(cards)


def test_minerals_that_are_merely_missing_are_said_while_ordering_and_not_again_before_signing(ehr: Ehr) -> None:
    record: Record = {"conditions": [ON_DIALYSIS]}
    assert topics(ehr.ask("order-select", record, CALCIUM_DRAFT)) == ["calcium-data-gap"]
    assert ehr.ask("order-sign", record, CALCIUM_DRAFT) == []


@pytest.mark.parametrize("hook", ORDER_HOOKS)
@pytest.mark.parametrize(
    "reference", ["Medication/unread", "#nowhere", "urn:uuid:0d6b9c86-8ad5-4bdc-8c4a-3a4d4fc7a2f4"]
)
def test_an_ordered_drug_that_cannot_be_read_is_said_on_a_card(reference: str, hook: str, ehr: Ehr) -> None:
    unread = {name: value for name, value in WARFARIN_DRAFT.items() if name != "medicationCodeableConcept"}
    unread["medicationReference"] = {"reference": reference}
    assert topics(ehr.ask(hook, DIALYSIS, unread)) == ["order-data-gap"]
    assert ehr.ask(hook, NOT_KNOWN_TO_BE_ON_DIALYSIS, unread) == []


def test_an_ordered_drug_that_cannot_be_read_does_not_hide_another(ehr: Ehr) -> None:
    unread = {name: value for name, value in WARFARIN_DRAFT.items() if name != "medicationCodeableConcept"}
    unread |= {"id": "unread", "medicationReference": {"reference": "Medication/unread"}}
    assert topics(ehr.ask("order-sign", DIALYSIS, unread, WARFARIN_DRAFT)) == ["vka-dialysis", "order-data-gap"]


@pytest.mark.parametrize("hook", HOOKS)
def test_a_patient_without_a_date_of_birth_counts_as_adult(hook: str, ehr: Ehr) -> None:
    body = ehr.request(hook, CONFIRMED, [WARFARIN_DRAFT])
    expected = signature(ehr.cards(body))
    body["prefetch"]["patient"] = {name: value for name, value in PATIENT.items() if name != "birthDate"}
    assert signature(ehr.cards(body)) == expected


def inside_a_bundle(severity: str, *matches: Json) -> Json:
    """A search answer that holds a remark of the server beside its matches, as Epic sends them."""
    outcome = {"resourceType": "OperationOutcome", "issue": [{"severity": severity, "code": "processing"}]}
    entries: list[Json] = [{"resource": match} for match in matches]
    return {"resourceType": "Bundle", "type": "searchset", "entry": [*entries, {"resource": outcome}]}


@pytest.mark.parametrize("severity", ["error", "fatal"])
@pytest.mark.parametrize("hook", HOOKS)
def test_an_error_inside_the_answer_is_a_failed_look_up_and_not_an_empty_one(
    severity: str, hook: str, ehr: Ehr
) -> None:
    body = ehr.request(hook, CONFIRMED, (WARFARIN_DRAFT,))
    body["prefetch"]["conditions"] = inside_a_bundle(severity)
    check_error(ehr.post(body), 412, "conditions")


@pytest.mark.parametrize("severity", ["warning", "information"])
def test_a_remark_beside_the_matches_changes_nothing(severity: str, ehr: Ehr) -> None:
    body = ehr.request("patient-view", CONFIRMED)
    plain = topics(ehr.cards(body))
    matches = [entry["resource"] for entry in body["prefetch"]["conditions"]["entry"]]
    body["prefetch"]["conditions"] = inside_a_bundle(severity, *matches)
    assert topics(ehr.cards(body)) == plain
    assert plain
