"""What a status card says of active drugs, and the half-sentences that follow the kind of dialysis.

What may live here: choosing and filling half-sentences of `status_cards.toml`. Text from the record is escaped by
`facts`; the names in a summary are plain.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hooks.cards.facts import Facts
from hooks.cards.markdown import escape, listed, plain
from hooks.cards.result_words import exact
from hooks.heart_valve import UNREAD
from hooks.modality import Modality
from hooks.policy import DrugClass, Role

EXCEPTIONS = {"vitamin_k_antagonist": "_valve", "calcium_product": "_needed", "active_vitamin_d": "_needed"}
"""The classes whose own cards make an exception, and the end of the name of the half-sentence that is used then."""

IRON = ("iv_iron", "oral_iron")
"""Iron is reviewed in confirmed and suspected calciphylaxis, although it does not count as feeding it."""

ACTIVE_VITAMIN_D = "active_vitamin_d"

MODALITIES = {Modality.HAEMODIALYSIS: "", Modality.PERITONEAL: "_peritoneal", Modality.BOTH: "_both"}
"""The end of the name of a half-sentence that depends on the kind of dialysis; "_off" without dialysis."""


@dataclass(frozen=True)
class PhraseFacts:
    """What the words of one status card rest on.

    `triggers` are (short words, full line) pairs of the sepsis watch, `needed` the drug classes whose own card says
    that a specialist decides on them.
    """

    facts: Facts
    phrases: Mapping[str, str]
    drug_classes: Mapping[str, DrugClass]
    triggers: tuple[tuple[str, str], ...] = ()
    needed: frozenset[str] = frozenset()

    def phrase(self, name: str, **words: str) -> str:
        """A half-sentence of the file, filled with these words and with the reference values of the dialysis dose."""
        return self.phrases[name].format(**words, **self._doses)

    def by_modality(self, name: str, **words: str) -> str:
        """The form of a half-sentence for this patient's kind of dialysis, else the form for haemodialysis."""
        patient = self.facts.patient
        on = patient.dialysis or patient.dialysis_unknown
        own = name + (MODALITIES[patient.modality] if on else "_off")
        return self.phrase(own if own in self.phrases else name, **words)

    @property
    def _doses(self) -> dict[str, str]:
        limits = self.facts.patient.limits
        names = ("hd_kt_v_minimum", "hd_kt_v_target", "pd_kt_v_minimum", "hd_kt_v_intensified")
        return {name: exact(getattr(limits, name)) for name in names}


@dataclass(frozen=True)
class DrugWords(PhraseFacts):
    """Words about the active drugs that feed calciphylaxis, and about those that help."""

    @property
    def feeding(self) -> dict[str, DrugClass]:
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

    def _ending(self, drug_class: str) -> str:
        """The end of the name of the half-sentence about a class: that of its exception where its own card makes it."""
        excepted = bool(self.facts.patient.valve) if drug_class == "vitamin_k_antagonist" else drug_class in self.needed
        return EXCEPTIONS.get(drug_class, "") if excepted else ""

    @property
    def vitamin_d_stops(self) -> bool:
        """Active vitamin D with a high calcium: to be stopped, not only reviewed."""
        patient = self.facts.patient
        return bool(patient.risk.taking(ACTIVE_VITAMIN_D)) and bool(patient.labs.calcium.high)

    def offending(self) -> str:
        """What to do about the active drugs that feed it, with the exceptions that their own cards make."""
        made = [self._advice(key, drug_class.phrase) for key, drug_class in self.feeding.items()]
        made += [self._advice(key, "offending_iron") for key in IRON if self.facts.patient.calciphylaxis]
        return " ".join(dict.fromkeys(filter(None, made)))

    def _advice(self, drug_class: str, phrase: str) -> str:
        names = self.offending_names(drug_class)
        if not names:
            return ""
        drugs, ending, standards = escape(listed(names), 400), self._ending(drug_class), self.facts.standards()
        if drug_class == "vitamin_k_antagonist" and standards and not ending:
            return self.phrase("vka_is_standard", drugs=drugs, fact=standards)
        if drug_class == ACTIVE_VITAMIN_D and self.vitamin_d_stops:
            return self.phrase("offending_vitamin_d_high", drugs=drugs, calcium=self.facts.high_calcium())
        return self.phrase(phrase + ending, drugs=drugs)

    def anticoagulation(self) -> str:
        """Step 3: the vitamin K antagonist with its indication, or that there is none."""
        names = self.offending_names("vitamin_k_antagonist")
        if not names:
            return self.phrase("vka_absent")
        drug, indication = escape(listed(names)), self.facts.indication()
        valve, standards = self.facts.patient.valve, self.facts.standards()
        if standards and valve in ("", UNREAD):
            return self.phrase("vka_active_standard", drug=drug, indication=indication, fact=standards)
        key = {"": "vka_active", UNREAD: "vka_valve_unread"}.get(valve, "vka_valve")
        words = self.phrase(key, drug=drug, indication=indication)
        return f"{words}; {self.phrase('vka_standard', fact=standards)}" if standards else words

    def thiosulfate(self) -> str:
        """Step 4: acknowledge it when it runs, name it otherwise; how depends on the kind of dialysis."""
        active = self.facts.patient.risk.taking("sodium_thiosulfate")
        return self.by_modality("thiosulfate_active" if active else "thiosulfate_absent")

    def changeable(self) -> str:
        """What can be changed and is there: the drugs by their names, the minerals, the dialysis dose."""
        patient = self.facts.patient
        risk, kept = patient.risk, patient.valve or self.facts.standards()
        phrases = {
            "vitamin_k_antagonist": "changeable_vka_kept" if kept else "changeable_vka",
            "calcium_product": "changeable_calcium",
            ACTIVE_VITAMIN_D: "changeable_vitamin_d",
        }
        found = [
            self.phrase(phrase, drugs=escape(listed(self.offending_names(name)), 400))
            for name, phrase in phrases.items()
            if risk.has(name)
        ]
        found += [
            self.facts.wording.factors_short[name] for name in ("mineral_high", "mineral_moderate") if risk.has(name)
        ]
        return listed([*found, self.phrase("changeable_dose", reference=self.by_modality("dose_reference"))])

    def offending_drugs(self) -> list[str]:
        """The active drugs that feed calciphylaxis, as recorded; iron, too, on confirmed or suspected."""
        iron = IRON if self.facts.patient.calciphylaxis else ()
        drugs = self.facts.taking(*self.feeding, *iron)
        return [f"active: {drugs}"] if drugs else []
