"""The situations by name that `drug_rules.toml` may use in `when` and `unless`.

What may live here: one line per situation, each a question to the assessment that is answered True or not. "Cannot
tell" is never True here: missing data has its own situations.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from hooks.assessment import Assessment, Tier
from hooks.chart import Analyte

Situation = Callable[[Assessment], bool]

MINERALS = frozenset(
    {
        Analyte.TOTAL_CALCIUM,
        Analyte.ALBUMIN_CORRECTED_CALCIUM,
        Analyte.IONISED_CALCIUM,
        Analyte.PHOSPHATE,
        Analyte.ALBUMIN,
        Analyte.INTACT_PTH,
    }
)
"""The results on which the calcium and active vitamin D rules rest."""

CALCIUM = frozenset({Analyte.TOTAL_CALCIUM, Analyte.ALBUMIN_CORRECTED_CALCIUM, Analyte.IONISED_CALCIUM})


def unreadable(patient: Assessment, analytes: frozenset[Analyte]) -> bool:
    """Did a look-up fail that may hide one of these results?"""
    return any(gap.analytes & analytes for gap in patient.chart.gaps)


SITUATIONS: dict[str, Situation] = {
    "calciphylaxis": lambda patient: patient.calciphylaxis,
    "calciphylaxis_confirmed": lambda patient: patient.tier is Tier.CONFIRMED,
    "on_dialysis": lambda patient: bool(patient.dialysis),
    "mechanical_valve": lambda patient: patient.valve in ("mechanical", "possibly mechanical"),
    "valve_unread": lambda patient: patient.valve == "unread",
    "infection": lambda patient: patient.infection is not None,
    "hungry_bone": lambda patient: patient.active("hungry_bone") is not None,
    "calcium_high": lambda patient: bool(patient.labs.calcium.high),
    "calcium_very_high": lambda patient: bool(patient.labs.calcium.very_high),
    "calcium_low": lambda patient: bool(patient.labs.calcium.low),
    "calcium_very_low": lambda patient: bool(patient.labs.calcium.very_low),
    "calcium_missing": lambda patient: patient.labs.calcium.high.met is None,
    "phosphate_missing": lambda patient: patient.labs.phosphate_high.met is None,
    "product_moderate": lambda patient: patient.labs.product_moderate is True,
    "pth_high": lambda patient: bool(patient.labs.pth_high),
    "pth_low_twice": lambda patient: bool(patient.pth_twice_low),
    "pth_low_for_vitamin_d": lambda patient: bool(patient.labs.pth_low_for_vitamin_d),
    "minerals_unreadable": lambda patient: unreadable(patient, MINERALS),
    "calcium_unreadable": lambda patient: unreadable(patient, CALCIUM),
}


def holds(patient: Assessment, when: Iterable[str], unless: Iterable[str] = ()) -> bool:
    """Do all situations of `when` hold, and none of `unless`?"""
    return all(SITUATIONS[name](patient) for name in when) and not any(SITUATIONS[name](patient) for name in unless)
