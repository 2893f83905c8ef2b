"""What order-select and order-sign share: judging drafts, and when they cannot be judged.

What may live here: the drug rules over `chart.drafts`. A draft never scores and never changes the tier.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from hooks.assessment import Assessment, Tier
from hooks.card import Card, Indicator, most_urgent_first
from hooks.cards import make_status_card
from hooks.chart import Chart
from hooks.judgement import INCOMPLETE, CannotJudge, judge, told
from hooks.offending_drugs import Moment, drug_cards
from hooks.policy import Policy

UNREAD_DRAFT = "order-data-gap"
"""The topic of the card that tells of drafts which could not be read."""


def _of_known_class(chart: Chart, policy: Policy) -> bool:
    return any(match.drug_class in policy.rules for draft in chart.drafts for match in draft.matches)


def advise_on_drafts(
    chart: Chart, on: date, policy: Policy, moment: Moment, untold: Collection[str] = ()
) -> list[Card]:
    """The cards for the drafts of a chart.

    Without a draft that names a drug there is nothing to say. Without the active medications a card still comes where
    scope is established and a rule matches (the card says what was not read); silence does not. Cards on the topics
    `untold` are held back by the clinic: whatever could not be read is told without them.

    Raises:
        CannotJudge: patient, conditions, or a look-up that could have changed silence.
    """
    if not chart.drafts and not chart.unread_drafts:
        return []

    def cards_on_drafts(patient: Assessment, policy: Policy) -> list[Card]:
        worked_out = drug_cards(patient, patient.chart.drafts, moment, policy)
        cards = told(worked_out, untold)
        if chart.unread_drafts and patient.drafts_matter:
            cards.append(make_status_card(UNREAD_DRAFT, Indicator.INFO, patient, policy))
        # One weak sign and points that could not be read: with these points the same order might need a warning.
        close_call = patient.dialysis and patient.tier is Tier.POSSIBLE and patient.risk_incomplete
        may_matter = close_call and _of_known_class(patient.chart, policy)
        # Without the active drugs nobody is answered where no card of a drug is shown: see below.
        held_back = worked_out and patient.not_all_read and patient.chart.gap("medications") is None
        if not cards and (may_matter or held_back):
            cards.append(make_status_card(INCOMPLETE, Indicator.INFO, patient, policy))
        return cards

    cards = judge(chart, on, policy, cards_on_drafts)
    gap = chart.gap("medications")
    if gap is not None and not cards and not Assessment(chart, on, policy.thresholds(on)).is_child:
        raise CannotJudge(gap.what, gap.reason)
    return most_urgent_first(cards)
