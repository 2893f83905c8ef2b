"""From a text of the data files and the facts of a patient to a card.

What may live here: the order of a card's sections and the limits on its length.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from hooks.card import SUMMARY_LIMIT, Card, Indicator, OverrideReason, Propose, Remove, Suggestion
from hooks.chart import Medication
from hooks.markdown import bullets, numbered, paragraphs
from hooks.policy import CardText
from hooks.wording import Wording


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
    wording: Wording,
    orders: tuple[Medication, ...],
    *,
    draft: bool,
    placeholders: Mapping[str, str],
) -> tuple[Suggestion, ...]:
    """The suggestions of a card. One that removes an order is left out when there is no order to remove (no id), or
    when it is meant for drafts and this is an active prescription.
    """
    made: list[Suggestion] = []
    for name in names:
        text = wording.suggestions[name]
        if "remove" in text.actions and (
            not any(order.reference for order in orders) or (text.draft_only and not draft)
        ):
            continue
        actions: list[Remove | Propose] = []
        for action in text.actions:
            if action == "remove":
                actions += [_remove(order, draft=draft) for order in orders if order.reference]
            else:
                actions.append(Propose(action, wording.actions[action]))
        label = text.label.format_map(placeholders)
        made.append(Suggestion(label, tuple(actions), recommended=not made))
    return tuple(made)


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
