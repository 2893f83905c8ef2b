"""Which results count today, and what they say: windows, product, PTH, dialysis dose, weight.

What may live here: selection and comparison of results. Which calcium decides stands in `calcium`, which of several
results of one moment in `choice`, what of the newest could not be read in `unread_results`; what the answers mean for
a card is decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

from hooks import unread_results
from hooks.calcium import Calcium, choose_calcium, nearest_albumin
from hooks.chart import Analyte, Chart, Result, Unreadable
from hooks.choice import moments
from hooks.finding import CANNOT_TELL, Finding, above, at_least, below
from hooks.thresholds import Thresholds

__all__ = ["Calcium", "Labs", "Product", "WeightLoss", "nearest_albumin"]


@dataclass(frozen=True)
class Labs:
    """The usable results of a chart on a day, and what they say. Properties are worked out once and only when asked."""

    chart: Chart
    on: date
    limits: Thresholds

    def usable(self, analyte: Analyte) -> tuple[Result, ...]:
        """Results inside the usable window and not after today, newest first."""
        found = self._usable.get(analyte)
        if found is None:
            results = self.chart.results.get(analyte, ())
            oldest = self.oldest(analyte)
            found = self._usable[analyte] = tuple([result for result in results if oldest <= result.on <= self.on])
        return found

    def oldest(self, analyte: Analyte) -> date:
        """The first day of the usable window."""
        return self.on - timedelta(days=self.limits.windows[analyte].usable)

    @cached_property
    def _usable(self) -> dict[Analyte, tuple[Result, ...]]:
        """What `usable` has found so far: many rules ask for the same results."""
        return {}

    def newest(self, analyte: Analyte) -> Result | None:
        """The newest usable result, with any comparator."""
        return next(iter(self.usable(analyte)), None)

    def tied(self, analyte: Analyte) -> tuple[Result, ...]:
        """The newest results, where several of one moment and status have different values; else none."""
        newest = next(moments(self.usable(analyte)), ())
        return newest if len({(result.value, result.comparator) for result in newest}) > 1 else ()

    def shown(self, analyte: Analyte) -> tuple[Result, ...]:
        """Results of an unknown method inside the usable window: told, never compared with a limit."""
        oldest = self.oldest(analyte)
        return tuple(result for result in self.chart.shown.get(analyte, ()) if oldest <= result.on <= self.on)

    def is_old(self, result: Result) -> bool:
        """Still usable, but older than fresh: its age is what the reader should look at."""
        return (self.on - result.on).days > self.limits.windows[result.analyte].fresh

    def unreadable_newer(self, *analytes: Analyte) -> tuple[Unreadable, ...]:
        """What could not be read of these analytes and is newer than, or of the same day as, the newest usable result,
        or the only one. Undated ones count as newer and come first. The kinds of calcium are one analyte.
        """
        return unread_results.newer(self, analytes)

    @cached_property
    def albumin_unread(self) -> Unreadable | None:
        """The unreadable albumin that might have corrected the total calcium, which stays as it was measured."""
        return unread_results.of_albumin(self, self.calcium)

    @cached_property
    def minerals_unread(self) -> tuple[Unreadable, ...]:
        """The unreadable results without which an order of calcium or active vitamin D cannot be judged."""
        newer = self.unreadable_newer(Analyte.TOTAL_CALCIUM, Analyte.PHOSPHATE, Analyte.INTACT_PTH)
        return newer if self.albumin_unread is None else (*newer, self.albumin_unread)

    @cached_property
    def calcium(self) -> Calcium:
        """Which calcium decides, and how it came about."""
        return choose_calcium(self)

    @cached_property
    def phosphate_high(self) -> Finding:
        """Phosphate above the threshold."""
        return above(self.usable(Analyte.PHOSPHATE), self.limits.phosphate_high)

    @cached_property
    def phosphate_too_low_for_binder(self) -> Finding:
        """Phosphate below the value from which a binder is offered."""
        return below(self.usable(Analyte.PHOSPHATE), self.limits.phosphate_too_low_for_binder)

    @cached_property
    def product(self) -> Product | None:
        """Calcium (never ionised) times phosphate, mg2/dL2, from results close in time and without comparators."""
        calcium, phosphate = self.calcium.chosen, self.newest(Analyte.PHOSPHATE)
        if calcium is None or phosphate is None or calcium.comparator or phosphate.comparator:
            return None
        if abs((calcium.on - phosphate.on).days) > self.limits.product_pair_days:
            return None
        return Product(round(calcium.value * phosphate.value, 4), calcium, phosphate)

    @cached_property
    def product_moderate(self) -> bool | None:
        """Product above the moderate threshold (KDOQI 2003 only)."""
        return None if self.product is None else self.product.value > self.limits.product_moderate

    @cached_property
    def product_high(self) -> bool | None:
        """Product above the high threshold."""
        return None if self.product is None else self.product.value > self.limits.product_high

    @cached_property
    def product_warns(self) -> bool | None:
        """Product high, or moderate with the chosen calcium above the upper normal limit."""
        if self.product is None:
            return None
        upper = self.product.calcium.value > self.limits.calcium_upper_normal
        return self.product_high is True or (self.product_moderate is True and upper)

    @property
    def product_by_correction(self) -> bool:
        """Does the product warn only because the correction lifts the calcium above the upper normal limit?"""
        rests_on_calcium = self.product_warns is True and not self.product_high
        return rests_on_calcium and self.calcium.by_correction("upper_normal")

    def pth_upper_limit(self, result: Result) -> float:
        """The reported upper reference limit of a PTH result, else the assumed limit (pg/mL)."""
        return result.upper_limit or self.limits.pth_assumed_upper_limit

    def _pth_times(self, times: float) -> Callable[[Result], float]:
        return lambda result: round(times * self.pth_upper_limit(result), 4)

    @cached_property
    def pth_low(self) -> Finding:
        """Intact PTH below the low threshold."""
        return below(self.usable(Analyte.INTACT_PTH), self.limits.pth_low)

    @cached_property
    def pth_high(self) -> Finding:
        """Intact PTH above the high multiple of its upper reference limit."""
        return above(self.usable(Analyte.INTACT_PTH), self._pth_times(self.limits.pth_high_times))

    @cached_property
    def pth_low_for_vitamin_d(self) -> Finding:
        """Intact PTH below the lower multiple of its upper reference limit (KDIGO 2017)."""
        return below(self.usable(Analyte.INTACT_PTH), self._pth_times(self.limits.pth_vitamin_d_times))

    @cached_property
    def pth_low_twice(self) -> tuple[Finding, ...]:
        """The two newest deciding PTH results of different days against the low-twice threshold (KDOQI 2003 5.6)."""
        findings: list[Finding] = []
        seen: set[date] = set()
        for together in moments(self.usable(Analyte.INTACT_PTH)):
            finding, day = below(together, self.limits.pth_low_twice), together[0].on
            if finding.met is not None and day not in seen and len(findings) < 2:
                seen.add(day)
                findings.append(finding)
        return tuple(findings)

    @cached_property
    def albumin_low(self) -> Finding:
        """Albumin below the threshold."""
        return below(self.usable(Analyte.ALBUMIN), self.limits.albumin_low)

    @cached_property
    def alkaline_phosphatase_high(self) -> Finding:
        """Alkaline phosphatase above the reported upper limit, else above the assumed limit."""
        assumed = self.limits.alkaline_phosphatase_assumed_upper_limit
        return above(self.usable(Analyte.ALKALINE_PHOSPHATASE), lambda result: result.upper_limit or assumed)

    @cached_property
    def dialysis_dose_low(self) -> Finding:
        """Haemodialysis Kt/V (else the urea reduction ratio) or weekly peritoneal Kt/V too low: the later of the two
        decides, on one day the low one.
        """
        hd, limits = self.usable(Analyte.SP_KT_V), self.limits
        ratio = self.usable(Analyte.UREA_REDUCTION_RATIO)
        findings = (
            below(hd, limits.hd_kt_v_minimum) if hd else below(ratio, limits.urea_reduction_ratio_minimum),
            below(self.usable(Analyte.PD_WEEKLY_KT_V), limits.pd_kt_v_minimum),
        )
        answered = [(finding.result.on, bool(finding), finding) for finding in findings if finding.result is not None]
        return max(answered, key=lambda answer: answer[:2], default=(self.on, False, CANNOT_TELL))[2]

    @cached_property
    def obese_by_index(self) -> Finding:
        """Body mass index at or above the threshold."""
        return at_least(self.usable(Analyte.BODY_MASS_INDEX), self.limits.obese_body_mass_index)

    @cached_property
    def weight_loss(self) -> WeightLoss | None:
        """Loss of dry weight (else post-dialysis weight) over the window; None when it is not known."""
        weights = self.usable(Analyte.DRY_WEIGHT) or self.usable(Analyte.POST_DIALYSIS_WEIGHT)
        exact = [weight for weight in weights if not weight.comparator]
        if not exact or (exact[0].on - exact[-1].on).days < self.limits.weight_loss_gap_days:
            return None
        # Of several weights of one moment the two that lie furthest apart.
        first = next(together for together in moments(exact) if together[0].at == exact[-1].at)
        newest, oldest = exact[0], first[-1]
        percent = round((oldest.value - newest.value) / oldest.value * 100, 4)
        return WeightLoss(percent, oldest, newest, percent >= self.limits.weight_loss_percent)


@dataclass(frozen=True, slots=True)
class Product:
    """Calcium x phosphate in mg2/dL2 with the two results it was formed from."""

    value: float
    calcium: Result
    phosphate: Result


@dataclass(frozen=True, slots=True)
class WeightLoss:
    """Loss in percent of the oldest weight; `met` when it reaches the threshold."""

    percent: float
    oldest: Result
    newest: Result
    met: bool

    def __bool__(self) -> bool:
        return self.met
