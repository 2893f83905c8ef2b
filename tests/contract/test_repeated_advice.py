"""A clinic can ask that the same advice is not shown again: never a critical card, and nothing where it is unsure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from cds_service.api import repeating, routes, services
from cds_service.storage import StoreError, write_keys
from cds_service.storage.schema import event as event_table
from tests.contract.conftest import FHIR, MakeApp
from tests.contract.ehr import Ehr, ehr_of, topics
from tests.contract.records import (
    CONFIRMED,
    DIALYSIS,
    NORMAL_LABS,
    NOW,
    SNOMED,
    WARFARIN,
    WARFARIN_DRAFT,
    Json,
    Record,
    bundle,
    condition,
    draft,
    failure,
    order,
)
from tests.unit.cds_service.knowledge.policies import policy_file

HOURS = "\n[repeat]\nreason = 'tried out'\nafter_shown_hours = 8\nafter_override_hours = 72\nat_order_sign_hours = 1\n"
ON_WARFARIN: Record = {**DIALYSIS, **NORMAL_LABS, "medications": [WARFARIN]}
CRITICAL: Record = {**CONFIRMED, "medications": [WARFARIN]}
KEY = b"k" * 32


class Clinic:
    """A service whose policy for callers that are not known has these lines, and a clock that a test moves."""

    def __init__(self, make_app: MakeApp, folder: Path, more: str = HOURS, **settings: Any) -> None:
        self.now = NOW
        policies, secret = folder / "policies", folder / "secret"
        policies.mkdir()
        (policies / "default.toml").write_text(policy_file("default", more), "utf-8")
        write_keys(secret, [KEY])
        self.app: Flask = make_app(
            site_policies=policies, clock=lambda: self.now, **{"secret_file": secret, **settings}
        )
        self.ehr: Ehr = ehr_of(self.app)

    def later(self, **span: float) -> None:
        self.now += timedelta(**span)

    def ask(self, hook: str, record: Record, *orders: Json, user: str = "Practitioner/3", **changed: Any) -> list[Json]:
        body = self.ehr.request(hook, record, orders)
        body["prefetch"] |= changed
        body["context"]["userId"] = user
        body["fhirServer"] = FHIR
        return self.ehr.cards(body)

    def override(self, card: Json, hook: str = "patient-view") -> None:
        answer = {"card": card["uuid"], "outcome": "overridden", "outcomeTimestamp": self.now.isoformat()}
        sent = self.ehr.client.post(self.ehr.url(hook, "/feedback"), json={"feedback": [answer]})
        assert sent.status_code == 200

    def held(self) -> list[tuple[str, str]]:
        """The cards held back until now, and why."""
        self.app.extensions["cds_event_log"].ship()
        column = event_table.c
        asked = select(column.topic, column.reason).where(column.kind == "card-suppressed").order_by(column.at)
        found = self.app.extensions["cds_database"].transact(lambda connection: [*connection.execute(asked)], 20)
        return [(row.topic, row.reason) for row in found]


@pytest.fixture(autouse=True)
def in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """However busy the machine of the tests is, these answers come in time."""
    monkeypatch.setattr(routes, "COUNTS_AS_SHOWN_SECONDS", 60.0)


@pytest.fixture
def clinic(make_app: MakeApp, tmp_path: Path) -> Clinic:
    return Clinic(make_app, tmp_path)


def test_unless_a_clinic_asks_for_it_everything_is_shown_each_time(make_app: MakeApp, tmp_path: Path) -> None:
    clinic = Clinic(make_app, tmp_path, more="")
    first = topics(clinic.ask("patient-view", ON_WARFARIN))
    assert first
    assert topics(clinic.ask("patient-view", ON_WARFARIN)) == first
    assert clinic.held() == []


def test_what_was_shown_is_not_shown_again_for_its_time(clinic: Clinic) -> None:
    first = topics(clinic.ask("patient-view", ON_WARFARIN))
    clinic.later(hours=7)
    assert clinic.ask("patient-view", ON_WARFARIN) == []
    clinic.later(hours=1)
    assert topics(clinic.ask("patient-view", ON_WARFARIN)) == first
    assert clinic.held() == [(topic, "shown-before") for topic in first]


def test_what_was_held_back_was_not_shown(clinic: Clinic) -> None:
    clinic.ask("patient-view", ON_WARFARIN)
    clinic.later(hours=7)
    clinic.ask("patient-view", ON_WARFARIN)
    clinic.later(hours=7)
    assert clinic.ask("patient-view", ON_WARFARIN) != []


def test_what_was_overridden_is_held_back_for_longer(clinic: Clinic) -> None:
    for card in clinic.ask("patient-view", ON_WARFARIN):
        clinic.override(card)
    clinic.later(hours=71)
    assert clinic.ask("patient-view", ON_WARFARIN) == []
    assert {reason for _, reason in clinic.held()} == {"overridden-before"}
    clinic.later(hours=1)
    assert clinic.ask("patient-view", ON_WARFARIN) != []


def test_it_is_found_in_the_database_as_well_as_in_the_spool(clinic: Clinic) -> None:
    for card in clinic.ask("patient-view", ON_WARFARIN):
        clinic.override(card)
    assert clinic.ask("patient-view", ON_WARFARIN) == []
    clinic.app.extensions["cds_event_log"].ship()
    clinic.later(hours=24)
    assert clinic.ask("patient-view", ON_WARFARIN) == []


@pytest.mark.parametrize(
    "other",
    [
        lambda clinic: clinic.ask("patient-view", ON_WARFARIN, user="Practitioner/4"),
        lambda clinic: clinic.ask("order-select", ON_WARFARIN, WARFARIN_DRAFT),
        lambda clinic: clinic.ask("patient-view", {**ON_WARFARIN, "medications": [{**WARFARIN, "authoredOn": "2026"}]}),
    ],
    ids=["another user", "another moment", "another fact"],
)
def test_it_is_shown_to_another_user_at_another_moment_and_on_other_facts(
    clinic: Clinic, other: Callable[[Clinic], list[Json]]
) -> None:
    assert clinic.ask("patient-view", ON_WARFARIN) != []
    assert other(clinic) != []
    assert clinic.held() == []


def test_what_was_seen_when_the_order_was_picked_is_not_repeated_when_it_is_signed(clinic: Clinic) -> None:
    picked = topics(clinic.ask("order-select", DIALYSIS, WARFARIN_DRAFT))
    assert picked
    assert clinic.ask("order-sign", DIALYSIS, WARFARIN_DRAFT) == []
    assert clinic.held() == [(topic, "shown-at-order-select") for topic in picked]


def test_an_order_that_was_not_seen_when_it_was_picked_is_told_of_when_it_is_signed(clinic: Clinic) -> None:
    assert topics(clinic.ask("order-sign", DIALYSIS, WARFARIN_DRAFT)) == topics(
        clinic.ask("order-select", DIALYSIS, WARFARIN_DRAFT)
    )


@pytest.mark.parametrize("hook", ["patient-view", "order-select", "order-sign"])
def test_critical_cards_are_shown_each_time(clinic: Clinic, hook: str) -> None:
    def critical() -> list[str]:
        cards = clinic.ask(hook, CRITICAL, *([] if hook == "patient-view" else [WARFARIN_DRAFT]))
        for card in cards:
            clinic.override(card, hook)
        return [card["source"]["topic"]["code"] for card in cards if card["indicator"] == "critical"]

    first = critical()
    assert first
    assert critical() == critical() == first


TABLET = {"dosageInstruction": [{"text": "1 tablet daily"}]}
APIXABAN, APIXABAN_DRAFT = order("doac", "1364430", "apixaban 5 mg tablet"), draft("d-doac", "1364430", "apixaban 5 mg")
FIBRILLATION = condition("af", "Atrial fibrillation", system=SNOMED, code="49436004")
WITH_FIBRILLATION: Record = {**DIALYSIS, "conditions": [*DIALYSIS["conditions"], FIBRILLATION]}


@pytest.mark.parametrize(
    ("hook", "record", "drafts"),
    [
        ("order-select", DIALYSIS, [{**WARFARIN_DRAFT, "dosageInstruction": [{"text": "3 tablets daily"}]}]),
        ("order-select", DIALYSIS, [{**WARFARIN_DRAFT, **TABLET, "id": "another-draft"}]),
        ("order-select", DIALYSIS, [{**WARFARIN_DRAFT, **TABLET, "reasonCode": [{"text": "new thrombosis"}]}]),
        ("order-sign", DIALYSIS, [{**WARFARIN_DRAFT, "dosageInstruction": [{"text": "3 tablets daily"}]}]),
        ("order-sign", DIALYSIS, [{**WARFARIN_DRAFT, **TABLET}, {**WARFARIN_DRAFT, **TABLET, "id": "draft-two"}]),
        ("order-sign", DIALYSIS, [{**WARFARIN_DRAFT, **TABLET}, APIXABAN_DRAFT]),
        ("order-select", {**DIALYSIS, "medications": [APIXABAN]}, [{**WARFARIN_DRAFT, **TABLET}]),
        (
            "order-select",
            {**DIALYSIS, "conditions": [*DIALYSIS["conditions"], FIBRILLATION]},
            [{**WARFARIN_DRAFT, **TABLET}],
        ),
    ],
    ids=[
        "another dose",
        "another draft",
        "another reason",
        "another dose when it is signed",
        "a second draft when it is signed",
        "another anticoagulant drafted beside it",
        "another anticoagulant is active now",
        "a diagnosis that makes it the standard",
    ],
)
def test_an_order_that_is_not_quite_the_same_is_told_of_again(
    hook: str, record: Record, drafts: list[Json], clinic: Clinic
) -> None:
    def topic(cards: list[Json]) -> bool:
        return "vka-dialysis" in topics(cards)

    assert topic(clinic.ask("order-select", DIALYSIS, {**WARFARIN_DRAFT, **TABLET}))
    assert not topic(clinic.ask("order-select", DIALYSIS, {**WARFARIN_DRAFT, **TABLET})), "the control"
    assert topic(clinic.ask(hook, record, *drafts))


def in_a_set(*orders: Json) -> Json:
    return {"resourceType": "RequestGroup", "id": "set", "status": "draft", "contained": list(orders)}


def without_type(order: Json) -> Json:
    return {name: value for name, value in order.items() if name != "resourceType"}


def without_drug(order: Json) -> Json:
    named = {name: value for name, value in order.items() if not name.startswith("medication")}
    return {**named, "medicationReference": {"reference": "Medication/nowhere"}}


DOSED = {**WARFARIN_DRAFT, **TABLET}
LOADING = {**WARFARIN_DRAFT, "dosageInstruction": [{"text": "10 tablets, loading"}]}


@pytest.mark.parametrize("later", ["order-select", "order-sign"])
@pytest.mark.parametrize(
    ("entries", "changed"),
    [
        ([{"resource": in_a_set(DOSED)}], [{"resource": in_a_set(LOADING)}]),
        ([{"resource": in_a_set(DOSED)}], [{"resource": in_a_set(DOSED, {**DOSED, "id": "two"})}]),
        ([DOSED], [LOADING]),
        ([{"resource": without_type(DOSED)}], [{"resource": without_type(LOADING)}]),
        (
            [
                {"resource": DOSED},
                {"resource": {"resourceType": "Medication", "id": "m", "code": {"text": "Warfarin 1"}}},
            ],
            [
                {"resource": DOSED},
                {"resource": {"resourceType": "Medication", "id": "m", "code": {"text": "Warfarin 5"}}},
            ],
        ),
    ],
    ids=["in an order set", "one more in an order set", "a bare entry", "an entry without a type", "a drug beside it"],
)
def test_whatever_the_form_of_an_order_another_dose_is_told_of_again(
    entries: list[Json], changed: list[Json], later: str, clinic: Clinic
) -> None:
    def told(hook: str, these: list[Json]) -> bool:
        body = clinic.ehr.request(hook, DIALYSIS, [WARFARIN_DRAFT])
        body["context"]["draftOrders"] = {"resourceType": "Bundle", "type": "collection", "entry": these}
        if hook == "order-select":
            first = these[0].get("resource", these[0])
            body["context"]["selections"] = [f"{first.get('resourceType', 'MedicationRequest')}/{first['id']}"]
        return "vka-dialysis" in topics(clinic.ehr.cards({**body, "fhirServer": FHIR}))

    assert told("order-select", entries)
    assert not told("order-select", entries), "the control"
    assert told(later, changed)


@pytest.mark.parametrize("kind", [["MedicationRequest"], {"a": 1}, " ", 3, True, None], ids=repr)
def test_an_order_that_does_not_say_what_it_is_counts_whatever_stands_there(kind: Any, clinic: Clinic) -> None:
    def told(order: Json) -> bool:
        body = clinic.ehr.request("order-sign", DIALYSIS, [WARFARIN_DRAFT])
        entry = [{"resource": {**order, "resourceType": kind}}]
        body["context"]["draftOrders"] = {"resourceType": "Bundle", "type": "collection", "entry": entry}
        return "vka-dialysis" in topics(clinic.ehr.cards({**body, "fhirServer": FHIR}))

    assert [told(DOSED), told(DOSED), told(LOADING)] == [True, False, True]


def test_a_draft_whose_drug_could_not_be_read_counts(clinic: Clinic) -> None:
    def ask(dose: str) -> list[str]:
        unread = {**without_drug(WARFARIN_DRAFT), "id": "unread", "dosageInstruction": [{"text": dose}]}
        return topics(clinic.ask("order-sign", DIALYSIS, WARFARIN_DRAFT, unread))

    first = ask("1 tablet")
    assert "vka-dialysis" in first
    assert "vka-dialysis" not in ask("1 tablet"), "the control"
    assert "vka-dialysis" in ask("5 tablets")


def test_an_order_of_another_kind_beside_it_is_no_other_advice(clinic: Clinic) -> None:
    test = {"resourceType": "ServiceRequest", "id": "inr", "status": "draft", "code": {"text": "INR"}}
    paracetamol = draft("d-paracetamol", "161", "acetaminophen 500 mg")
    assert clinic.ask("order-select", DIALYSIS, WARFARIN_DRAFT) != []
    assert clinic.ask("order-sign", DIALYSIS, WARFARIN_DRAFT, test, paracetamol) == []


ONE_DIAGNOSIS: Record = {**ON_WARFARIN, "conditions": DIALYSIS["conditions"][:1]}


def taking(dose: str) -> Json:
    said: Json = {name: WARFARIN[name] for name in WARFARIN if name in {"subject", "medicationCodeableConcept"}}
    return bundle(
        {"resourceType": "MedicationStatement", "id": "s", "status": "active", "dosage": [{"text": dose}], **said}
    )


def with_narrative(words: str) -> Json:
    text = {"status": "additional", "div": f"<div>{words}</div>"}
    return bundle({**ONE_DIAGNOSIS["conditions"][0], "text": text})


@pytest.mark.parametrize(
    ("key", "told"),
    [("statements", taking), ("home_medications", taking), ("conditions", with_narrative)],
    ids=["a statement of the history", "under a key of the EHR", "a text that says more than the codes"],
)
def test_what_else_the_record_says_is_another_fact(key: str, told: Callable[[str], Json], clinic: Clinic) -> None:
    def ask(words: str) -> list[Json]:
        more: Json = {key: told(words)}
        return clinic.ask("patient-view", ONE_DIAGNOSIS, **more)

    first = ask("1 tablet")
    assert first
    assert ask("1 tablet") == [], "the control"
    assert topics(ask("5 tablets")) == topics(first)


def test_a_text_that_the_server_makes_of_the_codes_is_none(clinic: Clinic) -> None:
    assert clinic.ask("patient-view", ONE_DIAGNOSIS)
    made = {**ONE_DIAGNOSIS["conditions"][0], "text": {"status": "generated", "div": "<div>now</div>"}}
    assert clinic.ask("patient-view", {**ONE_DIAGNOSIS, "conditions": [made]}) == []


@pytest.mark.parametrize("sign", ["Rule out calciphylaxis", "Induration of skin of thigh"])
@pytest.mark.parametrize("drug", [WARFARIN], ids=["warfarin"])
def test_a_possible_calciphylaxis_never_falls_silent(sign: str, drug: Json, clinic: Clinic) -> None:
    kidney = condition("ckd", "Chronic kidney disease stage 5", system=SNOMED, code="433146000")
    record: Record = {**NORMAL_LABS, "medications": [drug], "conditions": [kidney, condition("sign", sign)]}
    first = clinic.ask("patient-view", record)
    assert "cua-possible" in topics(first)
    for card in first:
        clinic.override(card)
    assert "cua-possible" in topics(clinic.ask("patient-view", record))


def test_an_answer_that_took_long_does_not_count_as_shown(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    """The EHR may have gone on without it."""
    with monkeypatch.context() as slow:
        slow.setattr(routes, "COUNTS_AS_SHOWN_SECONDS", 0.0)
        first = topics(clinic.ask("patient-view", ON_WARFARIN))
    assert topics(clinic.ask("patient-view", ON_WARFARIN)) == first
    assert clinic.ask("patient-view", ON_WARFARIN) == [], "the control"


def test_what_cannot_be_noted_as_held_back_is_shown(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    first = topics(clinic.ask("patient-view", ON_WARFARIN))

    def full(*_: object) -> None:
        raise StoreError("the disk is full")

    with monkeypatch.context() as without_a_log:
        without_a_log.setattr(clinic.app.extensions["cds_event_log"], "record", full)
        assert topics(clinic.ask("patient-view", ON_WARFARIN)) == first
    assert clinic.ask("patient-view", ON_WARFARIN) == [], "the control"


def test_what_cannot_be_noted_is_shown_although_the_record_can_no_longer_be_read(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is read again for it."""
    first = topics(clinic.ask("patient-view", ON_WARFARIN))

    def full(*_: object) -> None:
        monkeypatch.setattr(services, "look_at", full)
        raise StoreError("the disk is full")

    monkeypatch.setattr(clinic.app.extensions["cds_event_log"], "record", full)
    assert topics(clinic.ask("patient-view", ON_WARFARIN)) == first


def test_whatever_goes_wrong_in_comparing_shows_everything(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    first = topics(clinic.ask("patient-view", ON_WARFARIN))

    def wrong(*_: object, **__: object) -> None:
        raise ZeroDivisionError("Zephyrine")

    monkeypatch.setattr(repeating, "repeated", wrong)
    assert topics(clinic.ask("patient-view", ON_WARFARIN)) == first
    assert "what was shown before could not be compared (ZeroDivisionError)" in caplog.messages
    assert "Zephyrine" not in caplog.text


@pytest.mark.parametrize("waited", [59.0, 61.0])
def test_the_wait_for_a_thread_counts_too(waited: float, clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "seconds_with_us", lambda environment: waited if environment["PATH_INFO"] else 0.0)
    first = topics(clinic.ask("patient-view", ON_WARFARIN))
    again = topics(clinic.ask("patient-view", ON_WARFARIN))
    assert again == ([] if waited < routes.COUNTS_AS_SHOWN_SECONDS else first)


def test_a_record_nested_more_deeply_than_it_can_be_compared_is_shown_each_time(clinic: Clinic) -> None:
    deep: Any = {"text": "x"}
    for _ in range(400):
        deep = {"extension": [deep]}
    record = {
        **ON_WARFARIN,
        "conditions": [*DIALYSIS["conditions"], {**condition("deep", "Gout"), "extension": [deep]}],
    }
    first = clinic.ask("patient-view", record)
    assert first
    assert topics(clinic.ask("patient-view", record)) == topics(first)


def test_a_dosage_that_is_written_when_the_order_is_signed_is_no_other_advice(clinic: Clinic) -> None:
    assert clinic.ask("order-select", DIALYSIS, WARFARIN_DRAFT) != []
    assert clinic.ask("order-sign", DIALYSIS, {**WARFARIN_DRAFT, **TABLET}) == []


def test_words_behind_what_a_card_quotes_count_too(clinic: Clinic) -> None:
    def signed(end: str) -> Record:
        entry = condition("ulcer", f"Foot ulcer, {'seen at the visit, ' * 8}{end}")
        return {**ON_WARFARIN, "conditions": [*DIALYSIS["conditions"], entry]}

    first = clinic.ask("patient-view", signed("stable"))
    assert first != []
    assert topics(clinic.ask("patient-view", signed("spreading, very painful"))) == topics(first)


def test_versions_and_the_order_of_entries_make_no_other_advice(clinic: Clinic) -> None:
    assert clinic.ask("patient-view", {**ON_WARFARIN, "conditions": [*DIALYSIS["conditions"], FIBRILLATION]}) != []
    turned = [{**FIBRILLATION, "meta": {"versionId": "7"}}, *DIALYSIS["conditions"]]
    assert clinic.ask("patient-view", {**ON_WARFARIN, "conditions": turned}) == []


def test_a_text_that_the_clinic_changes_is_shown_to_those_who_saw_the_one_before(
    clinic: Clinic, tmp_path: Path
) -> None:
    assert clinic.ask("order-select", DIALYSIS, WARFARIN_DRAFT) != []
    more = f"{HOURS}\n[[wording]]\ntopic = 'vka-dialysis'\nadd = 'Call haematology first.'\n"
    (tmp_path / "policies" / "default.toml").write_text(policy_file("default", more), "utf-8")
    for _ in range(3):
        clinic.app.extensions["cds_reload"].look()
    (card,) = clinic.ask("order-select", DIALYSIS, WARFARIN_DRAFT)
    assert "Call haematology first." in card["detail"]


def test_where_nobody_knows_whose_patient_it_is_everything_is_shown(clinic: Clinic) -> None:
    """Record numbers mean something within one EHR only: another patient may have the same one."""
    body = clinic.ehr.request("patient-view", ON_WARFARIN)
    assert clinic.ehr.cards(body) != []
    assert clinic.ehr.cards(body) != []


@pytest.mark.parametrize("entry", ["Induration of skin of thigh", "Calciphylaxis"])
def test_suspected_and_confirmed_calciphylaxis_never_fall_silent(entry: str, clinic: Clinic) -> None:
    record = {**DIALYSIS, "conditions": [*DIALYSIS["conditions"], condition("sign", entry)]}
    first = clinic.ask("patient-view", record)
    assert first
    assert "critical" not in {card["indicator"] for card in first}
    for card in first:
        clinic.override(card)
    assert topics(clinic.ask("patient-view", record)) == topics(first)


def test_what_could_not_be_read_is_told_again_in_place_of_a_card_that_told_it(clinic: Clinic) -> None:
    first = clinic.ask("patient-view", ON_WARFARIN, procedures=failure())
    assert "could not be read" in first[0]["detail"]
    again = clinic.ask("patient-view", ON_WARFARIN, procedures=failure())
    assert [card["indicator"] for card in again] == ["info"]
    assert "could not be read" in again[0]["detail"]
    assert clinic.held()


def test_a_new_gap_is_another_fact(clinic: Clinic) -> None:
    first = topics(clinic.ask("patient-view", ON_WARFARIN))
    assert set(topics(clinic.ask("patient-view", ON_WARFARIN, procedures=failure()))) >= set(first)


def test_where_earlier_advice_cannot_be_read_everything_is_shown_and_the_log_says_so_once(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    first = topics(clinic.ask("patient-view", ON_WARFARIN))

    def away(*_: object) -> None:
        raise StoreError("the database could not be used")

    monkeypatch.setattr(clinic.app.extensions["cds_database"], "transact", away)
    assert [topics(clinic.ask("patient-view", ON_WARFARIN)) for _ in range(3)] == [first] * 3
    told = [message for message in caplog.messages if "no card is held back as repeated" in message]
    assert len(told) == 1


def test_what_a_release_wrote_that_knows_other_indicators_is_not_gone_by(clinic: Clinic) -> None:
    first = topics(clinic.ask("patient-view", ON_WARFARIN))
    clinic.app.extensions["cds_event_log"].ship()
    database = clinic.app.extensions["cds_database"]
    database.write(lambda connection: connection.execute(update(event_table).values(indicator="hard-stop")))
    assert topics(clinic.ask("patient-view", ON_WARFARIN)) == first


def test_everybody_who_asks_is_told_that_cards_are_not_repeated(clinic: Clinic) -> None:
    said = clinic.ehr.client.get("/cds-services").get_json()["services"]
    by_hook = {service["hook"]: service["description"] for service in said}
    again = "The same advice on the same record is not shown to the same login again"
    assert all(f"{again} for 8 hours after it was shown" in told for told in by_hook.values())
    assert f"{again} at order-sign for 1 hour after" in by_hook["order-sign"]
    assert all("No card does not mean no risk." in told for told in by_hook.values())
    health = clinic.ehr.client.get("/health/ready").get_json()
    assert {one["reason"] for one in health["not_shown"]} == {
        "shown-before",
        "overridden-before",
        "shown-at-order-select",
    }


def test_the_clock_of_the_log_is_not_believed_when_it_is_ahead(clinic: Clinic) -> None:
    clinic.later(days=1)
    assert clinic.ask("patient-view", ON_WARFARIN) != []
    clinic.later(days=-1)
    assert clinic.ask("patient-view", ON_WARFARIN) != []


def test_the_keys_may_be_rotated_meanwhile(make_app: MakeApp, tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path}/cds.sqlite3"
    clinic = Clinic(make_app, tmp_path, database_url=database)
    assert clinic.ask("patient-view", ON_WARFARIN) != []
    clinic.app.extensions["cds_event_log"].ship()
    newer = tmp_path / "newer"
    newer.mkdir()
    write_keys(newer / "secret", [b"n" * 32, KEY])
    rotated = Clinic(make_app, newer, database_url=database, secret_file=newer / "secret")
    assert rotated.ask("patient-view", ON_WARFARIN) == []


def test_a_policy_that_cannot_know_who_saw_what_is_refused(make_app: MakeApp, tmp_path: Path) -> None:
    with pytest.raises(Exception, match=r"\[repeat\]: needs CDS_SECRET_FILE"):
        Clinic(make_app, tmp_path, secret_file=None)
