"""Ids of more than 64 characters, which FHIR forbids and Epic sends, are ids.

Source: fastenhealth/fasten-sources, recorded traffic of fhir.epic.com (R4): Medications of 66 characters,
Observations of more.
"""

from __future__ import annotations

import pytest

from tests.contract.records import CALCIUM_DRAFT, Json
from tests.field.held import (
    ORDER_HOOKS,
    QUIET,
    SUSPECTED,
    WARFARIN_CODE,
    calcium,
    entry,
    medication,
    referring,
)
from tests.field.play import Field

LENGTHS = (64, 65, 66, 88, 255)
WARNS = [("vka-dialysis", "warning")]
ON_THE_SKIN = [("cua-suspected", "critical"), ("vka-cua", "critical")]
DISPLAYS = [{}, {"display": "Warf 5 mg tab"}, {"display": "warfarin 5 MG tablet"}]


def number(length: int) -> str:
    return "eSHq6SUw5q.VJJC-".ljust(length, "k")


def drug(length: int) -> Json:
    return medication(number(length), WARFARIN_CODE)


@pytest.mark.parametrize("display", DISPLAYS, ids=str)
@pytest.mark.parametrize("length", LENGTHS)
def test_an_active_drug_is_found_under_a_long_id(length: int, display: Json, field: Field) -> None:
    order = referring("warfarin-active", f"Medication/{number(length)}", "active", **display)
    assert field.topics("patient-view", SUSPECTED.having(order, drug(length))) == ON_THE_SKIN


@pytest.mark.parametrize("display", DISPLAYS, ids=str)
@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("hook", ORDER_HOOKS)
def test_the_drug_of_a_draft_is_found_under_a_long_id(hook: str, length: int, display: Json, field: Field) -> None:
    draft = entry(referring("d1", f"Medication/{number(length)}", **display))
    assert field.topics(hook, QUIET.with_drafts(draft, entry(drug(length)))) == WARNS
    assert field.topics(hook, QUIET.having(drug(length)).with_drafts(draft)) == WARNS


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("hook", ORDER_HOOKS)
def test_drafts_and_results_may_have_long_ids(hook: str, length: int, field: Field) -> None:
    draft = {**CALCIUM_DRAFT, "id": number(length)}
    chart = QUIET.without("calcium").having(calcium(10.9, number=number(length))).drafting(draft)
    answer = field.ask(hook, chart)
    assert answer.topics == [("calcium-hypercalcaemia", "warning")]
    assert f"MedicationRequest/{number(length)}" in str(answer.cards[0]["suggestions"])


@pytest.mark.parametrize("hook", ORDER_HOOKS)
def test_beyond_255_characters_nothing_is_asked_for_and_the_drug_is_said_to_be_unread(hook: str, field: Field) -> None:
    draft = entry(referring("d1", f"Medication/{number(256)}"))
    assert field.topics(hook, QUIET.with_drafts(draft)) == [("order-data-gap", "info")]
