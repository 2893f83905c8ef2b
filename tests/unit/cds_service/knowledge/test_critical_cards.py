"""Which cards can be critical is read from the policy, and no story knows one more."""

from __future__ import annotations

from dataclasses import replace

from cds_service.knowledge.critical_cards import HOOK_OF, MOMENTS, TELL_OF_GAPS, critical_topics, gap_topics, topics_of
from cds_service.stories import load_vignettes
from fhir_mappings.packaged import default_policy
from hooks import order_select, order_sign, patient_view
from hooks.calciphylaxis_status import TOPICS
from hooks.card import Indicator
from hooks.policy import DrugRule, Policy
from hooks.tiers import CALCIPHYLAXIS

POLICY = default_policy()


def with_rules(*rules: DrugRule) -> Policy:
    return replace(POLICY, rules={"vitamin_k_antagonist": rules})


def rule(*when: str, topic: str = "t", indicator: Indicator = Indicator.CRITICAL, **more: object) -> DrugRule:
    return DrugRule("vitamin_k_antagonist", topic, topic, indicator, when, **more)  # type: ignore[arg-type]


def at_order_sign(*rules: DrugRule) -> frozenset[str]:
    return critical_topics(with_rules(*rules))["order-sign"]


def test_the_packaged_policy_has_those_that_its_clinicians_expect() -> None:
    opened = {"vka-cua", "calcium-cua", "calcium-hypercalcaemia", "vitd-cua", "vitd-hypercalcaemia"}
    ordered = opened | {"vka-past-cua"}
    status = {TOPICS[tier] for tier in CALCIPHYLAXIS} | {"cua-sepsis"}
    assert critical_topics(POLICY) == {
        "patient-view": opened | status, "order-select": ordered, "order-sign": ordered,
    }  # fmt: skip


def test_every_hook_and_service_has_its_place() -> None:
    services = (patient_view, order_select, order_sign)
    assert list(MOMENTS) == [service.HOOK for service in services]
    assert dict(HOOK_OF) == {service.ID: service.HOOK for service in services}


def test_no_story_gives_a_critical_card_that_is_not_among_them_and_each_of_them_has_a_story() -> None:
    told = {(story.hook, *card) for story in load_vignettes() for card in story.expect or ()}
    assert {topic for _, topic, _ in told} <= topics_of(POLICY)
    seen = {(hook, topic) for hook, topic, indicator in told if indicator == "critical"}
    assert seen == {(hook, topic) for hook, topics in critical_topics(POLICY).items() for topic in topics}


def test_what_a_clinician_changes_in_the_rules_changes_it() -> None:
    assert at_order_sign(rule("calciphylaxis")) == {"t"}
    assert at_order_sign(rule("calciphylaxis", indicator=Indicator.WARNING)) == frozenset()
    assert at_order_sign(rule("calciphylaxis", silent=True, topic="")) == frozenset()


def test_it_counts_in_whatever_patient() -> None:
    assert at_order_sign(rule("calcium_high")) == at_order_sign(rule(unless=("calciphylaxis",))) == {"t"}


def test_each_hook_has_its_own() -> None:
    opened = rule("calciphylaxis", topic="opened", indicator=Indicator.WARNING, at_patient_view=Indicator.CRITICAL)
    ordered = rule("calciphylaxis", topic="ordered", hidden_at_patient_view=True, beside=True)
    found = critical_topics(with_rules(opened, ordered))
    assert {"opened", "ordered"} & found["patient-view"] == {"opened"}
    assert found["order-select"] == found["order-sign"] == {"ordered"}


def test_the_cards_that_tell_of_gaps_are_topics() -> None:
    assert topics_of(POLICY) > gap_topics(POLICY) > TELL_OF_GAPS


def test_cards_of_drugs_that_could_not_be_judged_tell_of_gaps() -> None:
    assert gap_topics(POLICY) - TELL_OF_GAPS == {"calcium-data-gap", "vitd-data-gap"}
    text = POLICY.drug_texts["calcium-data-gap"]
    texts = {"t": replace(text, summary="{drug}", lead=("{gap_names}",)), "u": replace(text, summary="", lead=())}
    policy = replace(with_rules(rule(topic="t"), rule(topic="u")), drug_texts=texts)
    assert gap_topics(policy) == TELL_OF_GAPS | {"t"}
