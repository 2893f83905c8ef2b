"""The patient-view service: what a clinician should see when the chart is opened.

What may live here: the four constants that describe the service, and the order of its cards.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from functools import partial

from hooks.assessment import Assessment
from hooks.calciphylaxis_status import calciphylaxis_card
from hooks.card import Card, Indicator, most_urgent_first
from hooks.cards import make_status_card
from hooks.chart import Chart
from hooks.judgement import INCOMPLETE, CannotJudge, judge, refuse_cut, told
from hooks.offending_drugs import Moment, drug_cards
from hooks.policy import Policy
from hooks.sepsis_watch import sepsis_card

ID = "calciphylaxis-patient-view"
HOOK = "patient-view"
TITLE = "Calciphylaxis watch"
DESCRIPTION = (
    "For adults on dialysis or with calciphylaxis: suspected or confirmed calciphylaxis with a management plan, risk "
    "of calciphylaxis, sepsis watch, and active drugs that feed calciphylaxis (vitamin K antagonists, calcium, "
    "vitamin D, iron)."
)


def advise(chart: Chart, on: date, policy: Policy, untold: Collection[str] = ()) -> list[Card]:
    """The cards for an opened chart on a calendar day of the clinic, most urgent first.

    Cards on the topics `untold` are held back by the clinic: whatever could not be read is told without them.

    Raises:
        CannotJudge: patient, conditions or active medications could not be read, or the dialysis status is unknown.
    """
    return most_urgent_first(judge(chart, on, policy, partial(_cards, untold=untold)))


def _cards(patient: Assessment, policy: Policy, *, untold: Collection[str]) -> list[Card]:
    if patient.is_child:
        return []
    gap = patient.chart.gap("medications")
    if gap is not None and not gap.cut:
        raise CannotJudge(gap.what, gap.reason)
    worked_out = [card for card in (calciphylaxis_card(patient, policy), sepsis_card(patient, policy)) if card]
    status = told(worked_out, untold)
    shown = [card.topic for card in status]
    of_drugs = drug_cards(patient, patient.chart.medications, Moment.PATIENT_VIEW, policy, beside=shown)
    cards = status + told(of_drugs, untold)
    refuse_cut(patient.chart, "medications", cards)
    in_scope = patient.dialysis or worked_out or of_drugs
    if not cards and in_scope and patient.not_all_read:
        # Silence would look like "no risk" although part of the chart could not be read.
        return [make_status_card(INCOMPLETE, Indicator.INFO, patient, policy)]
    return cards
