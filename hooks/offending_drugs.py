"""The drug rules: which orders raise which topic, one card per topic.

What may live here: choosing the rows of `drug_rules.toml` for each drug class and joining drugs into cards. The rules
themselves are data.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum, StrEnum

from hooks.assessment import Assessment
from hooks.card import Card, Indicator
from hooks.cards import DrugFacts, Facts, Offering, detail, drug_summary, in_markdown, listed, make_card, plain
from hooks.chart import Medication, Source
from hooks.policy import DrugRule, Policy
from hooks.situations import any_holds, holds


class Moment(Enum):
    """Where the drugs come from and which info cards survive."""

    PATIENT_VIEW = "active medications"
    ORDER_SELECT = "selected drafts"
    ORDER_SIGN = "all drafts"

    @property
    def draft(self) -> bool:
        """Are the orders drafts?"""
        return self is not Moment.PATIENT_VIEW


class Dropped(StrEnum):
    """Why a row that holds shows no card at a moment."""

    AT_PATIENT_VIEW = "this card is not shown when a chart is opened"
    BESIDE = "the status card that is shown names the drug"
    INFO = "info cards are not shown at this hook"


@dataclass
class Raised:
    """A topic on its way to a card: the most urgent row that raised it, and every drug with its own row."""

    rule: DrugRule
    drugs: list[tuple[Medication, str, DrugRule]] = field(default_factory=list)


def matching_rule(patient: Assessment, drug_class: str, policy: Policy) -> DrugRule | None:
    """The most urgent row of the class whose situations hold, of equals the first; None: nothing for this patient.

    An info row never hides a later warning. A final row ends the search where it stands.
    """
    best: DrugRule | None = None
    for rule in policy.rules.get(drug_class, ()):
        if rule.beside or not holds(patient, rule.when, rule.unless):
            continue
        if not rule.silent and (best is None or rule.indicator.urgency > best.indicator.urgency):
            best = rule
        if rule.final:
            break
    return best


def matching_rules(patient: Assessment, drug_class: str, policy: Policy) -> Iterator[DrugRule]:
    """That row, and the rows that stand beside it."""
    best = matching_rule(patient, drug_class, policy)
    if best is not None:
        yield best
    for rule in policy.rules.get(drug_class, ()):
        if rule.beside and holds(patient, rule.when, rule.unless):
            yield rule


def drug_cards(
    patient: Assessment,
    orders: Iterable[Medication],
    moment: Moment,
    policy: Policy,
    *,
    beside: Collection[str] = (),
) -> list[Card]:
    """One card per topic for these orders; the most urgent indicator wins, and its text is used.

    `beside` are the topics of the status cards that are shown as well.
    """
    if patient.is_child:
        return []
    # A drug whose own row would only inform is still named beside a more urgent drug of the same topic.
    shown = [(topic, shown_at(topic.rule, moment, beside)) for topic in raised_topics(patient, orders, policy)]
    return [
        _card(patient, topic, indicator, moment, policy)
        for topic, indicator in shown
        if not isinstance(indicator, Dropped)
    ]


def raised_topics(patient: Assessment, orders: Iterable[Medication], policy: Policy) -> Collection[Raised]:
    """The topics that these orders raise, each once, with the row that decides on its card."""
    raised: dict[str, Raised] = {}
    for order in orders:
        for match in order.matches:
            for rule in matching_rules(patient, match.drug_class, policy):
                topic = raised.setdefault(rule.topic, Raised(rule))
                if rule.indicator.urgency > topic.rule.indicator.urgency:
                    topic.rule = rule
                topic.drugs.append((order, match.drug, rule))
    return raised.values()


def shown_at(rule: DrugRule, moment: Moment, beside: Collection[str] = ()) -> Indicator | Dropped:
    """The indicator at this moment, or why the card is dropped."""
    if moment is Moment.PATIENT_VIEW:
        if rule.hidden_at_patient_view:
            return Dropped.AT_PATIENT_VIEW
        if not set(rule.not_beside).isdisjoint(beside):
            return Dropped.BESIDE
        if rule.at_patient_view is not None:
            return rule.at_patient_view
    if rule.indicator is not Indicator.INFO or moment is Moment.ORDER_SELECT:
        return rule.indicator
    return rule.indicator if moment is Moment.ORDER_SIGN and rule.keep_at_order_sign else Dropped.INFO


def indicator_at(rule: DrugRule, moment: Moment) -> Indicator | None:
    """The indicator at this moment, or None where the card is dropped."""
    shown = shown_at(rule, moment)
    return None if isinstance(shown, Dropped) else shown


def _card(patient: Assessment, raised: Raised, indicator: Indicator, moment: Moment, policy: Policy) -> Card:
    text = policy.drug_texts[raised.rule.text]
    words = Facts(patient, policy.wording)
    facts = DrugFacts(words, tuple((order, drug) for order, drug, _ in raised.drugs), moment.draft)
    # Summary and lead speak of the drugs whose own row gave this text; the others have a line of their own below.
    own = tuple((order, drug) for order, drug, rule in raised.drugs if rule.text == raised.rule.text)
    placeholders = DrugFacts(words, own, moment.draft).placeholders(text.needs)
    new = moment.draft and not patient.risk.taking(raised.rule.drug_class)
    lead = text.draft_lead if new and text.draft_lead else text.lead
    markdown = in_markdown(placeholders)
    # Only what its own row would remove may be removed with it: another drug of the topic can have a reason to stay.
    removable = [(order, drug) for order, drug, rule in raised.drugs if _removes(rule, policy)]
    named = [drug for order, drug in removable if order.source is Source.ORDER]
    offered = Offering(
        words,
        tuple(dict.fromkeys(order for order, _ in removable)),
        draft=moment.draft,
        in_doubt=_removal_in_doubt(patient, raised, policy),
        labels={"drug": plain(listed(named or [drug for _, drug in facts.drugs]), 80)},
    ).offer(text.suggest)
    why = list(dict.fromkeys([line for name in text.why for line in facts.why(name)] + facts.always()))
    return make_card(
        raised.rule.topic,
        text,
        indicator,
        summary=drug_summary(
            text.draft_summary if new and text.draft_summary else text.summary,
            placeholders,
            policy.drug_classes[raised.rule.drug_class].name,
        ),
        body=detail(
            (*(line.format_map(markdown) for line in lead), *policy.wording.of_the_clinic(text.added)),
            why,
            [line.format_map(markdown) for line in text.do] + list(_other_advice(raised, words, moment, policy)),
            facts.facts.missing(text.needs),
            text.evidence,
            policy.wording.footer,
            alternatives=offered.remarks,
        ),
        why=why,
        offered=offered,
        reasons=(policy.wording.override_reasons[code] for code in text.override),
        alternatives=True,
    )


def _removes(rule: DrugRule, policy: Policy) -> bool:
    return any(policy.wording.suggestions[name].removes for name in policy.drug_texts[rule.text].suggest)


def _removal_in_doubt(patient: Assessment, raised: Raised, policy: Policy) -> bool:
    """Does a situation of one of the rows or classes speak against marking the removal as recommended?"""
    rules = dict.fromkeys(rule for _, _, rule in raised.drugs)
    return any(
        any_holds(patient, rule.removal_not_recommended)
        or any_holds(patient, policy.drug_classes[rule.drug_class].removal_not_recommended)
        for rule in rules
    )


def _other_advice(raised: Raised, words: Facts, moment: Moment, policy: Policy) -> Iterator[str]:
    """The first line of each other text of the topic, for the drugs whose own row gave it."""
    for name in dict.fromkeys(rule.text for _, _, rule in raised.drugs if rule.text != raised.rule.text):
        text = policy.drug_texts[name]
        drugs = tuple((order, drug) for order, drug, rule in raised.drugs if rule.text == name)
        markdown = in_markdown(DrugFacts(words, drugs, moment.draft).placeholders(text.needs))
        yield text.lead[0].format_map(markdown)
