"""The player of stories: what came, and what is said where that is not what was expected."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from cds_service.knowledge import Knowledge, load_knowledge
from cds_service.settings import Settings
from cds_service.stories import Answer, Vignette, failed, failure, load_vignettes, play, read_stories
from cds_service.stories.dialects import DIALECTS
from cds_service.stories.expected import cards_fault
from cds_service.stories.fhir_writer import write
from cds_service.stories.prefetch import prefetched

RESTRICT, HIGH = ("calcium-restrict", "info"), ("calcium-hypercalcaemia", "warning")
STORY = """
[[vignette]]
title = "Calcium {calcium}"
hook = "order-select"
patient = {{ dialysis = "haemodialysis" }}
labs = "controlled"
orders = ["calcium acetate"]
results = [{{ of = "calcium", value = {calcium} }}]
"""


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return load_knowledge(Settings())


def story(more: str, calcium: float = 10.1) -> Vignette:
    (told,) = read_stories(STORY.format(calcium=calcium) + more)
    return told


def answer(*cards: tuple[str, str], refused: str = "") -> Answer:
    made: list[dict[str, Any]] = [
        {"source": {"topic": {"code": topic}}, "indicator": indicator} for topic, indicator in cards
    ]
    return Answer(tuple(made), refused)


@pytest.mark.parametrize(
    ("expected", "came", "said"),
    [
        ((RESTRICT,), answer(RESTRICT), ""),
        ((), answer(), ""),
        (None, answer(refused="calcium could not be read"), ""),
        ((HIGH,), answer(RESTRICT), "calcium-restrict info came, calcium-hypercalcaemia warning was expected"),
        ((HIGH,), answer(), "no card came, calcium-hypercalcaemia warning was expected"),
        ((RESTRICT, HIGH), answer(HIGH), "no other card came, calcium-restrict info was expected"),
        ((), answer(RESTRICT), "calcium-restrict info came, no card was expected"),
        ((HIGH,), answer(HIGH, RESTRICT), "calcium-restrict info came, no other card was expected"),
        ((HIGH, RESTRICT), answer(), "no card came, calcium-hypercalcaemia warning and calcium-restrict info were "
            "expected"),
        ((HIGH,), answer((HIGH[0], "info")), f"{HIGH[0]} info came, {HIGH[0]} warning was expected"),
        (None, answer(), "no card came, a refusal to judge was expected"),
        (None, answer(HIGH), "calcium-hypercalcaemia warning came, a refusal to judge was expected"),
        ((), answer(refused="X was not read"), "a refusal to judge came (X was not read), no card was expected"),
    ],
)  # fmt: skip
def test_one_sentence_says_what_came_and_what_was_expected(
    expected: tuple[tuple[str, str], ...] | None, came: Answer, said: str
) -> None:
    assert cards_fault(expected, came) == said


def test_a_story_that_fails_in_every_dialect_is_told_once(knowledge: Knowledge) -> None:
    wrong = story('expect = ["calcium-hypercalcaemia warning"]')
    assert failed([wrong, story('expect = ["calcium-restrict info"]', 10.0)], knowledge) == {
        "Calcium 10.1": "calcium-restrict info came, calcium-hypercalcaemia warning was expected"
    }


def test_a_story_that_fails_in_some_dialects_names_them(knowledge: Knowledge) -> None:
    (told,) = read_stories(
        STORY.format(calcium=9).replace('["calcium acetate"]', '[{ rxnorm = "855302", text = "evening pill" }]')
        + 'expect = ["vka-dialysis warning"]'
    )
    (said,) = {failure(told, knowledge)}
    assert said.endswith("(in epic-like, free-text)")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("says = { calcium-restrict = ['calcium acetate', 'moonlight'] }", "“moonlight” is not in its words"),
        ("says = { vka-cua = ['warfarin'] }", "vka-cua: “warfarin” is not in its words"),
        ("says_not = { calcium-restrict = 'KDIGO' }", "calcium-restrict: “KDIGO” is in its words"),
        ("each_says = ['moonlight']", "calcium-restrict: “moonlight” is not in its words"),
        ("sums_up = { calcium-restrict = 'moonlight' }", "“moonlight” is not in its summary"),
        ("suggests = { calcium-restrict = 'moonlight' }", "“moonlight” is not in its suggestions"),
        ("offers = { calcium-restrict = 'update' }", "calcium-restrict does not offer to update"),
        ("removal_not_recommended = ['vka-cua']", "vka-cua does not offer to take an order away"),
    ],
)
def test_words_and_offers_that_are_not_as_expected_are_told(more: str, said: str, knowledge: Knowledge) -> None:
    assert said in failure(story(f'expect = ["calcium-restrict info"]\n{more}'), knowledge)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("suggests_not = { calcium-hypercalcaemia = 'sevelamer' }", "“sevelamer” is in its suggestions"),
        ("offers_not = { calcium-hypercalcaemia = 'delete' }", "calcium-hypercalcaemia offers to delete"),
        ("no_removal = ['calcium-hypercalcaemia']", "calcium-hypercalcaemia offers to take an order away"),
        ("removal_not_recommended = ['calcium-hypercalcaemia']", "calcium-hypercalcaemia recommends to take an order"),
    ],
)
def test_what_a_card_must_not_offer_is_told(more: str, said: str, knowledge: Knowledge) -> None:
    assert said in failure(story(f'expect = ["calcium-hypercalcaemia warning"]\n{more}', 10.4), knowledge)


def test_every_story_holds_in_its_first_dialect_without_network_or_card_log(
    knowledge: Knowledge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "socket", None)
    vignettes = load_vignettes()[::7]
    wrong = {one.title: cards_fault(one.expect, play(one, knowledge)) for one in vignettes}
    assert len(wrong) > 100
    assert {title: said for title, said in wrong.items() if said} == {}


def test_what_cannot_be_judged_is_a_refusal_with_its_reason(knowledge: Knowledge) -> None:
    came = play(story('expect = "cannot judge"\nunreadable = ["conditions"]'), knowledge)
    assert came.cards == ()
    assert came.refused == "conditions could not be read (the FHIR server reported an error (OperationOutcome))"


def test_a_draft_that_nobody_selected_is_refused_in_words(knowledge: Knowledge) -> None:
    told = story('expect = "cannot judge"').told_at(load_vignettes()[0].now)
    (unselected,) = read_stories(
        STORY.format(calcium=9).replace('["calcium acetate"]', '[{ is = "calcium acetate", selected = false }]')
        + 'expect = "cannot judge"'
    )
    assert play(told, knowledge).refused == ""
    assert play(unselected, knowledge).refused.startswith("context.selections must not be empty")


def test_the_ehr_of_the_stories_sends_what_a_template_asks_for_and_null_or_nothing_where_that_is_none(
    knowledge: Knowledge,
) -> None:
    told = story("expect = []")
    templates = {query.key: query.template() for query in knowledge.queries_for("order-select")}
    sent = {name: prefetched(templates, write(told, DIALECTS[name]), DIALECTS[name]) for name in DIALECTS}
    codes = [entry["resource"]["code"]["coding"][0]["code"] for entry in sent["american"]["calcium"]["entry"]]
    assert set(codes) == {"17861-6"}
    assert sent["american"]["valve_procedures"] is None
    assert sent["epic-like"]["valve_procedures"]["total"] == 0
    assert sent["american"]["patient"]["resourceType"] == "Patient"


def test_only_a_careless_dialect_sends_orders_of_another_status_than_was_asked_for(knowledge: Knowledge) -> None:
    told = story('active = [{ is = "warfarin", status = "stopped" }]\nexpect = []')
    template = {"medications": "MedicationRequest?patient={{context.patientId}}&status=active"}
    found = {
        name: prefetched(template, write(told, DIALECTS[name]), DIALECTS[name])["medications"] for name in DIALECTS
    }
    assert [name for name, sent in found.items() if sent and sent.get("entry")] == ["oracle-like"]
