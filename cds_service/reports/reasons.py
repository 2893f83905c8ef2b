"""Why a card was overridden, as one line of a report.

What may live here: names of reasons. What an EHR sends in place of a reason of ours is free text and may name anybody:
a report for many readers never repeats it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Protocol

NO_REASON = "no reason given"
COMMENT_ONLY = "comment only"
NOT_OURS = "a reason that this service does not offer"


class Overridden(Protocol):
    """Cards that were overridden for one reason."""

    @property
    def reason_system(self) -> str:
        """The code system; "" where none was sent."""

    @property
    def reason_code(self) -> str:
        """The code; "" where none was sent."""

    @property
    def comment_only(self) -> bool:
        """Did a comment come in place of a reason?"""


def is_ours(row: Overridden, codes: Collection[str], system: str) -> bool:
    """Is it one of the reasons that our cards offer? `codes` are those of our code system `system`."""
    return row.reason_code in codes and row.reason_system in ("", system)


def named_by_code(row: Overridden) -> str:
    """The code as it was sent, whoever's it is."""
    return row.reason_code or (COMMENT_ONLY if row.comment_only else NO_REASON)


def named_for_all(displays: Mapping[str, str], system: str) -> Callable[[Overridden], str]:
    """How a report for many readers names reasons: by our own words (`displays` by code), and nothing of others."""

    def name(row: Overridden) -> str:
        if is_ours(row, displays, system):
            return displays[row.reason_code]
        return NOT_OURS if row.reason_code else named_by_code(row)

    return name
