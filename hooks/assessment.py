"""The patient as a whole: scope, labs, signs, risk and tier, worked out once for one request.

What may live here: the tier and yes/no questions about the patient that several rules share. No wording.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cached_property

from hooks.chart import Analyte, Chart, Condition
from hooks.dialysis_status import Dialysis, DialysisStatus, dialysis_status
from hooks.finding import CANNOT_TELL, Finding
from hooks.labs import Labs
from hooks.risk_score import Risk
from hooks.skin_signs import SkinSigns, skin_signs
from hooks.thresholds import Thresholds

SEPSIS_RESULTS = frozenset({Analyte.BODY_TEMPERATURE, Analyte.WHITE_CELL_COUNT, Analyte.C_REACTIVE_PROTEIN})
"""The results that only the sepsis watch looks at: without calciphylaxis they cannot matter."""


class Tier(StrEnum):
    """How likely calciphylaxis is, from the record."""

    CHILD = "child"
    CONFIRMED = "confirmed"
    SUSPECTED = "suspected"
    POSSIBLE = "possible"
    HIGH_RISK = "high risk"
    ELEVATED_RISK = "elevated risk"
    NONE = "none"


@dataclass(frozen=True)
class Assessment:
    """One chart on one calendar day of the clinic, under the thresholds in force on that day.

    `assume_dialysis` asks "what if this patient were on dialysis": used to find out whether a look-up that failed
    could have mattered.
    """

    chart: Chart
    on: date
    limits: Thresholds
    assume_dialysis: bool = False

    @cached_property
    def dialysis(self) -> DialysisStatus:
        """Maintenance dialysis, shown, presumed or not."""
        status = dialysis_status(self.chart, self.on, self.limits)
        return DialysisStatus(Dialysis.ON) if self.assume_dialysis and not status else status

    @property
    def dialysis_unknown(self) -> bool:
        """Nothing shows dialysis, and the procedures that might could not be read."""
        return not self.dialysis and self.chart.gap("dialysis_procedures") is not None

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
    def tier(self) -> Tier:
        """The first matching tier. Confirmed calciphylaxis counts with any kidney function."""
        if self.is_child:
            return Tier.CHILD
        if self.confirmed is not None:
            return Tier.CONFIRMED
        if not self.dialysis:
            return Tier.NONE
        if self.signs.signs:
            return Tier.SUSPECTED if self._suspicious else Tier.POSSIBLE
        return self._risk_tier

    @property
    def is_child(self) -> bool:
        """Under the adult age today; without a date of birth the patient counts as adult."""
        born = self.chart.born
        if born is None:
            return False
        age = self.on.year - born.year - ((self.on.month, self.on.day) < (born.month, born.day))
        return age < self.limits.adult_age

    @property
    def _suspicious(self) -> bool:
        signs = self.signs
        return signs.necrosis or signs.strong or signs.different > 1 or self.risk.score >= self.limits.suspected_score

    @property
    def _risk_tier(self) -> Tier:
        risk, limits = self.risk, self.limits
        if risk.score >= limits.high_risk_score and risk.changeable:
            return Tier.HIGH_RISK
        if risk.score >= limits.elevated_risk_score and (risk.has("vitamin_k_antagonist") or risk.mineral_high):
            return Tier.ELEVATED_RISK
        return Tier.NONE

    @property
    def risk_incomplete(self) -> bool:
        """Could something that was not read raise the risk: a result (not the sepsis watch's) or an active drug?"""
        unread = any(gap.analytes - SEPSIS_RESULTS for gap in self.chart.gaps)
        return unread or self.chart.unread_medications > 0

    @property
    def calciphylaxis(self) -> bool:
        """Confirmed or suspected: the tiers in which the drug rules are strictest."""
        return self.tier in (Tier.CONFIRMED, Tier.SUSPECTED)

    @property
    def provisional(self) -> str:
        """The recorded status ("provisional", …) when suspicion rests on a provisional entry, else ""."""
        return self.signs.provisional if self.tier is Tier.SUSPECTED else ""

    def active(self, *concepts: str) -> Condition | None:
        """The first active condition with one of the concepts."""
        return next(
            (
                condition
                for condition in self.chart.conditions
                if condition.active and not condition.concepts.keys().isdisjoint(concepts)
            ),
            None,
        )

    @property
    def infection(self) -> Condition | None:
        """Active sepsis or bacteraemia."""
        return self.active("sepsis", "bacteraemia")

    @cached_property
    def valve(self) -> str:
        """ "mechanical", "possibly mechanical" or "unread" (valve procedures could not be read), else ""."""
        procedure = any("mechanical_valve" in procedure.concepts for procedure in self.chart.procedures)
        if procedure or self.active("mechanical_valve"):
            return "mechanical"
        if self.active("possibly_mechanical_valve"):
            return "possibly mechanical"
        return "unread" if self.chart.gap("valve_procedures") else ""

    @property
    def indicated_for(self) -> tuple[Condition, ...]:
        """The recorded reasons for anticoagulation, other than a valve."""
        found = (self.active("atrial_fibrillation"), self.active("venous_thromboembolism"))
        return tuple(condition for condition in found if condition is not None)

    @cached_property
    def pth_twice_low(self) -> Finding:
        """Both of the two newest PTH results of different days below the low-twice threshold."""
        findings = self.labs.pth_low_twice
        if len(findings) == 2 and all(findings):
            return findings[0]
        return next((finding for finding in findings if finding.met is False), CANNOT_TELL)
