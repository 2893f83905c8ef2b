"""A card becomes the JSON of CDS Hooks, with nothing empty and nothing lost."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import RFC_4122, UUID

import orjson

from cds_service.api.card_json import LABEL, OVERRIDE_SYSTEM, TOPIC_SYSTEM, Rendering, to_json
from hooks.card import Card, Indicator, OverrideReason, Propose, Remove, Suggestion

TEMPLATES = {"calcium": {"resourceType": "ServiceRequest", "status": "draft", "code": {"text": "Calcium"}}}
RECEIVED = {"MedicationRequest/7": {"resourceType": "MedicationRequest", "id": "7", "status": "active", "odd": [None]}}
RENDERING = Rendering("p1", RECEIVED, TEMPLATES)
STOP = Remove("MedicationRequest/7", draft=False, description="Stop it")


def card(*suggestions: Suggestion, reasons: tuple[OverrideReason, ...] = ()) -> Card:
    return Card("a-topic", "A topic", Indicator.WARNING, "A summary", "A detail", suggestions, reasons)


def shown(*suggestions: Suggestion, rendering: Rendering = RENDERING) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = to_json(card(*suggestions), rendering).get("suggestions", [])
    return found


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


def test_an_order_is_written_back_as_long_as_the_whole_answer_can_be_written() -> None:
    for levels in range(240, 260):
        deep = RECEIVED["MedicationRequest/7"] | {"deep": nested(levels)}
        rendering = replace(RENDERING, received={"MedicationRequest/7": deep})
        found = shown(Suggestion("Stop", (STOP,)), rendering=rendering)
        answer = {"cards": [{"suggestions": [{"actions": [{"resource": deep}]}]}]}
        assert bool(found) is can_be_written(answer)


def can_be_written(value: object) -> bool:
    try:
        orjson.dumps(value)
    except TypeError:
        return False
    return True


def test_a_plain_card_has_its_words_its_topic_and_nothing_empty() -> None:
    made = to_json(card(), RENDERING)
    assert made.pop("uuid")
    assert made == {
        "summary": "A summary",
        "indicator": "warning",
        "detail": "A detail",
        "source": {
            "label": LABEL,
            "topic": {"system": TOPIC_SYSTEM, "code": "a-topic", "display": "A topic"},
        },
    }


def test_the_source_leads_to_all_reasons_and_a_link_to_those_for_the_topic() -> None:
    rendering = Rendering("p1", {}, {}, reasons_url="https://cds.example/reasons")
    made = to_json(card(), rendering)
    assert made["source"]["url"] == "https://cds.example/reasons"
    assert made["links"] == [
        {
            "label": "The rule, its numbers and the evidence",
            "url": "https://cds.example/reasons/a-topic",
            "type": "absolute",
        }
    ]


def test_a_card_links_to_the_course_where_the_ehr_can_launch_it() -> None:
    rendering = Rendering("p1", {}, {}, launch_url="https://cds.example/smart/launch")
    assert to_json(card(), rendering)["links"] == [
        {"label": "Show the patient's course", "url": "https://cds.example/smart/launch", "type": "smart"}
    ]


def test_every_card_and_suggestion_has_a_fresh_uuid() -> None:
    choice = Suggestion("Stop", (STOP,))
    first, second = to_json(card(choice, choice), RENDERING), to_json(card(choice, choice), RENDERING)
    uuids = [one["uuid"] for made in (first, second) for one in (made, *made["suggestions"])]
    assert len(set(uuids)) == 6


def test_a_uuid_is_a_random_one_in_its_usual_spelling() -> None:
    for _ in range(50):
        spelled = to_json(card(), RENDERING)["uuid"]
        read = UUID(spelled)
        assert (str(read), read.version, read.variant) == (spelled, 4, RFC_4122)


def test_override_reasons_are_codings() -> None:
    made = to_json(card(reasons=(OverrideReason("valve", "Mechanical valve"),)), RENDERING)
    assert made["overrideReasons"] == [{"code": "valve", "system": OVERRIDE_SYSTEM, "display": "Mechanical valve"}]


def test_only_a_recommended_suggestion_says_so() -> None:
    first, second = shown(Suggestion("Stop", (STOP,), recommended=True), Suggestion("Stop", (STOP,)))
    assert first["isRecommended"] is True
    assert "isRecommended" not in second


def test_a_proposed_order_is_the_template_about_the_patient() -> None:
    (made,) = shown(Suggestion("Recheck", (Propose("calcium", "Order calcium"),)))
    assert made["actions"] == [
        {
            "type": "create",
            "description": "Order calcium",
            "resource": {**TEMPLATES["calcium"], "subject": {"reference": "Patient/p1"}},
        }
    ]
    assert "subject" not in TEMPLATES["calcium"]


def test_a_draft_is_deleted_by_its_reference() -> None:
    (made,) = shown(Suggestion("Delete", (Remove("MedicationRequest/d", draft=True, description="Delete it"),)))
    assert made["actions"] == [{"type": "delete", "description": "Delete it", "resourceId": "MedicationRequest/d"}]


def test_an_active_order_is_stopped_as_it_was_received() -> None:
    (made,) = shown(Suggestion("Stop", (STOP,)))
    expected = {**RECEIVED["MedicationRequest/7"], "status": "stopped"}
    assert made["actions"] == [{"type": "update", "description": "Stop it", "resource": expected}]
    assert RECEIVED["MedicationRequest/7"]["status"] == "active"


def test_an_id_that_came_as_a_number_is_written_as_a_string() -> None:
    rendering = replace(RENDERING, received={"MedicationRequest/7": {**RECEIVED["MedicationRequest/7"], "id": 7}})
    (made,) = shown(Suggestion("Stop", (STOP,)), rendering=rendering)
    assert made["actions"][0]["resource"] == {**RECEIVED["MedicationRequest/7"], "id": "7", "status": "stopped"}


def test_a_suggestion_of_which_one_action_cannot_be_made_is_left_out_whole() -> None:
    unknown = Remove("MedicationRequest/8", draft=False, description="Stop it")
    both = Suggestion("Replace", (unknown, Propose("calcium", "Order calcium")))
    assert shown(both) == []
    assert "selectionBehavior" not in to_json(card(both), RENDERING)
    assert [one["label"] for one in shown(both, Suggestion("Stop", (STOP,)))] == ["Stop"]
