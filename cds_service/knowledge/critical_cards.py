"""Which cards can be critical, and which must never be missing.

What may live here: reading that from a policy and from the rules' own words. Nothing is listed by hand: what a
clinician changes in the data files changes it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from hooks import order_select, order_sign, patient_view, sepsis_watch
from hooks.calciphylaxis_status import TOPICS
from hooks.card import Indicator
from hooks.draft_orders import UNREAD_DRAFT
from hooks.judgement import INCOMPLETE
from hooks.offending_drugs import Moment, indicator_at
from hooks.policy import CardText, Policy
from hooks.tiers import CALCIPHYLAXIS

MOMENTS: Mapping[str, Moment] = {
    patient_view.HOOK: Moment.PATIENT_VIEW,
    order_select.HOOK: Moment.ORDER_SELECT,
    order_sign.HOOK: Moment.ORDER_SIGN,
}
"""Every hook, and where its drugs come from."""

HOOK_OF: Mapping[str, str] = {service.ID: service.HOOK for service in (patient_view, order_select, order_sign)}
"""Every service, and its hook."""

TELL_OF_GAPS = frozenset({INCOMPLETE, UNREAD_DRAFT})
"""The cards that no rule of drugs gives and that come where something could not be read: without them silence would
look like "no risk"."""
_NAMES_GAPS = "{gap_names}"
_OTHER_TEXT = "-off-dialysis"


def topics_of(policy: Policy) -> frozenset[str]:
    """Every topic that a card can have."""
    drugs = {rule.topic for rules in policy.rules.values() for rule in rules if not rule.silent}
    return frozenset(drugs | {name.removesuffix(_OTHER_TEXT) for name in policy.status_texts})


def gap_topics(policy: Policy) -> frozenset[str]:
    """Every topic whose card tells what is missing or could not be read: of drugs those whose text names it."""
    rows = (rule for rules in policy.rules.values() for rule in rules if not rule.silent)
    return TELL_OF_GAPS | {rule.topic for rule in rows if _names_gaps(policy.drug_texts[rule.text])}


def _names_gaps(text: CardText) -> bool:
    return any(_NAMES_GAPS in said for said in (text.summary, text.draft_summary, *text.lead, *text.draft_lead))


def critical_topics(policy: Policy) -> dict[str, frozenset[str]]:
    """For each hook the topics whose card can be critical, in whatever patient."""
    status = {TOPICS[tier] for tier in CALCIPHYLAXIS} | {sepsis_watch.TOPIC}
    found = {hook: set(_critical_drugs(policy, moment)) for hook, moment in MOMENTS.items()}
    found[patient_view.HOOK] |= status
    return {hook: frozenset(topics) for hook, topics in found.items()}


def critical_where(
    critical: Mapping[str, Collection[str]], hook: str | None, service: str | None, topic: str | None
) -> set[str]:
    """Of the critical topics those of this hook, of this service and of this topic; None is any."""
    places = {hook, HOOK_OF.get(service or "")} - {None}
    met = {name for place, topics in critical.items() if places <= {place} for name in topics}
    return met & {topic} if topic else met


def _critical_drugs(policy: Policy, moment: Moment) -> Iterator[str]:
    for rules in policy.rules.values():
        for rule in rules:
            if not rule.silent and indicator_at(rule, moment) is Indicator.CRITICAL:
                yield rule.topic
