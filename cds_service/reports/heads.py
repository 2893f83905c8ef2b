"""Heads of the tables of reports: what each is called, what it counts, and what is said where it is empty.

What may live here: these words. They are the same on the command line and on the page.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from cds_service.reports.withholding import FEWEST

_BACK = "Few or no cards where many were held back are no quiet time: those stand beside the cards that were shown."
_AGAIN = "“held as repeated” are those of them that were held back because their user had seen the same advice before."


class Head(NamedTuple):
    """A head. `about` is said above the table and `empty` in place of it, {looked_at} and {answered} being numbers of
    calls; both otherwise where small numbers are withheld. `empty_too_short` is said where a range has no
    time before its last days.
    """

    head: str
    empty: str
    about: str = ""
    empty_withheld: str = ""
    about_withheld: str = ""
    empty_too_short: str = ""

    def where_withheld(self) -> Head:
        """The same for many readers."""
        about = " ".join(filter(None, (self.about, self.about_withheld)))
        return self._replace(empty=self.empty_withheld or self.empty, about=about)


HEADS: Mapping[str, Head] = {
    "topic": Head("Cards by topic", "No card was shown."),
    "hook": Head("Cards by hook", "No call and no card."),
    "tenant": Head("Cards by tenant", "No call and no card."),
    "week": Head("Cards by week", "No week."),
    "policy": Head(
        "Versions of the policy",
        "No call is known.",
        "By which data files (a hash over all of them, those of a site policy too) and by which release calls were "
        "answered, with the first and the last of them.",
    ),
    "policy-change": Head(
        "What became of site policies",
        "No site policy was changed.",
        "Who answers for which version, from when on. What holds for the default is told to each.",
    ),
    "reason": Head("Why cards were overridden", "No card was overridden."),
    "held-back": Head(
        "Held back",
        "No card was held back.",
        "Cards that were worked out and not shown. “shadow”: what would have been shown. For each hundred charts count "
        "those that the tenant opened meanwhile: under the policy versions that held cards back for that reason; for "
        "“kill-switch” those between off and on.",
    ),
    "review": Head(
        "Appropriate, by what reviewers judged",
        "No card of a sample was entered.",
        "Cards of samples for review, each once. from, to: Wilson interval (95 %) of the appropriate share of the "
        "cards judged; where reviewers differ a card is disputed, and not appropriate. Each topic was drawn by itself, "
        "so they have no sum.",
    ),
    "gap": Head(
        "Silent because something could not be read",
        "No call was answered without a card while something could not be read.",
        "Calls that were answered without a card, and what could not be read: nobody knows whether there was a risk.",
    ),
    "refusal": Head(
        "Refused", "No call was refused.", "Calls that were not answered, and what they needed and could not be read."
    ),
    "charts": Head("Burden: cards for each 100 opened charts", "No chart was opened.", f"{_BACK} {_AGAIN}"),
    "burden": Head("Burden: cards for each 100 calls of a hook", "No call was answered.", _BACK),
    "silent": Head(
        "Fallen silent",
        "Nothing has fallen silent.",
        "What was there before and was not in the last days. Either no patient seems to be at risk, or something is "
        "broken or off. A topic that was held back because the user had seen the same advice before is not silent.",
        empty_too_short="It cannot be told: the range has no time before its last days.",
    ),
    "switched": Head(
        "Switched off and on at once, by the kill switch",
        "Nothing was switched.",
        "What was switched for all tenants, or for the default, is told to each.",
    ),
    "unmapped": Head(
        "Codes that are not known",
        "None was on the calls that were looked at, {looked_at} of {answered} answered.",
        "Codes of labs and drugs that the vocabulary does not hold, by the calls on which they were.",
        f"None was on {FEWEST} calls or more, of those that were looked at, {{looked_at}} of {{answered}} answered.",
        f"Those on fewer than {FEWEST} calls are left out.",
    ),
}
