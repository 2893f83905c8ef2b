"""A body that does not fit is refused with the path of the field and without anything that it held."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.api.validation import FEEDBACK, REQUEST, InvalidField, check

GOOD: dict[str, Any] = {
    "hook": "order-select",
    "hookInstance": "0b4f1f0e-6b1e-4d8a-9d0e-0a0c3b9f7d11",
    "context": {
        "userId": "Practitioner/1",
        "patientId": "p1",
        "selections": ["MedicationRequest/1"],
        "draftOrders": {"resourceType": "Bundle"},
    },
}
secrets = st.recursive(
    st.none() | st.booleans() | st.integers() | st.just("Zephyrine"),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.just("Zephyrine"), inner, max_size=2),
    max_leaves=5,
)


def problem(body: object, validator: Any = REQUEST) -> tuple[str, str]:
    with pytest.raises(InvalidField) as refused:
        check(body, validator)
    path = refused.value.path
    assert str(refused.value).startswith(f"{path} ")
    return path, str(refused.value).removeprefix(f"{path} ")


def told(body: object) -> str:
    """What is said about a body, "" where nothing is wrong with it."""
    try:
        check(body, REQUEST)
    except InvalidField as refused:
        return str(refused)
    return ""


def context(**changed: Any) -> dict[str, Any]:
    return GOOD | {"context": GOOD["context"] | changed}


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in GOOD.items() if key != name}


def test_a_good_body_passes() -> None:
    check(GOOD, REQUEST)


@pytest.mark.parametrize(
    ("body", "path", "words"),
    [
        (without("hook"), "hook", "is required"),
        (without("context"), "context", "is required"),
        (GOOD | {"hook": "patient-view", "context": {"userId": "Patient/1"}}, "context.patientId", "is required"),
        ([], "body", "must be of type object"),
        (GOOD | {"hook": 7}, "hook", "must be of type string"),
        (GOOD | {"hook": ""}, "hook", "must not be empty"),
        (GOOD | {"hookInstance": "x"}, "hookInstance", "must be a UUID"),
        (GOOD | {"hookInstance": 7}, "hookInstance", "must be of type string; it must be a UUID"),
        (without("hookInstance"), "hookInstance", "is required; it must be a UUID"),
        (context(patientId="Patient/1"), "context.patientId", "must be the id alone, without 'Patient/'"),
        (context(draftOrders={"entry": []}), "context.draftOrders.resourceType", "is required; it must be Bundle"),
        (GOOD | {"fhirServer": "x" * 2001}, "fhirServer", "is not valid"),
        (GOOD | {"fhirAuthorization": {"access_token": "t"}}, "fhirServer", "is required when fhirAuthorization"),
        (context(selections=["a", None]), "context.selections[1]", "must be of type string or integer"),
        (context(draftOrders={"resourceType": "List"}), "context.draftOrders.resourceType", "must be Bundle"),
    ],
)
def test_the_problem_is_told_with_the_path_of_its_field(body: object, path: str, words: str) -> None:
    assert problem(body)[0] == path
    assert problem(body)[1].startswith(words)


def test_where_the_schema_has_no_words_for_it_the_allowed_values_or_the_pattern_are_told() -> None:
    item = {"card": "c", "outcome": "ignored", "outcomeTimestamp": "2026-11-22T10:00:00Z"}
    assert problem({"feedback": [item]}, FEEDBACK) == ("feedback[0].outcome", "must be one of: accepted, overridden")
    undated = {"card": "c", "outcome": "overridden", "outcomeTimestamp": "today"}
    path, said = problem({"feedback": [undated]}, FEEDBACK)
    assert path == "feedback[0].outcomeTimestamp"
    assert said.startswith("does not match")


@given(secret=secrets, name=st.sampled_from(["hook", "hookInstance", "context", "fhirServer", "prefetch"]))
def test_what_stood_in_a_field_is_never_told(secret: object, name: str) -> None:
    for body in (secret, GOOD | {name: secret}, context(draftOrders=secret), context(patientId=secret)):
        assert "Zephyrine" not in told(body)
