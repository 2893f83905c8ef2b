"""The situations by name that the data files may use in `when`, `unless` and their like.

What may live here: one line per situation, each a question to the assessment. An answer counts as yes where it is
true in Python's sense: it is what makes it so (a finding, an entry of the record, drugs) or True. None, or a finding
that is neither met nor not, is "cannot tell", and never a yes: missing data has its own situations.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from hooks import mineral_needs
from hooks.anticoagulation import on_the_list, standards
from hooks.assessment import Assessment, Tier
from hooks.chart import CALCIUM, Analyte
from hooks.heart_valve import MECHANICAL, PRECAUTIONS, UNKNOWN, UNREAD
from hooks.tiers import QUESTIONS

Situation = Callable[[Assessment], object]

SITUATIONS: dict[str, Situation] = {
    # who the patient is
    "calciphylaxis": lambda patient: patient.calciphylaxis,
    "calciphylaxis_suspected": lambda patient: patient.tier is Tier.SUSPECTED,
    "past_calciphylaxis": lambda patient: patient.past_calciphylaxis or False,
    "on_dialysis": lambda patient: patient.dialysis,
    "infection": lambda patient: patient.infection or False,
    "bowel_obstruction": lambda patient: patient.recorded("bowel_obstruction"),
    # heart valve and anticoagulation
    "valve": lambda patient: patient.valve in PRECAUTIONS,
    "mechanical_valve": lambda patient: patient.valve == MECHANICAL,
    "valve_kind_unknown": lambda patient: patient.valve == UNKNOWN,
    "valve_unread": lambda patient: patient.valve == UNREAD,
    "vitamin_k_antagonist_standard": standards,
    "vitamin_k_antagonist_active": lambda patient: patient.risk.taking("vitamin_k_antagonist"),
    "antiphospholipid": lambda patient: patient.recorded("antiphospholipid"),
    "mitral_stenosis": lambda patient: patient.recorded("mitral_stenosis"),
    "ventricular_assist_device": lambda patient: patient.recorded("ventricular_assist_device"),
    "liver_failure": lambda patient: patient.recorded("liver_failure"),
    "cirrhosis": lambda patient: patient.recorded("cirrhosis"),
    "pregnancy": lambda patient: patient.recorded("pregnancy"),
    "recent_bleeding": lambda patient: patient.recent_bleeding or False,
    "apixaban_interaction": lambda patient: on_the_list(patient, "apixaban_interaction"),
    "doac_listed": lambda patient: on_the_list(patient, "doac"),
    # minerals
    "rebuilding_bone": mineral_needs.rebuilding_bone,
    "parathyroidectomy_recent": lambda patient: patient.parathyroidectomy_recent,
    "low_pth_explained": mineral_needs.low_pth_explained,
    "calcium_may_be_needed": mineral_needs.calcium_may_be_needed,
    "vitamin_d_may_be_needed": mineral_needs.vitamin_d_may_be_needed,
    "calcimimetic_listed": lambda patient: on_the_list(patient, "calcimimetic"),
    "denosumab_active": lambda patient: patient.risk.taking("denosumab"),
    "calcium_high": lambda patient: patient.labs.calcium.high,
    "calcium_very_high": lambda patient: patient.labs.calcium.very_high,
    "calcium_low": lambda patient: patient.labs.calcium.low,
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
    "phosphate_too_low_for_binder": lambda patient: patient.labs.phosphate_too_low_for_binder,
    "product_warns": lambda patient: patient.labs.product_warns,
    "product_moderate": lambda patient: patient.labs.product_moderate,
    "pth_high": lambda patient: patient.labs.pth_high,
    "pth_low_twice": lambda patient: patient.pth_twice_low,
    "pth_low_for_vitamin_d": lambda patient: patient.labs.pth_low_for_vitamin_d,
    # what could not be read
    "minerals_unread": mineral_needs.minerals_unread,
    "procedures_unread": mineral_needs.procedures_unread,
    "conditions_unread": lambda patient: patient.chart.gap("conditions") or False,
    "medications_unread": lambda patient: patient.chart.gap("medications") or False,
    "pth_unread": lambda patient: patient.labs.unreadable_newer(Analyte.INTACT_PTH),
    "calcium_look_up_failed": lambda patient: mineral_needs.failed(patient, CALCIUM) or False,
}


PARTS: dict[str, Situation] = {
    "calcium_very_low": lambda patient: patient.labs.calcium.very_low,
    "hypocalcaemia_context": lambda patient: patient.hypocalcaemia_context,
    "not_all_read": lambda patient: patient.not_all_read,
    "risk_incomplete": lambda patient: patient.risk_incomplete,
    "only_possible": lambda patient: patient.tier is Tier.POSSIBLE,
    "unread_draft": lambda patient: patient.chart.unread_drafts > 0,
    "drafts_matter": lambda patient: patient.drafts_matter,
}
"""Further questions: situations are made of them, or cards that no data file decides on ask them."""

SEPSIS = "infection_or_abnormal"
"""The question of the sepsis watch, which is asked there."""

FURTHER = frozenset({*QUESTIONS, *PARTS, SEPSIS} - SITUATIONS.keys())
"""Every question that is no situation; each has its words in `reasons.toml`, too."""


def holds(patient: Assessment, when: Iterable[str], unless: Iterable[str] = ()) -> bool:
    """Do all situations of `when` hold, and none of `unless`?"""
    return all(SITUATIONS[name](patient) for name in when) and not any_holds(patient, unless)


def any_holds(patient: Assessment, names: Iterable[str]) -> bool:
    """Does at least one of these situations hold?"""
    return any(SITUATIONS[name](patient) for name in names)
