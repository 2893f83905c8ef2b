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
from hooks.finding import CANNOT_TELL, Finding, above, below
from hooks.policy import Policy
from hooks.thresholds import Thresholds

TOPIC = "cua-sepsis"


class Test(NamedTuple):
    """One trigger: when it is met, and whether a corticosteroid alone may explain it."""

    analyte: Analyte
    met: Callable[[Iterable[Result], float], Finding]
    limit: float
    relation: str
    by_steroid: bool = False


class Trigger(NamedTuple):
    """A trigger that is met, and by which result."""

    test: Test
    result: Result


def sepsis_card(patient: Assessment, policy: Policy) -> Card | None:
    """Critical with recorded sepsis or bacteraemia; warning with any abnormal temperature, white cells or CRP."""
    if not patient.calciphylaxis:
        return None
    facts = Facts(patient, policy.wording)
    if patient.infection is not None:
        recorded = policy.status_phrases["infection"], facts.infection()
        return _card(patient, policy, Indicator.CRITICAL, [recorded])
    found = [_in_words(trigger, facts) for trigger in abnormal(patient)]
    return _card(patient, policy, Indicator.WARNING, found) if found else None


def _card(patient: Assessment, policy: Policy, indicator: Indicator, triggers: list[tuple[str, str]]) -> Card:
    return make_status_card(TOPIC, indicator, patient, policy, triggers=tuple(triggers))


def tests(limits: Thresholds) -> tuple[Test, ...]:
    """What is looked at, with the limits in force."""
    return (
        Test(Analyte.BODY_TEMPERATURE, above, limits.temperature_high, "above"),
        Test(Analyte.BODY_TEMPERATURE, below, limits.temperature_low, "below"),
        Test(Analyte.WHITE_CELL_COUNT, above, limits.white_cells_high, "above", by_steroid=True),
        Test(Analyte.WHITE_CELL_COUNT, below, limits.white_cells_low, "below"),
        Test(Analyte.C_REACTIVE_PROTEIN, above, limits.c_reactive_protein_high, "above"),
    )


def answer(patient: Assessment, test: Test) -> Finding:
    """The newest result that is abnormal, else what the newest one says. Any result in the window counts, not only the
    newest: fever comes and goes.
    """
    newest = CANNOT_TELL
    for result in patient.labs.usable(test.analyte):
        finding = test.met((result,), test.limit)
        if finding:
            return finding
        newest = finding if newest is CANNOT_TELL else newest
    return newest


def abnormal(patient: Assessment) -> tuple[Trigger, ...]:
    """The triggers that are met. Many white cells under an active systemic corticosteroid count only beside another."""
    answers = [(test, answer(patient, test)) for test in tests(patient.limits)]
    found = tuple(Trigger(test, finding.result) for test, finding in answers if finding and finding.result)
    steroid_alone = all(trigger.test.by_steroid for trigger in found)
    return () if steroid_alone and patient.risk.taking("systemic_corticosteroid") else found


def _in_words(trigger: Trigger, facts: Facts) -> tuple[str, str]:
    """In few words for a summary, and as a line with its date."""
    test, result = trigger
    short = f"{facts.name(result)} {facts.converted(result, test.limit)}"
    return short, facts.result(result, test.limit, test.relation)
