"""The status card: confirmed, suspected, possible, or the risk of calciphylaxis.

What may live here: which status card a tier raises, and how urgent it is.
"""

from __future__ import annotations

from hooks.assessment import Assessment, Tier
from hooks.card import Card, Indicator
from hooks.cards import make_status_card
from hooks.policy import Policy


def calciphylaxis_card(patient: Assessment, policy: Policy) -> Card | None:
    """The card of the patient's tier; none for children and for patients without sign or risk."""
    match patient.tier:
        case Tier.CONFIRMED:
            on_dialysis = patient.dialysis or patient.dialysis_unknown
            text = "cua-confirmed" if on_dialysis else "cua-confirmed-off-dialysis"
            return make_status_card("cua-confirmed", _confirmed(patient), patient, policy, text=text)
        case Tier.SUSPECTED:
            return make_status_card("cua-suspected", _suspected(patient), patient, policy)
        case Tier.POSSIBLE:
            return make_status_card("cua-possible", Indicator.INFO, patient, policy)
        case Tier.HIGH_RISK:
            return make_status_card("cua-risk-high", Indicator.WARNING, patient, policy)
        case Tier.ELEVATED_RISK:
            return make_status_card("cua-risk-elevated", Indicator.INFO, patient, policy)
        case _:
            return None


def _feeding(patient: Assessment) -> bool:
    """A vitamin K antagonist or a calcium product is active."""
    return bool(patient.risk.taking("vitamin_k_antagonist") or patient.risk.taking("calcium_product"))


def _confirmed(patient: Assessment) -> Indicator:
    """Critical while a drug feeds it: those two, or active vitamin D with high calcium."""
    vitamin_d = bool(patient.risk.taking("active_vitamin_d")) and bool(patient.labs.calcium.high)
    return Indicator.CRITICAL if _feeding(patient) or vitamin_d else Indicator.WARNING


def _suspected(patient: Assessment) -> Indicator:
    """Critical with necrosis, with two different signs, or while a drug feeds it."""
    signs = patient.signs
    grave = signs.necrosis or signs.different > 1 or _feeding(patient)
    return Indicator.CRITICAL if grave else Indicator.WARNING
