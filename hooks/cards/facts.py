"""The facts of an assessment in words: each with value, unit, date and age, and what was missing.

What may live here: the wording of single facts, used by all cards. Every text that came from a record is escaped
here. Names and decimals of results stand in `wording.toml`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from hooks.assessment import Assessment, Tier
from hooks.cards.markdown import escape, listed
from hooks.chart import Analyte, Condition, Medication, Result, Unreadable
from hooks.labs import Product, nearest_albumin
from hooks.skin_signs import CALCIPHYLAXIS_PROVISIONAL, SkinSign, last_day
from hooks.wording import Wording

RESULTS = frozenset(analyte.value for analyte in Analyte)
IONISED = (Analyte.IONISED_CALCIUM, Analyte.IONISED_CALCIUM_PH74)


def age(day: date, on: date) -> str:
    """'today', '1 day ago', '12 days ago'; '3 days ahead' for a later day."""
    days = (on - day).days
    if days == 0:
        return "today"
    unit = "day" if abs(days) == 1 else "days"
    return f"{days} {unit} ago" if days > 0 else f"{-days} {unit} ahead"


def exact(number: float) -> str:
    """A threshold or count without needless decimals."""
    return f"{number:.4f}".rstrip("0").rstrip(".")


@dataclass(frozen=True)
class Facts:
    """Words about one assessment."""

    patient: Assessment
    wording: Wording

    # ------------------------------------------------------------------ results
    def number(self, value: float, decimals: int, limit: float | None = None) -> str:
        """The value as it is shown; with more decimals where rounding would hide on which side of the limit it lies."""
        shown = f"{value:.{decimals}f}"
        return exact(value) if limit is not None and value != limit and float(shown) == limit else shown

    def value(self, result: Result, limit: float | None = None) -> str:
        """'10.4 mg/dL (2.60 mmol/L)': converted, and as received where that was another unit."""
        shown = self.converted(result, limit)
        return f"{shown} ({escape(result.original)})" if result.original else shown

    def converted(self, result: Result, limit: float | None = None) -> str:
        """'10.4 mg/dL': the converted value alone, plain text for a summary."""
        style = self.wording.analytes[result.analyte]
        return f"{result.comparator}{self.number(result.value, style.decimals, limit)} {style.unit}".rstrip()

    def when(self, day: date) -> str:
        """'2026-11-12, 10 days ago'."""
        return f"{day.isoformat()}, {age(day, self.patient.on)}"

    def name(self, result: Result) -> str:
        """The result's name, saying where it was corrected."""
        calcium = self.patient.labs.calcium
        if result is calcium.chosen and calcium.albumin is not None:
            return "corrected calcium"
        return self.wording.analytes[result.analyte].name

    def result(self, result: Result, limit: float | None = None, relation: str = "") -> str:
        """'phosphate 6.1 mg/dL (above 5.5; 2026-11-12, 10 days ago)'."""
        parts = [f"{relation} {exact(limit)}"] if limit is not None and relation else []
        parts += [self.correction(result), self.when(result.on), self._stale(result)]
        return f"{self.name(result)} {self.value(result, limit)} ({'; '.join(part for part in parts if part)})"

    def _stale(self, result: Result) -> str:
        fresh = self.patient.limits.windows[result.analyte].fresh
        return f"older than {fresh} days" if (self.patient.on - result.on).days > fresh else ""

    def correction(self, result: Result) -> str:
        """How the chosen calcium came about; empty for every other result."""
        calcium = self.patient.labs.calcium
        if calcium.measured is None or result not in calcium.series:
            return ""
        if result is not calcium.chosen:
            return "not corrected, a newer result leaves it open"
        if calcium.albumin is not None:
            return f"measured {self.value(calcium.measured)}, albumin {self.value(calcium.albumin)}"
        if result.comparator or nearest_albumin(self.patient.labs, result) is not None:
            return "not corrected, calcium or albumin known only as above or below a value"
        return f"not corrected, no albumin within {exact(self.patient.limits.correction_albumin_days)} days"

    def calcium(self) -> str:
        """The calcium that decides, with the threshold that it crossed."""
        calcium, limits = self.patient.labs.calcium, self.patient.limits
        levels = (
            (calcium.very_high, limits.calcium_very_high, None, "at or above"),
            (calcium.high, limits.calcium_high, limits.ionised_calcium_high, "above"),
            (calcium.very_low, limits.calcium_very_low, limits.ionised_calcium_very_low, "below"),
            (calcium.low, limits.calcium_low, limits.ionised_calcium_low, "below"),
            (calcium.upper_normal, limits.calcium_upper_normal, None, "above"),
        )
        for finding, total_limit, ionised_limit, relation in levels:
            if finding and finding.result:
                limit = ionised_limit if finding.result.analyte in IONISED else total_limit
                return self.result(finding.result, limit, relation)
        newest = calcium.ionised[0] if calcium.ionised_decides else calcium.chosen
        return self.result(newest) if newest else "calcium missing"

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
                bound = f"{relation} {exact(times)} x {exact(upper)} pg/mL{reported}"
                return f"intact PTH {self.value(finding.result)} ({bound}; {self.when(finding.result.on)})"
        return self.newest(Analyte.INTACT_PTH)

    def pth_twice(self) -> str:
        """Both low PTH results."""
        results = [finding.result for finding in self.patient.labs.pth_low_twice if finding.result]
        limit = exact(self.patient.limits.pth_low_twice)
        shown = listed(f"{self.value(result)} ({self.when(result.on)})" for result in results)
        return f"intact PTH {shown}, both below {limit}"

    def dialysis_dose(self) -> str:
        """The latest dialysis dose of any kind that is on record."""
        found = [
            result
            for analyte in (Analyte.SP_KT_V, Analyte.PD_WEEKLY_KT_V, Analyte.UREA_REDUCTION_RATIO)
            if (result := self.patient.labs.newest(analyte)) is not None
        ]
        if found and found[0].analyte is Analyte.SP_KT_V:
            found = [result for result in found if result.analyte is not Analyte.UREA_REDUCTION_RATIO]
        return "; ".join(self.result(result) for result in found) or "no usable Kt/V"

    # ------------------------------------------------------------------ the patient
    def dialysis(self) -> str:
        """Dialysis as shown, or the sentence that it is only presumed."""
        status = self.patient.dialysis
        if status.presumed:
            return f"dialysis status not confirmed ({status.evidence})"
        if status:
            return f"on dialysis ({escape(status.evidence)})" if status.evidence else "on dialysis"
        if self.patient.dialysis_unknown:
            return "dialysis cannot be told: dialysis procedures could not be read"
        return "not on dialysis: calciphylaxis also occurs without end-stage kidney disease"

    def presumed(self) -> str:
        """Only the sentence about presumed dialysis, else nothing."""
        return self.dialysis() if self.patient.dialysis.presumed else ""

    def condition(self, condition: Condition) -> str:
        """'“Atrial fibrillation” (2025-10-18, 400 days ago)'."""
        day = last_day(condition)
        dated = f" ({self.when(day)})" if day else " (undated)"
        return f"“{escape(condition.text)}”{dated}"

    def sign(self, sign: SkinSign) -> str:
        """A sign by name, with the words of the record and their date."""
        name = self.wording.signs[sign.name]
        if sign.name == CALCIPHYLAXIS_PROVISIONAL:
            name = f"calciphylaxis recorded as {escape(sign.condition.verification)}"
        day = sign.on
        quoted = escape(sign.words or sign.condition.text)
        return f"{name}: “{quoted}” ({self.when(day) if day else 'undated'})"

    def sign_names(self, most: int = 4) -> str:
        """The names of the signs for a summary, at most so many: plain text."""
        names = [self._sign_name(sign) for sign in self.patient.signs.signs]
        return listed(names if len(names) <= most else [*names[:most], f"{len(names) - most} more"])

    def _sign_name(self, sign: SkinSign) -> str:
        if sign.name == CALCIPHYLAXIS_PROVISIONAL:
            return f"{sign.condition.verification} calciphylaxis"
        return self.wording.signs_short[sign.name]

    def state(self) -> str:
        """'confirmed calciphylaxis' or 'suspected calciphylaxis', saying where only a provisional entry stands."""
        if self.patient.tier is Tier.CONFIRMED:
            return "confirmed calciphylaxis"
        provisional = self.patient.provisional
        return f"suspected calciphylaxis (recorded as {provisional})" if provisional else "suspected calciphylaxis"

    def calciphylaxis(self) -> str:
        """Why calciphylaxis is confirmed or suspected."""
        if self.patient.confirmed is not None:
            return f"confirmed calciphylaxis: {self.condition(self.patient.confirmed)}"
        signs = "; ".join(self.sign(sign) for sign in self.patient.signs.signs)
        alone = self.patient.signs.different == 1 and not (self.patient.signs.necrosis or self.patient.signs.strong)
        return f"{self.state()}: {signs}" + (f"; {self.score_with_factors()}" if alone else "")

    def score(self) -> str:
        """'risk points 5 (heuristic, not validated)'; with the factors where the tier rests on them."""
        signs = self.patient.signs
        if signs.different == 1 and not (signs.necrosis or signs.strong):
            return self.score_with_factors()
        return f"risk points {self.patient.risk.score} (heuristic, not validated)"

    def score_with_factors(self) -> str:
        """'risk points 3 (heuristic, not validated): diabetes, female sex and low albumin'."""
        risk = self.patient.risk
        names = listed(self.wording.factors_short[factor.name] for factor in risk.factors)
        return f"risk points {risk.score} (heuristic, not validated)" + (f": {names}" if names else "")

    def valve(self) -> str:
        """What is known of a heart valve."""
        return {
            "mechanical": "mechanical heart valve on record",
            "possibly mechanical": "prosthetic heart valve on record, possibly mechanical",
            "unread": "valve procedures could not be read: look for a mechanical valve before any change",
        }.get(self.patient.valve, "")

    def indication(self) -> str:
        """The recorded reason for anticoagulation, or that none was found."""
        found = [self.valve(), *(self.condition(condition) for condition in self.patient.indicated_for)]
        return "indication on record: " + (listed(filter(None, found)) or "none found")

    def infection(self) -> str:
        """The active sepsis or bacteraemia entry."""
        return f"active infection: {self.condition(self.patient.infection)}" if self.patient.infection else ""

    def hungry_bone(self) -> str:
        """The hungry bone entry."""
        condition = self.patient.active("hungry_bone")
        return f"hungry bone syndrome: {self.condition(condition)}" if condition else ""

    def medication(self, medication: Medication) -> str:
        """A drug as the record words it, since when, and how it was recognised."""
        hows = listed("matched by name" if match.by_name else match.how for match in medication.matches)
        since = f"; prescribed {self.when(medication.authored)}" if medication.authored else ""
        return f"{escape(medication.display)} ({hows}{since})"

    def taking(self, *drug_classes: str) -> str:
        """The active medications of some classes as recorded, with "matched by name" where that is so, or nothing."""
        drugs = [drug for drug_class in drug_classes for drug in self.patient.risk.taking(drug_class)]
        return listed(self._active(drug, drug_classes) for drug in dict.fromkeys(drugs))

    def _active(self, medication: Medication, drug_classes: tuple[str, ...]) -> str:
        matches = [match for match in medication.matches if match.drug_class in drug_classes]
        by_name = "matched by name" if any(match.by_name for match in matches) else ""
        since = f"since {self.when(medication.authored)}" if medication.authored else ""
        remarks = "; ".join(filter(None, (by_name, since)))
        return escape(medication.display) + (f" ({remarks})" if remarks else "")

    # ------------------------------------------------------------------ what is missing
    def missing(self, needs: tuple[str, ...]) -> list[str]:
        """Lines about needed results that are missing or too old, then about everything that could not be read."""
        lines = [line for need in needs if (line := self._missing(need))]
        lines += [f"could not be read: {gap.what} ({escape(gap.reason)})" for gap in self.patient.chart.gaps]
        return lines + list(self._unusable())

    def missing_names(self, needs: tuple[str, ...]) -> str:
        """The names of the needed results of which none is usable, for a summary."""
        return listed(self.wording.needs[need].name for need in needs if not self.has(need))

    def has(self, need: str) -> bool:
        """Is there a usable result for this need?"""
        return any(self.patient.labs.usable(analyte) for analyte in self.wording.needs[need].analytes)

    def _missing(self, need: str) -> str:
        if self.has(need):
            return ""
        entry = self.wording.needs[need]
        reasons = [*self._too_old(entry.analytes), *self._dropped(entry.analytes)]
        return f"{entry.name}: {'; '.join(reasons) or 'no result'}"

    def _too_old(self, analytes: tuple[Analyte, ...]) -> Iterator[str]:
        results = [result for analyte in analytes for result in self.patient.chart.results.get(analyte, ())]
        if results:
            newest = max(results, key=lambda result: result.at)
            ahead = newest.on > self.patient.on
            yield f"{'dated in the future' if ahead else 'too old'} ({self.when(newest.on)})"

    def _dropped(self, analytes: tuple[Analyte, ...]) -> Iterator[str]:
        dropped = [item for item in self.patient.chart.unreadable if item.what in analytes]
        for item in dropped[:2]:
            yield item.reason + (f" ({self.when(item.on)})" if item.on else "")

    def _unusable(self) -> Iterator[str]:
        """Records that are no results and could not be used, counted by reason."""
        others: list[Unreadable] = [item for item in self.patient.chart.unreadable if item.what not in RESULTS]
        for (what, reason), count in Counter((item.what, item.reason) for item in others).most_common(3):
            yield f"{count} {escape(what)} record{'s' if count > 1 else ''} not used: {escape(reason)}"
