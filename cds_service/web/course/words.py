"""The course in words: what stands beside each mark of the picture, and in the tables.

What may live here: wording of periods, findings and evaluations. Results have their words in `result_words`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from cds_service.web.course.result_words import ResultWords, joined
from hooks.assessment import Tier
from hooks.chart import BY_NAME
from hooks.course import ConditionPeriod, DrugLane, End, Evaluation, FindingLane, MedicationPeriod, Outcome
from hooks.dialysis_status import Dialysis
from hooks.wording import Wording

NO_LEVEL = "no level reached"
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


@dataclass(frozen=True)
class CourseWords(ResultWords):
    """Words about a course, in the units of the page, on one day."""

    today: date

    @property
    def wording(self) -> Wording:
        """The clinicians' names."""
        return self.units.wording

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
        """'4', 'at least 4' where not all that counts could be read; none are counted outside the rules."""
        if evaluation.outside:
            return "not counted"
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
        """The factors that are met, each with its points: 'vitamin K antagonist 2, diabetes 1'."""
        met = [f"{self.wording.factors_short[factor.name]} {factor.points}" for factor in outcome.factors]
        return ", ".join(met) or "no factor"

    def otherwise(self, evaluation: Evaluation) -> str:
        """What the rules would have said with what may also have been there."""
        if evaluation.otherwise is None:
            return ""
        return f"{self.outcome(evaluation.otherwise)} if also counted: {', '.join(evaluation.unsure)}"

    def points_lines(self, evaluation: Evaluation) -> list[str]:
        """What stands beside the risk points: '4 points: vitamin K antagonist 2, female sex 1, diabetes 1'."""
        if evaluation.outside:
            said = "Risk points not counted: the rules do not apply"
        else:
            least = "at least " if evaluation.incomplete else ""
            said = f"Risk points: {least}{evaluation.outcome.points} ({self.factors(evaluation.outcome)})"
        return [said, f"{evaluation.on} ({self.because(evaluation)})"]

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
