"""Every patient story, in every dialect, answered with exactly the cards that the clinician who wrote it expects."""

from __future__ import annotations

from itertools import cycle

import pytest

from tests.vignettes.card_checks import Json, actions, check_cards, proposed, removes, topic, words
from tests.vignettes.dialects import DIALECTS
from tests.vignettes.ehr import Answer, Clock, Ehr
from tests.vignettes.fhir_writer import write
from tests.vignettes.story import Vignette, load_vignettes

VIGNETTES = load_vignettes()
# The first dialect of each story is enough for `make test-quick`.
PREFETCHED = [
    pytest.param(vignette, dialect, id=f"{vignette.title} [{dialect}]", marks=[pytest.mark.thorough] if turn else [])
    for vignette in VIGNETTES
    for turn, dialect in enumerate(vignette.dialects)
]
# Every story once over the network, the dialects by turns.
FETCHED = [
    pytest.param(vignette, vignette.dialects[turn % len(vignette.dialects)], id=f"{vignette.title} [fetched]")
    for vignette, turn in zip(VIGNETTES, cycle(range(60)), strict=False)
    if not vignette.unreadable
]


@pytest.mark.parametrize(("vignette", "dialect"), PREFETCHED)
def test_with_prefetch_the_cards_are_those_of_the_story(
    vignette: Vignette, dialect: str, ehr: Ehr, clock: Clock
) -> None:
    clock.now = vignette.now
    record = write(vignette, DIALECTS[dialect])
    check(vignette, ehr.prefetched(vignette.hook, record, DIALECTS[dialect], vignette.unreadable))


@pytest.mark.thorough
@pytest.mark.parametrize(("vignette", "dialect"), FETCHED)
def test_from_a_fhir_server_the_cards_are_those_of_the_story(
    vignette: Vignette, dialect: str, ehr: Ehr, clock: Clock
) -> None:
    clock.now = vignette.now
    check(vignette, ehr.fetched(vignette.hook, write(vignette, DIALECTS[dialect])))


def check(vignette: Vignette, answer: Answer) -> None:
    if vignette.expect is None:
        assert answer.status == 412
        return
    assert answer.status == 200, answer.body
    cards = answer.body["cards"]
    assert sorted((topic(card), card["indicator"]) for card in cards) == sorted(vignette.expect)
    check_cards(cards, vignette.hook)
    check_texts(vignette, {topic(card): words(card) for card in cards})
    check_suggestions(vignette, {topic(card): card for card in cards})


def check_suggestions(vignette: Vignette, cards: dict[str, Json]) -> None:
    offered = {about: actions(card) for about, card in cards.items()}
    for about, kinds in vignette.texts["offers"].items():
        assert set(kinds) <= offered[about]
    for about, kinds in vignette.texts["offers_not"].items():
        assert not set(kinds) & offered[about]
    for about, phrases in vignette.texts["sums_up"].items():
        assert [phrase for phrase in phrases if phrase.lower() not in cards[about]["summary"].lower()] == []
    for about, phrases in vignette.texts["suggests"].items():
        assert [phrase for phrase in phrases if phrase.lower() not in proposed(cards[about])] == []
    for about, phrases in vignette.texts["suggests_not"].items():
        assert [phrase for phrase in phrases if phrase.lower() in proposed(cards[about])] == []
    for about in vignette.no_removal:
        assert not any(map(removes, cards[about].get("suggestions", ())))
    for about in vignette.removal_not_recommended:
        removals = list(filter(removes, cards[about]["suggestions"]))
        assert removals, "the removal is offered"
        assert not any(removal.get("isRecommended") for removal in removals)


def check_texts(vignette: Vignette, said: dict[str, str]) -> None:
    for about, phrases in vignette.texts["says"].items():
        assert [phrase for phrase in phrases if phrase.lower() not in said[about]] == [], said[about]
    for about, phrases in vignette.texts["says_not"].items():
        assert [phrase for phrase in phrases if phrase.lower() in said[about]] == [], said[about]
    for phrase in vignette.each_says:
        assert [about for about, text in said.items() if phrase.lower() not in text] == []
