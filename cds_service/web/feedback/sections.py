"""The sections of the feedback page beside those of the cards: heads, and what is said where one is empty.

What may live here: words, and how a value of a table is written on the page.
"""

from __future__ import annotations

from typing import NamedTuple

from cds_service.reports import FEWEST, OfHundred, Value, Withheld


class Section(NamedTuple):
    """A section by the name of its table. `about` is said above the table, `empty` in place of it."""

    name: str
    head: str
    about: str
    empty: str


BACK = "Few or no cards where many were held back are no quiet time: those stand beside the cards that were shown."
SECTIONS = (
    Section("charts", "For each 100 opened charts", BACK, "No chart was opened."),
    Section("burden", "For each 100 calls of a hook", BACK, "No call was answered."),
    Section(
        "policy",
        "Policy versions in this quarter",
        "By which data files (a hash over all of them, those of a site policy too) and by which release calls were "
        "answered, and the weeks of the first and the last call.",
        "No call is known.",
    ),
    Section(
        "held-back",
        "Held back",
        "Cards that were worked out and not shown. “shadow”: what would have been shown. For each hundred charts count "
        "those that were opened meanwhile: under the policy versions that held cards back for that reason; for "
        "“kill-switch” those between off and on.",
        "No card was held back.",
    ),
    Section(
        "gap",
        "Silent because something could not be read",
        "Calls that were answered without a card, and what could not be read: nobody knows whether there was a risk.",
        "No call was answered without a card while something could not be read.",
    ),
    Section(
        "refusal",
        "Refused",
        "Calls that were not answered, and what they needed and could not be read.",
        "No call was refused.",
    ),
    Section(
        "silent",
        "Fallen silent",
        "What was there before and was not in the last days. Either no patient seems to be at risk, or something is "
        "broken or off.",
        "Nothing has fallen silent.",
    ),
    Section(
        "unmapped",
        "Codes that are not known",
        "Codes of labs and drugs that the vocabulary does not hold, by the calls on which they were. "
        f"Those on fewer than {FEWEST} calls are left out.",
        f"No such code was on {FEWEST} calls or more.",
    ),
)


def shown_value(value: Value) -> str:
    """A value of a table, as the page writes it."""
    if isinstance(value, Withheld):
        return value.value
    if isinstance(value, OfHundred):
        return f"{value:.1f}"
    if isinstance(value, int):
        return f"{value:,}"
    return "" if value is None else str(value)
