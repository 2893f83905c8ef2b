"""Ordering a drug: what a text may mean, what becomes a draft, and which drafts an answer is about."""

from __future__ import annotations

import pytest

from tests.unit.cds_service.web.ehr.clinic import HARMLESS, Clinic, topics
from tests.unit.cds_service.web.ehr.ehr_visitor import Visitor


def test_a_drug_that_is_picked_is_drafted_and_order_select_called(visitor: Visitor) -> None:
    visitor.press("pick:calcium acetate", part=True, drug="calcium ace")
    assert "On picking calcium acetate <small>" in visitor.text
    assert visitor.drafts == ["calcium acetate"]
    assert topics(visitor.cards("order-select")) == ["calcium-cua"]
    assert visitor.said == "Calcium acetate drafted: 1 critical card"
    assert 'name="drug" value=""' in visitor.text, "the field is free for the next drug"


def test_the_drugs_that_a_text_may_mean_are_found_without_drafting_any(clinic: Clinic) -> None:
    found = clinic.client.get("/ehr/drugs?name=calci").get_json()["drugs"]
    assert len(found) > 2
    assert "calcitriol" in found
    assert clinic.client.get("/ehr/drugs?name=warf").get_json() == {"drugs": ["warfarin"]}
    for nothing in ("", "zzz", "x" * 5_000):
        assert clinic.client.get("/ehr/drugs", query_string={"name": nothing}).get_json() == {"drugs": []}


def test_a_text_that_means_several_drugs_drafts_none_and_offers_them_as_buttons(visitor: Visitor) -> None:
    visitor.press("pick", drug="calci")
    assert visitor.drafts == []
    assert 'name="drug" value="calci"' in visitor.text
    visitor.press(visitor.button("calcitriol"), drug="calci")
    assert visitor.drafts == ["calcitriol"]
    assert 'class="matches"' not in visitor.text


def test_what_is_typed_and_not_yet_added_stays_when_another_button_is_pressed(visitor: Visitor) -> None:
    visitor.press("pick", drug="amlodipine")
    visitor.press(f"remove:{visitor.state['drafts'][0]['id']}", drug="calci", dose="one", route="oral")
    assert 'name="drug" value="calci"' in visitor.text
    assert 'name="dose" value="one"' in visitor.text
    assert 'value="oral" selected' in visitor.text
    assert 'class="matches"' not in visitor.text


def test_only_the_draft_just_picked_is_selected(visitor: Visitor) -> None:
    visitor.press("pick", drug="warfarin")
    visitor.press("pick", drug="calcium acetate")
    (answer,) = [answer for answer in visitor.state["answers"] if answer["place"] == "order"]
    context = answer["request"]["context"]
    assert len(context["draftOrders"]["entry"]) == 2
    assert context["selections"] == [f"MedicationRequest/{visitor.state['drafts'][1]['id']}"]


def test_an_unknown_name_is_ordered_as_free_text_with_its_route_and_dose(visitor: Visitor) -> None:
    visitor.press("pick", drug="Marcumar-like syrup", route="oral", dose="5 ml at night")
    (draft,) = visitor.state["drafts"]
    assert draft["medicationCodeableConcept"] == {"text": "Marcumar-like syrup"}
    (dosage,) = draft["dosageInstruction"]
    assert (dosage["text"], dosage["route"]["coding"][0]["code"]) == ("5 ml at night", "26643006")


@pytest.mark.parametrize(("typed", "words"), [("", "Type the name"), ("calci", "pick one")])
def test_adding_needs_one_name(typed: str, words: str, visitor: Visitor) -> None:
    visitor.press("pick", drug=typed)
    assert words in visitor.said
    assert visitor.drafts == []


def test_a_draft_can_be_taken_out(visitor: Visitor) -> None:
    visitor.press("pick", drug="warfarin")
    visitor.press(f"remove:{visitor.state['drafts'][0]['id']}")
    assert visitor.drafts == []


def test_an_answer_on_an_earlier_drug_is_not_taken_for_one_on_what_is_typed(visitor: Visitor) -> None:
    visitor.press("pick", drug="warfarin")
    assert "has changed since this answer" not in visitor.text
    visitor.press("pick", drug="calci")
    assert "On picking warfarin <small>" in visitor.text
    assert "What is typed, drafted or on the chart has changed since this answer." in visitor.text
    visitor.press("pick", drug="calcitriol")
    assert "has changed since this answer" not in visitor.text


def test_a_name_that_the_list_does_not_hold_is_said_to_be_unknown_where_no_card_comes(clinic: Clinic) -> None:
    visitor = Visitor(clinic.client, HARMLESS).open()
    visitor.press("pick", drug="warfarine")
    assert "No card for what was ordered" in visitor.text
    assert "“warfarine” is not in the list of drugs" in visitor.text
    visitor.press(f"remove:{visitor.state['drafts'][0]['id']}")
    visitor.press("pick", drug="amlodipine")
    assert "is not in the list of drugs" not in visitor.text


def test_a_part_of_a_name_that_means_one_drug_is_said_to_be_taken_for_it(clinic: Clinic) -> None:
    visitor = Visitor(clinic.client, HARMLESS).open()
    visitor.press("pick", drug="binder")
    assert visitor.said.startswith("“binder” taken as potassium binder drafted")
    visitor.press("pick", drug="Amlodipine")
    assert visitor.said.startswith("Amlodipine drafted")


def test_an_answer_on_one_draft_names_the_drafts_that_it_says_nothing_about(visitor: Visitor) -> None:
    visitor.press("pick", drug="calcium acetate")
    assert "Asked about" not in visitor.text
    visitor.press("pick", drug="amlodipine")
    assert "Asked about amlodipine alone. Signing asks about all drafts, with calcium acetate." in visitor.text


def test_what_nobody_sees_in_a_record_comes_back_as_it_was(visitor: Visitor) -> None:
    odd = "Marcumar\u00a03 mg so\u00adft"
    visitor.state["drafts"] = [{"resourceType": "ServiceRequest", "id": "d1", "status": "draft", "code": {"text": odd}}]
    visitor.press("call")
    assert visitor.drafts == [odd]
