"""Every patient story, in every dialect, answered with exactly the cards that the clinician who wrote it expects."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from itertools import cycle

import pytest

from cds_service.knowledge import Knowledge, load_knowledge
from cds_service.settings import Settings
from cds_service.stories import Answer as Came
from cds_service.stories import Vignette, load_vignettes, play
from cds_service.stories.dialects import DIALECTS
from cds_service.stories.expected import faults
from tests.vignettes.card_checks import check_cards
from tests.vignettes.ehr import Answer, Clock, Ehr
from tests.vignettes.noise import noisy

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
    record = noisy(vignette, dialect)
    check(vignette, dialect, ehr.prefetched(vignette.hook, record, DIALECTS[dialect], vignette.unreadable))


@pytest.mark.thorough
@pytest.mark.parametrize(("vignette", "dialect"), FETCHED)
def test_from_a_fhir_server_the_cards_are_those_of_the_story(
    vignette: Vignette, dialect: str, ehr: Ehr, clock: Clock
) -> None:
    clock.now = vignette.now
    check(vignette, dialect, ehr.fetched(vignette.hook, noisy(vignette, dialect)))


def check(vignette: Vignette, dialect: str, answer: Answer) -> None:
    """What came is what the story expects, in words and once; else the promises of cards as such."""
    assert answer.status in (200, 412), answer.body
    cards = answer.body.get("cards", [])
    came = Came(tuple(cards), "412" if answer.status == 412 else "")
    wrong = "; ".join(faults(vignette, came))
    if wrong:
        others = [name for name in vignette.dialects if name != dialect and is_wrong_in(vignette, name)]
        also = f", and in {', '.join(others)}" if others else ""
        pytest.fail(f"{vignette.title}: {wrong} (in {dialect}{also})", pytrace=False)
    check_cards(cards, vignette.hook)


def is_wrong_in(vignette: Vignette, dialect: str) -> bool:
    return faults(vignette, play(vignette, knowledge(), dialect)) != []


@cache
def knowledge() -> Knowledge:
    return load_knowledge(Settings())


# ------------------------------------------------------------------ the test itself can fail, in words
def test_a_story_that_fails_is_told_in_one_sentence_and_names_the_dialects() -> None:
    story = next(one for one in VIGNETTES if one.title == "Calcium acetate is picked: calcium 10.2")
    wrong = replace(story, expect=(("calcium-hypercalcaemia", "warning"),))
    came = play(story, knowledge())
    with pytest.raises(pytest.fail.Exception) as failed:
        check(wrong, "american", Answer(200, {"cards": list(came.cards)}))
    assert not failed.value.pytrace
    assert str(failed.value) == (
        f"{story.title}: calcium-restrict info came, calcium-hypercalcaemia warning was expected "
        "(in american, and in epic-like, oracle-like, european, free-text)"
    )


def test_a_refusal_and_an_unknown_status_are_no_cards() -> None:
    story = next(one for one in VIGNETTES if one.expect is None)
    check(story, "american", Answer(412, {"issue": []}))
    with pytest.raises(AssertionError):
        check(story, "american", Answer(500, {}))
