"""Which suggestions a card offers, in which order, and what is left out because a fact speaks against it.

What may live here: choosing among the suggestions of `wording.toml` for one patient and the orders of one card.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from hooks.anticoagulation import listed_drugs, on_the_list, only_of_history
from hooks.assessment import Assessment
from hooks.card import Propose, Remove, Suggestion
from hooks.cards.facts import Facts
from hooks.cards.markdown import listed, plain
from hooks.cards.placeholders import Placeholders
from hooks.chart import Analyte, Medication, Source
from hooks.situations import SITUATIONS, any_holds, holds
from hooks.suggestion_texts import REMOVE, Alternative, SuggestionText

FACT_PLACEHOLDERS: dict[str, Callable[[Facts], str]] = {
    "doacs": lambda facts: _drugs(facts.patient, "doac", facts.wording.history_mark),
    "interacting_drugs": lambda facts: _drugs(facts.patient, "apixaban_interaction", facts.wording.history_mark),
    "phosphate": lambda facts: facts.newest(Analyte.PHOSPHATE),
}
"""The placeholders of the facts of `[alternatives]`."""


def _drugs(patient: Assessment, drug_class: str, mark: str) -> str:
    """The drugs of a class on the list, marked where no order names them."""
    unordered = only_of_history(patient)
    found = (match.drug for match in on_the_list(patient, drug_class))
    return listed(f"{drug} ({mark})" if drug in unordered else drug for drug in found)


@dataclass(frozen=True)
class Offer:
    """The suggestions of a card, and what the card says of the alternatives: left out with the reason, or offered."""

    suggestions: tuple[Suggestion, ...] = ()
    remarks: tuple[str, ...] = ()


@dataclass
class Offering:
    """One card's suggestions in the making.

    `orders` are those that the card's own row would take away; `draft` says whether they are drafts. `in_doubt`: taking
    them away is offered, and not marked as recommended.
    """

    facts: Facts
    orders: tuple[Medication, ...] = ()
    draft: bool = False
    in_doubt: bool = False
    labels: Mapping[str, str] = field(default_factory=dict)

    def offer(self, names: Iterable[str]) -> Offer:
        """The suggestions of these names that fit; the first that may be recommended is marked."""
        made: list[Suggestion] = []
        remarks: dict[str, None] = {}
        for name in names:
            text = self.facts.wording.suggestions[name]
            if not self._is_asked(text):
                continue
            # What a fact forbids is said, also where another way to it would have been offered.
            against = list(self._against(text))
            remarks |= dict.fromkeys(against)
            if against or any_holds(self.facts.patient, text.unless):
                continue
            remarks |= dict.fromkeys(self._in_favour(text))
            if text.removes and not self._removable:
                remarks |= dict.fromkeys(self._without_address())
                continue
            if text.removes:
                remarks |= dict.fromkeys(self._not_removed())
            marked = text.recommended and not (text.removes and self.in_doubt)
            marked = marked and not any(suggestion.recommended for suggestion in made)
            made.append(self._suggestion(text, recommended=marked))
        return Offer(tuple(made), tuple(remarks))

    @property
    def _removable(self) -> list[Medication]:
        """The orders that have an address: only those can be taken away."""
        return [order for order in self.orders if order.reference]

    def _without_address(self) -> Iterator[str]:
        ordered = [order for order in self.orders if order.source is Source.ORDER]
        if ordered:
            yield self.facts.wording.no_address
        yield from self._not_removed()

    def _not_removed(self) -> Iterator[str]:
        """That nothing is there to stop for a drug which only the medication history names."""
        taken = (order for order in self.orders if order.source is not Source.ORDER)
        drugs = listed(match.drug for order in taken for match in order.matches)
        # Where the prescriptions were not all read, one of them may be there.
        if drugs and not self.facts.patient.chart.gap("medications"):
            yield self.facts.wording.not_removed.format(drugs=drugs)

    def _is_asked(self, text: SuggestionText) -> bool:
        if text.only and (text.only == "draft") is not self.draft:
            return False
        return holds(self.facts.patient, text.when)

    def _against(self, text: SuggestionText) -> Iterator[str]:
        """Why the suggestion is left out, in words."""
        patient, wording = self.facts.patient, self.facts.wording
        if text.drug and text.drug in listed_drugs(patient):
            yield wording.listed_already.format(drug=text.drug)
        for name in text.alternatives:
            alternative = wording.alternatives[name]
            facts = [words for situation, words in alternative.facts if SITUATIONS[situation](patient)]
            if facts:
                yield self._not_offered(alternative, facts)

    def _not_offered(self, alternative: Alternative, facts: list[str]) -> str:
        placeholders = Placeholders(lambda name: FACT_PLACEHOLDERS[name](self.facts))
        return alternative.not_offered.format(facts=listed(words.format_map(placeholders) for words in facts))

    def _in_favour(self, text: SuggestionText) -> Iterator[str]:
        for name in text.alternatives:
            yield from self.facts.wording.alternatives[name].offered

    def _suggestion(self, text: SuggestionText, *, recommended: bool) -> Suggestion:
        extras = [extra for extra in text.also if SITUATIONS[extra.when](self.facts.patient)]
        names = dict.fromkeys([*text.actions, *(action for extra in extras for action in extra.actions)])
        label = "".join([text.label.format_map(self.labels), *(extra.label for extra in extras)])
        actions = [action for name in names for action in self._actions(name)]
        return Suggestion(label, tuple(actions), recommended=recommended)

    def _actions(self, name: str) -> Iterator[Remove | Propose]:
        if name == REMOVE:
            yield from (_remove(order, draft=self.draft) for order in self._removable)
        else:
            yield Propose(name, self.facts.wording.actions[name])


def _remove(order: Medication, *, draft: bool) -> Remove:
    verb = "Delete the draft order" if draft else "Stop the active prescription"
    return Remove(order.reference, draft, f"{verb}: {plain(order.display) or plain(order.reference)}")
