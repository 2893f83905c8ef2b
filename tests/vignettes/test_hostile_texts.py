"""The record of every story, with something hostile in each of its texts: shown on the cards, and nothing but shown."""

from __future__ import annotations

import pytest

from cds_service.stories.dialects import DIALECTS
from cds_service.stories.fhir_writer import Record
from cds_service.stories.story import Vignette, load_vignettes
from tests.hostile_texts import PAYLOADS, check_answer_texts, spoilt
from tests.vignettes.ehr import Answer, Clock, Ehr
from tests.vignettes.noise import noisy

AT_ONCE = 3
# A few of the stories are enough for `make test-quick`.
STORIES = [
    pytest.param(vignette, turn, id=vignette.title, marks=[pytest.mark.thorough] if turn % 8 else [])
    for turn, vignette in enumerate(load_vignettes())
]
FETCHED = [
    pytest.param(vignette, turn, id=vignette.title)
    for turn, vignette in list(enumerate(load_vignettes()))[::5]
    if not vignette.unreadable
]


def hostile(vignette: Vignette, dialect: str, turn: int) -> Record:
    """The record with some of the payloads, by turns: each of them meets many stories."""
    record = noisy(vignette, dialect)
    payload = " ".join(PAYLOADS[(turn * AT_ONCE + step) % len(PAYLOADS)] for step in range(AT_ONCE))
    return Record(spoilt(record.resources, payload), spoilt(record.drafts, payload), record.selections)


def check(answer: Answer) -> None:
    assert answer.status in (200, 412), answer.body
    assert all(check_answer_texts(answer.body))


@pytest.mark.parametrize(("vignette", "turn"), STORIES)
def test_no_text_of_a_record_becomes_more_than_text(vignette: Vignette, turn: int, ehr: Ehr, clock: Clock) -> None:
    clock.now, dialect = vignette.now, vignette.dialects[turn % len(vignette.dialects)]
    check(ehr.prefetched(vignette.hook, hostile(vignette, dialect, turn), DIALECTS[dialect], vignette.unreadable))


@pytest.mark.thorough
@pytest.mark.parametrize(("vignette", "turn"), FETCHED)
def test_nor_does_a_text_that_a_fhir_server_sends(vignette: Vignette, turn: int, ehr: Ehr, clock: Clock) -> None:
    clock.now, dialect = vignette.now, vignette.dialects[turn % len(vignette.dialects)]
    check(ehr.fetched(vignette.hook, hostile(vignette, dialect, turn + 7)))
