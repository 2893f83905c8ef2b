"""The vignettes themselves: that they cover every card, are written as the README says, and become sound FHIR."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest
from fhir.resources.R4B import get_fhir_model_class

import hooks
from tests.vignettes.dialects import DIALECTS
from tests.vignettes.fhir_writer import born, write
from tests.vignettes.story import HOOKS, NOW, StoryError, Vignette, load_vignettes, read_stories

VIGNETTES = load_vignettes()
STATUS_CARDS = {
    ("cua-confirmed", "critical"),
    ("cua-confirmed", "warning"),
    ("cua-suspected", "critical"),
    ("cua-suspected", "warning"),
    ("cua-possible", "info"),
    ("cua-risk-high", "warning"),
    ("cua-risk-elevated", "info"),
    ("cua-sepsis", "critical"),
    ("cua-sepsis", "warning"),
    ("cua-data-gap", "info"),
}


def cards_that_can_be_raised() -> set[tuple[str, str, str]]:
    """(hook, topic, indicator) of every row of the drug rules and of every status card."""
    text = (Path(hooks.__file__).parent / "drug_rules.toml").read_text("utf-8")
    raised = {("patient-view", *card) for card in STATUS_CARDS}
    for rule in tomllib.loads(text)["rules"]:
        topic, indicator = rule["topic"], rule["indicator"]
        raised.add(("order-select", topic, indicator))
        if indicator != "info" or rule.get("keep_at_order_sign"):
            raised.add(("order-sign", topic, indicator))
        if indicator != "info" or "at_patient_view" in rule:
            raised.add(("patient-view", topic, rule.get("at_patient_view", indicator)))
    return raised


def cards_in_stories() -> set[tuple[str, str, str]]:
    return {(story.hook, *card) for story in VIGNETTES for card in story.expect or ()}


def test_every_card_at_every_hook_and_indicator_has_a_vignette() -> None:
    assert cards_that_can_be_raised() - cards_in_stories() == set()


def test_no_vignette_expects_a_card_that_cannot_be() -> None:
    assert cards_in_stories() - cards_that_can_be_raised() == set()


def test_every_hook_has_silence_and_refusal_among_its_vignettes() -> None:
    assert {story.hook for story in VIGNETTES if story.expect == ()} == set(HOOKS)
    assert {story.hook for story in VIGNETTES if story.expect is None} == set(HOOKS)


def a_story(text: str) -> Vignette:
    (story,) = read_stories('[[vignette]]\ntitle = "T"\nhook = "patient-view"\n' + text)
    return story


def test_a_row_adds_to_the_lists_and_replaces_the_rest() -> None:
    first, second = read_stories(
        """
        [[vignette]]
        title = "Base"
        hook = "patient-view"
        patient = { sex = "female", dialysis = "haemodialysis" }
        conditions = ["livedo"]
        expect = ["cua-suspected warning"]
        row = [
            { title = "same" },
            { title = "other", patient = { sex = "male" }, conditions = ["diabetes"], expect = [] },
        ]
        """
    )
    assert first.title == "Base: same"
    assert first.expect == (("cua-suspected", "warning"),)
    assert second.patient == {"sex": "male", "dialysis": "haemodialysis"}
    assert [entry["is"] for entry in second.entries["conditions"]] == ["livedo", "diabetes"]
    assert second.expect == ()


def test_refusal_is_written_in_words() -> None:
    assert a_story('expect = "cannot judge"').expect is None


@pytest.mark.parametrize(
    "text",
    [
        'expect = ["cua-suspected urgent"]',
        'expect = ["cua-suspected"]',
        "expect = []\nsymptoms = []",
        "expect = []\npatient = { weight = 70 }",
        'expect = []\nresults = [{ of = "calcium", mg = 9 }]',
        'expect = []\ndialects = ["martian"]',
        'active = ["warfarin"]',
    ],
)
def test_what_is_not_in_the_format_is_refused(text: str) -> None:
    with pytest.raises(StoryError, match="T"):
        a_story(text)


def test_what_is_not_in_the_catalogue_is_refused() -> None:
    with pytest.raises(KeyError, match="aspirin"):
        write(a_story('expect = []\nactive = ["aspirin"]'), DIALECTS["american"])


def test_the_age_is_counted_from_a_birthday_today() -> None:
    assert born(NOW, {"age": 74}) == "1952-11-22"
    assert born(NOW, {"born": "2008-11-23"}) == "2008-11-23"
    assert born(NOW, {"born": ""}) is None


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_dialect_writes_sound_fhir(dialect: str) -> None:
    seen = set()
    for story in VIGNETTES[::12]:
        record = write(story, DIALECTS[dialect])
        for resource in [*record.resources, *record.drafts]:
            text = json.dumps({**resource, "id": "x"}, sort_keys=True)
            if text not in seen:
                get_fhir_model_class(resource["resourceType"]).model_validate(resource)
                seen.add(text)
    assert {json.loads(text)["resourceType"] for text in seen} >= {"Patient", "Condition", "Observation", "Procedure"}


def test_a_european_laboratory_reports_the_same_calcium_in_mmol() -> None:
    story = a_story('expect = []\nresults = [{ of = "calcium", value = 10.2 }]')
    values = {
        name: next(
            resource["valueQuantity"]
            for resource in write(story, dialect).resources
            if resource["resourceType"] == "Observation" and resource["id"].startswith("vignette")
        )
        for name, dialect in DIALECTS.items()
    }
    assert (values["european"]["value"], values["european"]["code"]) == (2.5449, "mmol/L")
    assert (values["american"]["value"], values["american"]["code"]) == (10.2, "mg/dL")
    assert values["free-text"] == {"value": 10.2, "unit": "mg/dL"}
