"""Draft orders whose drug lies elsewhere and could not be had are counted; empty drafts are not."""

from __future__ import annotations

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from fhir_mappings.chart import ChartContext, build_chart
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
        (draft(), 0, 0),
        (draft(medicationReference={"reference": "Medication/m1"}, subject={"reference": "Patient/p2"}), 0, 0),
    ],
)
def test_an_order_that_refers_to_a_drug_nobody_could_read_is_counted(
    order: dict[str, Any], unread: int, read: int, vocabulary: Vocabulary
) -> None:
    context = ChartContext(patient_id="p1", on=date(2026, 11, 22), zone=ZoneInfo("UTC"), drafts=[order])
    chart = build_chart([], context, vocabulary)
    assert (chart.unread_drafts, len(chart.drafts)) == (unread, read)
