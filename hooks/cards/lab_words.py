"""The results that the rules look at, in words: calcium, phosphate, their product, PTH, dialysis dose.

What may live here: which result and which crossed limit a card names. How a single result is shown stands in
`result_words`.
"""

from __future__ import annotations

from dataclasses import dataclass

from hooks.cards.markdown import listed
from hooks.cards.result_words import ResultWords, exact, rounded
from hooks.chart import Analyte
from hooks.finding import Finding, at_least, below
from hooks.labs import Product

BY_CORRECTION = "by albumin correction only"
IONISED = (Analyte.IONISED_CALCIUM, Analyte.IONISED_CALCIUM_PH74)


@dataclass(frozen=True)
class LabWords(ResultWords):
    """Words about the results that the rules look at."""

    def calcium(self, *, scored: bool = False) -> str:
        """The calcium that decides, with the threshold that it crossed; `scored` where its points are told."""
        calcium, limits = self.patient.labs.calcium, self.patient.limits
        levels: tuple[tuple[str, Finding, float, float | None, str], ...] = (
            ("very_high", calcium.very_high, limits.calcium_very_high, None, "at or above"),
            ("high", calcium.high, limits.calcium_high, limits.ionised_calcium_high, "above"),
            ("very_low", calcium.very_low, limits.calcium_very_low, limits.ionised_calcium_very_low, "below"),
            ("low", calcium.low, limits.calcium_low, limits.ionised_calcium_low, "below"),
            ("upper_normal", calcium.upper_normal, limits.calcium_upper_normal, None, "above"),
        )
        before = "low before correction" if calcium.low_before_correction else ""
        for level, finding, total_limit, ionised_limit, relation in levels:
            if finding and finding.result:
                limit = ionised_limit if finding.result.analyte in IONISED else total_limit
                only = BY_CORRECTION if self._by_correction(level, scored=scored) else ""
                return self.result(finding.result, limit, relation, only, before)
        newest = calcium.ionised[0] if calcium.ionised_decides else calcium.chosen
        return self.result(newest, None, "", before) if newest else "calcium missing"

    def _by_correction(self, level: str, *, scored: bool = False) -> bool:
        """Does it matter here that only the correction puts the calcium on its side of this level's limit?

        The upper normal range matters where the product rests on it, or where its point is told.
        """
        labs = self.patient.labs
        if level == "upper_normal" and not scored:
            return labs.product_by_correction
        return labs.calcium.by_correction(level)

    def total_beside(self) -> str:
        """The total or corrected calcium of the product, where ionised calcium decides and it is not shown itself."""
        calcium, product = self.patient.labs.calcium, self.patient.labs.product
        if product is None or not calcium.ionised_decides:
            return ""
        only = BY_CORRECTION if self.patient.labs.product_by_correction else ""
        return self.result(product.calcium, None, "", only)

    def high_calcium(self) -> str:
        """'high calcium 11.2 mg/dL, 88 d old' for a summary: the age only of a value that is no longer fresh."""
        result, limits = self.patient.labs.calcium.high.result, self.patient.limits
        if result is None or not self.patient.labs.calcium.high:
            return ""
        limit = limits.ionised_calcium_high if result.analyte in IONISED else limits.calcium_high
        old = f", {(self.patient.on - result.on).days} d old" if self.patient.labs.is_old(result) else ""
        return f"high {self.short_name(result)} {self.converted(result, limit)}{old}"

    # ------------------------------------------------------------------ the others
    def newest(self, analyte: Analyte, missing: str = "") -> str:
        """The newest usable result of an analyte, or the words for a missing result."""
        result = self.patient.labs.newest(analyte)
        return self.result(result) if result else missing or f"{self.wording.analytes[analyte].name} missing"

    def phosphate(self) -> str:
        """Phosphate with its threshold."""
        finding, limit = self.patient.labs.phosphate_high, self.patient.limits.phosphate_high
        if finding and finding.result:
            return self.result(finding.result, limit, "above")
        return self.newest(Analyte.PHOSPHATE)

    def product(self) -> str:
        """The product with the threshold that it crossed, marked as a KDOQI measure."""
        product = self.patient.labs.product
        if product is None:
            return ""
        relation = ""
        limits = self.patient.limits
        for limit in (limits.product_high, limits.product_moderate):
            if product.value > limit:
                relation = f"above {exact(limit)}, KDOQI 2003, not KDIGO 2017; "
                break
        return f"Ca x P {self.product_value(product)} ({relation}{self._product_days(product)})"

    def product_value(self, product: Product) -> str:
        """'58.9 mg2/dL2'."""
        limits = self.patient.limits
        nearest = limits.product_high if product.value > limits.product_high else limits.product_moderate
        return f"{self.number(product.value, 1, nearest)} mg²/dL²"

    def _product_days(self, product: Product) -> str:
        days = sorted({product.calcium.on, product.phosphate.on}, reverse=True)
        return listed(self.when(day) for day in days)

    def pth(self) -> str:
        """Intact PTH with the threshold that matters for it."""
        labs, limits = self.patient.labs, self.patient.limits
        for finding, times, relation in (
            (labs.pth_high, limits.pth_high_times, "above"),
            (labs.pth_low_for_vitamin_d, limits.pth_vitamin_d_times, "below"),
        ):
            if finding and finding.result:
                upper = labs.pth_upper_limit(finding.result)
                reported = "" if finding.result.upper_limit else ", upper limit assumed"
                bound = f"{relation} {exact(times)} x {rounded(upper)} pg/mL{reported}"
                return self._described(finding.result, self.converted(finding.result), bound)
        return self.newest(Analyte.INTACT_PTH)

    def pth_twice(self) -> str:
        """Both low PTH results."""
        results = [finding.result for finding in self.patient.labs.pth_low_twice if finding.result]
        limit = exact(self.patient.limits.pth_low_twice)
        shown = listed(f"{self.value(result)} ({self.when(result.on)})" for result in results)
        return f"intact PTH {shown}, both below {limit}"

    def dialysis_dose(self) -> str:
        """The latest dialysis dose of each kind on record, with its limit where it is too low; the newest first."""
        labs, limits = self.patient.labs, self.patient.limits
        bounds = {
            Analyte.SP_KT_V: limits.hd_kt_v_minimum,
            Analyte.PD_WEEKLY_KT_V: limits.pd_kt_v_minimum,
            Analyte.UREA_REDUCTION_RATIO: limits.urea_reduction_ratio_minimum,
        }
        found = [(result, limit) for analyte, limit in bounds.items() if (result := labs.newest(analyte)) is not None]
        if any(result.analyte is Analyte.SP_KT_V for result, _ in found):
            found = [pair for pair in found if pair[0].analyte is not Analyte.UREA_REDUCTION_RATIO]
        found.sort(key=lambda pair: pair[0].on, reverse=True)
        shown = (self.result(result, limit, "below" if below((result,), limit) else "") for result, limit in found)
        return "; ".join(shown) or "no usable Kt/V"

    @property
    def intensified(self) -> bool:
        """Does the latest haemodialysis dose already reach that of intensified dialysis in case reports?"""
        result = self.patient.labs.newest(Analyte.SP_KT_V)
        return result is not None and bool(at_least((result,), self.patient.limits.hd_kt_v_intensified))
