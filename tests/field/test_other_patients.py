"""The same patient in another spelling is the same; a look-up of nothing but strangers has failed and is no empty list.

Sources: medplum/medplum#7891 and hapifhir/hapi-fhir#6486 (references in other spellings), SQL Server and .NET (UUIDs
in capitals), HL7/sql-on-fhir#10 and cerner/fhir.cerner.com#121 (an id means something only with its type).
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.contract.records import CALCIUM_DRAFT, WARFARIN, WARFARIN_DRAFT, Json
from tests.field.held import HERE, NECROSIS, ON_WARFARIN, ORDER_HOOKS, QUIET, Chart, calcium, entry
from tests.field.play import Field

HOOKS = ("patient-view", *ORDER_HOOKS)
UUID = "9c4b1d2e-0f3a-4b5c-8d6e-7f8091a2b3c4"
WARNS = [("vka-dialysis", "warning")]
ORDERS_WARFARIN = QUIET.drafting(WARFARIN_DRAFT)
ORDERS_CALCIUM = QUIET.having(calcium(10.9)).drafting(CALCIUM_DRAFT)


def named(chart: Chart, subject: object, patient_id: str = "kidney-7", *only: str) -> Chart:
    """The chart with this subject in every resource (or in those of these types), asked for under this id."""

    def new(resource: Json) -> Json:
        return {**resource, "subject": subject} if not only or resource["resourceType"] in only else resource

    return replace(
        chart,
        held=tuple(map(new, chart.held)),
        drafts=tuple(entry(new(one["resource"])) for one in chart.drafts),
        patient={**chart.patient, "id": patient_id},
        patient_id=patient_id,
    )


def reference(text: str) -> Json:
    return {"reference": text}


SAME = {
    "capitals": (reference(f"Patient/{UUID.upper()}"), UUID),
    "small letters": (reference(f"Patient/{UUID}"), UUID.upper()),
    "urn": (reference(f"urn:uuid:{UUID}"), UUID),
    "urn in capitals": (reference(f"URN:UUID:{UUID.upper()}"), UUID),
    "absolute": (reference(f"{HERE}/Patient/kidney-7"), "kidney-7"),
    "a version": (reference("Patient/kidney-7/_history/2"), "kidney-7"),
    "a name alone": ({"display": "Zephyrine"}, "kidney-7"),
    "an identifier": ({"identifier": {"value": "1"}}, "kidney-7"),
    "nothing": (None, "kidney-7"),
}
OTHER = {
    "another id": reference("Patient/somebody-else"),
    "another letter case of an id that is no UUID": reference("Patient/KIDNEY-7"),
    "a longer id": reference("Patient/kidney-77"),
    "another type": reference("Group/kidney-7"),
    "another type at an address": reference(f"{HERE}/Group/kidney-7"),
}


@pytest.mark.parametrize(("subject", "patient_id"), SAME.values(), ids=SAME)
def test_the_same_patient_is_known_in_other_spellings(subject: object, patient_id: str, field: Field) -> None:
    for hook in ORDER_HOOKS:
        assert field.topics(hook, named(ORDERS_WARFARIN, subject, patient_id)) == WARNS
        high = named(ORDERS_CALCIUM, subject, patient_id)
        assert field.topics(hook, high) == [("calcium-hypercalcaemia", "warning")]
    assert field.topics("patient-view", named(ON_WARFARIN, subject, patient_id)) == [("vka-dialysis", "info")]


@pytest.mark.parametrize("subject", OTHER.values(), ids=OTHER)
@pytest.mark.parametrize("hook", HOOKS)
def test_conditions_of_strangers_alone_are_refused_by_name(hook: str, subject: Json, field: Field) -> None:
    answer = field.ask(hook, named(ON_WARFARIN.drafting(WARFARIN_DRAFT), subject, "kidney-7", "Condition"))
    assert answer.status == 412
    assert "conditions" in answer.refusal
    assert "somebody-else" not in answer.refusal


@pytest.mark.parametrize("subject", OTHER.values(), ids=OTHER)
def test_active_orders_of_strangers_alone_are_no_empty_list(subject: Json, field: Field) -> None:
    held = named(ON_WARFARIN.drafting(WARFARIN_DRAFT), subject, "kidney-7", "MedicationRequest")
    mine = replace(held, drafts=(entry(WARFARIN_DRAFT),))
    refused = field.ask("patient-view", mine)
    assert refused.status == 412
    assert "medications" in refused.refusal
    for hook in ORDER_HOOKS:
        answer = field.ask(hook, mine)
        assert answer.topics == WARNS
        assert "could not be read" in answer.words


@pytest.mark.parametrize("subject", OTHER.values(), ids=OTHER)
@pytest.mark.parametrize("hook", ORDER_HOOKS)
def test_a_draft_for_somebody_else_is_said_to_be_unread(hook: str, subject: Json, field: Field) -> None:
    chart = QUIET.drafting({**WARFARIN_DRAFT, "subject": subject})
    assert field.topics(hook, chart) == [("order-data-gap", "info")]


@pytest.mark.parametrize("subject", OTHER.values(), ids=OTHER)
@pytest.mark.parametrize("hook", ORDER_HOOKS)
def test_results_of_strangers_alone_are_told_and_do_not_decide(hook: str, subject: Json, field: Field) -> None:
    chart = QUIET.having({**calcium(12.6), "subject": subject}).drafting(CALCIUM_DRAFT)
    answer = field.ask(hook, chart)
    assert answer.topics == [("calcium-data-gap", "info")]
    assert "could not be read" in answer.words


@pytest.mark.parametrize("subject", OTHER.values(), ids=OTHER)
def test_a_stranger_among_others_is_left_out(subject: Json, field: Field) -> None:
    stranger = {"subject": subject}
    chart = QUIET.having(
        {**NECROSIS, **stranger}, {**WARFARIN, **stranger}, {**calcium(12.6, 1, "stranger"), **stranger}
    )
    assert field.topics("patient-view", chart) == []
    assert field.topics("order-select", chart.drafting(CALCIUM_DRAFT)) == [("calcium-restrict", "info")]
