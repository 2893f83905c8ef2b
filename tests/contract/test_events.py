"""Every call leaves a record of what happened, before its answer leaves; nothing in it names patient or user."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from cds_service.api.happened import Happened
from cds_service.storage import Event, EventLog, write_keys
from cds_service.storage.event import event_of
from cds_service.unknown_codes import Unmapped
from tests.contract.conftest import MakeApp
from tests.contract.ehr import HOOKS, Ehr, ehr_of
from tests.contract.records import (
    CONFIRMED,
    DIALYSIS,
    NORMAL_LABS,
    NOW,
    ON_DIALYSIS,
    WARFARIN,
    WARFARIN_DRAFT,
    Json,
    Record,
    days_before,
    failure,
    order,
)

KEY = b"k" * 32


class Logged:
    """A service of its own, and the events that its spool holds: nothing is brought to the database."""

    def __init__(self, app: Flask) -> None:
        self.app, self.ehr = app, ehr_of(app)
        log: EventLog = app.extensions["cds_event_log"]
        log._shipping.close()  # What stands in the spool is what is looked at.
        assert log._spool is not None
        self.folder = log._spool.folder

    @property
    def text(self) -> bytes:
        """Everything that was written."""
        return b"".join(file.read_bytes() for file in sorted(self.folder.glob("*.ndjson")))

    def events(self) -> list[Event]:
        return [event_of(line) for line in self.text.splitlines() if line]

    def told(self, of: Callable[[Ehr], Any]) -> list[Event]:
        """What a call adds."""
        before = len(self.events())
        of(self.ehr)
        return self.events()[before:]


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    write_keys(tmp_path / "secret", [KEY])
    return tmp_path / "secret"


@pytest.fixture
def logged(make_app: MakeApp, secret: Path) -> Logged:
    return Logged(make_app(secret_file=secret))


def ask(hook: str = "patient-view", record: Record = CONFIRMED, **changed: Any) -> Callable[[Ehr], Any]:
    return lambda ehr: ehr.ask(hook, record, WARFARIN_DRAFT, **changed)


def numbers(answered: Event) -> dict[str, Any]:
    """What an answer keeps, without the codes that only some answers keep."""
    return {name: value for name, value in answered.content.items() if name != "unmapped"}


def labels_of(card: Json) -> list[Json]:
    """What feedback on a card refers to."""
    return [{"uuid": one["uuid"], "label": one["label"]} for one in card.get("suggestions", ())]


@pytest.mark.parametrize("hook", HOOKS)
def test_an_answer_with_cards_is_one_event_and_each_card_another(hook: str, logged: Logged) -> None:
    cards: list[Json] = []
    answered, *issued = logged.told(lambda ehr: cards.extend(ask(hook)(ehr)))
    assert (answered.kind, numbers(answered)) == ("answered", {"cards": len(cards)})
    assert [(one.kind, one.card_uuid, one.topic, one.indicator) for one in issued] == [
        ("card-issued", card["uuid"], card["source"]["topic"]["code"], card["indicator"]) for card in cards
    ]
    assert [one.content for one in issued] == [{"suggestions": labels_of(card)} for card in cards]
    for event in (answered, *issued):
        assert (event.hook, event.service, event.client, event.tenant) == (
            hook,
            logged.ehr.services[hook]["id"],
            "",
            "",
        )
        assert len(event.policy) == 12
        assert event.rules
    assert len({event.hook_instance for event in (answered, *issued)}) == 1


def test_silence_is_an_answer_without_cards(logged: Logged) -> None:
    (answered,) = logged.told(ask("patient-view", DIALYSIS))
    assert (answered.kind, numbers(answered)) == ("answered", {"cards": 0})


def test_silence_beside_what_could_not_be_read_is_told_with_what_that_was(logged: Logged) -> None:
    answered, gap = logged.told(ask("patient-view", DIALYSIS, medication_statements=failure()))
    assert numbers(answered) == {"cards": 0, "gaps": "medication_statements"}
    assert (gap.kind, gap.reason) == ("silent-for-a-gap", "medication_statements")


def test_a_refusal_to_judge_is_told_with_its_reason(logged: Logged) -> None:
    def refused(ehr: Ehr) -> None:
        body = ehr.request("patient-view", CONFIRMED)
        body["prefetch"]["conditions"] = failure()
        assert ehr.post(body).status_code == 412

    (event,) = logged.told(refused)
    assert (event.kind, event.reason) == ("refused", "conditions")


def test_feedback_is_told_before_it_is_acknowledged(logged: Logged) -> None:
    card = ask()(logged.ehr)[0]

    def answer(ehr: Ehr) -> None:
        item = {"card": card["uuid"], "outcome": "accepted", "outcomeTimestamp": "2026-11-22T10:05:00Z"}
        item["acceptedSuggestions"] = [{"id": "s-1"}]
        sent = ehr.client.post(ehr.url("patient-view", "/feedback"), json={"feedback": [item]})
        assert (sent.status_code, sent.get_json()) == (200, {})

    (event,) = logged.told(answer)
    assert (event.kind, event.card_uuid, event.outcome) == ("feedback", card["uuid"], "accepted")


@pytest.mark.parametrize("body", [{}, {"hook": "patient-view"}])
def test_a_request_that_is_none_leaves_no_event(body: Json, logged: Logged) -> None:
    assert logged.told(lambda ehr: ehr.post(body, "patient-view")) == []


# ------------------------------------------------------------------ codes that the vocabulary does not hold
def test_a_fault_in_looking_for_unknown_codes_costs_no_event(
    logged: Logged, not_recorded: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: Unmapped) -> None:
        raise RuntimeError("Mrs Example")

    monkeypatch.setattr(Unmapped, "codes", fail)
    cards: list[Json] = []
    answered, *issued = logged.told(lambda ehr: cards.extend(ask()(ehr)))
    assert answered.content == {"cards": len(cards)}, "nothing was looked at"
    assert [one.card_uuid for one in issued] == [card["uuid"] for card in cards]
    assert not_recorded == ["codes that the vocabulary does not hold could not be recorded (RuntimeError)"]
    not_recorded.clear()


def test_events_that_could_not_be_made_are_counted_and_the_service_is_not_ready(
    logged: Logged, not_recorded: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("Mrs Example")

    assert logged.ehr.client.get("/health/ready").status_code == 200
    monkeypatch.setattr(Happened, "answered", fail)
    assert logged.told(ask()) == []
    assert logged.app.extensions["cds_event_log"].lost == 1
    health = logged.ehr.client.get("/health/ready")
    assert (health.status_code, "events of calls are lost" in health.text) == (503, True)
    assert not_recorded == ["what happened in a call could not be recorded (RuntimeError)"]
    not_recorded.clear()


def test_a_draft_of_which_nothing_can_be_judged_leaves_the_sample_to_the_next_call(logged: Logged) -> None:
    def nothing_ordered(ehr: Ehr) -> None:
        body = ehr.request("order-select", CONFIRMED)
        body["context"] |= {"selections": [], "draftOrders": {"resourceType": "Bundle", "entry": []}}
        assert ehr.cards(body) == []

    (empty,) = logged.told(nothing_ordered)
    assert empty.content == {"cards": 0}, "no records were looked at"
    assert logged.told(ask())[0].content["unmapped"] == []
    assert "unmapped" not in logged.told(ask())[0].content, "the next one of the same second"


# ------------------------------------------------------------------ who it was
def test_the_same_patient_and_user_have_the_same_keyed_names_and_no_other(logged: Logged) -> None:
    first, *_ = logged.told(ask())
    again, *_ = logged.told(ask("order-sign"))
    assert first.patient is not None
    assert first.user is not None
    assert (first.patient, first.user) == (again.patient, again.user)
    assert first.patient != first.user


def test_without_a_key_nobody_has_a_name_and_no_fact_can_be_tried_out(make_app: MakeApp) -> None:
    logged = Logged(make_app())
    assert {(event.patient, event.user, event.facts) for event in logged.told(ask())} == {(None, None, None)}


@pytest.mark.parametrize("hook", HOOKS)
def test_nothing_that_is_written_names_the_patient_the_user_or_a_value(hook: str, logged: Logged) -> None:
    logged.told(ask(hook))
    written = logged.text.lower()
    assert b"card-issued" in written
    for word in (b"kidney-7", b"zephyrine", b"ottoline", b"nephrologist-3", b"1956", b"warfarin-active"):
        assert word not in written


# ------------------------------------------------------------------ the facts that decided
def facts(events: list[Event]) -> dict[str, str | None]:
    return {event.topic: event.facts for event in events if event.kind == "card-issued"}


def test_the_same_facts_have_the_same_hash_another_day_too(make_app: MakeApp) -> None:
    now = [NOW]
    logged = Logged(make_app(clock=lambda: now[0]))
    first = facts(logged.told(ask()))
    assert first
    now[0] += timedelta(days=1)
    assert facts(logged.told(ask())) == first


def test_another_fact_that_decides_gives_another_hash(logged: Logged) -> None:
    first = facts(logged.told(ask()))
    later = order("warfarin-later", "855332", "warfarin 5 mg tablet") | {"authoredOn": days_before(3)}
    other = facts(logged.told(ask(record=CONFIRMED | {"medications": [later]})))
    assert first.keys() == other.keys()
    assert first != other


def test_what_decides_nothing_changes_no_hash(logged: Logged) -> None:
    record: Record = {"conditions": [ON_DIALYSIS], "medications": [WARFARIN], **NORMAL_LABS}
    first = facts(logged.told(ask(record=record)))
    harmless = order("paracetamol", "313782", "paracetamol 500 mg tablet")
    assert first
    assert facts(logged.told(ask(record=record | {"medications": [WARFARIN, harmless]}))) == first
