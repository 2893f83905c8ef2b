"""What order-select and order-sign share: judging drafts, and when they cannot be judged.

What may live here: the drug rules over `chart.drafts`. A draft never scores and never changes the tier.
"""

from __future__ import annotations

from datetime import date

from hooks.assessment import Assessment
from hooks.card import Card, most_urgent_first
from hooks.chart import Chart
from hooks.judgement import CannotJudge, judge
from hooks.offending_drugs import Moment, drug_cards
from hooks.policy import Policy


def nothing_to_judge(chart: Chart, policy: Policy) -> bool:
    """True when no draft is of a drug class that any rule knows: no other data could change the answer."""
    return not any(match.drug_class in policy.rules for draft in chart.drafts for match in draft.matches)


def advise_on_drafts(chart: Chart, on: date, policy: Policy, moment: Moment) -> list[Card]:
    """The cards for the drafts of a chart.

    Drafts of which no drug class is known to any rule are answered with no card at once. Without the active
    medications a card still comes where scope is established and a rule matches (the card says what was not read);
    silence does not.

    Raises:
        CannotJudge: patient, conditions, or a look-up that could have changed silence.
    """
    if nothing_to_judge(chart, policy):
        return []

    def cards_on_drafts(patient: Assessment, policy: Policy) -> list[Card]:
        return drug_cards(patient, patient.chart.drafts, moment, policy)

    cards = judge(chart, on, policy, cards_on_drafts)
    gap = chart.gap("medications")
    if gap is not None and not cards and not Assessment(chart, on, policy.thresholds(on)).is_child:
        raise CannotJudge(gap.what, gap.reason)
    return most_urgent_first(cards)
