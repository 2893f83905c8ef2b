"""What a status card says: the placeholders and the "why now" of `status_cards.toml`.

What may live here: the names that the file may use, each a few words about one assessment. All values are Markdown
already: text from the record is escaped by `facts`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from hooks.assessment import Tier
from hooks.cards.drug_facts import capital
from hooks.cards.facts import Facts, exact
from hooks.cards.markdown import escape, listed, plain
from hooks.cards.placeholders import Placeholders
from hooks.chart import Analyte, Result
from hooks.policy import DrugClass, Role
from hooks.situations import holds

EXCEPTIONS = {"vitamin_k_antagonist": "_valve", "calcium_product": "_needed", "active_vitamin_d": "_needed"}
"""The classes whose own cards make an exception, and the end of the name of the half-sentence that is used then."""


@dataclass(frozen=True)
class StatusFacts:
    """The facts of one status card; `triggers` are (short words, full line) pairs of the sepsis watch."""

    facts: Facts
    phrases: Mapping[str, str]
    drug_classes: Mapping[str, DrugClass]
    triggers: tuple[tuple[str, str], ...] = ()

    def placeholders(self) -> Placeholders:
        """Every `{name}` that a status text may use, worked out when asked for."""
        return Placeholders(lambda name: STATUS_PLACEHOLDERS[name](self))

    def why(self, name: str) -> list[str]:
        """The lines of one fact; empty when there is nothing to say."""
        return [line for line in STATUS_WHY[name](self) if line]

    # ------------------------------------------------------------------ drugs
    @property
    def _feeding(self) -> dict[str, DrugClass]:
        """The classes that feed calciphylaxis, in the order of the file."""
        return {key: drug_class for key, drug_class in self.drug_classes.items() if drug_class.role is Role.FEEDING}

    def offending_names(self, *classes: str) -> list[str]:
        """Ingredient names of the active drugs of these classes, plain."""
        chart = self.facts.patient.chart
        names = [
            plain(match.drug, 40)
            for drug_class in classes
            for drug in chart.medications
            for match in drug.matches
            if match.drug_class == drug_class
        ]
        return list(dict.fromkeys(names))

    def offending_short(self) -> str:
        """'; warfarin and calcium acetate active' for a summary, or nothing."""
        names = self.offending_names(*(key for key, drug_class in self._feeding.items() if drug_class.in_summary))
        if len(names) > 3:
            names = [*names[:2], f"{len(names) - 2} more"]
        return f"; {listed(names)} active" if names else ""

    def offending(self) -> str:
        """What to do about the active drugs that feed it, with the exceptions that their own cards make."""
        patient = self.facts.patient
        calcium_needed = holds(patient, ("calcium_very_low",)) or holds(patient, ("hungry_bone",), ("calcium_high",))
        vitamin_d_needed = holds(patient, ("calcium_low", "pth_high"))
        excepted = {
            "vitamin_k_antagonist": bool(patient.valve),
            "calcium_product": calcium_needed,
            "active_vitamin_d": vitamin_d_needed,
        }
        endings = {key: ending for key, ending in EXCEPTIONS.items() if excepted[key]}
        made = [
            self.phrases[f"{drug_class.phrase}{endings.get(key, '')}"].format(drugs=escape(listed(names), 400))
            for key, drug_class in self._feeding.items()
            if (names := self.offending_names(key))
        ]
        return " ".join(dict.fromkeys(made))

    def anticoagulation(self) -> str:
        """Step 3: the vitamin K antagonist with its indication, or that there is none."""
        names = self.offending_names("vitamin_k_antagonist")
        if not names:
            return self.phrases["vka_absent"]
        key = {"": "vka_active", "unread": "vka_valve_unread"}.get(self.facts.patient.valve, "vka_valve")
        return self.phrases[key].format(drug=escape(listed(names)), indication=self.facts.indication())

    def thiosulfate(self) -> str:
        """Step 4: acknowledge it when it runs, name it otherwise."""
        active = self.facts.patient.risk.taking("sodium_thiosulfate")
        if active:
            return self.phrases["thiosulfate_active"]
        off = not (self.facts.patient.dialysis or self.facts.patient.dialysis_unknown)
        return self.phrases["thiosulfate_off_dialysis" if off else "thiosulfate_absent"]

    # ------------------------------------------------------------------ values
    def minerals(self) -> str:
        """Step 2: calcium, phosphate, product and PTH as they are."""
        facts = self.facts
        return "; ".join(filter(None, (facts.calcium(), facts.phosphate(), facts.product(), facts.pth())))

    def caveats(self) -> str:
        """Reasons why the finding may mean less than it seems to."""
        patient = self.facts.patient
        names = {sign.name for sign in patient.signs.signs}
        lines = [
            self.phrases["induration_alone"] if names == {"skin_induration"} else "",
            self.phrases["texture"] if "skin_texture" in names else "",
            self.phrases["unspecific_code"] if "calcium_disorder_unspecific" in names else "",
            self.phrases["provisional"].format(verification=patient.provisional) if patient.provisional else "",
            self.phrases["insulin"] if patient.calciphylaxis and patient.risk.taking("insulin") else "",
        ]
        return " ".join(filter(None, lines)) if patient.tier is not Tier.CONFIRMED else lines[-1]

    def gaps(self) -> str:
        """What could not be read, in words for a sentence."""
        chart = self.facts.patient.chart
        unread = chart.unread_medications
        drugs = f"the drug of {unread} active order{'s' if unread > 1 else ''}"
        return listed([*(gap.what for gap in chart.gaps), *([drugs] if unread else [])])

    def factors(self) -> list[str]:
        """The met risk factors with their points, the changeable ones first."""
        facts = self.facts
        words = Placeholders(lambda name: FACTOR_PLACEHOLDERS[name](self))
        return [
            f"{facts.wording.factors[factor.name].format_map(words)} (+{factor.points})"
            for factor in facts.patient.risk.factors
        ]

    def minerals_crossed(self) -> str:
        """Only the minerals that crossed a threshold."""
        labs, facts = self.facts.patient.labs, self.facts
        parts = [
            facts.calcium() if labs.calcium.high or labs.calcium.upper_normal else "",
            facts.phosphate() if labs.phosphate_high else "",
            facts.product() if labs.product_moderate else "",
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

    def offending_drugs(self) -> list[str]:
        """The active drugs that feed calciphylaxis, as recorded."""
        drugs = self.facts.taking(*self._feeding)
        return [f"active: {drugs}"] if drugs else []

    def diagnosis(self) -> list[str]:
        """The confirmed entry and the signs beside it."""
        return [self.facts.calciphylaxis(), *(self.facts.sign(sign) for sign in self.facts.patient.signs.signs)]


STATUS_PLACEHOLDERS: dict[str, Callable[[StatusFacts], str]] = {
    "sign_names": lambda card: card.facts.sign_names(),
    "sign_names_capital": lambda card: capital(card.facts.sign_names()),
    "offending_short": StatusFacts.offending_short,
    "offending": StatusFacts.offending,
    "state_short": lambda card: card.facts.state().split(" (")[0],
    "dialysis_dose": lambda card: card.facts.dialysis_dose(),
    "minerals": StatusFacts.minerals,
    "anticoagulation": StatusFacts.anticoagulation,
    "thiosulfate": StatusFacts.thiosulfate,
    "caveats": StatusFacts.caveats,
    "score_points": lambda card: str(card.facts.patient.risk.score),
    "suspected_score": lambda card: exact(card.facts.patient.limits.suspected_score),
    "hd_kt_v_minimum": lambda card: exact(card.facts.patient.limits.hd_kt_v_minimum),
    "hd_kt_v_target": lambda card: exact(card.facts.patient.limits.hd_kt_v_target),
    "pd_kt_v_minimum": lambda card: exact(card.facts.patient.limits.pd_kt_v_minimum),
    "trigger_short": lambda card: listed(short for short, _ in card.triggers),
    "gaps": StatusFacts.gaps,
    "vka_advice": lambda card: card.phrases["vka_advice_valve" if card.facts.patient.valve else "vka_advice"],
}
"""The placeholders of the status texts."""

FACTOR_PLACEHOLDERS: dict[str, Callable[[StatusFacts], str]] = {
    "vka": lambda card: card.facts.taking("vitamin_k_antagonist"),
    "minerals": StatusFacts.minerals_crossed,
    "pth": lambda card: card.facts.pth(),
    "albumin": lambda card: card.bounded_newest(Analyte.ALBUMIN),
    "alkaline_phosphatase": lambda card: card.bounded_newest(Analyte.ALKALINE_PHOSPHATASE),
    "obesity": StatusFacts.obesity,
    "calcium_products": lambda card: card.facts.taking("calcium_product"),
    "active_vitamin_d": lambda card: card.facts.taking("active_vitamin_d"),
    "corticosteroid": lambda card: card.facts.taking("systemic_corticosteroid") or "coded as long-term",
    "weight_loss": StatusFacts.weight_loss,
    "dialysis_dose": lambda card: card.facts.dialysis_dose(),
    "hd_kt_v_minimum": lambda card: exact(card.facts.patient.limits.hd_kt_v_minimum),
    "hd_kt_v_target": lambda card: exact(card.facts.patient.limits.hd_kt_v_target),
    "pd_kt_v_minimum": lambda card: exact(card.facts.patient.limits.pd_kt_v_minimum),
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
    "offending_drugs": StatusFacts.offending_drugs,
    "score": lambda card: [card.facts.score()],
    "factors": StatusFacts.factors,
    "triggers": lambda card: [line for _, line in card.triggers],
}
"""The facts that `why` of a status text may list."""
