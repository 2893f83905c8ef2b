"""What stands behind a card: recommendation, evidence, contradictions and limits, from `reasons.toml`.

What may live here: reading and checking the reasons, and the numbers that are filled into them.
"""

from hooks.reasons.loading import load_reasons
from hooks.reasons.numbers import Dated, Number, Numbers, filled, load_numbers
from hooks.reasons.reasons import Reasons

__all__ = [
    "Dated",
    "Number",
    "Numbers",
    "Reasons",
    "filled",
    "load_numbers",
    "load_reasons",
]
