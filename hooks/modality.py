"""Which kind of dialysis: haemodialysis, peritoneal dialysis or both. It changes the words of cards, never a rule.

What may live here: the evidence for each kind. Codes and words that name dialysis without its kind are evidence of
neither.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from hooks.chart import Analyte, Chart
from hooks.dialysis_status import active_procedures, dialysis_fluid
from hooks.labs import Labs
from hooks.thresholds import Thresholds

HAEMODIALYSIS = ("haemodialysis_procedure", "haemodialysis_evidence")
PERITONEAL = ("peritoneal_dialysis_procedure", "peritoneal_evidence")


class Modality(StrEnum):
    """The kind of dialysis that cards speak of; haemodialysis where nothing tells."""

    HAEMODIALYSIS = "haemodialysis"
    PERITONEAL = "peritoneal"
    BOTH = "both"


def modality(chart: Chart, on: date, limits: Thresholds, labs: Labs) -> Modality:
    """Peritoneal when only that is shown, both when both are, else haemodialysis."""
    weekly_dose = next(iter(labs.usable(Analyte.PD_WEEKLY_KT_V)), None)
    peritoneal = _shown(chart, on, limits, *PERITONEAL) or bool(dialysis_fluid(chart)) or weekly_dose is not None
    if not peritoneal:
        return Modality.HAEMODIALYSIS
    return Modality.BOTH if _shown(chart, on, limits, *HAEMODIALYSIS) else Modality.PERITONEAL


def _shown(chart: Chart, on: date, limits: Thresholds, *concepts: str) -> bool:
    """An active condition, or a procedure that is recent enough to show dialysis."""
    return any(active_procedures(chart, on, limits.dialysis_procedure_days, *concepts)) or any(chart.active(*concepts))
