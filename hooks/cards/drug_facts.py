"""What a drug card says: the placeholders of its summary and the facts of its "why now".

What may live here: the names that `drug_rules.toml` may use, each a few words about one assessment and the drugs of
one card.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from hooks.anticoagulation import on_the_list
from hooks.assessment import Tier
from hooks.card import SUMMARY_LIMIT
from hooks.cards.facts import Facts
from hooks.cards.lab_words import IONISED
from hooks.cards.markdown import escape, listed, plain
from hooks.cards.placeholders import Placeholders
from hooks.cards.result_words import exact
from hooks.chart import Analyte, Medication, Result
from hooks.modality import Modality


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

    def always(self) -> list[str]:
        """What every drug card says where it is so: presumed dialysis, the sign at possible calciphylaxis, and beside
        a draft which drugs count as active without an order.
        """
        facts = self.facts
        possible = facts.patient.tier is Tier.POSSIBLE and bool(facts.patient.signs.signs)
        signs = "; ".join(facts.sign(sign) for sign in facts.patient.signs.signs)
        found = [line for line in (facts.presumed(), f"possible calciphylaxis: {signs}" if possible else "") if line]
        return found + (facts.from_history() if self.draft else [])

    def drug_lines(self) -> list[str]:
        """One line for each order: how it is worded and how it was recognised."""
        word = "draft order" if self.draft else "active"
        return [f"{word}: {self.facts.medication(drug)}" for drug in dict.fromkeys(drug for drug, _ in self.drugs)]


MOST_DRUGS = 2
"""So many drugs are named in a summary or lead; all of them stand in the lines below."""


def _drug(card: DrugFacts, _: tuple[str, ...]) -> str:
    names = list(dict.fromkeys(plain(name, 40) for _, name in card.drugs))
    more = len(names) - MOST_DRUGS
    return listed(names if more <= 0 else [*names[:MOST_DRUGS], f"{more} more"])


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
    return card.facts.brief(result, _crossed(card, result))


def _age(card: DrugFacts, *results: Result) -> str:
    """' (88 d old)' where a value is older than fresh; of several the oldest."""
    patient = card.facts.patient
    old = [(patient.on - result.on).days for result in results if patient.labs.is_old(result)]
    return f" ({max(old)} d old)" if old else ""


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
    return card.facts.product_value(product) + _age(card, product.calcium, product.phosphate) if product else ""


def _pth_value(card: DrugFacts, _: tuple[str, ...]) -> str:
    result = card.facts.patient.labs.pth_low_for_vitamin_d.result
    return f"PTH {card.facts.converted(result)}{_age(card, result)}" if result else ""


def _pth_twice_values(card: DrugFacts, _: tuple[str, ...]) -> str:
    results = [finding.result for finding in card.facts.patient.labs.pth_low_twice if finding.result]
    shown = " and ".join(f"{result.comparator}{result.value:.0f}" for result in results)
    if not any(map(card.facts.patient.labs.is_old, results)):
        return shown
    return f"{shown}, {' and '.join(str((card.facts.patient.on - result.on).days) for result in results)} d old"


def _low_reason(card: DrugFacts, _: tuple[str, ...]) -> str:
    """Why calcium or vitamin D may be needed: the low value, and what is on record beside it."""
    patient = card.facts.patient
    calcium = patient.labs.calcium
    value = ""
    if calcium.very_low or calcium.low:
        value = f"{_calcium_value(card, ())}, {'very low' if calcium.very_low else 'low'}"
    elif calcium.high.met is None:
        value = "no usable calcium"
    context = list(card.facts.low_calcium()) or (["PTH high"] if patient.labs.pth_high else [])
    return ", with ".join(filter(None, (value, listed(context))))


def _low_short(card: DrugFacts, needs: tuple[str, ...]) -> str:
    """The low value, else the first reason, for a summary."""
    return _low_reason(card, needs).partition(", with ")[0]


def _skin_first(card: DrugFacts, _: tuple[str, ...]) -> str:
    return "Suspected, not confirmed: examine the skin first." if card.facts.patient.tier is Tier.SUSPECTED else ""


def _standard(card: DrugFacts, _: tuple[str, ...]) -> str:
    return card.facts.standards()


def _past(card: DrugFacts, _: tuple[str, ...]) -> str:
    past = card.facts.patient.past_calciphylaxis
    return card.facts.condition(past) if past else ""


def _two_anticoagulants(card: DrugFacts, _: tuple[str, ...]) -> str:
    found = listed(match.drug for match in on_the_list(card.facts.patient, "doac"))
    return f"Active or drafted beside it: {found}. Never two anticoagulants." if found else ""


def _calcium_above(card: DrugFacts, _: tuple[str, ...]) -> str:
    patient = card.facts.patient
    if patient.labs.calcium.very_high:
        return f"at or above {exact(patient.limits.calcium_very_high)}"
    return f"above {_calcium_high_limit(card, ())}"


def _product_calcium(card: DrugFacts, _: tuple[str, ...]) -> str:
    """The calcium that the product was formed from, also where ionised calcium decides."""
    product = card.facts.patient.labs.product
    return card.facts.brief(product.calcium, card.facts.patient.limits.calcium_upper_normal) if product else ""


def _session(card: DrugFacts, _: tuple[str, ...]) -> str:
    return "at each visit" if card.facts.patient.modality is Modality.PERITONEAL else "at each session"


def _is_needed(card: DrugFacts, _: tuple[str, ...]) -> str:
    return "" if card.facts.indications() else "Ask first whether anticoagulation is still needed."


def _newest(card: DrugFacts, analyte: Analyte) -> str:
    result = card.facts.patient.labs.newest(analyte)
    name = card.facts.wording.analytes[analyte].name
    return f"{name} {card.facts.converted(result)}{_age(card, result)}" if result else f"{name} unknown"


MOST_GAPS = 2
"""So many unread look-ups and results are named in a summary; all of them stand in the lines below."""


def _gap_names(card: DrugFacts, needs: tuple[str, ...]) -> str:
    missing = card.facts.missing_names(needs[:2])
    gaps = [gap.what for gap in card.facts.patient.chart.gaps]
    gaps += [card.facts.wording.analytes[Analyte(item.what)].name for item in card.facts.patient.labs.minerals_unread]
    gaps = list(dict.fromkeys(gaps))
    named = gaps if len(gaps) <= MOST_GAPS else [*gaps[:MOST_GAPS], f"{len(gaps) - MOST_GAPS} more"]
    words = [f"{listed(named)} could not be read"] if gaps else []
    # What could not be read is the weightier half, and a summary has no room for much.
    words = ([f"no usable {missing}"] if missing and len(gaps) < MOST_GAPS else []) + words
    return "; ".join(words) or "the results leave it open"


def _indication(card: DrugFacts, _: tuple[str, ...]) -> str:
    return capital(card.facts.indication())


DRUG_PLACEHOLDERS: dict[str, Callable[[DrugFacts, tuple[str, ...]], str]] = {
    "drug": lambda card, needs: capital(_drug(card, needs)),
    "drugs": _drug,
    "two_anticoagulants": _two_anticoagulants,
    "calcium_above": _calcium_above,
    "product_calcium": _product_calcium,
    "state": lambda card, _: card.facts.state(),
    "state_short": lambda card, _: card.facts.state().split(" (")[0],
    "reason": _reason,
    "indication": _indication,
    "skin_first": _skin_first,
    "standard": _standard,
    "past": _past,
    "session": _session,
    "is_needed": _is_needed,
    "calcium_value": _calcium_value,
    "calcium_high_limit": _calcium_high_limit,
    "product_value": _product_value,
    "product_limit": lambda card, _: exact(card.facts.patient.limits.product_moderate),
    "pth_value": _pth_value,
    "pth_twice_values": _pth_twice_values,
    "pth_low_twice": lambda card, _: exact(card.facts.patient.limits.pth_low_twice),
    "pth_vitamin_d_times": lambda card, _: exact(card.facts.patient.limits.pth_vitamin_d_times),
    "low_reason": _low_reason,
    "low_short": _low_short,
    "pth_newest": lambda card, _: _newest(card, Analyte.INTACT_PTH),
    "phosphate_newest": lambda card, _: _newest(card, Analyte.PHOSPHATE),
    "gap_names": _gap_names,
}
"""The placeholders of `summary` and `lead`."""

RECORD_TEXT = frozenset({"indication", "past"})
"""Placeholders that are Markdown already (they quote the record, escaped)."""


def _context(card: DrugFacts) -> list[str]:
    found = listed(card.facts.low_calcium())
    return [f"may lower calcium, or shows that it is low: {found}"] if found else []


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
    "hypocalcaemia_context": _context,
    "past": lambda card: [f"calciphylaxis in the past: {_past(card, ())}"],
}
"""The facts that `why` may list."""


def drug_summary(template: str, placeholders: Placeholders, drug_class: str) -> str:
    """The summary; with the name of the class where those of the drugs leave no room for what is said of them."""
    summary = template.format_map(placeholders)
    if len(summary) < SUMMARY_LIMIT:
        return summary
    named = {"drug": capital(drug_class), "drugs": drug_class}
    return template.format_map(Placeholders(lambda name: named[name] if name in named else placeholders[name]))


def in_markdown(placeholders: Placeholders) -> Placeholders:
    """The same placeholders, escaped for Markdown where they are not Markdown already."""
    return Placeholders(lambda name: placeholders[name] if name in RECORD_TEXT else escape(placeholders[name], 400))
