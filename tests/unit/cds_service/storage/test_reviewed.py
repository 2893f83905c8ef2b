"""Cards for a review as they are read: of the right kind, time, tenant and topic; of verdicts those in force."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from cds_service.storage import (
    Database,
    Drawn,
    Event,
    EventLog,
    FeedbackItem,
    Kind,
    StoreError,
    Verdict,
    answers_to,
    candidates,
    cards_named,
    names_of_cards,
    reviewed_event,
    verdicts_on,
)
from tests.stored import card_like, shown_card

NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)
CARD = shown_card("1", "s", "i", "vka-cua", "critical", NOON, client="urn:north", tenant="northern", hook="order-sign")
HELD = replace(CARD, id="held", kind=Kind.SUPPRESSED, card_uuid=None, reason="shown-before")


def drawn(database: Database, kind: Drawn = Drawn.SHOWN, **asked: str) -> list[str]:
    return sorted(one.id for one in candidates(database, kind, None, None, **asked))


def answer(store: EventLog, uuid: str, outcome: str, at: datetime = NOON, client: str = "urn:north") -> None:
    store.record_feedback("s", [FeedbackItem(uuid, outcome, at)], at, client, "northern")


def test_each_kind_has_its_own_cards(store: EventLog, database: Database) -> None:
    store.record([CARD, card_like(CARD, "2"), HELD, replace(CARD, id="a", kind=Kind.ANSWERED)])
    answer(store, "2", "overridden")
    assert drawn(database) == ["card-1", "card-2"]
    assert drawn(database, Drawn.HELD_BACK) == ["held"]
    assert drawn(database, Drawn.OVERRIDDEN) == ["card-2"]


def test_an_override_counts_where_it_is_the_latest_answer_of_whom_the_card_was_given(
    store: EventLog, database: Database
) -> None:
    store.record([CARD, card_like(CARD, "2"), card_like(CARD, "3")])
    answer(store, "1", "overridden")
    answer(store, "1", "accepted", LATER)
    answer(store, "2", "overridden", LATER)
    answer(store, "3", "overridden", client="urn:south")
    assert drawn(database, Drawn.OVERRIDDEN) == ["card-2"]
    found = answers_to(database, [*cards_named(database, ["card-1", "card-2", "card-3"]).values()])
    assert {id_: one.outcome for id_, one in found.items()} == {"card-1": "accepted", "card-2": "overridden"}


def test_time_tenant_and_topic_narrow_it(store: EventLog, database: Database) -> None:
    store.record([
        CARD,
        card_like(CARD, "2", topic="iron"),
        card_like(CARD, "3", tenant="", client="urn:x"),
        card_like(CARD, "4", tenant="", client=""),
    ])  # fmt: skip
    assert drawn(database, topic="iron") == ["card-2"]
    assert drawn(database, tenant="urn:x") == ["card-3"]
    assert drawn(database, tenant="") == ["card-4"]
    for since, until, number in [(NOON, LATER, 4), (None, NOON, 0), (LATER, None, 0)]:
        assert len(candidates(database, Drawn.SHOWN, since, until)) == number
    assert names_of_cards(database, Drawn.SHOWN) >= {("northern", "iron"), ("urn:x", "vka-cua"), ("", "vka-cua")}


def test_the_same_advice_is_known_where_there_are_pseudonyms(store: EventLog, database: Database) -> None:
    store.record([replace(CARD, patient="k:1", facts="k:2"), card_like(CARD, "2", patient="k:1")])
    found = {one.id: one.advice for one in candidates(database, Drawn.SHOWN, None, None)}
    assert found == {"card-1": ("k:1", "k:2"), "card-2": None}


def test_only_cards_are_found_by_their_ids_without_a_comment(store: EventLog, database: Database) -> None:
    store.record([CARD, HELD, replace(CARD, id="other", kind=Kind.FEEDBACK, user_comment="Mrs Example")])
    assert cards_named(database, ["card-1", "held", "other", "none"]).keys() == {"card-1", "held"}
    assert len(cards_named(database, [CARD.id, *(f"x{number}" for number in range(1200))])) == 1


def verdict(verdict: Verdict, of: Event = CARD, replaces: str = "", reviewer: str = "Ana Silva") -> Event:
    kind = Drawn.HELD_BACK if of.kind == Kind.SUPPRESSED else Drawn.SHOWN
    return reviewed_event(of, kind, reviewer, verdict, LATER, replaces)


def test_verdicts_in_force_tell_what_is_counted_of_their_cards(store: EventLog, database: Database) -> None:
    first = verdict(Verdict.APPROPRIATE)
    store.record([first, verdict(Verdict.NOT_NEEDED, replaces=first.id), verdict(Verdict.INAPPROPRIATE, HELD)])
    held, shown = sorted(verdicts_on(database), key=lambda one: one.verdict)
    assert (shown.verdict, shown.card, shown.given, shown.entered) == (Verdict.NOT_NEEDED, "card-1", NOON, LATER)
    assert (shown.tenant, shown.topic, shown.hook, shown.indicator) == ("northern", "vka-cua", "order-sign", "critical")
    assert (held.drawn, held.why) == (Drawn.HELD_BACK, "shown-before")
    assert [one.card for one in verdicts_on(database, {"held"})] == ["held"]


def test_a_verdict_outlives_its_card(store: EventLog, database: Database) -> None:
    store.record([verdict(Verdict.APPROPRIATE)])
    assert [one.topic for one in verdicts_on(database)] == ["vka-cua"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"verdict": "great"},
        {"drawn": "somewhere"},
        {"given": "yesterday"},
        {"given": "2026-11-03T12:00:00"},
        {"card": None, "reviewer": None, "replaces": None, "given": None},
    ],
)
def test_a_verdict_that_cannot_be_read_is_a_fault(
    wrong: dict[str, object], store: EventLog, database: Database
) -> None:
    good = verdict(Verdict.APPROPRIATE)
    store.record([replace(good, content={**good.content, **wrong})])
    with pytest.raises(StoreError, match="a verdict on a card"):
        verdicts_on(database)
