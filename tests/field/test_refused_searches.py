"""Searches that a server refuses are made again more plainly, and what it sends beyond them is left out here.

Sources: awslabs/fhir-works-on-aws-deployment#212 and HealthIntersections/fhirserver#99 (no `_sort`),
drajer-health/eCRNow#280 and #381 (an intent is wanted), athenaFlex#33 (only `subject`), Oracle's documentation of
Procedure (no `code`) and Observation (`system|code`), openemr/openemr#9399 (a bare code only).
"""

from __future__ import annotations

import pytest

from tests.contract.ehr import Ehr
from tests.contract.records import LOINC, PATIENT_ID, WARFARIN_DRAFT, Json, order, result
from tests.fhir_stand_in import FhirStandIn
from tests.field.held import BY_SESSIONS, CALCIUM, ORDERS_CALCITRIOL, SUSPECTED, Chart
from tests.field.play import Field, Topics
from tests.field.server import Habits, Parameters, Refusing

CALLS = [
    ("patient-view", SUSPECTED, [("cua-suspected", "critical"), ("vka-cua", "critical")]),
    ("order-select", BY_SESSIONS, [("vka-dialysis", "warning")]),
    ("order-sign", ORDERS_CALCITRIOL, [("vitd-hypercalcaemia", "critical")]),
]


def without(name: str, kind: str = "", status: int = 400) -> Refusing:
    """A server that takes no such parameter (for this type)."""
    return lambda searched, asked: status if name in asked and (not kind or searched == kind) else 0


def wanting(name: str, kind: str) -> Refusing:
    return lambda searched, asked: 400 if searched == kind and name not in asked else 0


def as_oracle(searched: str, asked: Parameters) -> int:
    return without("_sort")(searched, asked) or without("code", "Procedure")(searched, asked)


REFUSING = {
    "no _sort": without("_sort"),
    "no _sort, 403": without("_sort", status=403),
    "no _sort, 500": without("_sort", status=500),
    "no _count": without("_count"),
    "no date": without("date"),
    "no status": without("status"),
    "no code of procedures": without("code", "Procedure"),
    "no code of results": without("code", "Observation"),
    "an intent": wanting("intent", "MedicationRequest"),
    "a category": wanting("category", "Observation"),
    "subject for patient": without("patient"),
    "several": as_oracle,
}


@pytest.mark.parametrize("refuse", REFUSING.values(), ids=REFUSING)
@pytest.mark.parametrize(("hook", "chart", "topics"), CALLS)
def test_a_refused_search_is_made_again_more_plainly(
    hook: str, chart: Chart, topics: Topics, refuse: Refusing, ehr: Ehr, stand_in: FhirStandIn
) -> None:
    field = Field(ehr, stand_in, "server")
    assert field.topics(hook, chart, Habits(refuse=refuse)) == topics
    assert field.topics(hook, chart, Habits(refuse=refuse, page=2)) == topics


def test_what_a_plainer_search_brings_beyond_the_question_does_not_count(ehr: Ehr, stand_in: FhirStandIn) -> None:
    stopped = order("stopped", "855332", "warfarin 5 mg", "stopped")
    old = result("old", CALCIUM, 13.9, "mg/dL", 400)
    field = Field(ehr, stand_in, "server")
    quiet = ORDERS_CALCITRIOL.without("calcium").having(stopped, old, result("calcium", CALCIUM, 9.2, "mg/dL"))
    assert field.topics("order-sign", quiet, Habits(refuse=without("_sort"))) == []
    assert field.topics("patient-view", quiet, Habits(refuse=without("status"))) == []


def has_system(token: str, coding: Json) -> bool:
    return token == f"{coding.get('system', LOINC)}|{coding.get('code')}"


def is_bare(token: str, coding: Json) -> bool:
    return token == str(coding.get("code"))


@pytest.mark.parametrize("has_code", [has_system, is_bare])
@pytest.mark.parametrize(("hook", "chart", "topics"), CALLS)
def test_codes_are_found_in_the_form_that_the_server_knows(
    hook: str, chart: Chart, topics: Topics, has_code: object, ehr: Ehr, stand_in: FhirStandIn
) -> None:
    field = Field(ehr, stand_in, "server")
    for _ in range(2):
        assert field.topics(hook, chart, Habits(has_code=has_code)) == topics  # type: ignore[arg-type]


def test_a_search_that_is_refused_in_every_form_is_a_refusal_that_names_it(ehr: Ehr, stand_in: FhirStandIn) -> None:
    field = Field(ehr, stand_in, "server")
    answer = field.ask("order-sign", ORDERS_CALCITRIOL, Habits(refuse=lambda kind, asked: 400 * (kind == "Condition")))
    assert (answer.status, PATIENT_ID in answer.refusal) == (412, False)
    assert "conditions could not be read (the FHIR server answered 400)" in answer.refusal
    assert WARFARIN_DRAFT["id"] not in answer.refusal
