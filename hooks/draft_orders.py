"""What order-select and order-sign share: judging drafts, and when they cannot be judged.

What may live here: the drug rules over `chart.drafts`. A draft never scores and never changes the tier.
"""

from __future__ import annotations

from datetime import date

from hooks.assessment import Assessment, Tier
from hooks.card import Card, Indicator, most_urgent_first
from hooks.cards import make_status_card
from hooks.chart import Chart
from hooks.judgement import INCOMPLETE, CannotJudge, judge
from hooks.offending_drugs import Moment, drug_cards
from hooks.policy import Policy

UNREAD_DRAFT = "order-data-gap"
"""The topic of the card that tells of drafts which could not be read."""


def _of_known_class(chart: Chart, policy: Policy) -> bool:
    return any(match.drug_class in policy.rules for draft in chart.drafts for match in draft.matches)


def advise_on_drafts(chart: Chart, on: date, policy: Policy, moment: Moment) -> list[Card]:
    """The cards for the drafts of a chart.

    Without a draft that names a drug there is nothing to say. Without the active medications a card still comes where
    scope is established and a rule matches (the card says what was not read); silence does not.

    Raises:
        CannotJudge: patient, conditions, or a look-up that could have changed silence.
    """
    if not chart.drafts and not chart.unread_drafts:
        return []

    def cards_on_drafts(patient: Assessment, policy: Policy) -> list[Card]:
        cards = drug_cards(patient, patient.chart.drafts, moment, policy)
        if chart.unread_drafts and patient.drafts_matter:
            cards.append(make_status_card(UNREAD_DRAFT, Indicator.INFO, patient, policy))
        # One weak sign and points that could not be read: with these points the same order might need a warning.
        close_call = patient.dialysis and patient.tier is Tier.POSSIBLE and patient.risk_incomplete
        if not cards and close_call and _of_known_class(patient.chart, policy):
            cards.append(make_status_card(INCOMPLETE, Indicator.INFO, patient, policy))
        return cards

    cards = judge(chart, on, policy, cards_on_drafts)
    gap = chart.gap("medications")
    if gap is not None and not cards and not Assessment(chart, on, policy.thresholds(on)).is_child:
        raise CannotJudge(gap.what, gap.reason)
    return most_urgent_first(cards)
