"""Which calcium decides: the laboratory's corrected one, the total corrected by an albumin, or the ionised.

What may live here: the choice among the kinds of calcium, and what the chosen one says about each level.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from hooks.chart import Analyte, Result
from hooks.finding import CANNOT_TELL, Finding, above, at_least, below
from hooks.thresholds import Thresholds

Test = Callable[[tuple[Result, ...]], Finding]


class UsableResults(Protocol):
    """The results that count on a day, and the limits of that day."""

    @property
    def limits(self) -> Thresholds:
        """The thresholds in force."""

    def usable(self, analyte: Analyte) -> tuple[Result, ...]:
        """The usable results of an analyte, in their order."""


@dataclass(frozen=True)
class Calcium:
    """The calcium that decides.

    `series` holds the total or corrected calcium in the order in which it is asked (mg/dL), `measured` and `albumin`
    what a corrected value was worked out from, `ionised` the ionised results (mmol/L), `ionised_decides` whether those
    answer high and low. `reported_corrected` is True when the laboratory itself corrected; `uncorrected` is the total
    calcium behind a corrected one: the one it was worked out from, or the laboratory's own of the same day.
    """

    series: tuple[Result, ...]
    ionised: tuple[Result, ...]
    limits: Thresholds
    measured: Result | None = None
    albumin: Result | None = None
    reported_corrected: bool = False
    uncorrected: Result | None = None

    @property
    def chosen(self) -> Result | None:
        """The newest total or corrected calcium."""
        return self.series[0] if self.series else None

    @cached_property
    def ionised_decides(self) -> bool:
        """Ionised calcium is newer, or at most the pair days older, or the only calcium; but not against a very high
        total calcium that is newer or of the same day.
        """
        if not self.ionised:
            return False
        if self.chosen is None:
            return True
        recent = (self.chosen.on - self.ionised[0].on).days <= self.limits.ionised_calcium_pair_days
        overruled = self.chosen.on >= self.ionised[0].on and at_least((self.chosen,), self.limits.calcium_very_high)
        return recent and not overruled

    @cached_property
    def _tests(self) -> Mapping[str, Test]:
        """What each level asks of total or corrected calcium."""
        limits = self.limits
        return {
            "high": lambda results: above(results, limits.calcium_high),
            "very_high": lambda results: at_least(results, limits.calcium_very_high),
            "upper_normal": lambda results: above(results, limits.calcium_upper_normal),
            "low": lambda results: below(results, limits.calcium_low),
            "very_low": lambda results: below(results, limits.calcium_very_low),
        }

    def _ask(self, level: str, ionised: Test) -> Finding:
        """The ionised calcium's answer where it decides, else (or when it cannot tell) that of the total calcium."""
        finding = ionised(self.ionised) if self.ionised_decides else CANNOT_TELL
        return finding if finding.met is not None else self._tests[level](self.series)

    @cached_property
    def high(self) -> Finding:
        """Above the upper threshold."""
        return self._ask("high", lambda results: above(results, self.limits.ionised_calcium_high))

    @cached_property
    def very_high(self) -> Finding:
        """At or above the critical threshold; never by ionised calcium."""
        return Finding(False) if self.ionised_decides else self._tests["very_high"](self.series)

    @cached_property
    def upper_normal(self) -> Finding:
        """In the upper normal range, not high; never with ionised calcium deciding."""
        if self.ionised_decides or self.high:
            return Finding(False)
        return self._tests["upper_normal"](self.series)

    @cached_property
    def low(self) -> Finding:
        """Below the lower threshold."""
        return self._ask("low", lambda results: below(results, self.limits.ionised_calcium_low))

    @cached_property
    def very_low(self) -> Finding:
        """Below the very low threshold."""
        return self._ask("very_low", lambda results: below(results, self.limits.ionised_calcium_very_low))

    def by_correction(self, level: str) -> bool:
        """Does only the corrected calcium cross the limit of this level, and the total behind it does not?

        False where ionised calcium decides; "upper_normal" is asked of the chosen calcium all the same, since the
        product rests on it then too.
        """
        chosen, total, test = self.chosen, self.uncorrected, self._tests[level]
        if chosen is None or total is None:
            return False
        finding: Finding = test((chosen,)) if level == "upper_normal" else getattr(self, level)
        return finding.met is True and finding.result is chosen and not test((total,))

    @property
    def low_before_correction(self) -> bool:
        """Is the total calcium low and the corrected one, which decides, not?"""
        total, low = self.uncorrected, self.low
        if total is None or low.met is not False or low.result is not self.chosen:
            return False
        return bool(self._tests["low"]((total,)))


def choose_calcium(labs: UsableResults) -> Calcium:
    """Laboratory-corrected calcium when as recent (by day) as the total; else the total corrected by a near albumin;
    else the total alone. Older results follow for tests that a comparator leaves open; they are never corrected.
    """
    corrected, total = labs.usable(Analyte.ALBUMIN_CORRECTED_CALCIUM), labs.usable(Analyte.TOTAL_CALCIUM)
    ionised = labs.usable(Analyte.IONISED_CALCIUM) or labs.usable(Analyte.IONISED_CALCIUM_PH74)
    by_day = sorted((*corrected, *total), key=lambda result: result.on, reverse=True)
    if corrected and (not total or corrected[0].on >= total[0].on):
        beside = next((result for result in total if result.on == corrected[0].on), None)
        return Calcium(tuple(by_day), ionised, labs.limits, reported_corrected=True, uncorrected=beside)
    if not total:
        return Calcium((), ionised, labs.limits)
    newest = total[0]
    older = tuple(result for result in by_day if result is not newest)
    albumin = nearest_albumin(labs, newest)
    if albumin is None or newest.comparator or albumin.comparator:
        return Calcium((newest, *older), ionised, labs.limits, measured=newest)
    value = newest.value + labs.limits.correction_slope * (labs.limits.correction_albumin - albumin.value)
    adjusted = newest._replace(value=round(value, 4), original="")
    return Calcium((adjusted, *older), ionised, labs.limits, newest, albumin, uncorrected=newest)


def nearest_albumin(labs: UsableResults, calcium: Result) -> Result | None:
    """The albumin nearest in days to the calcium, inside the pair window; the newer where two are equally near."""
    candidates = [
        albumin
        for albumin in labs.usable(Analyte.ALBUMIN)
        if abs((albumin.on - calcium.on).days) <= labs.limits.correction_albumin_days
    ]
    return min(candidates, key=lambda albumin: abs((albumin.on - calcium.on).days), default=None)
