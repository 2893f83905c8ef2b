"""From a text of the data files and the facts of a patient to a card.

What may live here: the order of a card's sections and the limits on its length.
"""

from __future__ import annotations

from collections.abc import Iterable

from hooks.card import SUMMARY_LIMIT, Card, Indicator, OverrideReason
from hooks.cards.markdown import bullets, numbered, paragraphs
from hooks.cards.offers import Offer
from hooks.cards.result_words import without_ages
from hooks.policy import CardText


def detail(  # the sections of a card, each by its name
    lead: Iterable[str],
    why: list[str],
    do: list[str],
    missing: list[str],
    evidence: Iterable[str],
    footer: str,
    *,
    alternatives: Iterable[str] = (),
) -> str:
    """The sections of a card: the lead, why now, what to do, what was missing, the evidence, what this is."""
    return paragraphs(
        "  \n".join(" ".join(line.split()) for line in lead if line.strip()),
        bullets("Why now", why),
        numbered("What to do", do),
        bullets("Alternatives", alternatives),
        bullets("Missing or not readable", missing),
        bullets("Evidence", evidence),
        f"*{footer}*",
    )


def fitting(summary: str) -> str:
    """The summary, cut at a word where it would reach the limit of CDS Hooks."""
    if len(summary) < SUMMARY_LIMIT:
        return summary
    return summary[: SUMMARY_LIMIT - 2].rsplit(" ", 1)[0].rstrip(" ,;(") + "…"


def words_of(card: Card) -> tuple[str, ...]:
    """All that a card says and offers, in words that stay the same from one day to the next: no age stands in them."""
    offered = (f"{one.label} {one.recommended} {one.actions}" for one in card.suggestions)
    return tuple(map(without_ages, (card.summary, card.detail, *offered)))


def make_card(
    topic: str,
    text: CardText,
    indicator: Indicator,
    *,
    summary: str,
    body: str,
    why: Iterable[str],
    offered: Offer,
    reasons: Iterable[OverrideReason],
    alternatives: bool = False,
) -> Card:
    """A card of a topic; `why`: the facts that decided, `alternatives`: one of its suggestions can be taken at most."""
    return Card(
        topic=topic,
        topic_display=text.title,
        indicator=indicator,
        summary=fitting(summary),
        detail=body,
        suggestions=offered.suggestions,
        override_reasons=tuple(reasons),
        at_most_one=alternatives,
        facts=tuple(map(without_ages, why)),
    )
