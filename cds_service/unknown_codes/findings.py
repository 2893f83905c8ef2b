"""What was seen that our vocabulary does not hold, as frozen values.

What may live here: those values. They name no patient.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class UnknownCode:
    """A code that our vocabulary does not hold, on records that have no code that it holds.

    The code is "" for records without a code, whose words tell nothing either.
    """

    resource_type: str
    system: str
    code: str
    known_system: bool
    times: int


@dataclass(frozen=True, slots=True)
class UnknownUnit:
    """A unit in which results of an analyte came and that is none of its units in our vocabulary."""

    analyte: str
    unit: str
    times: int
