"""One status card from its text and the facts of the patient.

What may live here: filling a section of `status_cards.toml`.
"""

from __future__ import annotations

from dataclasses import replace

from hooks.assessment import Assessment
from hooks.card import SUMMARY_LIMIT, Card, Indicator
from hooks.cards.card_text import detail, make_card
from hooks.cards.facts import Facts
from hooks.cards.offers import Offering
from hooks.cards.placeholders import Placeholders
from hooks.cards.status_facts import FITTED, StatusFacts, in_detail
from hooks.policy import Policy


def make_status_card(
    topic: str,
    indicator: Indicator,
    patient: Assessment,
    policy: Policy,
    *,
    text: str = "",
    triggers: tuple[tuple[str, str], ...] = (),
    needed: frozenset[str] = frozenset(),
) -> Card:
    """The card of a status topic; `text` names another section than the topic's own, `needed` the drug classes on
    which a specialist decides.
    """
    words = policy.status_texts[text or topic]
    facts = StatusFacts(Facts(patient, policy.wording), policy.status_phrases, policy.drug_classes, triggers, needed)
    placeholders = facts.placeholders()
    offered = Offering(facts.facts).offer(words.suggest)
    markdown = in_detail(placeholders)
    why = [line for name in words.why for line in facts.why(name)] + facts.from_history(words.why)
    return make_card(
        topic,
        words,
        indicator,
        summary=_summary(words.summary, facts),
        body=detail(
            (*(line.format_map(markdown) for line in words.lead), *policy.wording.of_the_clinic(words.added)),
            why,
            [line.format_map(markdown).strip() for line in words.do],
            facts.facts.missing(words.needs),
            (line.format_map(markdown) for line in words.evidence),
            policy.wording.footer,
            alternatives=offered.remarks,
        ),
        why=why,
        offered=offered,
        reasons=(policy.wording.override_reasons[code] for code in words.override),
    )


def _summary(text: str, facts: StatusFacts) -> str:
    """The summary filled, its lists counted where they would not fit."""
    others = facts.placeholders()
    rest = text.format_map(Placeholders(lambda name: "" if name in FITTED else others[name]))
    return text.format_map(replace(facts, room=SUMMARY_LIMIT - 1 - len(rest)).placeholders())
