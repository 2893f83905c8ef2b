"""The course of every synthetic patient ends where the services stand today, and is right on each day before."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hooks.assessment import Tier
from hooks.course.evaluation import Evaluation, _evaluate
from tests.unit.cds_service.web.course.course_records import (
    FIRST,
    PATIENTS,
    TODAY,
    TWO_YEARS,
    course_of,
    history_of,
    policy,
    two_years,
)

TIER_OF = {
    "cua-confirmed": Tier.CONFIRMED,
    "cua-suspected": Tier.SUSPECTED,
    "cua-possible": Tier.POSSIBLE,
    "cua-risk-high": Tier.HIGH_RISK,
    "cua-risk-elevated": Tier.ELEVATED_RISK,
}


@pytest.mark.parametrize("key", PATIENTS)
def test_the_last_evaluation_is_the_tier_of_the_card_that_the_service_shows(key: str) -> None:
    topics = [topic for topic, _ in PATIENTS[key].expect["patient-view"]]
    expected = next((TIER_OF[topic] for topic in topics if topic in TIER_OF), Tier.NONE)
    last = course_of(PATIENTS[key]).evaluations[-1]
    assert (last.on, last.outcome.tier, last.otherwise) == (TODAY, expected, None)


def test_between_two_evaluations_of_two_years_nothing_changes_on_any_day() -> None:
    record = history_of(TWO_YEARS.patient_id, list(TWO_YEARS.resources))
    known = {found.on: found for found in two_years().evaluations}
    current: Evaluation | None = None
    for number in range((TODAY - FIRST).days):
        day = FIRST + timedelta(days=number)
        current = known.get(day, current)
        assert current is not None
        found = _evaluate(record, day, TODAY, policy(), ())
        assert (found.outcome, found.otherwise) == (current.outcome, current.otherwise), day


def test_the_two_years_climb_to_confirmed_calciphylaxis() -> None:
    tiers = list(dict.fromkeys(found.outcome.tier for found in two_years().evaluations))
    assert tiers == [Tier.NONE, Tier.ELEVATED_RISK, Tier.HIGH_RISK, Tier.SUSPECTED, Tier.CONFIRMED]


def test_the_two_years_hold_what_a_course_has_to_show() -> None:
    course = two_years()
    assert {lane.drug_class for lane in course.drugs} >= {"vitamin_k_antagonist", "calcium_product", "active_vitamin_d"}
    assert len(course.findings) >= 5
    assert course.unreadable
    assert any(found.otherwise for found in course.evaluations)
    assert len(course.other_drugs) == 3
