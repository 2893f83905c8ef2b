"""What stands for all that a card says: every word and offer of it counts, and no age."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from hooks.card import Card, Indicator, Propose, Suggestion
from hooks.cards import words_of

OFFER = Suggestion("Order calcium", (Propose("calcium", "Order calcium"),))
CARD = Card(
    "vka-dialysis",
    "Warfarin on dialysis",
    Indicator.WARNING,
    "Warfarin, given since 2026-02-20, 10 days ago",
    "Calcium 9.2 mg/dL (2026-03-01, today)",
    (OFFER,),
)


@pytest.mark.parametrize(
    "changed",
    [
        {"summary": "Warfarin, given since 2026-02-20, 11 days ago"},
        {"detail": "Calcium 9.2 mg/dL (2026-03-01, 1 day ago)"},
        {"facts": ("another",)},
    ],
    ids=["a day later", "a day later in the detail", "what is not shown"],
)
def test_a_card_that_is_a_day_older_says_the_same(changed: dict[str, Any]) -> None:
    assert words_of(replace(CARD, **changed)) == words_of(CARD)


@pytest.mark.parametrize(
    "changed",
    [
        {"summary": "Warfarin, given since 2026-02-21, 10 days ago"},
        {"detail": "Calcium 9.3 mg/dL (2026-03-01, today)"},
        {"suggestions": ()},
        {"suggestions": (OFFER, OFFER)},
        {"suggestions": (replace(OFFER, label="Order calcium acetate"),)},
        {"suggestions": (replace(OFFER, recommended=True),)},
        {"suggestions": (replace(OFFER, actions=(Propose("calcium", "Order another"),)),)},
    ],
    ids=["summary", "detail", "no offer", "one offer more", "label", "recommendation", "action"],
)
def test_a_card_of_which_a_word_or_an_offer_is_another_one_says_something_else(changed: dict[str, Any]) -> None:
    assert words_of(replace(CARD, **changed)) != words_of(CARD)
