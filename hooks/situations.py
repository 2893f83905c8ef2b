"""The situations by name that the data files may use in `when`, `unless` and their like.

What may live here: one line per situation, each a question to the assessment that is answered True or not. "Cannot
tell" is never True here: missing data has its own situations.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from hooks import mineral_needs
from hooks.anticoagulation import on_the_list, standards
from hooks.assessment import Assessment, Tier
from hooks.chart import CALCIUM, Analyte
from hooks.heart_valve import MECHANICAL, PRECAUTIONS, UNKNOWN, UNREAD

Situation = Callable[[Assessment], bool]

SITUATIONS: dict[str, Situation] = {
    # who the patient is
    "calciphylaxis": lambda patient: patient.calciphylaxis,
    "calciphylaxis_suspected": lambda patient: patient.tier is Tier.SUSPECTED,
    "past_calciphylaxis": lambda patient: patient.past_calciphylaxis is not None,
    "on_dialysis": lambda patient: bool(patient.dialysis),
    "infection": lambda patient: patient.infection is not None,
    "bowel_obstruction": lambda patient: patient.on_record("bowel_obstruction"),
    # heart valve and anticoagulation
    "valve": lambda patient: patient.valve in PRECAUTIONS,
    "mechanical_valve": lambda patient: patient.valve == MECHANICAL,
    "valve_kind_unknown": lambda patient: patient.valve == UNKNOWN,
    "valve_unread": lambda patient: patient.valve == UNREAD,
    "vitamin_k_antagonist_standard": lambda patient: bool(standards(patient)),
    "vitamin_k_antagonist_active": lambda patient: bool(patient.risk.taking("vitamin_k_antagonist")),
    "antiphospholipid": lambda patient: patient.on_record("antiphospholipid"),
    "mitral_stenosis": lambda patient: patient.on_record("mitral_stenosis"),
    "ventricular_assist_device": lambda patient: patient.on_record("ventricular_assist_device"),
    "liver_failure": lambda patient: patient.on_record("liver_failure"),
    "cirrhosis": lambda patient: patient.on_record("cirrhosis"),
    "pregnancy": lambda patient: patient.on_record("pregnancy"),
    "recent_bleeding": lambda patient: patient.recent_bleeding is not None,
    "apixaban_interaction": lambda patient: bool(on_the_list(patient, "apixaban_interaction")),
    "doac_listed": lambda patient: bool(on_the_list(patient, "doac")),
    # minerals
    "rebuilding_bone": mineral_needs.rebuilding_bone,
    "parathyroidectomy_recent": lambda patient: patient.parathyroidectomy_recent,
    "low_pth_explained": mineral_needs.low_pth_explained,
    "calcium_may_be_needed": mineral_needs.calcium_may_be_needed,
    "vitamin_d_may_be_needed": mineral_needs.vitamin_d_may_be_needed,
    "calcimimetic_listed": lambda patient: bool(on_the_list(patient, "calcimimetic")),
    "denosumab_active": lambda patient: bool(patient.risk.taking("denosumab")),
    "calcium_high": lambda patient: bool(patient.labs.calcium.high),
    "calcium_very_high": lambda patient: bool(patient.labs.calcium.very_high),
    "calcium_low": lambda patient: bool(patient.labs.calcium.low),
    "calcium_missing": lambda patient: patient.labs.calcium.high.met is None,
    "calcium_old": mineral_needs.calcium_is_old,
    "calcium_by_correction": mineral_needs.calcium_by_correction,
    "product_by_correction": lambda patient: patient.labs.product_by_correction,
    "low_before_correction": lambda patient: patient.labs.calcium.low_before_correction,
    "correction_matters": mineral_needs.correction_matters,
    "score_by_correction": mineral_needs.score_by_correction,
    "phosphate_missing": lambda patient: patient.labs.phosphate_high.met is None,
    "minerals_old": lambda patient: mineral_needs.calcium_is_old(patient) or mineral_needs.phosphate_is_old(patient),
    "pth_old": mineral_needs.pth_is_old,
    "pth_twice_old": mineral_needs.pth_twice_is_old,
    "phosphate_old": mineral_needs.phosphate_is_old,
    "phosphate_too_low_for_binder": lambda patient: bool(patient.labs.phosphate_too_low_for_binder),
    "product_warns": lambda patient: patient.labs.product_warns is True,
    "product_moderate": lambda patient: patient.labs.product_moderate is True,
    "pth_high": lambda patient: bool(patient.labs.pth_high),
    "pth_low_twice": lambda patient: bool(patient.pth_twice_low),
    "pth_low_for_vitamin_d": lambda patient: bool(patient.labs.pth_low_for_vitamin_d),
    # what could not be read
    "minerals_unread": mineral_needs.minerals_unread,
    "procedures_unread": mineral_needs.procedures_unread,
    "conditions_unread": lambda patient: patient.chart.gap("conditions") is not None,
    "medications_unread": lambda patient: patient.chart.gap("medications") is not None,
    "pth_unread": lambda patient: bool(patient.labs.unreadable_newer(Analyte.INTACT_PTH)),
    "calcium_look_up_failed": lambda patient: mineral_needs.failed(patient, CALCIUM) is not None,
}


def holds(patient: Assessment, when: Iterable[str], unless: Iterable[str] = ()) -> bool:
    """Do all situations of `when` hold, and none of `unless`?"""
    return all(SITUATIONS[name](patient) for name in when) and not any_holds(patient, unless)


def any_holds(patient: Assessment, names: Iterable[str]) -> bool:
    """Does at least one of these situations hold?"""
    return any(SITUATIONS[name](patient) for name in names)
