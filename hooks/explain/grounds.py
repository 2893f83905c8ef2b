"""What a question is made of, and what leaves it open: for the answers whose value alone does not tell.

What may live here: names. Whether a question is met is never decided here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

_MINERAL_LIMITS = ("calcium_very_low", "calcium_low", "calcium_high", "rebuilding_bone", "hypocalcaemia_context")
ON_RECORD = ("conditions", "surgery_procedures", "valve_procedures", "procedures")
"""The look-ups that tell what is on record, as a condition or a procedure."""
LISTED = ("conditions",)
DRUGS = ("medications",)


class Ground(NamedTuple):
    """`parts` are questions that it is made of; `needs` the results (of `[needs]` in the wording) that it looks at;
    `look_ups` the queries without which a no is not sure.
    """

    parts: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    look_ups: tuple[str, ...] = ()


NONE = Ground()
CALCIUM = Ground(needs=("calcium",))
PHOSPHATE = Ground(needs=("phosphate",))
PTH = Ground(needs=("pth",))
PRODUCT = Ground(needs=("calcium", "phosphate"))
RECORDED = Ground(look_ups=ON_RECORD)
CONDITION = Ground(look_ups=LISTED)
TAKEN = Ground(look_ups=DRUGS)

GROUNDS: Mapping[str, Ground] = {
    "calciphylaxis": Ground(
        ("calciphylaxis_confirmed", "on_dialysis", "skin_sign", "signs_weigh_enough", "only_limited_signs")
    ),
    "calciphylaxis_suspected": Ground(("skin_sign", "signs_weigh_enough", "only_limited_signs")),
    "calciphylaxis_confirmed": CONDITION,
    "past_calciphylaxis": CONDITION,
    "infection": CONDITION,
    "bowel_obstruction": RECORDED,
    "valve": Ground(("mechanical_valve", "valve_kind_unknown", "valve_unread"), look_ups=ON_RECORD),
    "mechanical_valve": RECORDED,
    "valve_kind_unknown": RECORDED,
    "vitamin_k_antagonist_standard": RECORDED,
    "vitamin_k_antagonist_active": TAKEN,
    **dict.fromkeys(
        ("antiphospholipid", "mitral_stenosis", "ventricular_assist_device", "liver_failure", "cirrhosis", "pregnancy"),
        RECORDED,
    ),
    "recent_bleeding": CONDITION,
    **dict.fromkeys(("apixaban_interaction", "doac_listed", "calcimimetic_listed", "denosumab_active"), TAKEN),
    "rebuilding_bone": RECORDED,
    "parathyroidectomy_recent": RECORDED,
    "low_pth_explained": RECORDED,
    "hypocalcaemia_context": RECORDED,
    "calcium_may_be_needed": Ground(_MINERAL_LIMITS),
    "vitamin_d_may_be_needed": Ground((*_MINERAL_LIMITS, "pth_high")),
    **dict.fromkeys(
        ("calcium_high", "calcium_very_high", "calcium_low", "calcium_very_low", "calcium_missing"), CALCIUM
    ),
    **dict.fromkeys(("calcium_old", "calcium_by_correction", "low_before_correction"), CALCIUM),
    **dict.fromkeys(("correction_matters", "score_by_correction"), CALCIUM),
    **dict.fromkeys(("phosphate_missing", "phosphate_old", "phosphate_too_low_for_binder"), PHOSPHATE),
    **dict.fromkeys(("product_warns", "product_moderate", "product_by_correction", "minerals_old"), PRODUCT),
    **dict.fromkeys(("pth_high", "pth_low_twice", "pth_low_for_vitamin_d", "pth_unread"), PTH),
    **dict.fromkeys(("pth_old", "pth_twice_old"), PTH),
    "sign_off_dialysis": Ground(("provisional_calciphylaxis", "grave_sign", "advanced_kidney_disease")),
    "signs_weigh_enough": Ground(("grave_sign", "two_signs", "score_suspected")),
    "skin_sign": CONDITION,
    "advanced_kidney_disease": RECORDED,
}
"""By the name of a situation or question; one that stands alone is not listed."""

FACTOR_NEEDS: Mapping[str, tuple[str, ...]] = {
    "mineral_high": ("calcium", "phosphate"),
    "mineral_moderate": ("calcium", "phosphate"),
    "pth": ("pth",),
    "albumin": ("albumin",),
    "active_vitamin_d": ("calcium", "phosphate"),
    "alkaline_phosphatase": ("alkaline_phosphatase",),
    "obesity": ("body_mass_index",),
    "dialysis_dose": ("dialysis_dose",),
}
"""The results that a risk factor looks at."""

FACTOR_LOOK_UPS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("vitamin_k_antagonist", "calcium_product", "active_vitamin_d", "corticosteroid"), DRUGS),
    **dict.fromkeys(("diabetes", "liver_or_thrombophilia", "past_calciphylaxis"), LISTED),
}
