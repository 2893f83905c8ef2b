"""Orders whose drug cannot be read are counted: it lies elsewhere, nothing tells it, or it is a stranger's."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from fhir_mappings.chart import ChartContext, Gathered, build_chart
from fhir_mappings.queries import Query
from fhir_mappings.vocabulary import Vocabulary


def draft(**members: Any) -> dict[str, Any]:
    return {
        "resourceType": "MedicationRequest",
        "id": "d1",
        "status": "draft",
        "subject": {"reference": "Patient/p1"},
        **members,
    }


@pytest.mark.parametrize(
    ("order", "unread", "read"),
    [
        (draft(medicationReference={"reference": "Medication/m1"}), 1, 0),
        (draft(medication={"reference": {"reference": "Medication/m1"}}), 1, 0),
        (draft(medicationReference={"reference": "Medication/m1", "display": "warfarin"}), 0, 1),
        (draft(medicationCodeableConcept={"text": "warfarin"}), 0, 1),
        (draft(), 1, 0),
        (draft(medicationReference={"reference": "Medication/m1"}, subject={"reference": "Patient/p2"}), 1, 0),
        (draft(medicationCodeableConcept={"coding": [{"system": "http://hl7.org/fhir/sid/ndc", "code": "1"}]}), 1, 0),
        (draft(medicationCodeableConcept={"coding": [{"code": "855332"}]}), 1, 0),
        (draft(medicationCodeableConcept={"text": "stop warfarin"}), 0, 1),
    ],
)
def test_a_draft_whose_drug_nobody_could_read_is_counted(
    order: dict[str, Any], unread: int, read: int, vocabulary: Vocabulary
) -> None:
    context = ChartContext(patient_id="p1", on=date(2026, 11, 22), zone=ZoneInfo("UTC"), drafts=[order])
    chart = build_chart([], context, vocabulary)
    assert (chart.unread_drafts, len(chart.drafts)) == (unread, read)


@pytest.mark.parametrize(
    ("reference", "unread"),
    [
        ({"reference": "Medication/m1"}, 1),
        ({"reference": "Medication/m1", "display": "lisinopril 10 mg"}, 1),
        ({"reference": "Medication/m1", "display": "warfarin 5 mg"}, 0),
        ({"reference": "Medication/m2", "display": "lisinopril 10 mg"}, 0),
        ({"reference": "Medication/m2"}, 1),
    ],
)
def test_a_drug_that_was_looked_up_in_vain_is_counted_unless_its_display_names_a_drug_of_ours(
    reference: dict[str, str], unread: int, vocabulary: Vocabulary
) -> None:
    order = draft(status="active", medicationReference=reference)
    gathered = Gathered(Query("medications", "active medications", "MedicationRequest"), [order])
    context = ChartContext("p1", date(2026, 11, 22), ZoneInfo("UTC"), lost=frozenset({"Medication/m1"}))
    assert build_chart([gathered], context, vocabulary).unread_medications == unread
    drafted = replace(context, drafts=[draft(medicationReference=reference)])
    assert build_chart([], drafted, vocabulary).unread_drafts == unread
