"""The facts of an assessment in words: each with value, unit, date and age, and what was missing.

What may live here: the wording of single facts about the patient, used by all cards; results stand in
`result_words`. Every text that came from a record is escaped here.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from hooks.assessment import Tier
from hooks.cards.markdown import escape, listed
from hooks.cards.missing_words import MissingWords
from hooks.chart import Condition, Medication, Source
from hooks.heart_valve import MECHANICAL, UNKNOWN, UNREAD
from hooks.skin_signs import CALCIPHYLAXIS_PROVISIONAL, SkinSign, last_day
from hooks.wording import Indication


@dataclass(frozen=True)
class Facts(MissingWords):
    """Words about one assessment."""

    def dialysis(self) -> str:
        """Dialysis as shown, or the sentence that it is only presumed."""
        status = self.patient.dialysis
        if status.presumed:
            return f"dialysis status not confirmed ({status.evidence})"
        if status:
            return f"on dialysis ({escape(status.evidence)})" if status.evidence else "on dialysis"
        if self.patient.dialysis_unknown:
            return "dialysis cannot be told: dialysis procedures could not be read"
        if self.patient.tier is Tier.POSSIBLE:
            return "not on dialysis: calciphylaxis also occurs without dialysis"
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
        day, quoted = sign.on, escape(sign.words or sign.condition.text)
        if sign.since is not None:
            return f"{name}: “{quoted}” (on the list since {self.when(sign.since)})"
        return f"{name}: “{quoted}” ({self.when(day) if day else 'undated'})"

    def excluded(self) -> str:
        """The refuted entry of calciphylaxis that lowers the suspicion; its recorded date says when it was made."""
        refuted = self.patient.signs.lowered_by
        if refuted is None or refuted.recorded is None:
            return ""
        day = refuted.recorded.last.isoformat()
        return f"calciphylaxis was excluded on {day}: “{escape(refuted.text)}” (recorded {day}, refuted)"

    def sign_names(self, most: int = 4) -> str:
        """The names of the signs for a summary, at most so many: plain text."""
        names = [self._sign_name(sign) for sign in self.patient.signs.signs]
        return listed(names if len(names) <= most else [*names[:most], f"{len(names) - most} more"])

    def _sign_name(self, sign: SkinSign) -> str:
        if sign.name == CALCIPHYLAXIS_PROVISIONAL:
            return f"{sign.condition.verification} calciphylaxis"
        return self.wording.signs_short[sign.name]

    def state(self) -> str:
        """'confirmed', 'suspected' or 'possible calciphylaxis', saying where only a provisional entry stands."""
        if self.patient.tier in (Tier.CONFIRMED, Tier.POSSIBLE):
            return f"{self.patient.tier.value} calciphylaxis"
        provisional = self.patient.provisional
        return f"suspected calciphylaxis (recorded as {provisional})" if provisional else "suspected calciphylaxis"

    def state_short(self) -> str:
        """The same without the remark, for where the sign beside it says so."""
        return self.state().split(" (")[0]

    def calciphylaxis(self) -> str:
        """Why calciphylaxis is confirmed or suspected."""
        if self.patient.confirmed is not None:
            return f"confirmed calciphylaxis: {self.condition(self.patient.confirmed)}"
        signs = "; ".join(self.sign(sign) for sign in self.patient.signs.signs)
        return f"{self.state_short()}: {signs}" + (f"; {self.score_with_factors()}" if self.rests_on_score else "")

    @property
    def rests_on_score(self) -> bool:
        """Do the points decide between possible and suspected: one sign, and that a weak one?"""
        signs = self.patient.signs
        return signs.different == 1 and not (signs.necrosis or signs.strong)

    def score(self) -> str:
        """'risk points 5 (heuristic, not validated)'; with the factors where the tier rests on them."""
        if self.rests_on_score:
            return self.score_with_factors()
        return self.score_points()

    def score_points(self) -> str:
        """'risk points 5 (heuristic, not validated)'."""
        return f"risk points {self.patient.risk.score} (heuristic, not validated)"

    def score_with_factors(self) -> str:
        """'risk points 3 (heuristic, not validated): diabetes, female sex and low albumin'."""
        risk = self.patient.risk
        names = listed(self.wording.factors_short[factor.name] for factor in risk.factors)
        return self.score_points() + (f": {names}" if names else "")

    def past(self) -> str:
        """The entry of past calciphylaxis, or nothing."""
        entry = self.patient.past_calciphylaxis
        return f"calciphylaxis in the past: {self.condition(entry)}" if entry else ""

    def valve(self) -> str:
        """What is known of a heart valve."""
        return {
            MECHANICAL: "mechanical heart valve on record",
            UNKNOWN: "possibly mechanical heart valve on record (valve kind not recorded: find out)",
            UNREAD: f"{self._unread_valves()} could not be read: look for a mechanical valve before any change",
        }.get(self.patient.valve, "")

    def _unread_valves(self) -> str:
        return "the whole problem list" if self.patient.chart.gap("conditions") else "valve procedures"

    def standards(self) -> str:
        """The recorded conditions in which a vitamin K antagonist is the standard, in plain words, or nothing."""
        return listed(entry.name for entry in self.wording.indications.values() if entry.standard and self._on(entry))

    def indication(self) -> str:
        """The recorded reasons for anticoagulation, or that none was found."""
        none = "none found in what could be read" if self.patient.chart.gap("conditions") else "none found"
        return "indication on record: " + (listed(self.indications()) or none)

    def indications(self) -> list[str]:
        """The recorded reasons for anticoagulation, each in words."""
        found = [self._on(entry) for entry in self.wording.indications.values()]
        return [words for words in (self.valve(), *found) if words]

    def _on(self, entry: Indication) -> str:
        """The condition or the procedure that stands for an indication, named and quoted, or nothing."""
        condition = self.patient.active(entry.concept)
        if condition is not None:
            return f"{entry.name} {self.condition(condition)}"
        for procedure in self.patient.chart.procedures:
            if entry.concept in procedure.concepts:
                dated = self.when(procedure.on) if procedure.on else "undated"
                return f"{entry.name} “{escape(procedure.text)}” ({dated})"
        return ""

    def infection(self) -> str:
        """The active sepsis or bacteraemia entry."""
        return f"active infection: {self.condition(self.patient.infection)}" if self.patient.infection else ""

    def low_calcium(self) -> tuple[str, ...]:
        """What makes a low calcium need treatment, in words."""
        return tuple(self.wording.low_calcium.get(name, name) for name in self.patient.hypocalcaemia_context)

    def palliative(self) -> bool:
        """Palliative care or hospice on record."""
        return self.patient.active("palliative_care") is not None

    def medication(self, medication: Medication) -> str:
        """A drug as the record words it, the substance beside it, since when, and how it was recognised."""
        hows = listed("matched by name" if match.by_name else match.how for match in medication.matches)
        since = self._since(medication, "prescribed")
        remarks = filter(None, (escape(listed(medication.substances)), hows, since))
        return f"{escape(medication.display)} ({'; '.join(remarks)})"

    def taking(self, *drug_classes: str) -> str:
        """The active medications of some classes as recorded, with "matched by name" where that is so, or nothing."""
        drugs = [drug for drug_class in drug_classes for drug in self.patient.risk.taking(drug_class)]
        return listed(self._active(drug, drug_classes) for drug in dict.fromkeys(drugs))

    def _active(self, medication: Medication, drug_classes: tuple[str, ...]) -> str:
        matches = [match for match in medication.matches if match.drug_class in drug_classes]
        by_name = "matched by name" if any(match.by_name for match in matches) else ""
        since = self._since(medication, "since")
        remarks = "; ".join(filter(None, (escape(listed(medication.substances)), by_name, since)))
        return escape(medication.display) + (f" ({remarks})" if remarks else "")

    def _since(self, medication: Medication, ordered: str) -> str:
        """Since when it is ordered, or that no order names it."""
        when = self.when(medication.authored) if medication.authored else ""
        if medication.source is Source.ORDER:
            return f"{ordered} {when}" if when else ""
        words = self.wording.from_history[medication.source]
        return words.since.format(when=when) if when else words.says

    def from_history(self, told: Collection[Medication] = ()) -> list[str]:
        """A line about the drugs that count as active without an order, and that a card does not name otherwise."""
        drugs = [
            drug for drug in self.patient.chart.medications if drug.source is not Source.ORDER and drug not in told
        ]
        return [f"active: {'; '.join(map(self.medication, drugs))}"] if drugs else []
