"""The sections of the feedback page beside those of the cards.

What may live here: which there are, and how a value of a table is written on the page.
"""

from __future__ import annotations

from collections.abc import Mapping

from cds_service.reports import HEADS, Head, OfHundred, Value, Withheld

_NAMES = ("charts", "burden", "policy", "held-back", "gap", "refusal", "silent", "switched", "unmapped")
SECTIONS: Mapping[str, Head] = {name: HEADS[name].where_withheld() for name in _NAMES}


def shown_value(value: Value) -> str:
    """A value of a table, as the page writes it."""
    if isinstance(value, Withheld):
        return value.value
    if isinstance(value, OfHundred):
        return f"{value:.1f}"
    if isinstance(value, int):
        return f"{value:,}"
    return "" if value is None else str(value)
