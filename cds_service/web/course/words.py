"""The course in words: what stands beside each mark of the drawing, and in the tables.

What may live here: wording of points, periods, findings and evaluations. Names and decimals of results stand in
`hooks/wording.toml`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from hooks.assessment import Tier
from hooks.cards import exact
from hooks.chart import BY_NAME, Analyte, Gap, Result, Unreadable
from hooks.course import (
    CALCIUM,
    PRODUCT,
    ConditionPeriod,
    Corrected,
    DrugLane,
    End,
    Evaluation,
    FindingLane,
    MedicationPeriod,
    Outcome,
    Point,
    Series,
    Side,
)
from hooks.dialysis_status import Dialysis
from hooks.wording import Wording

NO_LEVEL = "no level reached"
PRODUCT_UNIT = "mg²/dL²"
FURTHER = {CALCIUM: "very high from", PRODUCT: "high above", Analyte.SP_KT_V: "target"}
OUTSIDE = "the rules do not apply: no maintenance dialysis on record"
PRESUMED = Dialysis.PRESUMED
_DIALYSIS = {Dialysis.ON: "on record", PRESUMED: "not confirmed", Dialysis.NONE: "none on record"}
_PASSED = {
    "results": "a result became too old",
    "findings": "a finding became too old",
    "begun": "a finding counts from this day",
    "steroid": "a corticosteroid counts as long-term",
    "dialysis": "dialysis no longer shown",
    "age": "of age",
    "thresholds": "thresholds changed",
}


def counted(points: int) -> str:
    """'1 point', '4 points'."""
    return f"{points} {'point' if points == 1 else 'points'}"


def joined(parts: Iterable[str], between: str = "; ") -> str:
    """The parts that say something."""
    return between.join(part for part in parts if part)


@dataclass(frozen=True)
class CourseWords:
    """Words about a course, under one wording, on one day."""

    wording: Wording
    today: date

    # ------------------------------------------------------------------ results
    def title(self, series: Series) -> str:
        """The name of a series."""
        if series.key == PRODUCT:
            return "Calcium × phosphate"
        name = "calcium, corrected" if series.key == CALCIUM else self.wording.analytes[Analyte(series.key)].name
        return name[0].upper() + name[1:]

    @property
    def ionised(self) -> str:
        """The name of the calcium that can decide instead of the total one."""
        return self.wording.analytes[Analyte.IONISED_CALCIUM].name

    def unit(self, series: Series) -> str:
        """The unit of a series."""
        if series.key == PRODUCT:
            return PRODUCT_UNIT
        return self.wording.analytes[self._analyte(series)].unit

    @staticmethod
    def _analyte(series: Series) -> Analyte:
        return Analyte.TOTAL_CALCIUM if series.key == CALCIUM else Analyte(series.key)

    def number(self, series: Series, value: float) -> str:
        """A value with the decimals of its series, more where rounding would hide on which side of a limit it lies."""
        decimals = 1 if series.key == PRODUCT else self.wording.analytes[self._analyte(series)].decimals
        shown = f"{value:.{decimals}f}"
        limits = {limit for band in series.bands for limit in (band.low, band.high, band.further, band.scored)}
        return exact(value) if float(shown) in limits and float(shown) != value else shown

    def value(self, series: Series, point: Point) -> str:
        """'>10.4 mg/dL'."""
        return f"{point.comparator}{self.number(series, point.value)} {self.unit(series)}"

    def side(self, series: Series, point: Point) -> str:
        """Where it lies, and whether another result decided at that time."""
        by_ionised = f"(the rules went by {self.ionised} at that time)"
        return joined((self._side(series, point), by_ionised if point.by_ionised else ""), " ")

    @staticmethod
    def _side(series: Series, point: Point) -> str:
        """What a comparator leaves open is said; what has one limit only is in no range."""
        if point.side is Side.UNDECIDED:
            return "cannot be told from a value with a comparator"
        if point.side is Side.IN_RANGE and series.bands[-1].low is None:
            return "not above the limit"
        if point.side is Side.IN_RANGE and series.bands[-1].high is None:
            return "not below the limit"
        return point.side.value

    def origin(self, point: Point) -> str:
        """How the value came about: corrected how, from which results, as received in which unit."""
        how = point.corrected.value if point.corrected else ""
        if len(point.sources) > 1:
            parts = "; ".join(self.result(source, point.on) for source in point.sources)
            return joined((how, parts), ": ")
        source = point.sources[0]
        if point.corrected is Corrected.NOT:
            how = f"{how}, no albumin near enough or one of the two known only as above or below a value"
        return joined((how, f"received as {source.original}" if source.original else ""))

    def result(self, result: Result, on: date) -> str:
        """'albumin 3.1 g/dL (31 g/L), 2026-11-02': one of the results behind a value."""
        style = self.wording.analytes[result.analyte]
        value = f"{result.comparator}{result.value:.{style.decimals}f} {style.unit}".rstrip()
        received = f" ({result.original})" if result.original else ""
        dated = f", {result.on}" if result.on != on else ""
        return f"{style.name} {value}{received}{dated}"

    def codes(self, point: Point) -> str:
        """The codes by which the results were recognised."""
        return ", ".join(dict.fromkeys(f"LOINC {source.code}" for source in point.sources if source.code))

    def point(self, series: Series, point: Point) -> list[str]:
        """What stands beside the mark, a line each."""
        what = self.title(series)
        if point.corrected is Corrected.NOT:
            what = "Calcium, not corrected"
        lines = [f"{what} {self.value(series, point)}: {self.side(series, point)}", point.on.isoformat()]
        return [line for line in (*lines, self.origin(point), self.codes(point)) if line]

    def unread(self, record: Unreadable) -> str:
        """One thing that was received and could not be used."""
        known = {analyte.value for analyte in Analyte}
        name = self.wording.analytes[Analyte(record.what)].name if record.what in known else record.what
        return f"{name}{f' of {record.on}' if record.on else ''} could not be used: {record.reason}"

    @staticmethod
    def gap(gap: Gap) -> str:
        """One look-up that failed or was cut short."""
        return f"{gap.what[0].upper()}{gap.what[1:]}: {gap.reason}"

    # ------------------------------------------------------------------ drugs and findings
    def period(self, period: MedicationPeriod) -> str:
        """'2025-04-01 to 2026-10-05 (end of the dosage period)'."""
        start = period.start.isoformat() if period.start else "a day that is not recorded"
        if period.end is End.ONGOING:
            return f"since {start}"
        if period.last is None:
            return joined((f"{start} to a day that is not recorded", period.end_from))
        return f"{start} to {period.last} ({period.end_from})"

    def status(self, period: MedicationPeriod) -> str:
        """The status as recorded, and when it was prescribed where that is another day."""
        known = period.known
        later = f", recorded {known}" if known and known != period.start else ""
        return f"{period.status}{later}"

    def drug(self, lane: DrugLane, period: MedicationPeriod) -> list[str]:
        """What stands beside a bar, a line each."""
        how = ", ".join(
            dict.fromkeys(
                "matched by name" if match.by_name else match.how
                for match in period.medication.matches
                if match.drug == lane.drug
            )
        )
        return [
            f"{period.medication.display} ({lane.kind.name})",
            self.period(period),
            f"status {self.status(period)}",
            how,
        ]

    def finding(self, lane: FindingLane) -> str:
        """What the finding is called."""
        if lane.concept == "calciphylaxis_provisional":
            return f"{lane.period.then.verification} calciphylaxis"
        return self.wording.signs_short.get(lane.concept) or self.wording.findings[lane.concept]

    def how(self, lane: FindingLane) -> str:
        """The code by which the finding was recognised."""
        concepts = {**lane.period.now.concepts, **lane.period.then.concepts}
        return concepts[lane.concept].how if concepts[lane.concept].how != BY_NAME else "matched by name"

    def since(self, period: ConditionPeriod) -> str:
        """'recorded 2026-09-09, gone 2026-10-01'."""
        known = f"recorded {period.known}" if period.known else "undated"
        onset = period.then.onset
        began = f", began {onset.first}" if onset and period.known and onset.first < period.known else ""
        if period.end is End.ONGOING:
            return f"{known}{began}, active"
        return f"{known}{began}, {f'gone {period.gone}' if period.gone else 'gone on a day that is not recorded'}"

    @staticmethod
    def uncounted(lane: FindingLane) -> str:
        """'not counted by the rules after 2026-01-01 (older than 180 days)', or ""."""
        if lane.uncounted is None:
            return ""
        explained = f"explained by “{lane.uncounted.explained}”"
        why = explained if lane.uncounted.explained else f"older than {lane.uncounted.days} days"
        return f"not counted by the rules after {lane.uncounted.after} ({why})"

    def finding_lines(self, lane: FindingLane) -> list[str]:
        """What stands beside a finding, a line each."""
        name = self.finding(lane)
        lines = [f"{name[0].upper()}{name[1:]}: “{lane.period.then.text}”", self.since(lane.period)]
        return [line for line in (*lines, self.uncounted(lane), self.how(lane)) if line]

    # ------------------------------------------------------------------ evaluations
    @staticmethod
    def tier(tier: Tier) -> str:
        """'suspected calciphylaxis', 'elevated risk'; NONE is no promise that there is no risk."""
        if tier in (Tier.CONFIRMED, Tier.SUSPECTED, Tier.POSSIBLE):
            return f"{tier.value} calciphylaxis"
        return {Tier.NONE: NO_LEVEL, Tier.CHILD: "child: the rules are for adults"}.get(tier, tier.value)

    def outcome(self, outcome: Outcome) -> str:
        """'elevated risk, 4 points'; outside the rules there are no points."""
        if outcome.outside:
            return self.tier(outcome.tier) if outcome.tier is Tier.CHILD else f"{OUTSIDE} that day"
        return f"{self.tier(outcome.tier)}, {counted(outcome.points)}"

    def level(self, evaluation: Evaluation) -> str:
        """The tier as far as it can be told, and why it cannot; a presumed dialysis is said."""
        outcome = evaluation.outcome
        if evaluation.outside:
            return self._outside(evaluation)
        presumed = f"dialysis status not confirmed ({outcome.evidence})" if outcome.dialysis is PRESUMED else ""
        return joined((self._open(evaluation) if evaluation.tier_open else self.tier(outcome.tier), presumed))

    def _outside(self, evaluation: Evaluation) -> str:
        if evaluation.outcome.tier is Tier.CHILD:
            return self.tier(Tier.CHILD)
        day = "today" if evaluation.on == self.today else "that day"
        why = f" ({evaluation.outcome.evidence})" if evaluation.outcome.evidence else ""
        return f"{OUTSIDE} {day}{why}" + (", as far as it could be read" if evaluation.incomplete else "")

    def _open(self, evaluation: Evaluation) -> str:
        tier = evaluation.outcome.tier
        known = "no level from what could be read" if tier is Tier.NONE else f"at least {self.tier(tier)}"
        return f"cannot be told: {known}"

    def headline(self, evaluation: Evaluation) -> str:
        """The tier, and what it would be with what may also have been there."""
        return joined((self.level(evaluation), self.otherwise(evaluation)))

    def points(self, evaluation: Evaluation) -> str:
        """'4', 'at least 4' where not all that counts could be read, 'none' outside the rules."""
        if evaluation.outside:
            return "none"
        return f"{'at least ' if evaluation.incomplete else ''}{evaluation.outcome.points}"

    def said(self, evaluation: Evaluation) -> str:
        """'cannot be told: at least elevated risk, at least 4 points'."""
        if evaluation.outside:
            return self.level(evaluation)
        least = "at least " if evaluation.incomplete else ""
        return f"{self.level(evaluation)}, {least}{counted(evaluation.outcome.points)}"

    @staticmethod
    def dialysis(evaluation: Evaluation) -> str:
        """The dialysis status of the day, with the record's words that show it."""
        if evaluation.dialysis_unread:
            return "cannot be told: the procedures could not be read"
        outcome = evaluation.outcome
        return joined((_DIALYSIS[outcome.dialysis], outcome.evidence), ": ")

    def factors(self, outcome: Outcome) -> str:
        """The factors that are met."""
        return ", ".join(self.wording.factors_short[name] for name in outcome.factors) or "no factor"

    def otherwise(self, evaluation: Evaluation) -> str:
        """What the rules would have said with what may also have been there."""
        if evaluation.otherwise is None:
            return ""
        return f"{self.outcome(evaluation.otherwise)} if also counted: {', '.join(evaluation.unsure)}"

    def because(self, evaluation: Evaluation) -> str:
        """What changed on this day: a new record, or that time passed."""
        if evaluation.on == self.today:
            return "today"
        new = f"new: {', '.join(evaluation.because)}" if evaluation.because else ""
        return joined((new, *(_PASSED[name] for name in evaluation.passed))) or "no new record"

    def evaluation(self, evaluation: Evaluation) -> list[str]:
        """What stands beside an evaluation, a line each."""
        said = self.said(evaluation)
        lines = [f"{said[0].upper()}{said[1:]}", f"{evaluation.on} ({self.because(evaluation)})"]
        factors = "" if evaluation.outside else self.factors(evaluation.outcome)
        return [line for line in (*lines, factors, self.otherwise(evaluation)) if line]
