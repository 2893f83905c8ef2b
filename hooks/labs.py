"""Which results count today: windows, the choice of calcium, the product, PTH, dialysis dose, weight.

What may live here: selection and comparison of results. What the answers mean for a card is decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

from hooks.chart import Analyte, Chart, Result
from hooks.finding import CANNOT_TELL, Finding, above, at_least, below
from hooks.thresholds import Thresholds


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
            oldest = self.on - timedelta(days=self.limits.windows[analyte].usable)
            results = self.chart.results.get(analyte, ())
            found = self._usable[analyte] = tuple([result for result in results if oldest <= result.on <= self.on])
        return found

    @cached_property
    def _usable(self) -> dict[Analyte, tuple[Result, ...]]:
        """What `usable` has found so far: many rules ask for the same results."""
        return {}

    def newest(self, analyte: Analyte) -> Result | None:
        """The newest usable result, with any comparator."""
        return next(iter(self.usable(analyte)), None)

    @cached_property
    def calcium(self) -> Calcium:
        """Which calcium decides, and how it came about."""
        return choose_calcium(self)

    @cached_property
    def phosphate_high(self) -> Finding:
        """Phosphate above the threshold."""
        return above(self.usable(Analyte.PHOSPHATE), self.limits.phosphate_high)

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
        for result in self.usable(Analyte.INTACT_PTH):
            finding = below((result,), self.limits.pth_low_twice)
            if finding.met is not None and result.on not in seen and len(findings) < 2:
                seen.add(result.on)
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
        """Haemodialysis Kt/V, weekly peritoneal Kt/V, or (without the former) the urea reduction ratio too low."""
        hd = self.usable(Analyte.SP_KT_V)
        findings = [
            below(hd, self.limits.hd_kt_v_minimum),
            below(self.usable(Analyte.PD_WEEKLY_KT_V), self.limits.pd_kt_v_minimum),
        ]
        if not hd:
            ratios = self.usable(Analyte.UREA_REDUCTION_RATIO)
            findings.append(below(ratios, self.limits.urea_reduction_ratio_minimum))
        answered = [finding for finding in findings if finding.met is not None]
        return next((finding for finding in answered if finding), next(iter(answered), CANNOT_TELL))

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
        newest, oldest = exact[0], exact[-1]
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


@dataclass(frozen=True)
class Calcium:
    """The calcium that decides.

    `series` holds the total or corrected calcium in the order in which it is asked (mg/dL), `measured` and `albumin`
    what a corrected value was worked out from, `ionised` the ionised results (mmol/L), `ionised_decides` whether those
    answer high and low. `reported_corrected` is True when the laboratory itself corrected.
    """

    series: tuple[Result, ...]
    ionised: tuple[Result, ...]
    limits: Thresholds
    measured: Result | None = None
    albumin: Result | None = None
    reported_corrected: bool = False

    @property
    def chosen(self) -> Result | None:
        """The newest total or corrected calcium."""
        return self.series[0] if self.series else None

    @cached_property
    def ionised_decides(self) -> bool:
        """Ionised calcium is newer, or at most the pair days older, or the only calcium; but not against a newer
        very high total calcium.
        """
        if not self.ionised:
            return False
        if self.chosen is None:
            return True
        recent = (self.chosen.on - self.ionised[0].on).days <= self.limits.ionised_calcium_pair_days
        newer_very_high = self.chosen.at > self.ionised[0].at and at_least(
            (self.chosen,), self.limits.calcium_very_high
        )
        return recent and not newer_very_high

    def _ask(self, ionised: Callable[[], Finding], total: Callable[[], Finding]) -> Finding:
        """The ionised calcium's answer where it decides, else (or when it cannot tell) that of the total calcium."""
        finding = ionised() if self.ionised_decides else CANNOT_TELL
        return finding if finding.met is not None else total()

    @cached_property
    def high(self) -> Finding:
        """Above the upper threshold."""
        return self._ask(
            lambda: above(self.ionised, self.limits.ionised_calcium_high),
            lambda: above(self.series, self.limits.calcium_high),
        )

    @cached_property
    def very_high(self) -> Finding:
        """At or above the critical threshold; never by ionised calcium."""
        return Finding(False) if self.ionised_decides else at_least(self.series, self.limits.calcium_very_high)

    @cached_property
    def upper_normal(self) -> Finding:
        """In the upper normal range, not high; never with ionised calcium deciding."""
        if self.ionised_decides or self.high:
            return Finding(False)
        return above(self.series, self.limits.calcium_upper_normal)

    @cached_property
    def low(self) -> Finding:
        """Below the lower threshold."""
        return self._ask(
            lambda: below(self.ionised, self.limits.ionised_calcium_low),
            lambda: below(self.series, self.limits.calcium_low),
        )

    @cached_property
    def very_low(self) -> Finding:
        """Below the very low threshold."""
        return self._ask(
            lambda: below(self.ionised, self.limits.ionised_calcium_very_low),
            lambda: below(self.series, self.limits.calcium_very_low),
        )


def choose_calcium(labs: Labs) -> Calcium:
    """Laboratory-corrected calcium when as recent (by day) as the total; else the total corrected by a near albumin;
    else the total alone. Older results follow for tests that a comparator leaves open; they are never corrected.
    """
    corrected, total = labs.usable(Analyte.ALBUMIN_CORRECTED_CALCIUM), labs.usable(Analyte.TOTAL_CALCIUM)
    ionised = labs.usable(Analyte.IONISED_CALCIUM) or labs.usable(Analyte.IONISED_CALCIUM_PH74)
    by_day = sorted((*corrected, *total), key=lambda result: result.on, reverse=True)
    if corrected and (not total or corrected[0].on >= total[0].on):
        return Calcium(tuple(by_day), ionised, labs.limits, reported_corrected=True)
    if not total:
        return Calcium((), ionised, labs.limits)
    newest = total[0]
    older = tuple(result for result in by_day if result is not newest)
    albumin = nearest_albumin(labs, newest)
    if albumin is None or newest.comparator or albumin.comparator:
        return Calcium((newest, *older), ionised, labs.limits, measured=newest)
    value = newest.value + labs.limits.correction_slope * (labs.limits.correction_albumin - albumin.value)
    adjusted = newest._replace(value=round(value, 4), original="")
    return Calcium((adjusted, *older), ionised, labs.limits, measured=newest, albumin=albumin)


def nearest_albumin(labs: Labs, calcium: Result) -> Result | None:
    """The albumin nearest in days to the calcium, inside the pair window; the newer where two are equally near."""
    candidates = [
        albumin
        for albumin in labs.usable(Analyte.ALBUMIN)
        if abs((albumin.on - calcium.on).days) <= labs.limits.correction_albumin_days
    ]
    return min(candidates, key=lambda albumin: abs((albumin.on - calcium.on).days), default=None)
