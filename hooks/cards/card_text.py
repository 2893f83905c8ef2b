"""From a text of the data files and the facts of a patient to a card.

What may live here: the order of a card's sections and the limits on its length.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from hooks.assessment import Assessment
from hooks.card import SUMMARY_LIMIT, Card, Indicator, OverrideReason, Propose, Remove, Suggestion
from hooks.cards.markdown import bullets, numbered, paragraphs
from hooks.chart import Medication
from hooks.policy import CardText
from hooks.situations import holds
from hooks.wording import SuggestionText, Wording


def detail(
    lead: Iterable[str], why: list[str], do: list[str], missing: list[str], evidence: Iterable[str], footer: str
) -> str:
    """The sections of a card: the lead, why now, what to do, what was missing, the evidence, what this is."""
    return paragraphs(
        "  \n".join(line.strip() for line in lead if line.strip()),
        bullets("Why now", why),
        numbered("What to do", do),
        bullets("Missing or not readable", missing),
        bullets("Evidence", evidence),
        f"*{footer}*",
    )


def fitting(summary: str) -> str:
    """The summary, cut at a word where it would reach the limit of CDS Hooks."""
    if len(summary) < SUMMARY_LIMIT:
        return summary
    return summary[: SUMMARY_LIMIT - 2].rsplit(" ", 1)[0].rstrip(" ,;(") + "…"


def suggestions(
    names: Iterable[str],
    patient: Assessment,
    wording: Wording,
    orders: tuple[Medication, ...],
    *,
    draft: bool,
    placeholders: Mapping[str, str],
) -> tuple[Suggestion, ...]:
    """The suggestions of a card that fit this patient and these orders; the first recommended one is marked.

    A suggestion that takes an order away is left out when there is no order to take away (no id).
    """
    removable = [order for order in orders if order.reference]
    made: list[Suggestion] = []
    for name in names:
        text = wording.suggestions[name]
        if not _fits(text, patient, draft=draft) or (text.removes and not removable):
            continue
        actions: list[Remove | Propose] = []
        for action in text.actions:
            if action == "remove":
                actions += [_remove(order, draft=draft) for order in removable]
            else:
                actions.append(Propose(action, wording.actions[action]))
        marked = text.recommended and not any(suggestion.recommended for suggestion in made)
        made.append(Suggestion(text.label.format_map(placeholders), tuple(actions), recommended=marked))
    return tuple(made)


def _fits(text: SuggestionText, patient: Assessment, *, draft: bool) -> bool:
    if text.only and (text.only == "draft") is not draft:
        return False
    return holds(patient, text.when, text.unless)


def _remove(order: Medication, *, draft: bool) -> Remove:
    verb = "Delete the draft order" if draft else "Stop the active prescription"
    return Remove(order.reference, draft, f"{verb}: {order.display or order.reference}"[:200])


def make_card(
    topic: str,
    text: CardText,
    indicator: Indicator,
    *,
    summary: str,
    body: str,
    offered: tuple[Suggestion, ...],
    reasons: Iterable[OverrideReason],
) -> Card:
    """A card of a topic."""
    return Card(
        topic=topic,
        topic_display=text.title,
        indicator=indicator,
        summary=fitting(summary),
        detail=body,
        suggestions=offered,
        override_reasons=tuple(reasons),
    )
