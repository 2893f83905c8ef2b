"""The stories of the demonstration patients, for pages: a title, a sentence or two, and what to try.

What may live here: telling a synthetic patient by its tag, for all pages, and finding its story. A patient that is not
one of ours has none, whatever its id.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from cds_service.demo.patients import (
    ID_PREFIX,
    TAG,
    TAG_TOKEN,
    Cards,
    DraftOrder,
    SyntheticPatient,
    load_patients,
    our_tags,
)
from fhir_mappings.fhir_json import as_object, as_objects, as_text

__all__ = ["ID_PREFIX", "TAG_TOKEN", "Story", "Try", "our_tags", "stories", "story_line", "story_of"]

_KEYS = f"{TAG['system']}:patient"
"""The system of the identifier that holds the key of a story."""
_ANY_DAY = datetime(2000, 1, 1, tzinfo=UTC)
"""Stories hold no dates."""
_URGENT_FIRST = ("critical", "warning", "info")


@dataclass(frozen=True, slots=True)
class Try:
    """An order worth trying: its title, the name to order it by, and which cards it brings under the packaged rules."""

    title: str
    drug: str
    cards: str


@dataclass(frozen=True, slots=True)
class Story:
    """What a synthetic patient is there to show. `cards` are those of the opened chart as it was loaded.

    `place` orders stories, the most telling first. The first of `tries` brings the most urgent card.
    """

    key: str
    title: str
    told: str
    tries: tuple[Try, ...]
    cards: str
    topics: frozenset[str]
    place: int

    def tells(self, words: str) -> bool:
        """Do all these words stand in it? Words of an order and topics of cards count, letter case does not."""
        tried = (f"{order.title} {order.drug}" for order in self.tries)
        whole = " ".join((self.title, self.told, self.cards, self.key, *tried, *self.topics)).casefold()
        return all(word in whole for word in words.casefold().split())


def story_of(patient: Mapping[str, Any]) -> Story | None:
    """The story of a Patient resource; None for one without our tag, or that is none of the bundled patients."""
    if not our_tags(patient):
        return None
    identifiers = as_objects(patient.get("identifier"))
    keys = (as_text(one.get("value")) for one in identifiers if one.get("system") == _KEYS)
    key = next(keys, "") or as_text(patient.get("id")).removeprefix(ID_PREFIX)
    return stories().get(key)


def story_line(patient: Mapping[str, Any]) -> str:
    """The story in one line, for a list; "" for a patient who has none."""
    story = story_of(patient)
    return story.title if story else ""


@cache
def stories() -> Mapping[str, Story]:
    """Every story by its key."""
    patients = sorted(load_patients(_ANY_DAY), key=lambda patient: _urgency(patient.expect["patient-view"]))
    return {patient.key: _story(patient, place) for place, patient in enumerate(patients)}


def _story(patient: SyntheticPatient, place: int) -> Story:
    opened, ordered = patient.expect["patient-view"], patient.expect["order-select"]
    orders = sorted(patient.orders, key=lambda order: _urgency(ordered.get(order.title, [])))
    return Story(
        key=patient.key,
        title=patient.title,
        told=patient.story,
        tries=tuple(Try(order.title, _name(order), _counted(ordered.get(order.title, []))) for order in orders),
        cards=_counted(opened),
        topics=frozenset(topic for cards in (opened, *ordered.values()) for topic, _ in cards),
        place=place,
    )


def _name(order: DraftOrder) -> str:
    """What to type: the title of an order that has a code, else what the order itself says in place of one."""
    concept = as_object(order.resource.get("medicationCodeableConcept"))
    return order.title if concept.get("coding") else as_text(concept.get("text")) or order.title


def _urgency(cards: Cards) -> list[int]:
    """Many critical cards sort first, none at all last."""
    counts = _counts(cards)
    return [-counts[indicator] for indicator in _URGENT_FIRST]


def _counted(cards: Cards) -> str:
    """'2 critical cards and 1 warning card', 'no card'."""
    counts = _counts(cards)
    told = [f"{counts[word]} {word} {_cards(counts[word])}" for word in _URGENT_FIRST if counts[word]]
    return " and ".join(told) or "no card"


def _counts(cards: Iterable[Sequence[str]]) -> Counter[str]:
    return Counter(indicator for _, indicator in cards)


def _cards(count: int) -> str:
    return "card" if count == 1 else "cards"
