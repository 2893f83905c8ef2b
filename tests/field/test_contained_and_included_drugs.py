"""Contained and included Medications are found in the forms in which libraries write them.

Sources: hapifhir/hapi-fhir#6612 ("#" in the contained id), inferno-framework/fhir_models#75 (numbers as ids),
FHIR/GoFSH#124 (references without "#"), cqframework/vscode-cql#31 and HL7/fhir-ips (included entries by fullUrl).
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.contract.records import Json
from tests.field.held import (
    HERE,
    ORDER_HOOKS,
    QUIET,
    WARFARIN_CODE,
    Chart,
    coded,
    entry,
    medication,
    ordered,
    referring,
    substance,
)
from tests.field.play import Field

URN = "urn:uuid:0a3c7c1e-6a52-4a3e-8a0e-6d2a0b6f7c21"
WARFARIN = medication("m1", WARFARIN_CODE)
CONTAINED = {
    "as the standard says": ("#m1", "m1"),
    "the id with a hash": ("#m1", "#m1"),
    "both without": ("m1", "m1"),
    "a number": ("#1", 1),
    "a number without a hash": ("1", 1),
    "with its type": ("Medication/m1", "m1"),
    "with blanks": (" #m1 ", "m1"),
}
WARNS, IS_ACTIVE = [("vka-dialysis", "warning")], [("vka-dialysis", "info")]


def containing(status: str, reference: str, *contained: Json, **more: str) -> Json:
    return {**referring("one", reference, status, **more), "contained": list(contained)}


def ordered_and_active(field: Field, draft: Json, active: Json) -> None:
    """The drug is read in a draft at both hooks, and as an active order when the chart is opened."""
    for hook in ORDER_HOOKS:
        assert field.topics(hook, QUIET.drafting(draft)) == WARNS
    assert field.topics("patient-view", QUIET.having(active)) == IS_ACTIVE


@pytest.mark.parametrize("display", [None, "5 mg tablet"])
@pytest.mark.parametrize(("reference", "number"), CONTAINED.values(), ids=CONTAINED)
def test_a_contained_drug_is_found(reference: str, number: object, display: str | None, field: Field) -> None:
    drug = {**WARFARIN, "id": number}
    more = {"display": display} if display else {}
    both = (containing(status, reference, drug, **more) for status in ("draft", "active"))
    ordered_and_active(field, *both)


def test_of_several_contained_drugs_the_one_that_is_named_counts(field: Field) -> None:
    amlodipine = medication("m2", {"text": "amlodipine 5 mg tablet"})
    ordered_and_active(field, *(containing(status, "#m1", amlodipine, WARFARIN) for status in ("draft", "active")))
    other = containing("draft", "#m2", amlodipine, WARFARIN)
    assert [field.topics(hook, QUIET.drafting(other)) for hook in ORDER_HOOKS] == [[], []]


def test_a_contained_ingredient_is_found_beside_its_product(field: Field) -> None:
    product = medication("m1", ingredient=[{"itemReference": {"reference": "#s1"}}])
    parts = (product, substance("s1", "Warfarin sodium"))
    ordered_and_active(field, *(containing(status, "#m1", *parts) for status in ("draft", "active")))


@pytest.mark.parametrize("hook", ORDER_HOOKS)
def test_a_contained_drug_that_is_not_there_is_unread(hook: str, field: Field) -> None:
    answer = field.ask(hook, QUIET.drafting(containing("draft", "#m9", WARFARIN)))
    assert answer.topics == [("order-data-gap", "info")]


INCLUDED = {
    "by type and id": ("Medication/m1", entry(WARFARIN)),
    "by its whole address": (
        f"{HERE}/Medication/m1",
        entry(WARFARIN, fullUrl=f"{HERE}/Medication/m1"),
    ),
    "with a version": ("Medication/m1/_history/4", entry(WARFARIN)),
}


@pytest.mark.parametrize(("reference", "drug"), INCLUDED.values(), ids=INCLUDED)
def test_an_included_drug_is_found(reference: str, drug: Json, field: Field) -> None:
    chart = replace(QUIET.having(referring("m", reference, "active")), included=(drug,))
    assert field.topics("patient-view", chart) == IS_ACTIVE


@pytest.mark.parametrize("reference", [URN, URN.upper()])
@pytest.mark.parametrize("identifier", [None, "another-id"])
def test_a_drug_that_was_sent_along_by_the_address_of_a_transaction_is_found(
    reference: str, identifier: str | None, field: Field
) -> None:
    came = entry({**WARFARIN, "id": identifier}, fullUrl=URN)
    chart: Chart = replace(QUIET.having(referring("m", reference, "active")), included=(came,))
    # No server answers a search with addresses of a transaction; if one did, the drug would be said to be unread.
    expected = [("cua-data-gap", "info")] if field.mode == "server" else IS_ACTIVE
    assert field.topics("patient-view", chart) == expected


def test_an_active_drug_that_is_nowhere_is_said_to_be_unread(field: Field) -> None:
    for reference in ("#m1", URN, "Medication/gone"):
        answer = field.ask("patient-view", QUIET.having(referring("m", reference, "active")))
        assert answer.topics == [("cua-data-gap", "info")]


def test_a_code_beside_an_empty_reference_counts(field: Field) -> None:
    both = (ordered("one", status, medicationCodeableConcept=WARFARIN_CODE) for status in ("draft", "active"))
    ordered_and_active(field, *({**one, "medicationReference": {"display": coded("x", "y")}} for one in both))
