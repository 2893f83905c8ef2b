"""The sepsis watch: infection is what patients with calciphylaxis die of.

What may live here: which findings point to sepsis in confirmed or suspected calciphylaxis.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from hooks.assessment import Assessment
from hooks.card import Card, Indicator
from hooks.cards import Facts, make_status_card
from hooks.chart import Analyte, Result
from hooks.finding import Finding, above, below
from hooks.policy import Policy


class _Test(NamedTuple):
    """One trigger: when it is met, and whether a corticosteroid alone may explain it."""

    analyte: Analyte
    met: Callable[[Iterable[Result], float], Finding]
    limit: float
    relation: str
    by_steroid: bool = False


class _Trigger(NamedTuple):
    """A trigger that is met, in few words for a summary and as a line with its date."""

    short: str
    line: str
    by_steroid: bool = False


def sepsis_card(patient: Assessment, policy: Policy) -> Card | None:
    """Critical with recorded sepsis or bacteraemia; warning with any abnormal temperature, white cells or CRP. Many
    white cells under an active systemic corticosteroid count only beside another trigger.
    """
    if not patient.calciphylaxis:
        return None
    facts = Facts(patient, policy.wording)
    if patient.infection is not None:
        recorded = _Trigger(policy.status_phrases["infection"], facts.infection())
        return _card(patient, policy, Indicator.CRITICAL, [recorded])
    found = list(_abnormal(patient, facts))
    if all(trigger.by_steroid for trigger in found) and patient.risk.taking("systemic_corticosteroid"):
        return None
    return _card(patient, policy, Indicator.WARNING, found) if found else None


def _card(patient: Assessment, policy: Policy, indicator: Indicator, found: list[_Trigger]) -> Card:
    triggers = tuple((trigger.short, trigger.line) for trigger in found)
    return make_status_card("cua-sepsis", indicator, patient, policy, triggers=triggers)


def _abnormal(patient: Assessment, facts: Facts) -> Iterable[_Trigger]:
    limits = patient.limits
    for test in (
        _Test(Analyte.BODY_TEMPERATURE, above, limits.temperature_high, "above"),
        _Test(Analyte.BODY_TEMPERATURE, below, limits.temperature_low, "below"),
        _Test(Analyte.WHITE_CELL_COUNT, above, limits.white_cells_high, "above", by_steroid=True),
        _Test(Analyte.WHITE_CELL_COUNT, below, limits.white_cells_low, "below"),
        _Test(Analyte.C_REACTIVE_PROTEIN, above, limits.c_reactive_protein_high, "above"),
    ):
        # Any result in the window counts, not only the newest: fever comes and goes.
        for result in patient.labs.usable(test.analyte):
            if test.met((result,), test.limit):
                short = f"{facts.name(result)} {facts.converted(result, test.limit)}"
                yield _Trigger(short, facts.result(result, test.limit, test.relation), test.by_steroid)
                break
