"""A sample: the same by the same seed, of each topic about as many, the same advice once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import pytest

from cds_service.review import draw
from cds_service.storage import Candidate


def cards(topic: str, number: int, why: str = "") -> list[Candidate]:
    return [Candidate(f"{topic}-{why}-{one}", topic, why, None) for one in range(number)]


def of_each(ids: Iterable[str]) -> dict[str, int]:
    return dict(Counter(one.rsplit("-", 2)[0] for one in ids))


def test_the_same_seed_draws_the_same_cards_in_whatever_order_they_come() -> None:
    there = cards("iron", 50) + cards("vka", 50)
    first = draw(there, 10, 7)
    assert draw(reversed(there), 10, 7) == first
    assert set(draw(there, 10, 8).ids) != set(first.ids)


@pytest.mark.parametrize(
    ("there", "size", "drawn"),
    [
        ({"iron": 1000, "vka": 1000, "rare": 1000}, 30, {"iron": 10, "vka": 10, "rare": 10}),
        ({"iron": 1000, "vka": 20, "rare": 2}, 30, {"iron": 14, "vka": 14, "rare": 2}),
        ({"iron": 1000, "rare": 1}, 30, {"iron": 29, "rare": 1}),
        ({"iron": 3, "rare": 1}, 30, {"iron": 3, "rare": 1}),
        ({}, 30, {}),
    ],
)
def test_rare_topics_come_too_and_others_take_the_places_that_they_leave(
    there: dict[str, int], size: int, drawn: dict[str, int]
) -> None:
    found = draw([card for topic, number in there.items() for card in cards(topic, number)], size, 1)
    assert of_each(found.ids) == drawn
    assert {share.topic: (share.drawn, share.of) for share in found.shares} == {
        topic: (drawn[topic], number) for topic, number in there.items()
    }


def test_with_more_topics_than_places_chance_decides_which_of_them_come() -> None:
    there = [card for topic in "abcdefgh" for card in cards(topic, 5)]
    drawn = [of_each(draw(there, 3, seed).ids) for seed in range(20)]
    assert all(sorted(one.values()) == [1, 1, 1] for one in drawn)
    assert {topic for one in drawn for topic in one} == set("abcdefgh")


def test_cards_that_were_held_back_are_told_apart_by_why() -> None:
    found = draw(cards("vka", 90, "shadow") + cards("vka", 3, "role"), 10, 1)
    assert [(share.why, share.drawn) for share in found.shares] == [("role", 3), ("shadow", 7)]


def test_the_same_advice_on_the_same_patient_comes_once() -> None:
    again = [Candidate(f"a-{one}", "vka", "", ("patient", "facts")) for one in range(20)]
    other = [Candidate("b", "vka", "", ("patient", "other facts")), Candidate("c", "iron", "", ("patient", "facts"))]
    found = draw(again + other, 30, 1)
    assert len(found.ids) == 3
    assert {"b", "c"} < set(found.ids)
    assert [share.of for share in found.shares] == [1, 2]


def test_every_card_can_be_drawn() -> None:
    seen = {one for seed in range(60) for one in draw(cards("vka", 10), 1, seed).ids}
    assert len(seen) == 10
