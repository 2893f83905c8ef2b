"""The Medication that a draft refers to lies beside it in the draft orders, and is looked at.

Sources: cds-hooks/docs#158 (draft orders as a Bundle, so that Medications travel along), cds-hooks/docs#517
(fullUrl), HL7/fhir-ips bundles (references by urn:uuid).
"""

from __future__ import annotations

import pytest

from tests.field.held import HERE, ORDER_HOOKS, QUIET, WARFARIN_CODE, coded, entry, medication, referring, substance
from tests.field.play import Field

URN = "urn:uuid:0a3c7c1e-6a52-4a3e-8a0e-6d2a0b6f7c21"
ADDRESS = f"{HERE}/Medication/m1"
WARFARIN = medication("m1", WARFARIN_CODE)
WARNS = [("vka-dialysis", "warning")]
WAYS = {
    "type and id": ("Medication/m1", entry(WARFARIN)),
    "with a version": ("Medication/m1/_history/2", entry(WARFARIN)),
    "an absolute address": (ADDRESS, entry(WARFARIN)),
    "the fullUrl": (URN, entry(medication("other", WARFARIN_CODE), fullUrl=URN)),
    "the fullUrl of a drug without id": (URN, entry({**WARFARIN, "id": None}, fullUrl=URN)),
    "the fullUrl in capitals": (URN.upper(), entry({**WARFARIN, "id": None}, fullUrl=URN)),
    "an absolute fullUrl": (ADDRESS, entry({**WARFARIN, "id": None}, fullUrl=ADDRESS)),
    "a number": ("Medication/17", entry({**WARFARIN, "id": 17})),
}


@pytest.mark.parametrize("display", [None, "5 mg oral tablet", "see note"])
@pytest.mark.parametrize(("reference", "drug"), WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("hook", ORDER_HOOKS)
def test_the_drug_is_found_by_every_name_of_its_entry(
    hook: str, reference: str, drug: dict[str, object], display: str | None, field: Field
) -> None:
    named = {"display": display} if display else {}
    order = entry(referring("d1", reference, **named))
    for entries in ((order, drug), (drug, order)):
        assert field.topics(hook, QUIET.with_drafts(*entries)) == WARNS


@pytest.mark.parametrize("hook", ORDER_HOOKS)
def test_the_ingredient_may_lie_beside_it_too(hook: str, field: Field) -> None:
    product = medication("m1", coded("urn:local", "1"), ingredient=[{"itemReference": {"reference": "Substance/s1"}}])
    entries = (entry(referring("d1", "Medication/m1")), entry(product), entry(substance("s1", "Warfarin sodium")))
    assert field.topics(hook, QUIET.with_drafts(*entries)) == WARNS


@pytest.mark.parametrize("hook", ORDER_HOOKS)
def test_another_drug_beside_the_draft_is_not_its_drug(hook: str, field: Field) -> None:
    amlodipine = entry(medication("m2", {"text": "amlodipine 5 mg tablet"}))
    order = entry(referring("d1", "Medication/m2", display="amlodipine 5 mg tablet"))
    assert field.topics(hook, QUIET.with_drafts(order, amlodipine, entry(WARFARIN))) == []


@pytest.mark.parametrize("hook", ORDER_HOOKS)
def test_a_drug_that_is_nowhere_is_said_to_be_unread(hook: str, field: Field) -> None:
    for reference in ("Medication/gone", URN, "#gone"):
        answer = field.ask(hook, QUIET.with_drafts(entry(referring("d1", reference))))
        assert answer.topics == [("order-data-gap", "info")]


@pytest.mark.parametrize("hook", ORDER_HOOKS)
def test_a_drug_of_the_server_is_read_or_comes_along(hook: str, field: Field) -> None:
    chart = QUIET.having(WARFARIN).with_drafts(entry(referring("d1", "Medication/m1")))
    assert field.topics(hook, chart) == WARNS
