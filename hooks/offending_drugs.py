"""The drug rules: which orders raise which topic, one card per topic.

What may live here: choosing the row of `drug_rules.toml` for each drug class and joining drugs into cards. The rules
themselves are data.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum

from hooks.assessment import Assessment
from hooks.card import Card, Indicator
from hooks.cards import DrugFacts, Facts, detail, in_markdown, listed, make_card, plain, suggestions
from hooks.chart import Medication
from hooks.policy import DrugRule, Policy
from hooks.situations import holds


class Moment(Enum):
    """Where the drugs come from and which info cards survive."""

    PATIENT_VIEW = "active medications"
    ORDER_SELECT = "selected drafts"
    ORDER_SIGN = "all drafts"

    @property
    def draft(self) -> bool:
        """Are the orders drafts?"""
        return self is not Moment.PATIENT_VIEW


@dataclass
class _Raised:
    """A topic on its way to a card: the most urgent row that raised it, and every drug with its own row."""

    rule: DrugRule
    drugs: list[tuple[Medication, str, DrugRule]] = field(default_factory=list)


def matching_rule(patient: Assessment, drug_class: str, policy: Policy) -> DrugRule | None:
    """The first row of the class whose situations hold, or None: the class raises nothing for this patient."""
    for rule in policy.rules.get(drug_class, ()):
        if holds(patient, rule.when, rule.unless):
            return rule
    return None


def drug_cards(patient: Assessment, orders: Iterable[Medication], moment: Moment, policy: Policy) -> list[Card]:
    """One card per topic for these orders; the most urgent indicator wins, and its text is used."""
    if patient.is_child:
        return []
    raised: dict[str, _Raised] = {}
    for order in orders:
        for match in order.matches:
            rule = matching_rule(patient, match.drug_class, policy)
            if rule is None:
                continue
            topic = raised.setdefault(rule.topic, _Raised(rule))
            if rule.indicator.urgency > topic.rule.indicator.urgency:
                topic.rule = rule
            topic.drugs.append((order, match.drug, rule))
    # A drug whose own row would only inform is still named beside a more urgent drug of the same topic.
    kept = [(topic, indicator) for topic in raised.values() if (indicator := indicator_at(topic.rule, moment))]
    return [_card(patient, topic, indicator, moment, policy) for topic, indicator in kept]


def indicator_at(rule: DrugRule, moment: Moment) -> Indicator | None:
    """The indicator at this moment, or None where the card is dropped."""
    if moment is Moment.PATIENT_VIEW and rule.at_patient_view is not None:
        return rule.at_patient_view
    if rule.indicator is not Indicator.INFO or moment is Moment.ORDER_SELECT:
        return rule.indicator
    return rule.indicator if moment is Moment.ORDER_SIGN and rule.keep_at_order_sign else None


def _card(patient: Assessment, raised: _Raised, indicator: Indicator, moment: Moment, policy: Policy) -> Card:
    text = policy.drug_texts[raised.rule.text]
    words = Facts(patient, policy.wording)
    facts = DrugFacts(words, tuple((order, drug) for order, drug, _ in raised.drugs), moment.draft)
    placeholders = facts.placeholders(text.needs)
    markdown = in_markdown(placeholders)
    # Only what its own row would remove may be removed with it: another drug of the topic can have a reason to stay.
    removable = [(order, drug) for order, drug, rule in raised.drugs if _removes(rule, policy)]
    label = {"drug": plain(listed(drug for _, drug in removable or facts.drugs), 80)}
    return make_card(
        raised.rule.topic,
        text,
        indicator,
        summary=text.summary.format_map(placeholders),
        body=detail(
            (line.format_map(markdown) for line in text.lead),
            [line for name in text.why for line in facts.why(name)],
            [line.format_map(markdown) for line in text.do] + list(_other_advice(raised, words, moment, policy)),
            facts.facts.missing(text.needs),
            text.evidence,
            policy.wording.footer,
        ),
        offered=suggestions(
            text.suggest,
            patient,
            policy.wording,
            tuple(dict.fromkeys(order for order, _ in removable)),
            draft=moment.draft,
            placeholders=label,
        ),
        reasons=(policy.wording.override_reasons[code] for code in text.override),
    )


def _removes(rule: DrugRule, policy: Policy) -> bool:
    return any(policy.wording.suggestions[name].removes for name in policy.drug_texts[rule.text].suggest)


def _other_advice(raised: _Raised, words: Facts, moment: Moment, policy: Policy) -> Iterator[str]:
    """The first line of each other text of the topic, for the drugs whose own row gave it."""
    for name in dict.fromkeys(rule.text for _, _, rule in raised.drugs if rule.text != raised.rule.text):
        text = policy.drug_texts[name]
        drugs = tuple((order, drug) for order, drug, rule in raised.drugs if rule.text == name)
        markdown = in_markdown(DrugFacts(words, drugs, moment.draft).placeholders(text.needs))
        yield text.lead[0].format_map(markdown)
