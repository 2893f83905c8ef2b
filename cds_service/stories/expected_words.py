"""What the cards of a story must say and offer, and must not, beside what they do: a sentence for each difference.

What may live here: the words of cards and suggestions as the vignettes look at them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping

from cds_service.stories.asking import Json
from cds_service.stories.story import Vignette

Cards = Mapping[str, Json]
"""The cards of an answer by their topic."""


def words(card: Json) -> str:
    """Summary and detail without Markdown escapes, in lower case, on one line."""
    return " ".join(f"{card['summary']} {card['detail']}".replace("\\", "").lower().split())


def proposed(card: Json) -> str:
    """Labels, descriptions and created resources of the suggestions, in lower case."""
    found = card.get("suggestions", ())
    acts = [action for suggestion in found for action in suggestion["actions"]]
    made = [action["resource"] for action in acts if action["type"] == "create"]
    said = [suggestion["label"] for suggestion in found] + [action["description"] for action in acts]
    return " ".join([*said, *map(json.dumps, made)]).lower()


def actions(card: Json) -> set[str]:
    """What the suggestions of a card would do: create, update, delete."""
    return {action["type"] for suggestion in card.get("suggestions", ()) for action in suggestion["actions"]}


def removes(suggestion: Json) -> bool:
    """Does it take an order away?"""
    return any(action["type"] in ("delete", "update") for action in suggestion["actions"])


_PARTS: Mapping[str, tuple[str, Callable[[Json], str]]] = {
    "says": ("its words", words),
    "sums_up": ("its summary", lambda card: str(card["summary"]).lower()),
    "suggests": ("its suggestions", proposed),
}
"""What of a card each key of a vignette looks at."""


def wrong_words(vignette: Vignette, cards: Cards) -> Iterator[str]:
    """Phrases that are not where they were expected, or where they must not be."""
    for key, (part, text_of) in _PARTS.items():
        for about, phrases in vignette.texts[key].items():
            held = text_of(cards[about]) if about in cards else ""
            yield from (f"{about}: “{phrase}” is not in {part}" for phrase in phrases if phrase.lower() not in held)
        for about, phrases in vignette.texts.get(f"{key}_not", {}).items():
            held = text_of(cards[about]) if about in cards else ""
            yield from (f"{about}: “{phrase}” is in {part}" for phrase in phrases if phrase.lower() in held)
    for phrase in vignette.each_says:
        yield from (
            f"{about}: “{phrase}” is not in its words"
            for about, card in cards.items()
            if phrase.lower() not in words(card)
        )


def wrong_offers(vignette: Vignette, cards: Cards) -> Iterator[str]:
    """Suggestions that were expected and are not there, and those that must not be."""
    offered = {about: actions(card) for about, card in cards.items()}
    for about, kinds in vignette.texts["offers"].items():
        yield from (f"{about} does not offer to {kind}" for kind in kinds if kind not in offered.get(about, ()))
    for about, kinds in vignette.texts["offers_not"].items():
        yield from (f"{about} offers to {kind}" for kind in kinds if kind in offered.get(about, ()))
    for about in vignette.no_removal:
        if any(map(removes, _suggestions(cards, about))):
            yield f"{about} offers to take an order away"
    for about in vignette.removal_not_recommended:
        removals = list(filter(removes, _suggestions(cards, about)))
        if not removals:
            yield f"{about} does not offer to take an order away"
        if any(removal.get("isRecommended") for removal in removals):
            yield f"{about} recommends to take an order away"


def _suggestions(cards: Cards, about: str) -> list[Json]:
    return list(cards[about].get("suggestions", ())) if about in cards else []
