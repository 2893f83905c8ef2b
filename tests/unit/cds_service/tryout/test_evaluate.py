"""A request judged in this process: cards, silence or a refusal, as data, and nothing is asked of anybody."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from cds_service.api import NO_SERVER, gathering, is_explanation
from cds_service.fhir_client import FhirServer
from cds_service.knowledge import Knowledge
from cds_service.tryout import NotUnderstood, judge
from fhir_mappings.packaged import default_reasons
from tests.unit.cds_service.tryout.conftest import MOST, NOW, PATIENT, RECORD, Judge, Make, bundle, order, topics

INSTANCE = "5a1d8c3e-0a41-4c0f-9d0e-3a5b8a6f0a01"


def test_cards_silence_and_refusal_are_told_apart(make: Make, judged: Judge) -> None:
    cards = judged(make(RECORD, drugs=("calcium acetate",)))
    assert (topics(cards), cards.refusal, cards.service) == (
        ["calcium-hypercalcaemia"],
        None,
        "calciphylaxis-order-select",
    )
    assert cards.body == {"cards": list(cards.cards)}
    silent = judged(make(RECORD))
    assert (silent.body, silent.refusal) == ({"cards": []}, None)
    refused = judged(make({"patient": PATIENT}))
    assert refused.refusal is not None
    assert refused.refusal.status == 412
    assert refused.body["issue"][0]["expression"] == [refused.refusal.field]


def test_a_body_that_is_not_valid_is_refused_by_its_field(knowledge: Knowledge) -> None:
    answer = judge({"hook": "patient-view", "hookInstance": "x", "context": {}}, knowledge, NOW, MOST)
    assert answer.refusal is not None
    assert answer.refusal.status == 400
    assert answer.refusal.field in answer.refusal.message


def test_drafts_of_which_none_is_selected_are_refused(make: Make, knowledge: Knowledge) -> None:
    made = make(bundle(*RECORD, order("d1", "warfarin", status="draft")), hook="order-select")
    body = {**made.body, "context": {**made.body["context"], "selections": []}}
    answer = judge(body, knowledge, NOW, MOST)
    assert answer.refusal is not None
    assert (answer.refusal.status, answer.refusal.field) == (400, "context.selections")


def test_more_entries_than_the_service_takes_are_refused(make: Make, knowledge: Knowledge) -> None:
    answer = judge(make(RECORD).body, knowledge, NOW, 3)
    assert answer.refusal is not None
    assert answer.refusal.status == 413


@pytest.mark.parametrize("hook", ["encounter-start", "", None, 5])
def test_a_hook_without_a_service_is_told(hook: object, knowledge: Knowledge) -> None:
    with pytest.raises(NotUnderstood, match="choose one of patient-view"):
        judge({"hook": hook, "hookInstance": INSTANCE, "context": {}}, knowledge, NOW, MOST)


def test_no_server_can_be_asked() -> None:
    with pytest.raises(AssertionError):
        NO_SERVER.talk(FhirServer("https://ehr.example/fhir"), NO_SERVER.deadline())


def test_with_the_reasons_an_answer_is_explained_also_silence_and_a_refusal_for_lack_of_data(
    make: Make, knowledge: Knowledge
) -> None:
    reasons = default_reasons(knowledge.policy)

    def explained(body: Mapping[str, Any]) -> Mapping[str, Any]:
        found = judge(body, knowledge, NOW, MOST, reasons).explanation
        assert is_explanation(found)
        return found or {}

    cards = explained(make(RECORD, drugs=("calcium acetate",)).body)
    assert [card["topic"] for card in cards["cards"]] == ["calcium-hypercalcaemia"]
    assert explained(make(RECORD).body)["headline"][0] == "No card comes."
    assert explained(make({"patient": PATIENT}).body)["refused"]


def test_with_the_reasons_the_answer_is_the_same_and_everything_is_worked_out_once(
    make: Make, knowledge: Knowledge, monkeypatch: pytest.MonkeyPatch
) -> None:
    reasons, looks = default_reasons(knowledge.policy), []

    def counted(*given: Any) -> Any:
        looks.append(given)
        return gathering(*given)

    monkeypatch.setattr("cds_service.api.services.gathering", counted)
    selected = make(bundle(*RECORD, order("d1", "warfarin", status="draft")), hook="order-select").body
    bodies = [
        make(RECORD, drugs=("calcium acetate",)).body,
        make(RECORD).body,
        make({"patient": PATIENT}).body,
        make({"patient": PATIENT}, drugs=("warfarin",)).body,
        {**selected, "context": {**selected["context"], "selections": []}},
        {**selected, "context": {**selected["context"], "draftOrders": bundle()}},
    ]
    for body in bodies:
        plain = judge(body, knowledge, NOW, MOST)
        before = len(looks)
        explained = judge(body, knowledge, NOW, MOST, reasons)
        assert (topics(explained), explained.refusal) == (topics(plain), plain.refusal)
        assert len(looks) - before <= 1
    assert {judge(body, knowledge, NOW, MOST).refusal is None for body in bodies} == {True, False}


def test_without_them_or_for_a_body_that_is_not_valid_there_is_none(make: Make, knowledge: Knowledge) -> None:
    assert judge(make(RECORD).body, knowledge, NOW, MOST).explanation is None
    broken = {"hook": "patient-view", "hookInstance": "x", "context": {}}
    assert judge(broken, knowledge, NOW, MOST, default_reasons(knowledge.policy)).explanation is None


def test_an_answer_shows_nothing_of_the_patient_in_its_repr(make: Make, judged: Judge) -> None:
    made = make(RECORD, drugs=("calcium acetate",))
    assert "p1" not in repr(made)
    assert "10.9" not in repr(judged(made))
