"""Is the patient on maintenance dialysis: the scope of nearly every rule.

What may live here: the evidence for and against dialysis, in the order in which it is weighed. Acute or continuous
therapy, CKD 5 alone and a history code alone show nothing and are not even looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from hooks.chart import Chart, Condition, Procedure
from hooks.thresholds import Thresholds

MAINTENANCE_PROCEDURES = ("haemodialysis_procedure", "peritoneal_dialysis_procedure", "dialysis_monthly_service")
PERITONEAL_DIALYSIS_FLUID = "peritoneal_dialysis_fluid"


class Dialysis(StrEnum):
    """Maintenance dialysis shown, presumed from a code, or not shown."""

    ON = "on dialysis"
    PRESUMED = "presumed"
    NONE = "not on dialysis"


@dataclass(frozen=True, slots=True)
class DialysisStatus:
    """The status and the record's words that show it."""

    status: Dialysis
    evidence: str = ""

    def __bool__(self) -> bool:
        """Presumed dialysis follows the same rules as dialysis."""
        return self.status is not Dialysis.NONE

    @property
    def presumed(self) -> bool:
        """True when every card has to say that dialysis is not confirmed."""
        return self.status is Dialysis.PRESUMED


def dialysis_status(chart: Chart, on: date, limits: Thresholds) -> DialysisStatus:
    """Maintenance dialysis as of `on`. A working transplant silences unless dialysis is recent. Then comes direct
    evidence. Then an end-stage or graft failure code presumes it, unless the record says untreated.
    """
    transplants = list(_active(chart, "transplant"))
    if transplants and not _graft_failed(chart, transplants):
        recent = _recent_procedure(chart, on, limits.dialysis_after_transplant_days)
        return recent or DialysisStatus(Dialysis.NONE, "kidney transplant")
    direct = _direct_evidence(chart, on, limits)
    if direct:
        return direct
    if any(_active(chart, "untreated_esrd")):
        return DialysisStatus(Dialysis.NONE, "end-stage renal disease recorded as untreated")
    if any(_active(chart, "esrd")):
        return DialysisStatus(Dialysis.PRESUMED, "presumed from the ESRD code")
    if any(_active(chart, "graft_failure")):
        return DialysisStatus(Dialysis.PRESUMED, "presumed from the graft failure code")
    return DialysisStatus(Dialysis.NONE)


def _active(chart: Chart, concept: str) -> Iterator[Condition]:
    return (condition for condition in chart.conditions if condition.active and concept in condition.concepts)


def _direct_evidence(chart: Chart, on: date, limits: Thresholds) -> DialysisStatus | None:
    condition = next(_active(chart, "dialysis_status"), None)
    if condition is not None:
        return DialysisStatus(Dialysis.ON, condition.text)
    procedure = _recent_procedure(chart, on, limits.dialysis_procedure_days)
    if procedure:
        return procedure
    for medication in chart.medications:
        if any(match.drug_class == PERITONEAL_DIALYSIS_FLUID for match in medication.matches):
            return DialysisStatus(Dialysis.ON, medication.display)
    return None


def _recent_procedure(chart: Chart, on: date, days: float) -> DialysisStatus | None:
    """The newest maintenance dialysis procedure or monthly service within `days`; what still runs counts as today."""
    dated = [(day, procedure) for procedure in chart.procedures if (day := _procedure_day(procedure, on)) is not None]
    recent = [(day, procedure) for day, procedure in dated if 0 <= (on - day).days <= days]
    if not recent:
        return None
    day, procedure = max(recent, key=lambda pair: pair[0])
    return DialysisStatus(Dialysis.ON, f"{procedure.text}, {day.isoformat()}")


def _procedure_day(procedure: Procedure, on: date) -> date | None:
    if not any(concept in procedure.concepts for concept in MAINTENANCE_PROCEDURES):
        return None
    return on if procedure.ongoing else procedure.on


def _graft_failed(chart: Chart, transplants: list[Condition]) -> bool:
    """A graft failure code, or dialysis dependence recorded or begun on a later day than the latest transplant."""
    if any(_active(chart, "graft_failure")):
        return True
    dates = [span for transplant in transplants if (span := transplant.onset or transplant.recorded)]
    if not dates:
        return False
    latest = max(span.last for span in dates)
    return any(
        span.first > latest
        for condition in _active(chart, "dialysis_status")
        for span in (condition.onset, condition.recorded)
        if span is not None
    )
