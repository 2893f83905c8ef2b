"""Is the patient on maintenance dialysis: the scope of nearly every rule.

What may live here: the evidence for and against dialysis, in the order in which it is weighed. Acute or continuous
therapy, CKD 5 alone and a history code alone show nothing and are not even looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from hooks.chart import Chart, Condition, Procedure, Source, Span
from hooks.thresholds import Thresholds

DIALYSIS_PROCEDURES = ("haemodialysis_procedure", "dialysis_procedure", "peritoneal_dialysis_procedure")
MONTHLY_SERVICE = "dialysis_monthly_service"
PERITONEAL_DIALYSIS_FLUID = "peritoneal_dialysis_fluid"
END_STAGE = ("esrd", "esrd_in_words", "esrd_taken_back", "untreated_esrd")

ACUTE = "acute kidney injury on record"
BY_ESRD = "presumed from the ESRD code"
BY_GRAFT = "presumed from the graft failure code"
BY_WORDS = "read from words"


class Dialysis(StrEnum):
    """Maintenance dialysis shown, presumed, or not shown."""

    ON = "on dialysis"
    PRESUMED = "presumed"
    NONE = "not on dialysis"


@dataclass(frozen=True, slots=True)
class DialysisStatus:
    """The status and the record's words that show it; for presumed dialysis, on what it rests."""

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
    """Maintenance dialysis as of `on`.

    A working transplant silences unless dialysis is recent. Then comes direct evidence; sessions alone while acute
    kidney injury is active only presume it. Then codes and words of end-stage disease presume it.
    """
    if _transplant_works(chart, on):
        return _in_spite_of_transplant(chart, on, limits)
    direct = _direct_evidence(chart, on, limits)
    return direct or _presumed(chart)


def transplanted(chart: Chart) -> bool:
    """A kidney transplant is an active condition, or a completed procedure."""
    return any(chart.active("transplant")) or any(map(_is_transplant, chart.procedures))


def may_be_dialysed(chart: Chart, on: date, limits: Thresholds) -> bool:
    """Could a session that could not be read show dialysis, had it been read? One of an unknown day could."""
    days = session_days(chart, on, limits)
    return any(day is None or 0 <= (on - day).days <= days for day in chart.unread_sessions)


def session_days(chart: Chart, on: date, limits: Thresholds) -> float:
    """For how many days a session shows dialysis: for fewer in spite of a transplant that works."""
    return limits.dialysis_after_transplant_days if _transplant_works(chart, on) else limits.dialysis_procedure_days


def end_stage(chart: Chart) -> bool:
    """End-stage kidney disease is on record, by code or words, dialysed or not."""
    return any(chart.active(*END_STAGE))


def active_procedures(chart: Chart, on: date, days: float, *concepts: str) -> Iterator[tuple[date, Procedure]]:
    """The procedures with one of the concepts within `days`, with their day; what still runs counts as today."""
    for procedure in chart.procedures:
        if procedure.concepts.keys().isdisjoint(concepts):
            continue
        day = on if procedure.ongoing else procedure.on
        if day is not None and 0 <= (on - day).days <= days:
            yield day, procedure


def dialysis_fluid(chart: Chart) -> str:
    """The active peritoneal dialysis fluid as recorded, or ""; it is said where no order names it."""
    for medication in chart.medications:
        if any(match.drug_class == PERITONEAL_DIALYSIS_FLUID for match in medication.matches):
            ordered = medication.source is Source.ORDER
            return medication.display if ordered else f"{medication.display}, from the medication history"
    return ""


def _transplant_works(chart: Chart, on: date) -> bool:
    return transplanted(chart) and not _graft_failed(chart, on)


def _is_transplant(procedure: Procedure) -> bool:
    return "transplant_procedure" in procedure.concepts


def _in_spite_of_transplant(chart: Chart, on: date, limits: Thresholds) -> DialysisStatus:
    recent = _by_treatment(chart, on, limits.dialysis_after_transplant_days)
    return recent or DialysisStatus(Dialysis.NONE, "kidney transplant")


def _direct_evidence(chart: Chart, on: date, limits: Thresholds) -> DialysisStatus | None:
    condition = next(chart.active("dialysis_status"), None)
    if condition is not None:
        return DialysisStatus(Dialysis.ON, condition.text)
    return _by_treatment(chart, on, limits.dialysis_procedure_days)


def _by_treatment(chart: Chart, on: date, days: float) -> DialysisStatus | None:
    """Sessions or the monthly service within `days`, or the fluid; sessions alone may be those of an acute injury."""
    sessions = _newest(chart, on, days, *DIALYSIS_PROCEDURES)
    lasting = _newest(chart, on, days, MONTHLY_SERVICE) or dialysis_fluid(chart)
    if sessions and not lasting and _only_acute(chart, on):
        return DialysisStatus(Dialysis.PRESUMED, ACUTE)
    shown = _newest(chart, on, days, *DIALYSIS_PROCEDURES, MONTHLY_SERVICE) or lasting
    return DialysisStatus(Dialysis.ON, shown) if shown else None


def _only_acute(chart: Chart, on: date) -> bool:
    """Acute kidney injury is active, and no condition shows chronic dialysis, end-stage disease or a failed graft."""
    if not any(chart.active("acute_kidney_injury")):
        return False
    chronic = chart.active("dialysis_status", "esrd", "esrd_in_words", "graft_failure")
    return not any(chronic) and not _graft_failed(chart, on)


def _presumed(chart: Chart) -> DialysisStatus:
    untreated = any(chart.active("untreated_esrd"))
    if not untreated:
        if any(chart.active("esrd")):
            return DialysisStatus(Dialysis.PRESUMED, BY_ESRD)
        if any(chart.active("graft_failure")):
            return DialysisStatus(Dialysis.PRESUMED, BY_GRAFT)
    if any(chart.active("dialysis_in_words", *(() if untreated else ("esrd_in_words",)))):
        return DialysisStatus(Dialysis.PRESUMED, BY_WORDS)
    return DialysisStatus(Dialysis.NONE, "end-stage renal disease recorded as untreated" if untreated else "")


def _newest(chart: Chart, on: date, days: float, *concepts: str) -> str:
    """The newest procedure with one of the concepts within `days`, with its day, or ""."""
    found = max(active_procedures(chart, on, days, *concepts), key=lambda pair: pair[0], default=None)
    return f"{found[1].text}, {found[0].isoformat()}" if found else ""


def _graft_failed(chart: Chart, on: date) -> bool:
    """A graft failure code, or dialysis dependence, by code or words, recorded or begun on a later day than the latest
    transplant. Without a day of the transplant nothing can be shown to be later. A month or year that is not over
    stands for today.
    """
    if any(chart.active("graft_failure")):
        return True
    dates = [_date(condition) for condition in chart.active("transplant")]
    known = [min(span.last, on) for span in dates if span is not None]
    known += [procedure.on for procedure in chart.procedures if _is_transplant(procedure) and procedure.on is not None]
    if not known:
        return False
    return any(
        min(span.last, on) > max(known)
        for condition in chart.active("dialysis_status", "dialysis_in_words")
        for span in (condition.onset, condition.recorded)
        if span is not None
    )


def _date(transplant: Condition) -> Span | None:
    return transplant.onset or transplant.recorded
