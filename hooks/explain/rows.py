"""The rows of the drug rules and of the status cards, each with what became of it.

What may live here: asking the functions that decide which row they chose, and naming why the others were not. Which
card comes is not decided here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from hooks.calciphylaxis_status import TOPICS
from hooks.card import Card, Indicator
from hooks.chart import Medication
from hooks.explain.answers import Answers
from hooks.explain.explanation import DrugClassRows, Outcome, Row
from hooks.explain.facts import bounded
from hooks.judgement import INCOMPLETE
from hooks.offending_drugs import Dropped, Moment, matching_rules, raised_topics, shown_at
from hooks.policy import DrugRule, Policy
from hooks.situations import SEPSIS
from hooks.tiers import STEPS, Step, Tier

CHILD = "the patient is a child"
OTHER_CARD = "another card comes, which names what could not be read"
_NOT_SHOWN = {
    Moment.PATIENT_VIEW: "it is information only, which is not shown when a chart is opened",
    Moment.ORDER_SIGN: "it is information only, which is not shown at signing",
}
NO_KNOWN_DRUG = "no draft is of a class with a rule"


@dataclass(frozen=True)
class RowTeller:
    """The rows of one call. `cards` were given; `orders` are the drugs that were judged."""

    answers: Answers
    policy: Policy
    moment: Moment
    orders: Sequence[Medication]
    cards: Sequence[Card]
    refused: bool

    # ------------------------------------------------------------------ drug classes
    def drug_classes(self) -> Iterator[DrugClassRows]:
        """Every class with rules; one without a drug in this call was not asked."""
        child = self.answers.teller.patient.is_child
        for name in self.policy.rules:
            drugs = [order for order in self.orders if any(match.drug_class == name for match in order.matches)]
            told = bounded(self.answers.teller.drugs(drugs))
            described = self.policy.drug_classes[name].described
            if not drugs or child:
                why = CHILD if child else self.no_drug("this class")
                yield DrugClassRows(name, described, told, why)
            else:
                yield DrugClassRows(name, described, told, rows=tuple(self._rows(name)))

    def no_drug(self, of: str) -> str:
        """Why a class was not asked: no drug is of it, or nobody knows."""
        chart = self.answers.teller.patient.chart
        if not self.moment.draft and chart.gap("medications"):
            return "the active medications could not be read"
        could = " that could be read" if (chart.unread_drafts if self.moment.draft else chart.unread_drugs) else ""
        return f"no {'draft' if self.moment.draft else 'active drug'}{could} is of {of}"

    def _rows(self, drug_class: str) -> Iterator[Row]:
        patient = self.answers.teller.patient
        winners = [*matching_rules(patient, drug_class, self.policy)]
        ended = False
        for rule in self.policy.rules[drug_class]:
            row = self._row(rule)
            if rule.beside:
                yield self._won(row, rule) if rule in winners else row
            elif ended:
                yield replace(row, outcome=Outcome.NOT_REACHED, why="a rule above ends the search", kept_by=())
            elif row.kept_by:
                yield row
            else:
                yield self._held(row, rule, winners)
                ended = rule.final

    def _row(self, rule: DrugRule) -> Row:
        """The row as far as its own questions tell."""
        kept = self._kept(rule.when, rule.unless)
        title = self.policy.drug_texts[rule.text].title if not rule.silent else "no card, by intent"
        row = Row(rule.topic or "no card", title, Outcome.NOT_MET, when=rule.when, unless=rule.unless, kept_by=kept)
        return replace(row, outcome=self._unmet(row))

    def _held(self, row: Row, rule: DrugRule, winners: Collection[DrugRule]) -> Row:
        if rule.silent:
            return replace(row, outcome=Outcome.SILENT, why="here the drug is reasonable: no card, by intent")
        if rule in winners:
            return self._won(row, rule)
        best = next(winner for winner in winners if not winner.beside)
        other = "a more urgent or earlier rule of the same card" if best.topic == rule.topic else best.topic
        return replace(row, outcome=Outcome.OUTRANKED, why=f"{other} goes before it")

    def _won(self, row: Row, rule: DrugRule) -> Row:
        """The row gives its card, unless that is dropped here; the most urgent row of its topic decides on it."""
        if self.refused:
            return replace(row, outcome=Outcome.WITHHELD, why="the service refused to answer")
        patient = self.answers.teller.patient
        beside = [card.topic for card in self.cards]
        topic = next(
            topic for topic in raised_topics(patient, self.orders, self.policy) if topic.rule.topic == rule.topic
        )
        shown = shown_at(topic.rule, self.moment, beside)
        if isinstance(shown, Dropped):
            why = _NOT_SHOWN[self.moment] if shown is Dropped.INFO else shown.value
            return replace(row, outcome=Outcome.DROPPED, why=why)
        return replace(row, outcome=Outcome.FIRED, indicator=shown)

    # ------------------------------------------------------------------ status cards
    def status_rows(self) -> tuple[Row, ...]:
        """The steps to a tier that has a card, the sepsis watch, and the cards on what could not be read."""
        rows = tuple(self._status_rows())
        if self.answers.teller.patient.is_child:
            rows = tuple(replace(row, outcome=Outcome.NOT_ASKED, why=CHILD, kept_by=()) for row in rows)
        return rows

    def _status_rows(self) -> Iterator[Row]:
        if not self.moment.draft:
            yield from map(self._step, (step for step in STEPS if step.tier in TOPICS))
            yield self._card_row("cua-sepsis", "calciphylaxis", SEPSIS)
            yield self._data_gap("on_dialysis", "not_all_read")
        else:
            yield self._card_row("order-data-gap", "unread_draft", "drafts_matter")
            yield self._data_gap("on_dialysis", "only_possible", "risk_incomplete")

    def _step(self, step: Step) -> Row:
        kept = self._kept(step.when, step.unless)
        row = self._status(TOPICS[step.tier], Outcome.NOT_MET, when=step.when, unless=step.unless, kept_by=kept)
        decided = self.answers.teller.patient.step
        if step == decided:
            return self._fired(replace(row, kept_by=()))
        if decided.tier is not Tier.CHILD and STEPS.index(step) > STEPS.index(decided):
            return self._after(row, decided)
        return replace(row, outcome=self._unmet(row))

    def _after(self, row: Row, decided: Step) -> Row:
        """A step behind the one that decided; off dialysis a reader looks for its questions all the same."""
        if decided.tier is Tier.NONE:
            return replace(row, outcome=self._unmet(row))
        return replace(row, outcome=Outcome.NOT_ASKED, why=f"{TOPICS[decided.tier]} goes before it", kept_by=())

    def _card_row(self, topic: str, *when: str) -> Row:
        """The row of a card that asks these questions."""
        row = self._status(topic, Outcome.NOT_MET, when=when, kept_by=self._kept(when, ()))
        return replace(row, outcome=self._unmet(row)) if row.kept_by else self._fired(row)

    def _data_gap(self, *when: str) -> Row:
        """It comes only where no other card does, or where those that told of it are held back."""
        row = self._card_row(INCOMPLETE, *when)
        if any(card.topic == INCOMPLETE for card in self.cards):
            return replace(row, outcome=Outcome.FIRED, indicator=Indicator.INFO, kept_by=())
        if row.outcome is not Outcome.FIRED:
            return row
        if any(card.topic != INCOMPLETE for card in self.cards):
            return replace(row, outcome=Outcome.NOT_ASKED, why=OTHER_CARD)
        classes = {match.drug_class for order in self.orders for match in order.matches}
        if self.moment.draft and classes.isdisjoint(self.policy.rules):
            return replace(row, outcome=Outcome.NOT_ASKED, why=NO_KNOWN_DRUG)
        return replace(row, indicator=Indicator.INFO)

    def _status(self, topic: str, outcome: Outcome, **members: tuple[str, ...]) -> Row:
        return Row(topic, self.policy.status_texts[topic].title, outcome, **members)  # type: ignore[arg-type]

    def _fired(self, row: Row) -> Row:
        if self.refused:
            return replace(row, outcome=Outcome.WITHHELD, why="the service refused to answer")
        indicator = next((card.indicator for card in self.cards if card.topic == row.topic), None)
        return replace(row, outcome=Outcome.FIRED, indicator=indicator)

    # ------------------------------------------------------------------ what keeps a row
    def _kept(self, when: Iterable[str], unless: Iterable[str]) -> tuple[str, ...]:
        """The questions that are not answered as the row wants them, a sure no before "cannot tell"."""
        missed = [name for name in when if self.answers.to(name).met is not True]
        missed += [name for name in unless if self.answers.to(name).met is True]
        for name in unless:
            self.answers.to(name)
        return tuple(sorted(missed, key=lambda name: self.answers.to(name).met is None))

    def _unmet(self, row: Row) -> Outcome:
        """Cannot tell, where nothing speaks against the row but what is not known."""
        open_only = all(self.answers.to(name).met is None for name in row.kept_by)
        return Outcome.CANNOT_TELL if open_only and row.kept_by else Outcome.NOT_MET
