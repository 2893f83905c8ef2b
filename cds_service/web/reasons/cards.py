"""What the cards of a topic say, offer and accept as a reason against them, from the wording in force.

What may live here: a card's text on its way to the page, without a patient. Sentences stand in the data files.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from markupsafe import Markup

from cds_service.web.reasons.text import ReasonsWords
from hooks.card import OverrideReason
from hooks.policy import CardText
from hooks.reasons import Reasons
from hooks.suggestion_texts import REMOVE, SuggestionText
from hooks.wording import Wording

_FOR = {"draft": "for a draft order", "active": "for an active prescription"}


@dataclass(frozen=True, slots=True)
class Offer:
    """A suggestion: what it is called, what accepting it does, and the conditions for offering it."""

    label: Markup
    does: tuple[str, ...]
    only: str
    recommended: bool


@dataclass(frozen=True, slots=True)
class CardWords:
    """One text of a topic."""

    title: str
    summary: Markup
    lead: tuple[Markup, ...]
    do: tuple[Markup, ...]
    evidence: tuple[Markup, ...]
    added: tuple[Markup, ...]
    needs: tuple[str, ...]
    offers: tuple[Offer, ...]
    overrides: tuple[OverrideReason, ...]


def card_words(text: CardText, wording: Wording, reasons: Reasons, words: ReasonsWords) -> CardWords:
    """The text as the page shows it."""

    def lines(of: Iterable[str]) -> tuple[Markup, ...]:
        return tuple(words.card(line) for line in of)

    return CardWords(
        title=text.title,
        summary=words.card(text.summary),
        lead=lines(text.lead),
        do=lines(text.do),
        evidence=lines(text.evidence),
        added=tuple(words.as_written(line) for line in text.added),
        needs=tuple(wording.needs[name].name for name in text.needs),
        offers=tuple(_offer(wording.suggestions[name], wording, reasons, words) for name in text.suggest),
        overrides=tuple(wording.override_reasons[code] for code in text.override),
    )


def _against(text: SuggestionText, wording: Wording) -> list[str]:
    """The situations that forbid the alternatives of a suggestion."""
    facts = (fact for name in text.alternatives for fact in wording.alternatives[name].facts)
    return list(dict.fromkeys(situation for situation, _ in facts))


def _offer(text: SuggestionText, wording: Wording, reasons: Reasons, words: ReasonsWords) -> Offer:
    removing = {"": "Delete the draft order, or stop the active prescription", "draft": "Delete the draft order"}
    removes = removing.get(text.only, "Stop the active prescription")
    conditions = [
        *([_FOR[text.only]] if text.only else []),
        *(f"when {words.plain(reasons.situations[name])}" for name in text.when),
        *(f"not when {words.plain(reasons.situations[name])}" for name in (*text.unless, *_against(text, wording))),
        *([f"not when {text.drug} is active or drafted"] if text.drug else []),
    ]
    does = [removes if action == REMOVE else wording.actions[action] for action in text.actions]
    for extra in text.also:
        when = words.plain(reasons.situations[extra.when])
        does += [f"{wording.actions[name]}, when {when}" for name in extra.actions]
    return Offer(
        label=words.card(text.label),
        does=tuple(does),
        only="; ".join(conditions),
        recommended=text.recommended,
    )
