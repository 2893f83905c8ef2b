"""When a patient may need calcium or vitamin D in spite of calciphylaxis, and when a removal would rest on weak ground.

What may live here: these questions about one assessment. Numbers stand in `thresholds.toml`, the rows that ask in
`drug_rules.toml`.
"""

from __future__ import annotations

from typing import Literal

from hooks.assessment import Assessment
from hooks.chart import CALCIUM, Analyte, Condition, Gap, Procedure

MINERALS = CALCIUM | {Analyte.PHOSPHATE, Analyte.ALBUMIN, Analyte.INTACT_PTH}
"""The results on which the calcium and active vitamin D rules rest."""


SURGERY_QUERIES = ("valve_procedures", "surgery_procedures", "procedures")
"""The look-ups that tell of surgery."""


def failed(patient: Assessment, analytes: frozenset[Analyte]) -> Gap | None:
    """The first look-up that failed and may hide one of these results."""
    return next((gap for gap in patient.chart.gaps if gap.analytes & analytes), None)


def minerals_unread(patient: Assessment) -> bool:
    """A look-up of them failed, or a newer result than the one in use could not be read."""
    return failed(patient, MINERALS) is not None or bool(patient.labs.minerals_unread)


def rebuilding_bone(patient: Assessment) -> Condition | Procedure | Literal[False]:
    """Hungry bone on record, or parathyroid surgery within the window: bone takes up calcium, treatment holds it up."""
    return patient.active("hungry_bone") or patient.parathyroidectomy_recent


def low_pth_explained(patient: Assessment) -> Condition | Procedure | Literal[False]:
    """Parathyroid surgery at any time, hypoparathyroidism or hungry bone: a low PTH is expected then."""
    return patient.parathyroidectomy_ever or patient.active("hypoparathyroidism", "hungry_bone") or False


def _rebuilding_and_not_high(patient: Assessment) -> bool:
    """A calcium in range may be the effect of the treatment; a missing calcium is not high."""
    return bool(rebuilding_bone(patient)) and not patient.labs.calcium.high


def calcium_may_be_needed(patient: Assessment) -> bool:
    """Calcium very low; or bone that is being rebuilt; or calcium low and a reason on record why it falls."""
    calcium = patient.labs.calcium
    context = bool(calcium.low) and bool(patient.hypocalcaemia_context)
    return bool(calcium.very_low) or _rebuilding_and_not_high(patient) or context


def vitamin_d_may_be_needed(patient: Assessment) -> bool:
    """The same, or calcium low with PTH high."""
    labs = patient.labs
    return calcium_may_be_needed(patient) or (bool(labs.calcium.low) and bool(labs.pth_high))


def calcium_is_old(patient: Assessment) -> bool:
    """The calcium that decides is older than fresh."""
    calcium = patient.labs.calcium
    result = calcium.ionised[0] if calcium.ionised_decides else calcium.chosen
    return result is not None and patient.labs.is_old(result)


def phosphate_is_old(patient: Assessment) -> bool:
    """The newest phosphate is older than fresh."""
    result = patient.labs.newest(Analyte.PHOSPHATE)
    return result is not None and patient.labs.is_old(result)


def pth_is_old(patient: Assessment) -> bool:
    """The PTH that is too low for vitamin D is older than fresh."""
    result = patient.labs.pth_low_for_vitamin_d.result
    return result is not None and patient.labs.is_old(result)


def pth_twice_is_old(patient: Assessment) -> bool:
    """One of the two low PTH results is older than fresh."""
    results = [finding.result for finding in patient.labs.pth_low_twice]
    return any(result is not None and patient.labs.is_old(result) for result in results)


def procedures_unread(patient: Assessment) -> bool:
    """Procedures could not be read that may tell of a valve, an assist device or parathyroid surgery."""
    return any(patient.chart.gap(query) for query in SURGERY_QUERIES)


def calcium_by_correction(patient: Assessment) -> bool:
    """Only the albumin correction puts the calcium on its side of a limit."""
    return any(map(patient.labs.calcium.by_correction, ("high", "very_high", "low", "very_low")))


def correction_matters(patient: Assessment) -> bool:
    """The correction decides, or hides a low total: an ionised calcium would tell."""
    by_correction = calcium_by_correction(patient) or patient.labs.product_by_correction
    return by_correction or patient.labs.calcium.low_before_correction


def score_by_correction(patient: Assessment) -> bool:
    """A point for a calcium in the upper normal range that rests on the correction, where nothing else asks for an
    ionised calcium.
    """
    factor = patient.risk.mineral_moderate and patient.labs.calcium.by_correction("upper_normal")
    return factor and bool(patient.labs.calcium.upper_normal) and not correction_matters(patient)
