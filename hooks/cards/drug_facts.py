"""What a drug card says: the placeholders of its summary and the facts of its "why now".

What may live here: the names that `drug_rules.toml` may use, each a few words about one assessment and the drugs of
one card.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from hooks.assessment import Tier
from hooks.cards.facts import IONISED, Facts, exact
from hooks.cards.markdown import escape, listed, plain
from hooks.cards.placeholders import Placeholders
from hooks.chart import Medication, Result


@dataclass(frozen=True)
class DrugFacts:
    """The facts for one topic: `drugs` are (medication, ingredient name) pairs in the order of the record."""

    facts: Facts
    drugs: tuple[tuple[Medication, str], ...]
    draft: bool = True

    def placeholders(self, needs: tuple[str, ...]) -> Placeholders:
        """Every `{name}` that a text may use, in plain words, worked out when asked for."""
        return Placeholders(lambda name: DRUG_PLACEHOLDERS[name](self, needs))

    def why(self, name: str) -> list[str]:
        """The lines of one fact; empty when there is nothing to say."""
        return [line for line in DRUG_WHY[name](self) if line]

    def drug_lines(self) -> list[str]:
        """One line for each order: how it is worded and how it was recognised."""
        word = "draft order" if self.draft else "active"
        return [f"{word}: {self.facts.medication(drug)}" for drug in dict.fromkeys(drug for drug, _ in self.drugs)]


def _drug(card: DrugFacts, _: tuple[str, ...]) -> str:
    return listed(plain(name, 40) for _, name in card.drugs)


def capital(text: str) -> str:
    """The text with a capital first letter."""
    return text[:1].upper() + text[1:]


def _reason(card: DrugFacts, _: tuple[str, ...]) -> str:
    patient = card.facts.patient
    return "diagnosis on record" if patient.tier is Tier.CONFIRMED else card.facts.sign_names(2)


def _calcium_value(card: DrugFacts, _: tuple[str, ...]) -> str:
    calcium = card.facts.patient.labs.calcium
    result = calcium.high.result or (calcium.ionised[0] if calcium.ionised_decides else calcium.chosen)
    if result is None:
        return "calcium unknown"
    return f"{card.facts.name(result)} {card.facts.value(result, _crossed(card, result))}"


def _crossed(card: DrugFacts, result: Result) -> float | None:
    """The calcium threshold that was crossed: rounding may not hide on which side of it the result lies."""
    calcium, limits, ionised = card.facts.patient.labs.calcium, card.facts.patient.limits, result.analyte in IONISED
    for finding, ionised_limit, total_limit in (
        (calcium.high, limits.ionised_calcium_high, limits.calcium_high),
        (calcium.very_low, limits.ionised_calcium_very_low, limits.calcium_very_low),
        (calcium.low, limits.ionised_calcium_low, limits.calcium_low),
    ):
        if finding:
            return ionised_limit if ionised else total_limit
    return None


def _calcium_high_limit(card: DrugFacts, _: tuple[str, ...]) -> str:
    result, limits = card.facts.patient.labs.calcium.high.result, card.facts.patient.limits
    ionised = result is not None and result.analyte in IONISED
    return exact(limits.ionised_calcium_high if ionised else limits.calcium_high)


def _product_value(card: DrugFacts, _: tuple[str, ...]) -> str:
    product = card.facts.patient.labs.product
    return card.facts.product_value(product) if product else ""


def _pth_value(card: DrugFacts, _: tuple[str, ...]) -> str:
    result = card.facts.patient.labs.pth_low_for_vitamin_d.result
    return f"PTH {card.facts.value(result)}" if result else ""


def _pth_twice_values(card: DrugFacts, _: tuple[str, ...]) -> str:
    results = [finding.result for finding in card.facts.patient.labs.pth_low_twice if finding.result]
    return listed(f"{result.comparator}{result.value:.0f}" for result in results)


def _low_reason(card: DrugFacts, _: tuple[str, ...]) -> str:
    calcium = card.facts.patient.labs.calcium
    return f"{_calcium_value(card, ())} (very low)" if calcium.very_low else "hungry bone"


def _gap_names(card: DrugFacts, needs: tuple[str, ...]) -> str:
    missing = card.facts.missing_names(needs[:2])
    gaps = listed(gap.what for gap in card.facts.patient.chart.gaps)
    words = [f"no usable {missing}"] if missing else []
    words += [f"{gaps} could not be read"] if gaps else []
    return "; ".join(words) or "the results leave it open"


def _indication(card: DrugFacts, _: tuple[str, ...]) -> str:
    return capital(card.facts.indication())


DRUG_PLACEHOLDERS: dict[str, Callable[[DrugFacts, tuple[str, ...]], str]] = {
    "drug": lambda card, needs: capital(_drug(card, needs)),
    "state": lambda card, _: card.facts.state(),
    "state_short": lambda card, _: card.facts.state().split(" (")[0],
    "reason": _reason,
    "indication": _indication,
    "valve_short": lambda card, _: card.facts.patient.valve,
    "calcium_value": _calcium_value,
    "calcium_high_limit": _calcium_high_limit,
    "product_value": _product_value,
    "product_limit": lambda card, _: exact(card.facts.patient.limits.product_moderate),
    "pth_value": _pth_value,
    "pth_twice_values": _pth_twice_values,
    "pth_low_twice": lambda card, _: exact(card.facts.patient.limits.pth_low_twice),
    "pth_vitamin_d_times": lambda card, _: exact(card.facts.patient.limits.pth_vitamin_d_times),
    "low_reason": _low_reason,
    "gap_names": _gap_names,
}
"""The placeholders of `summary` and `lead`."""

RECORD_TEXT = frozenset({"indication"})
"""Placeholders that are Markdown already (they quote the record, escaped)."""

DRUG_WHY: dict[str, Callable[[DrugFacts], list[str]]] = {
    "drug_lines": DrugFacts.drug_lines,
    "calciphylaxis": lambda card: [card.facts.calciphylaxis()],
    "presumed": lambda card: [card.facts.presumed()],
    "dialysis": lambda card: [card.facts.dialysis()],
    "calcium": lambda card: [card.facts.calcium()],
    "calcium_if_any": lambda card: [card.facts.calcium() if card.facts.has("calcium") else ""],
    "phosphate": lambda card: [card.facts.phosphate()],
    "phosphate_if_any": lambda card: [card.facts.phosphate() if card.facts.has("phosphate") else ""],
    "product": lambda card: [card.facts.product()],
    "pth": lambda card: [card.facts.pth()],
    "pth_twice": lambda card: [card.facts.pth_twice()],
    "valve": lambda card: [card.facts.valve()],
    "indication": lambda card: [card.facts.indication()],
    "infection": lambda card: [card.facts.infection()],
    "hungry_bone": lambda card: [card.facts.hungry_bone()],
}
"""The facts that `why` may list."""


def in_markdown(placeholders: Placeholders) -> Placeholders:
    """The same placeholders, escaped for Markdown where they are not Markdown already."""
    return Placeholders(lambda name: placeholders[name] if name in RECORD_TEXT else escape(placeholders[name], 400))
