"""What the steps of treatment say on the cards of confirmed and suspected calciphylaxis.

What may live here: words about dialysis dose, minerals, injections and goals of care; the drugs of step 3 and 4 stand
in `status_drugs`.
"""

from __future__ import annotations

from dataclasses import dataclass

from hooks.cards.drug_facts import capital
from hooks.cards.markdown import escape, listed
from hooks.cards.result_words import exact
from hooks.cards.status_drugs import ACTIVE_VITAMIN_D
from hooks.cards.status_summary import SummaryWords
from hooks.modality import Modality


@dataclass(frozen=True)
class StepWords(SummaryWords):
    """Words of the steps."""

    def dialysis_advice(self) -> str:
        """Step 1: the reference values of the dose; intensified dialysis unless the dose is there already."""
        advice = self.by_modality("dose_advice")
        reached = self.facts.intensified or self.facts.patient.modality is Modality.PERITONEAL
        return advice if reached else f"{advice} {self.phrase('dose_intensified')}"

    def calcium_advice(self) -> str:
        """Step 2: stop calcium, or that a specialist decides where the bone or the value needs it."""
        patient = self.facts.patient
        low = bool(patient.labs.calcium.low) or bool(patient.labs.calcium.very_low)
        if "calcium_product" in self.needed:
            reasons = ["calcium low"] if low else []
            if patient.active("hungry_bone"):
                reasons.append(self.phrase("hungry_bone"))
            elif patient.parathyroidectomy_recent:
                reasons.append(self.phrase("hungry_bone_surgery"))
            return capital(self.phrase("calcium_needed", reason=listed(reasons)))
        return self.phrase("calcium_stop_low" if low else "calcium_stop")

    def vitamin_d_advice(self) -> str:
        """Step 2: what to do about vitamin D, and to review iron."""
        if self.vitamin_d_stops:
            drugs = escape(listed(self.offending_names(ACTIVE_VITAMIN_D)), 400)
            return self.phrase("vitamin_d_stop", drugs=drugs, calcium=self.facts.high_calcium())
        return self.phrase("vitamin_d_needed" if ACTIVE_VITAMIN_D in self.needed else "vitamin_d_review")

    def hyperparathyroidism(self) -> str:
        """Step 2: the specialist options with a very high PTH; no calcimimetic where one runs or calcium is low."""
        patient = self.facts.patient
        if not patient.labs.pth_high or patient.parathyroidectomy_recent:
            return ""
        against = patient.risk.taking("calcimimetic") or patient.labs.calcium.low
        times = exact(patient.limits.pth_high_times)
        return self.phrase("hyperparathyroidism_surgery" if against else "hyperparathyroidism", times=times)

    def insulin(self) -> str:
        """Step 5: where insulin must not be injected, where it is active in calciphylaxis."""
        patient = self.facts.patient
        return self.phrase("insulin") if patient.calciphylaxis and patient.risk.taking("insulin") else ""

    def scope(self) -> str:
        """What makes an order that could not be read matter, as the end of a sentence."""
        patient = self.facts.patient
        on = "is on dialysis (not confirmed)" if patient.dialysis.presumed else "is on dialysis"
        found = [on] if patient.dialysis else []
        found += [f"has {self.facts.state_short()}"] if patient.calciphylaxis else []
        found += ["had calciphylaxis"] if patient.past_calciphylaxis else []
        return listed(found)

    def dialysate(self) -> str:
        """Step 2: dialysate calcium, and phosphate in the dialysate on haemodialysis."""
        return self.by_modality("dialysate")

    def palliative(self) -> str:
        """That the steps are to be weighed against the goals of care, where palliative care is on record."""
        return self.phrase("palliative") if self.facts.palliative() else ""

    def minerals(self) -> str:
        """Step 2: calcium, phosphate, product and PTH as they are."""
        facts = self.facts
        parts = (facts.calcium(), facts.total_beside(), facts.phosphate(), facts.product(), facts.pth())
        return "; ".join(filter(None, parts))
