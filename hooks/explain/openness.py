"""When a no is none: something could not be read, or is missing, that might have made it a yes.

What may live here: for a question or a risk factor that is not answered yes, whether the data could hide a yes. The
rules take such an answer for no; a reader has to know that it is not sure.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping

from hooks.assessment import Assessment
from hooks.explain.facts import FactTeller
from hooks.explain.grounds import DRUGS, FACTOR_LOOK_UPS, FACTOR_NEEDS, LISTED, Ground
from hooks.finding import Finding
from hooks.risk_score import TESTS
from hooks.thresholds import FACTORS

Met = Callable[[str], bool | None]
"""The answer to another question."""


def dialysis_is_open(patient: Assessment) -> bool:
    """Nothing shows dialysis, and something that might have could not be read."""
    return patient.dialysis_unknown or (not patient.dialysis and _some_unread(patient, LISTED))


def is_open(name: str, teller: FactTeller, ground: Ground, met: Met) -> bool:
    """Could this question, which is not answered yes, be answered yes if everything had been read?"""
    if name == "on_dialysis":
        return dialysis_is_open(teller.patient)
    composed = _COMPOSED.get(name)
    if composed is not None:
        return composed(teller, met)
    return _some_unread(teller.patient, ground.look_ups) or newer_unread(teller, ground.needs)


def newer_unread(teller: FactTeller, needs: Collection[str]) -> bool:
    """Could a result of these needs not be read that is as new as the one in use, or the only one?"""
    words = teller.policy.wording.needs
    analytes = {analyte for need in needs for analyte in words[need].named}
    return bool(teller.patient.labs.unreadable_newer(*analytes))


def _some_unread(patient: Assessment, look_ups: Iterable[str]) -> bool:
    chart, look_ups = patient.chart, tuple(look_ups)
    if any(map(chart.gap, look_ups)):
        return True
    if LISTED[0] in look_ups and (chart.unread_conditions or chart.masked_conditions):
        return True
    return DRUGS[0] in look_ups and chart.unread_drugs > 0


# ------------------------------------------------------------------ risk points
def factor_met(name: str, teller: FactTeller) -> bool | None:
    """Is a risk factor met? None where something that is missing or was not read could make it so."""
    answered = TESTS[name](teller.patient.risk)
    if answered:
        return True
    if answered is None or (isinstance(answered, Finding) and answered.met is None):
        return None
    if name == "active_vitamin_d" and not teller.patient.risk.taking(name):
        return None if _some_unread(teller.patient, DRUGS) else False
    if name == "female":
        return None if not teller.patient.chart.sex else False
    if name == "mineral_moderate" and teller.patient.risk.mineral_high:
        return False
    needs = FACTOR_NEEDS.get(name, ())
    lacking = not all(map(teller.words.has, needs)) or newer_unread(teller, needs)
    return None if lacking or _some_unread(teller.patient, FACTOR_LOOK_UPS.get(name, ())) else False


def open_points(teller: FactTeller) -> tuple[int, int]:
    """How many factors cannot be told, and how many points they could give: of the two on minerals only one counts."""
    points = teller.patient.limits.points
    unknown = [name for name in FACTORS if factor_met(name, teller) is None]
    most = sum(points[name] for name in unknown)
    if {"mineral_high", "mineral_moderate"} <= set(unknown):
        most -= points["mineral_moderate"]
    return len(unknown), most


def _score(limit: str) -> Callable[[FactTeller, Met], bool]:
    def could_reach(teller: FactTeller, _: Met) -> bool:
        needed: float = getattr(teller.patient.limits, limit)
        return teller.patient.risk.score + open_points(teller)[1] >= needed

    return could_reach


def _factors(*names: str) -> Callable[[FactTeller, Met], bool]:
    return lambda teller, _: any(factor_met(name, teller) is None for name in names)


def _parts(*names: str) -> Callable[[FactTeller, Met], bool]:
    return lambda _, met: any(met(name) is None for name in names)


def _calcium_needed(_: FactTeller, met: Met) -> bool:
    low_with_reason = met("calcium_low") is not False and met("hypocalcaemia_context") is not False
    rebuilding = met("rebuilding_bone") is None and met("calcium_high") is not True
    return met("calcium_very_low") is None or rebuilding or low_with_reason


def _vitamin_d_needed(teller: FactTeller, met: Met) -> bool:
    low_with_high_pth = met("calcium_low") is not False and met("pth_high") is not False
    return _calcium_needed(teller, met) or low_with_high_pth


def _calciphylaxis(_: FactTeller, met: Met) -> bool:
    if met("calciphylaxis_confirmed") is None:
        return True
    signs = met("signs_weigh_enough") is not False and met("only_limited_signs") is not True
    return met("on_dialysis") is not False and (met("skin_sign") is None or (met("skin_sign") is True and signs))


_COMPOSED: Mapping[str, Callable[[FactTeller, Met], bool]] = {
    "score_suspected": _score("suspected_score"),
    "score_high": _score("high_risk_score"),
    "score_elevated": _score("elevated_risk_score"),
    "risk_changeable": _factors("vitamin_k_antagonist", "calcium_product", "mineral_high", "active_vitamin_d"),
    "vitamin_k_antagonist_or_minerals_high": _factors("vitamin_k_antagonist", "mineral_high"),
    "calcium_may_be_needed": _calcium_needed,
    "vitamin_d_may_be_needed": _vitamin_d_needed,
    "signs_weigh_enough": lambda teller, met: bool(teller.patient.signs.signs) and met("score_suspected") is None,
    "sign_off_dialysis": _parts("provisional_calciphylaxis", "grave_sign", "advanced_kidney_disease"),
    "calciphylaxis": _calciphylaxis,
    "calciphylaxis_suspected": _calciphylaxis,
    "valve": _parts("mechanical_valve", "valve_kind_unknown"),
}
"""Questions that are made of others: open where an open part could turn them."""
