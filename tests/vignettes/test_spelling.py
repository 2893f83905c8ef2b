"""Stories in both spellings: the same cards, in the words of the one or the other, and the record as it stands."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cds_service import create_app
from cds_service.settings import Settings
from cds_service.stories.dialects import DIALECTS
from cds_service.stories.story import Vignette, load_vignettes
from fhir_mappings.packaged import default_spelling
from tests.spelling import of_the_other_side
from tests.vignettes.card_checks import Json
from tests.vignettes.ehr import Clock, Ehr
from tests.vignettes.noise import noisy

BY_CARDS = {(story.hook, frozenset(story.expect)): story for story in load_vignettes() if story.expect}
"""One story for each set of cards."""
SPELL = default_spelling("en-US")


@pytest.fixture(scope="module")
def us(ehr: Ehr, clock: Clock, tmp_path_factory: pytest.TempPathFactory) -> Ehr:
    """The same service with US spelling."""
    database = tmp_path_factory.mktemp("spelling") / "cards.sqlite3"
    settings = Settings(dev=True, database_url=f"sqlite:///{database}", locale="en-US")
    return replace(ehr, client=create_app(settings, clock=clock).test_client())


def of_ours(card: Json) -> str:
    """What a card says, and what can be chosen on it: summary, detail, labels, orders in words, reasons."""
    suggestions = card.get("suggestions", ())
    actions = [action for suggestion in suggestions for action in suggestion["actions"]]
    orders = [action["resource"] for action in actions if action["type"] == "create"]
    return "\n".join(
        (
            card["summary"],
            card["detail"],
            card["source"]["topic"]["display"],
            *(suggestion["label"] for suggestion in suggestions),
            *(action["description"] for action in actions),
            *(order["code"]["text"] for order in orders if "code" in order),
            *(reason["display"] for reason in card.get("overrideReasons", ())),
        )
    )


def unspelled(card: Json) -> Json:
    """A card without what differs from call to call, and with all its words in US spelling."""
    return {key: respelled(value) for key, value in card.items() if key not in ("uuid", "suggestions")}


def respelled(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: respelled(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return list(map(respelled, value))
    return SPELL(value) if isinstance(value, str) else value


@pytest.mark.parametrize("vignette", BY_CARDS.values(), ids=lambda vignette: vignette.title)
def test_the_cards_of_a_story_differ_in_spelling_only(vignette: Vignette, ehr: Ehr, us: Ehr, clock: Clock) -> None:
    clock.now = vignette.now
    dialect = DIALECTS[vignette.dialects[0]]
    record = noisy(vignette, dialect.name)
    here, there = (
        each.prefetched(vignette.hook, record, dialect, vignette.unreadable).body["cards"] for each in (ehr, us)
    )
    assert list(map(unspelled, here)) == list(map(unspelled, there))
    for card, american in zip(here, there, strict=True):
        assert of_the_other_side(of_ours(card), "en-GB") == set()
        assert of_the_other_side(of_ours(american), "en-US") == set()
        codes = [[reason["code"] for reason in each.get("overrideReasons", ())] for each in (card, american)]
        assert (card["source"]["topic"]["code"], codes[0]) == (american["source"]["topic"]["code"], codes[1])
