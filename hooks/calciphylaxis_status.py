"""The status card: confirmed, suspected, possible, or the risk of calciphylaxis.

What may live here: which status card a tier raises, and how urgent it is.
"""

from __future__ import annotations

from hooks.assessment import Assessment, Tier
from hooks.card import Card, Indicator
from hooks.cards import IRON, make_status_card
from hooks.offending_drugs import matching_rule
from hooks.policy import Policy, Role

TOPICS = {
    Tier.CONFIRMED: "cua-confirmed",
    Tier.SUSPECTED: "cua-suspected",
    Tier.POSSIBLE: "cua-possible",
    Tier.HIGH_RISK: "cua-risk-high",
    Tier.ELEVATED_RISK: "cua-risk-elevated",
}
"""The tiers with a card, and its topic."""


def calciphylaxis_card(patient: Assessment, policy: Policy) -> Card | None:
    """The card of the patient's tier; none for children and for patients without sign or risk."""
    topic = TOPICS.get(patient.tier)
    if topic is None:
        return None
    needed = _needed(patient, policy) if patient.calciphylaxis else frozenset()
    text = _text(topic, patient) if patient.tier in _OFF_DIALYSIS else ""
    return make_status_card(topic, _indicator(patient, policy), patient, policy, text=text, needed=needed)


_OFF_DIALYSIS = (Tier.CONFIRMED, Tier.POSSIBLE)
"""The tiers that have a text of their own without dialysis."""


def _indicator(patient: Assessment, policy: Policy) -> Indicator:
    match patient.tier:
        case Tier.CONFIRMED:
            return _confirmed(patient, policy)
        case Tier.SUSPECTED:
            return _suspected(patient, policy)
        case Tier.HIGH_RISK:
            return _high_risk(patient)
        case _:
            return Indicator.INFO


def _text(topic: str, patient: Assessment) -> str:
    return topic if patient.dialysis or patient.dialysis_unknown else f"{topic}-off-dialysis"


def _needed(patient: Assessment, policy: Policy) -> frozenset[str]:
    """The classes that calciphylaxis would forbid and the bone or a low calcium may need: a specialist decides."""
    calcium, vitamin_d = (matching_rule(patient, name, policy) for name in ("calcium_product", "active_vitamin_d"))
    found = {"calcium_product"} if calcium and calcium.topic == "calcium-cua-hypocalcaemia" else set()
    if vitamin_d and vitamin_d.topic == "vitd-cua" and vitamin_d.indicator is Indicator.INFO:
        found.add("active_vitamin_d")
    return frozenset(found)


def _feeding(patient: Assessment, policy: Policy) -> bool:
    """A vitamin K antagonist is active, or a calcium product on which no specialist has to decide."""
    calcium = patient.risk.taking("calcium_product") and "calcium_product" not in _needed(patient, policy)
    return bool(patient.risk.taking("vitamin_k_antagonist") or calcium)


def _confirmed(patient: Assessment, policy: Policy) -> Indicator:
    """Critical while a drug feeds it: those two, or active vitamin D with high calcium; info without any such drug."""
    vitamin_d = bool(patient.risk.taking("active_vitamin_d")) and bool(patient.labs.calcium.high)
    if vitamin_d or _feeding(patient, policy):
        return Indicator.CRITICAL
    feeding = (name for name, drug_class in policy.drug_classes.items() if drug_class.role is Role.FEEDING)
    return Indicator.WARNING if any(map(patient.risk.taking, (*feeding, *IRON))) else Indicator.INFO


def _suspected(patient: Assessment, policy: Policy) -> Indicator:
    """Critical with necrosis, with two different signs, or while a drug feeds it."""
    signs = patient.signs
    grave = signs.necrosis or signs.different > 1 or _feeding(patient, policy)
    return Indicator.CRITICAL if grave else Indicator.WARNING


def _high_risk(patient: Assessment) -> Indicator:
    """A warning where there is something to do today: a vitamin K antagonist, or high calcium (not the product)."""
    urgent = bool(patient.risk.taking("vitamin_k_antagonist")) or bool(patient.labs.calcium.high)
    return Indicator.WARNING if urgent else Indicator.INFO
