"""What a status card says: the placeholders and the "why now" of `status_cards.toml`.

What may live here: the names that the file may use, each a few words about one assessment. Nearly all values are
Markdown already: text from the record is escaped by `facts`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from hooks.cards.drug_facts import capital
from hooks.cards.markdown import escape, listed
from hooks.cards.placeholders import Placeholders
from hooks.cards.result_words import exact
from hooks.cards.status_drugs import IRON
from hooks.cards.status_steps import StepWords
from hooks.chart import Analyte, Result
from hooks.mineral_needs import correction_matters

NAMES_DRUGS = frozenset({"offending_drugs", "factors"})
"""The facts that name the active drugs which feed calciphylaxis, each with what says that it is taken."""


@dataclass(frozen=True)
class StatusFacts(StepWords):
    """The facts of one status card."""

    def placeholders(self) -> Placeholders:
        """Every `{name}` that a status text may use, worked out when asked for."""
        return Placeholders(lambda name: STATUS_PLACEHOLDERS[name](self))

    def why(self, name: str) -> list[str]:
        """The lines of one fact; empty when there is nothing to say."""
        return [line for line in STATUS_WHY[name](self) if line]

    def from_history(self, why: Collection[str]) -> list[str]:
        """A line about the drugs that count without an order, where none of these facts names them."""
        classes = (*self.feeding, *IRON) if not NAMES_DRUGS.isdisjoint(why) else ()
        taking = self.facts.patient.risk.taking
        return self.facts.from_history([drug for drug_class in classes for drug in taking(drug_class)])

    # ------------------------------------------------------------------ the finding
    def caveats(self) -> str:
        """Reasons why the finding may mean less than it seems to."""
        patient = self.facts.patient
        names = {sign.name for sign in patient.signs.signs}
        lines = [
            self.phrase("induration_alone") if names == {"skin_induration"} else "",
            self.phrase("texture") if "skin_texture" in names else "",
            self.phrase("unspecific_code") if "calcium_disorder_unspecific" in names else "",
            self.phrase("provisional", verification=patient.signs.provisional) if patient.signs.provisional else "",
        ]
        return " ".join(filter(None, lines))

    def excluded(self) -> str:
        """That calciphylaxis was excluded before, with the day, as a sentence."""
        words = self.facts.excluded()
        return f"{capital(words)}." if words else ""

    def factors(self) -> list[str]:
        """The met risk factors with their points, the changeable ones first."""
        facts = self.facts
        words = Placeholders(lambda name: FACTOR_PLACEHOLDERS[name](self))
        # The order of an ionised calcium, which is offered then, must not come without its reason.
        unexplained = correction_matters(facts.patient) and not self._calcium_crossed
        return [
            f"{facts.wording.factors[factor.name].format_map(words)} (+{factor.points})"
            for factor in facts.patient.risk.factors
        ] + ([facts.calcium()] if unexplained else [])

    @property
    def _calcium_crossed(self) -> bool:
        calcium = self.facts.patient.labs.calcium
        return bool(calcium.high or calcium.upper_normal)

    def pth_factor(self) -> str:
        """PTH with the limit of its point."""
        labs, facts = self.facts.patient.labs, self.facts
        if labs.pth_high:
            return facts.pth()
        return self._bounded(labs.pth_low.result, facts.patient.limits.pth_low, "below")

    def minerals_crossed(self) -> str:
        """Only the minerals that crossed a threshold."""
        labs, facts = self.facts.patient.labs, self.facts
        parts = [
            facts.calcium(scored=True) if self._calcium_crossed else "",
            facts.phosphate() if labs.phosphate_high else "",
            *((facts.total_beside(), facts.product()) if labs.product_moderate else ()),
        ]
        return "; ".join(filter(None, parts))

    def bounded_newest(self, analyte: Analyte) -> str:
        """The newest albumin or alkaline phosphatase with its threshold."""
        labs, limits = self.facts.patient.labs, self.facts.patient.limits
        if analyte is Analyte.ALBUMIN:
            return self._bounded(labs.albumin_low.result, limits.albumin_low, "below")
        result = labs.alkaline_phosphatase_high.result
        upper = result.upper_limit if result and result.upper_limit else limits.alkaline_phosphatase_assumed_upper_limit
        return self._bounded(result, upper, "above")

    def _bounded(self, result: Result | None, limit: float, relation: str) -> str:
        return self.facts.result(result, limit, relation) if result else ""

    def obesity(self) -> str:
        """The body mass index with its threshold, else the coded condition."""
        finding = self.facts.patient.labs.obese_by_index
        if finding.result:
            return self.facts.result(finding.result, self.facts.patient.limits.obese_body_mass_index, "at or above")
        condition = self.facts.patient.active("obesity")
        return self.facts.condition(condition) if condition else ""

    def weight_loss(self) -> str:
        """The loss with both weights."""
        loss = self.facts.patient.labs.weight_loss
        if loss is None:
            return ""
        oldest, newest = self.facts.result(loss.oldest), self.facts.result(loss.newest)
        return f"{loss.percent:.1f} %, {oldest} to {newest}"

    def past(self) -> str:
        """The entries of past calciphylaxis."""
        conditions = self.facts.patient.chart.conditions
        past = [condition for condition in conditions if "calciphylaxis_history" in condition.concepts]
        return listed(self.facts.condition(condition) for condition in past)

    def diagnosis(self) -> list[str]:
        """The confirmed entry and the signs beside it."""
        return [self.facts.calciphylaxis(), *(self.facts.sign(sign) for sign in self.facts.patient.signs.signs)]


STATUS_PLACEHOLDERS: dict[str, Callable[[StatusFacts], str]] = {
    "sign_names": lambda card: card.facts.sign_names(),
    "sign_names_capital": lambda card: capital(card.facts.sign_names()),
    "signs_and_drugs": StatusFacts.signs_and_drugs,
    "offending": StatusFacts.offending,
    "today": StatusFacts.today,
    "factors_short": StatusFacts.factors_short,
    "state_short": lambda card: card.facts.state_short(),
    "dialysis_dose": lambda card: card.facts.dialysis_dose(),
    "dialysis_advice": StatusFacts.dialysis_advice,
    "minerals": StatusFacts.minerals,
    "calcium_advice": StatusFacts.calcium_advice,
    "vitamin_d_advice": StatusFacts.vitamin_d_advice,
    "hyperparathyroidism": StatusFacts.hyperparathyroidism,
    "dialysate": StatusFacts.dialysate,
    "anticoagulation": StatusFacts.anticoagulation,
    "thiosulfate": StatusFacts.thiosulfate,
    "caveats": StatusFacts.caveats,
    "insulin": StatusFacts.insulin,
    "excluded": StatusFacts.excluded,
    "palliative": StatusFacts.palliative,
    "skin_check": lambda card: card.by_modality("skin_check"),
    "skin_check_capital": lambda card: capital(card.by_modality("skin_check")),
    "score_points": lambda card: str(card.facts.patient.risk.score),
    "suspected_score": lambda card: exact(card.facts.patient.limits.suspected_score),
    "trigger_short": StatusFacts.triggers_short,
    "gaps": StatusFacts.gaps,
    "changeable": StatusFacts.changeable,
    "scope": StatusFacts.scope,
}
"""The placeholders of the status texts."""

FITTED = frozenset({"signs_and_drugs", "today", "factors_short", "trigger_short", "gaps"})
"""Those that a summary gives all the room that is left; what has no room is counted."""

PLAIN = frozenset({"factors_short", "trigger_short"})
"""Those that are plain text, for a summary: a detail has them escaped."""


def in_detail(placeholders: Placeholders) -> Placeholders:
    """The same placeholders, all of them Markdown."""
    return Placeholders(lambda name: escape(placeholders[name], 400) if name in PLAIN else placeholders[name])


FACTOR_PLACEHOLDERS: dict[str, Callable[[StatusFacts], str]] = {
    "vka": lambda card: card.facts.taking("vitamin_k_antagonist"),
    "minerals": StatusFacts.minerals_crossed,
    "pth": StatusFacts.pth_factor,
    "albumin": lambda card: card.bounded_newest(Analyte.ALBUMIN),
    "alkaline_phosphatase": lambda card: card.bounded_newest(Analyte.ALKALINE_PHOSPHATASE),
    "obesity": StatusFacts.obesity,
    "calcium_products": lambda card: card.facts.taking("calcium_product"),
    "active_vitamin_d": lambda card: card.facts.taking("active_vitamin_d"),
    "corticosteroid": lambda card: card.facts.taking("systemic_corticosteroid") or "coded as long-term",
    "weight_loss": StatusFacts.weight_loss,
    "dialysis_dose": lambda card: card.facts.dialysis_dose(),
    "dose_reference": lambda card: card.by_modality("dose_reference"),
    "past_calciphylaxis": StatusFacts.past,
}
"""The placeholders of the risk factors in `wording.toml`."""

STATUS_WHY: dict[str, Callable[[StatusFacts], list[str]]] = {
    "signs": lambda card: [card.facts.sign(sign) for sign in card.facts.patient.signs.signs],
    "diagnosis": StatusFacts.diagnosis,
    "dialysis": lambda card: [card.facts.dialysis()],
    "presumed": lambda card: [card.facts.presumed()],
    "calciphylaxis": lambda card: [card.facts.calciphylaxis()],
    "calciphylaxis_if_any": lambda card: [card.facts.calciphylaxis()] if card.facts.patient.calciphylaxis else [],
    "past_calciphylaxis": lambda card: [card.facts.past()],
    "offending_drugs": StatusFacts.offending_drugs,
    "score": lambda card: [card.facts.score()],
    "score_alone": lambda card: [card.facts.score_points()],
    "factors": StatusFacts.factors,
    "triggers": lambda card: [line for _, line in card.triggers],
}
"""The facts that `why` of a status text may list."""
