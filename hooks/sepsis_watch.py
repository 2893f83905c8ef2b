"""The sepsis watch: infection is what patients with calciphylaxis die of.

What may live here: which findings point to sepsis in confirmed or suspected calciphylaxis.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from hooks.assessment import Assessment
from hooks.card import Card, Indicator
from hooks.cards import Facts, make_status_card
from hooks.chart import Analyte, Result
from hooks.finding import Finding, above, below
from hooks.policy import Policy


def sepsis_card(patient: Assessment, policy: Policy) -> Card | None:
    """Critical with recorded sepsis or bacteraemia; warning with any abnormal temperature, white cells or CRP."""
    if not patient.calciphylaxis:
        return None
    facts = Facts(patient, policy.wording)
    if patient.infection is not None:
        triggers = (("active sepsis or bacteraemia", facts.infection()),)
        return make_status_card("cua-sepsis", Indicator.CRITICAL, patient, policy, triggers=triggers)
    found = tuple(_abnormal(patient, facts))
    return make_status_card("cua-sepsis", Indicator.WARNING, patient, policy, triggers=found) if found else None


def _abnormal(patient: Assessment, facts: Facts) -> Iterable[tuple[str, str]]:
    limits = patient.limits
    tests: tuple[tuple[Analyte, Callable[[Iterable[Result], float], Finding], float, str], ...] = (
        (Analyte.BODY_TEMPERATURE, above, limits.temperature_high, "above"),
        (Analyte.BODY_TEMPERATURE, below, limits.temperature_low, "below"),
        (Analyte.WHITE_CELL_COUNT, above, limits.white_cells_high, "above"),
        (Analyte.WHITE_CELL_COUNT, below, limits.white_cells_low, "below"),
        (Analyte.C_REACTIVE_PROTEIN, above, limits.c_reactive_protein_high, "above"),
    )
    for analyte, test, limit, relation in tests:
        # Any result in the window counts, not only the newest: fever comes and goes.
        for result in patient.labs.usable(analyte):
            if test((result,), limit):
                yield f"{facts.name(result)} {facts.converted(result, limit)}", facts.result(result, limit, relation)
                break
