"""The order-sign service: the last check of all draft drug orders before they are signed; info cards are dropped.

What may live here: the four constants that describe the service, and what it does with all drafts.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from hooks.card import Card
from hooks.chart import Chart
from hooks.draft_orders import advise_on_drafts
from hooks.offending_drugs import Moment
from hooks.policy import Policy

ID = "calciphylaxis-order-sign"
HOOK = "order-sign"
TITLE = "Calciphylaxis drug check before signing"
DESCRIPTION = (
    "For adults on dialysis or with calciphylaxis: warns before a drug order that feeds calciphylaxis is signed "
    "(vitamin K antagonists, calcium products, vitamin D, iron), with alternatives and coded override reasons."
)


def advise(chart: Chart, on: date, policy: Policy, untold: Collection[str] = ()) -> list[Card]:
    """The warning and critical cards for all draft orders (`chart.drafts`), most urgent first.

    Cards on the topics `untold` are held back by the clinic: whatever could not be read is told without them.

    Raises:
        CannotJudge: a look-up failed without which the drafts cannot be judged.
    """
    return advise_on_drafts(chart, on, policy, Moment.ORDER_SIGN, untold)
