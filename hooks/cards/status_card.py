"""One status card from its text and the facts of the patient.

What may live here: filling a section of `status_cards.toml`.
"""

from __future__ import annotations

from hooks.assessment import Assessment
from hooks.card import Card, Indicator
from hooks.cards.card_text import detail, make_card, suggestions
from hooks.cards.facts import Facts
from hooks.cards.status_facts import StatusFacts
from hooks.policy import Policy


def make_status_card(
    topic: str,
    indicator: Indicator,
    patient: Assessment,
    policy: Policy,
    *,
    text: str = "",
    triggers: tuple[tuple[str, str], ...] = (),
) -> Card:
    """The card of a status topic; `text` names another section than the topic's own."""
    words = policy.status_texts[text or topic]
    facts = StatusFacts(Facts(patient, policy.wording), policy.status_phrases, policy.drug_classes, triggers)
    placeholders = facts.placeholders()
    return make_card(
        topic,
        words,
        indicator,
        summary=words.summary.format_map(placeholders),
        body=detail(
            (line.format_map(placeholders) for line in words.lead),
            [line for name in words.why for line in facts.why(name)],
            [line.format_map(placeholders).strip() for line in words.do],
            facts.facts.missing(words.needs),
            words.evidence,
            policy.wording.footer,
        ),
        offered=suggestions(words.suggest, patient, policy.wording, (), draft=False, placeholders={}),
        reasons=(policy.wording.override_reasons[code] for code in words.override),
    )
