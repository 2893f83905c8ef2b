"""A synthetic patient tells on screen what it is there to show; a patient of anybody else has no story."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from cds_service.demo.patients import TAG, SyntheticPatient, load_patients
from cds_service.drug_orders import draft_order, load_catalogue
from cds_service.knowledge import Knowledge, load_knowledge
from cds_service.settings import Settings
from cds_service.web.stories import stories, story_line, story_of
from fhir_mappings.drug_places import new_shelf
from fhir_mappings.medications import read_medication
from hooks.chart import Medication

PATIENTS = load_patients(datetime(2026, 3, 2, tzinfo=UTC))
OTTILIE = "hard-skin-on-warfarin"


def patient(key: str = OTTILIE, **more: Any) -> dict[str, Any]:
    (found,) = [one.resources[0] for one in PATIENTS if one.key == key]
    return {**found, **more}


def test_every_synthetic_patient_has_its_own_story() -> None:
    told = [story_of(one.resources[0]) for one in PATIENTS]
    assert [story.key for story in told if story] == [one.key for one in PATIENTS]
    assert [story.told for story in told if story] == [one.story for one in PATIENTS]


def test_a_story_is_found_by_the_key_where_a_server_gave_the_patient_another_id() -> None:
    assert story_line(patient(id="4711")) == "Hardening skin of the legs on warfarin and calcium acetate"
    assert story_of(patient(identifier=None)) == story_of(patient())


@pytest.mark.parametrize(
    "meta", [None, {}, {"tag": [{"system": TAG["system"], "code": "x"}]}, {"tag": [{"code": TAG["code"]}]}, {"tag": 7}]
)
def test_without_our_tag_there_is_no_story_whatever_the_id(meta: Any) -> None:
    assert story_of(patient(meta=meta)) is None
    assert story_line(patient(meta=meta)) == ""


def test_a_tagged_patient_of_no_story_has_none() -> None:
    assert story_of(patient(id="cds-demo-mine", identifier=[{"value": OTTILIE}])) is None


def test_the_most_telling_stories_come_first_and_the_silent_ones_last() -> None:
    cards = [story.cards for story in sorted(stories().values(), key=lambda story: story.place)]
    assert cards[:4] == ["3 critical cards"] * 3 + ["2 critical cards and 1 warning card"]
    assert next(iter(stories())) == OTTILIE
    assert cards[-1] == "no card"


def test_a_story_says_what_to_try_the_most_urgent_first() -> None:
    tries = stories()[OTTILIE].tries
    assert [(order.title, order.cards) for order in tries] == [
        ("calcium acetate", "1 critical card"),
        ("calcitriol", "1 critical card"),
        ("iron sucrose", "1 warning card"),
    ]
    assert stories()["calf-ulcer-and-risk"].tries[-1].cards == "no card"


@pytest.mark.parametrize(
    ("words", "found"),
    [("", True), ("WARFARIN legs", True), ("vka-cua", True), ("calcitriol", True), ("warfarin livedo", False)],
)
def test_a_story_is_found_by_words_that_all_stand_in_it(words: str, found: bool) -> None:
    assert stories()[OTTILIE].tells(words) is found


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return load_knowledge(Settings())


@pytest.mark.parametrize("patient", PATIENTS, ids=lambda patient: patient.key)
def test_what_is_tried_by_name_is_judged_as_the_order_of_the_story(
    patient: SyntheticPatient, knowledge: Knowledge
) -> None:
    drugs = {tried.title: tried.drug for tried in stories()[patient.key].tries}
    for order in patient.orders:
        by_name = draft_order("p", load_catalogue().ordered(drugs.pop(order.title)))
        assert _judged(by_name, knowledge) == _judged(order.resource, knowledge), order.title
    assert not drugs


def _judged(order: dict[str, Any], knowledge: Knowledge) -> set[str] | str:
    """The classes with rules that an order is of, or why it could not be read."""
    read = read_medication(order, new_shelf(), knowledge.zone, knowledge.vocabulary.drugs, draft=True)
    if not isinstance(read, Medication):
        return read.reason
    return {match.drug_class for match in read.matches} & knowledge.policy.rules.keys()
