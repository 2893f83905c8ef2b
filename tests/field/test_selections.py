"""Selections that name no draft, by number or not at all.

Sources: HL7-DaVinci/CRD#242 ("the card is empty" while selecting); inferno-framework/fhir_models#75 (ids as numbers).
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.card_rules import check_error
from tests.contract.ehr import Ehr
from tests.contract.records import HARMLESS_DRAFT, Json, drafts
from tests.field.whole_requests import EXPECTED, request, said


def selecting(ehr: Ehr, selections: list[Any]) -> Json:
    body = request(ehr, "order-select")
    body["context"]["selections"] = selections
    return body


def test_no_selection_at_all_beside_a_draft_that_would_raise_a_card_is_refused_by_name(ehr: Ehr) -> None:
    assert "the drafts just picked" in check_error(ehr.post(selecting(ehr, [])), 400, "context.selections")


def test_no_selection_and_no_draft_is_answered_with_no_card(ehr: Ehr) -> None:
    body = selecting(ehr, [])
    body["context"]["draftOrders"] = drafts()
    assert ehr.cards(body) == []


@pytest.mark.parametrize("selections", [[""], ["MedicationRequest/zzz"], ["urn:uuid:x", " "]])
def test_where_the_selections_name_no_draft_all_drafts_are_judged(selections: list[str], ehr: Ehr) -> None:
    assert said(ehr.cards(selecting(ehr, selections))) == EXPECTED["order-select"]


@pytest.mark.parametrize("identifier", [103, "103"])
def test_a_number_names_the_draft_with_this_id(identifier: Any, ehr: Ehr) -> None:
    body = selecting(ehr, [103])
    (entry,) = body["context"]["draftOrders"]["entry"]
    entry["resource"]["id"] = identifier
    body["context"]["draftOrders"]["entry"].append({"resource": HARMLESS_DRAFT})
    assert said(ehr.cards(body)) == EXPECTED["order-select"]
    body["context"]["draftOrders"]["entry"].reverse()
    assert said(ehr.cards(body)) == EXPECTED["order-select"]


@pytest.mark.parametrize("selection", [5, 0, -1])
def test_a_number_that_names_no_draft_is_refused_by_name(selection: int, ehr: Ehr) -> None:
    said_so = check_error(ehr.post(selecting(ehr, ["MedicationRequest/x", selection])), 400, "context.selections[1]")
    assert "must name a draft" in said_so


@pytest.mark.parametrize("selection", [None, 7.5, True, {}, []])
def test_a_selection_that_is_neither_text_nor_number_is_refused_by_name(selection: Any, ehr: Ehr) -> None:
    check_error(ehr.post(selecting(ehr, [selection])), 400, "context.selections[0]")
