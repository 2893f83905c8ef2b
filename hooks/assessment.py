"""The patient as a whole: scope, labs, signs, risk and tier, worked out once for one request.

What may live here: the tier and yes/no questions about the patient that several rules share. No wording.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Literal

from hooks.chart import Analyte, Chart, Condition, Procedure
from hooks.dialysis_status import (
    Dialysis,
    DialysisStatus,
    active_procedures,
    dialysis_status,
    end_stage,
    may_be_dialysed,
    transplanted,
)
from hooks.finding import CANNOT_TELL, Finding
from hooks.heart_valve import heart_valve
from hooks.labs import Labs
from hooks.modality import Modality, modality
from hooks.risk_score import Risk
from hooks.skin_signs import SkinSigns, last_day, skin_signs
from hooks.thresholds import Thresholds
from hooks.tiers import CALCIPHYLAXIS, Step, Tier, step_of

__all__ = ["Assessment", "Tier"]

SEPSIS_RESULTS = frozenset({Analyte.BODY_TEMPERATURE, Analyte.WHITE_CELL_COUNT, Analyte.C_REACTIVE_PROTEIN})
"""The results that only the sepsis watch looks at: without calciphylaxis they cannot matter."""


@dataclass(frozen=True)
class Assessment:
    """One chart on one calendar day of the clinic, under the thresholds in force on that day.

    `assume_dialysis` asks "what if this patient were on dialysis", `assume_transplant` the same of a kidney transplant
    in a patient who is not: used to find out whether a look-up that failed could have mattered.
    """

    chart: Chart
    on: date
    limits: Thresholds
    assume_dialysis: bool = False
    assume_transplant: bool = False

    @cached_property
    def dialysis(self) -> DialysisStatus:
        """Maintenance dialysis, shown, presumed or not."""
        status = dialysis_status(self.chart, self.on, self.limits)
        return DialysisStatus(Dialysis.ON) if self.assume_dialysis and not status else status

    @property
    def dialysis_unknown(self) -> bool:
        """Nothing shows dialysis, and the procedures that might could not be read: all of them, or a session."""
        if self.dialysis:
            return False
        failed = self.chart.gap("dialysis_procedures") is not None
        return failed or may_be_dialysed(self.chart, self.on, self.limits)

    @cached_property
    def labs(self) -> Labs:
        """The results that count today."""
        return Labs(self.chart, self.on, self.limits)

    @cached_property
    def risk(self) -> Risk:
        """The risk points."""
        return Risk(self.chart, self.on, self.limits, self.labs)

    @cached_property
    def signs(self) -> SkinSigns:
        """The skin signs that count today."""
        return skin_signs(self.chart, self.on, self.limits)

    @cached_property
    def confirmed(self) -> Condition | None:
        """The active, confirmed (or status-less) entry that names or codes calciphylaxis."""
        return self.active("calciphylaxis")

    @cached_property
    def step(self) -> Step:
        """The step that decides on the tier."""
        return step_of(self)

    @property
    def tier(self) -> Tier:
        """The first matching tier. Confirmed calciphylaxis counts with any kidney function."""
        return self.step.tier

    @property
    def age(self) -> int | None:
        """In whole years today; None with no date of birth, or one that lies ahead."""
        born = self.chart.born
        if born is None or born > self.on:
            return None
        return self.on.year - born.year - ((self.on.month, self.on.day) < (born.month, born.day))

    @property
    def is_child(self) -> bool:
        """Under the adult age today; a patient of unknown age counts as adult."""
        age = self.age
        return age is not None and age < self.limits.adult_age

    @property
    def off_dialysis_possible(self) -> bool:
        """Off dialysis: provisional calciphylaxis, or a grave sign in advanced kidney disease or with a transplant."""
        if self.dialysis or self.is_child:
            return False
        return bool(self.signs.provisional) or (self.signs.grave and self.advanced_kidney_disease)

    @property
    def advanced_kidney_disease(self) -> bool:
        """CKD stage 4 or 5, end-stage disease that is not dialysed, or a kidney transplant."""
        transplant = self.assume_transplant or transplanted(self.chart)
        return transplant or self.active("ckd4", "ckd5") is not None or end_stage(self.chart)

    @property
    def risk_incomplete(self) -> bool:
        """Could something that was not read raise the risk: a result (not the sepsis watch's), a drug, a condition?"""
        unread = any(gap.analytes - SEPSIS_RESULTS for gap in self.chart.gaps)
        return unread or self.chart.unread_entries > 0

    @property
    def not_all_read(self) -> bool:
        """Did a look-up fail that was not optional, or could an active drug or a condition not be read?"""
        return bool(self.chart.gaps) or self.chart.unread_entries > 0

    @property
    def drafts_matter(self) -> bool:
        """Could a drug that cannot be read be a wrong one: on dialysis, or with calciphylaxis now or in the past?"""
        known = self.dialysis or self.calciphylaxis or self.past_calciphylaxis
        return bool(known) and not self.is_child

    @property
    def calciphylaxis(self) -> bool:
        """Confirmed or suspected: the tiers in which the drug rules are strictest."""
        return self.tier in CALCIPHYLAXIS

    @property
    def provisional(self) -> str:
        """The recorded status ("provisional", …) when the tier rests on a provisional entry, else ""."""
        return self.signs.provisional if self.tier in (Tier.SUSPECTED, Tier.POSSIBLE) else ""

    def active(self, *concepts: str) -> Condition | None:
        """The first active condition with one of the concepts."""
        return next(self.chart.active(*concepts), None)

    @property
    def infection(self) -> Condition | None:
        """Active sepsis or bacteraemia, not too long on the list; without a date it counts."""
        for condition in self.chart.active("sepsis", "bacteraemia"):
            day = last_day(condition)
            if day is None or (self.on - day).days <= self.limits.sepsis_days:
                return condition
        return None

    @cached_property
    def past_calciphylaxis(self) -> Condition | None:
        """The entry of calciphylaxis that is resolved, or past by its words."""
        return next((entry for entry in self.chart.conditions if "calciphylaxis_history" in entry.concepts), None)

    @cached_property
    def parathyroidectomy_recent(self) -> Procedure | Literal[False]:
        """A parathyroidectomy as a procedure, recent enough for hungry bone; False where there is none."""
        days = self.limits.parathyroidectomy_days
        found = active_procedures(self.chart, self.on, days, "parathyroidectomy")
        return next((procedure for _, procedure in found), False)

    @cached_property
    def parathyroidectomy_ever(self) -> Condition | Procedure | Literal[False]:
        """A parathyroidectomy on record, with or without a date."""
        return self.recorded("parathyroidectomy")

    @cached_property
    def recent_bleeding(self) -> Condition | None:
        """A bleeding recorded or begun lately, resolved or not; without a date while it is active."""
        for condition in self.chart.conditions:
            if "recent_bleeding" not in condition.concepts:
                continue
            day = last_day(condition)
            if condition.active if day is None else 0 <= (self.on - day).days <= self.limits.bleeding_days:
                return condition
        return None

    @cached_property
    def hypocalcaemia_context(self) -> tuple[str, ...]:
        """What makes a low calcium need treatment in spite of calciphylaxis: names of `low_calcium` in the wording, and
        drugs.
        """
        found = [concept for concept in ("hypocalcaemia", "tetany", "hungry_bone") if self.active(concept)]
        if self.parathyroidectomy_recent:
            found.append("parathyroidectomy_recent")
        drugs = [
            match.drug
            for drug_class in ("calcimimetic", "denosumab")
            for medication in self.risk.taking(drug_class)
            for match in medication.matches
            if match.drug_class == drug_class
        ]
        return tuple(dict.fromkeys([*found, *drugs]))

    @cached_property
    def modality(self) -> Modality:
        """The kind of dialysis that cards speak of."""
        return modality(self.chart, self.on, self.limits, self.labs)

    @cached_property
    def valve(self) -> str:
        """ "mechanical", "kind not recorded" or "unread" (valve procedures could not be read), else ""."""
        return heart_valve(self.chart)

    def recorded(self, concept: str) -> Condition | Procedure | Literal[False]:
        """The active condition of the concept, else the procedure of any date; False where there is none."""
        condition = self.active(concept)
        if condition is not None:
            return condition
        return next((entry for entry in self.chart.procedures if concept in entry.concepts), False)

    def on_record(self, concept: str) -> bool:
        """Is the concept an active condition, or a procedure of any date?"""
        return bool(self.recorded(concept))

    @cached_property
    def pth_twice_low(self) -> Finding:
        """Both of the two newest PTH results of different days below the low-twice threshold."""
        findings = self.labs.pth_low_twice
        if len(findings) == 2 and all(findings):
            return findings[0]
        return next((finding for finding in findings if finding.met is False), CANNOT_TELL)
