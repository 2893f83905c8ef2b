"""Whatever is sent: a documented status, never a crash, and cards that obey the rules. Matrix: S38, S46, S123."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.contract.card_rules import check_answer, check_error
from tests.contract.ehr import HOOKS, Ehr
from tests.contract.records import (
    CALCIPHYLAXIS,
    CALCIUM_DRAFT,
    CONFIRMED,
    HAEMODIALYSIS,
    HIGH_CALCIUM,
    ON_DIALYSIS,
    PATIENT,
    WARFARIN,
    WARFARIN_DRAFT,
    Json,
    bundle,
)

DOCUMENTED = {200, 400, 404, 412, 413, 415}
pytestmark = pytest.mark.thorough
quiet = settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])

words = st.sampled_from(
    [
        "", " ", "active", "final", "Patient/kidney-7", "2026-11-21", "2026-11-21T10:00:00Z", "9999-99-99",
        "http://loinc.org",
        "17861-6", "mg/dL", "mmol/L", "warfarin", "calciphylaxis", "Bundle", "Patient", "#x", "\u0000", "é腎", "<b>",
    ]
)  # fmt: skip
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | words
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
)
names = st.sampled_from(
    [
        "resourceType", "id", "status", "code", "coding", "system", "display", "text", "subject", "reference", "entry",
        "resource", "valueQuantity", "value", "unit", "effectiveDateTime", "birthDate", "contained", "extension",
        "link", "relation", "url", "issue", "severity", "component", "total", "medicationCodeableConcept",
        "medicationReference", "clinicalStatus", "performedPeriod", "start", "end", "referenceRange", "high",
    ]
)  # fmt: skip
any_json: st.SearchStrategy[Any] = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=4), max_leaves=12
)
SOUND = [PATIENT, ON_DIALYSIS, CALCIPHYLAXIS, WARFARIN, HIGH_CALCIUM, HAEMODIALYSIS]


@st.composite
def spoilt(draw: st.DrawFn, resources: list[Json]) -> Json:
    """A sound resource in which any JSON stands at one or two places, or from which something is missing."""
    resource = copy.deepcopy(draw(st.sampled_from(resources)))
    for _ in range(draw(st.integers(1, 2))):
        holder: Any = resource
        while isinstance(holder, dict) and holder:
            name = draw(st.sampled_from(sorted(holder)))
            inner = holder[name]
            if isinstance(inner, list) and inner and draw(st.booleans()):
                inner = inner[0]
            if isinstance(inner, dict) and inner and draw(st.booleans()):
                holder = inner
                continue
            if draw(st.booleans()):
                holder[name] = draw(any_json)
            else:
                del holder[name]
            break
    return resource


def check(ehr: Ehr, body: Any, hook: str) -> None:
    answer = ehr.post(body, hook)
    assert answer.status_code in DOCUMENTED, answer.get_data(as_text=True)
    if answer.status_code == 200:
        check_answer(answer, body["context"]["patientId"])
    else:
        check_error(answer, answer.status_code)


@quiet
@given(hook=st.sampled_from(HOOKS), body=any_json)
def test_any_json_as_a_body(hook: str, body: Any, ehr: Ehr) -> None:
    check(ehr, body, hook)


@quiet
@given(data=st.data(), hook=st.sampled_from(HOOKS))
def test_any_json_as_a_member_of_the_envelope_or_the_context(data: st.DataObject, hook: str, ehr: Ehr) -> None:
    body = copy.deepcopy(ehr.request(hook, CONFIRMED, [WARFARIN_DRAFT]))
    holder = data.draw(st.sampled_from([body, body["context"]]))
    holder[data.draw(st.sampled_from(sorted({*holder, "fhirAuthorization", "extension"})))] = data.draw(any_json)
    check(ehr, body, hook)


@quiet
@given(data=st.data(), hook=st.sampled_from(HOOKS))
def test_any_json_as_prefetch(data: st.DataObject, hook: str, ehr: Ehr) -> None:
    body = ehr.request(hook, CONFIRMED, [WARFARIN_DRAFT, CALCIUM_DRAFT])
    key = data.draw(st.sampled_from(ehr.keys(hook)))
    body["prefetch"][key] = data.draw(any_json | st.lists(any_json, max_size=3).map(lambda found: bundle(*found)))
    check(ehr, body, hook)


@quiet
@given(data=st.data(), hook=st.sampled_from(HOOKS))
def test_sound_resources_with_something_spoilt_as_prefetch(data: st.DataObject, hook: str, ehr: Ehr) -> None:
    body = ehr.request(hook, CONFIRMED, [WARFARIN_DRAFT, CALCIUM_DRAFT])
    keys = [key for key in ehr.keys(hook) if key != "patient"]
    found = data.draw(st.lists(spoilt(SOUND), min_size=1, max_size=3))
    body["prefetch"][data.draw(st.sampled_from(keys))] = bundle(*found)
    check(ehr, body, hook)


@quiet
@given(data=st.data(), hook=st.sampled_from(["order-select", "order-sign"]))
def test_any_json_as_a_draft(data: st.DataObject, hook: str, ehr: Ehr) -> None:
    order = data.draw(any_json | spoilt([WARFARIN_DRAFT, CALCIUM_DRAFT]))
    body = ehr.request(hook, CONFIRMED, [WARFARIN_DRAFT])
    body["context"]["draftOrders"]["entry"].append({"resource": order})
    if hook == "order-select" and isinstance(order, dict):
        body["context"]["selections"].append(f"MedicationRequest/{order.get('id')}")
    check(ehr, body, hook)


@quiet
@given(body=any_json, item=any_json)
def test_any_json_as_feedback(body: Any, item: Any, ehr: Ehr) -> None:
    for sent in (body, {"feedback": item}, {"feedback": [item]}):
        answer = ehr.client.post(
            ehr.url("patient-view", "/feedback"), data=json.dumps(sent), content_type="application/json"
        )
        check_error(answer, 400)


@quiet
@given(body=st.binary(max_size=60))
def test_any_bytes_as_a_body(body: bytes, ehr: Ehr) -> None:
    answer = ehr.client.post(ehr.url("patient-view"), data=body, content_type="application/json")
    check_error(answer, 400)


@quiet
@given(service=st.text(st.characters(exclude_categories=["Cs"]), max_size=20) | st.text("/.", max_size=4))
def test_any_service_id(service: str, ehr: Ehr) -> None:
    answer = ehr.client.post("/cds-services/" + "".join(f"%{byte:02x}" for byte in service.encode()), json={})
    assert answer.status_code in (404, 405)
