"""The order-select service: advice on the drug orders that the clinician has just picked.

What may live here: the four constants that describe the service, and what it does with the drafts that were picked.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from hooks.card import Card
from hooks.chart import Chart
from hooks.draft_orders import advise_on_drafts
from hooks.offending_drugs import Moment
from hooks.policy import Policy

ID = "calciphylaxis-order-select"
HOOK = "order-select"
TITLE = "Calciphylaxis drug check while ordering"
DESCRIPTION = (
    "For adults on dialysis or with calciphylaxis: says which selected drug order feeds calciphylaxis (vitamin K "
    "antagonists, calcium products, vitamin D, iron) and what to order instead."
)


def advise(chart: Chart, on: date, policy: Policy, untold: Collection[str] = ()) -> list[Card]:
    """The cards for the selected draft orders (`chart.drafts`), most urgent first.

    Cards on the topics `untold` are held back by the clinic: whatever could not be read is told without them.

    Raises:
        CannotJudge: a look-up failed without which the drafts cannot be judged.
    """
    return advise_on_drafts(chart, on, policy, Moment.ORDER_SELECT, untold)
