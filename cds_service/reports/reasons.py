"""Why a card was overridden, as one line of a report.

What may live here: names of reasons. What an EHR sends in place of a reason of ours is free text and may name anybody:
a report for many readers never repeats it. A code under our own code system is none: the system stands nowhere but on
our cards, and a program sends it back beside the code that stood there. So a code of that system, in the form that
codes of reasons have, is told although no policy offers it now: a clinic may have taken it out of its policy.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import Protocol

NO_REASON = "no reason given"
COMMENT_ONLY = "comment only"
NOT_OURS = "a reason that this service does not offer"
NO_LONGER = "no policy offers it now: "
"""Before the code."""
_CODE = re.compile("(?=.{1,60}$)[a-z0-9]+(?:-[a-z0-9]+)*")
"""As `schemas/site_policy.json` wants it."""


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
    """How a report for many readers names reasons: by our own words (`displays` by code), by the code where it is one
    of our code system `system` that is not offered now, and nothing of others.
    """

    def name(row: Overridden) -> str:
        if is_ours(row, displays, system):
            return displays[row.reason_code]
        if row.reason_system == system and _CODE.fullmatch(row.reason_code):
            return f"{NO_LONGER}{row.reason_code}"
        return NOT_OURS if row.reason_code else named_by_code(row)

    return name


def code_for_all(codes: Collection[str], system: str) -> Callable[[Overridden], str]:
    """How a file for others names reasons: by the code where it is one of our code system, offered now or not."""

    def name(row: Overridden) -> str:
        if is_ours(row, codes, system) or (row.reason_system == system and _CODE.fullmatch(row.reason_code)):
            return row.reason_code
        return NOT_OURS if row.reason_code else named_by_code(row)

    return name
