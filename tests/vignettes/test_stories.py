"""The vignettes themselves: that they cover every card, are written as docs/stories.md says, and become sound FHIR."""

from __future__ import annotations

import json
import tomllib
from datetime import timedelta
from pathlib import Path

import pytest
from fhir.resources.R4B import get_fhir_model_class

import hooks
from cds_service import stories
from cds_service.stories.dialects import DIALECTS
from cds_service.stories.fhir_writer import born, write
from cds_service.stories.story import HOOKS, NOW, StoryError, Vignette, load_vignettes, read_stories
from tests.vignettes.noise import noisy

VIGNETTES = load_vignettes()
STATUS_CARDS = {
    ("cua-confirmed", "critical"),
    ("cua-confirmed", "warning"),
    ("cua-confirmed", "info"),
    ("cua-suspected", "critical"),
    ("cua-suspected", "warning"),
    ("cua-possible", "info"),
    ("cua-risk-high", "warning"),
    ("cua-risk-high", "info"),
    ("cua-risk-elevated", "info"),
    ("cua-sepsis", "critical"),
    ("cua-sepsis", "warning"),
    ("cua-data-gap", "info"),
}


def cards_that_can_be_raised() -> set[tuple[str, str, str]]:
    """(hook, topic, indicator) of every row of the drug rules and of every status card."""
    text = (Path(hooks.__file__).parent / "drug_rules.toml").read_text("utf-8")
    raised = {("patient-view", *card) for card in STATUS_CARDS}
    # For a draft whose drug cannot be read; it is told at signing, too.
    raised |= {(hook, "order-data-gap", "info") for hook in ("order-select", "order-sign")}
    for rule in tomllib.loads(text)["rules"]:
        if rule.get("silent"):
            continue
        topic, indicator = rule["topic"], rule["indicator"]
        there = rule.get("at_patient_view", "none" if indicator == "info" else indicator)
        raised.add(("order-select", topic, indicator))
        if indicator != "info" or rule.get("keep_at_order_sign"):
            raised.add(("order-sign", topic, indicator))
        if there != "none":
            raised.add(("patient-view", topic, there))
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


HEAD = '[[vignette]]\ntitle = "T"\nhook = "patient-view"\n'
CARD = 'must be "topic indicator", the indicator being info, warning or critical'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('expect = ["cua-suspected urgent"]', f"expect[1]: {CARD}"),
        ('expect = ["vka-cua info", "cua-suspected"]', f"expect[2]: {CARD}"),
        ('expect = "cannot tell"', 'expect: must be a list of cards, [] for silence, or "cannot judge"'),
        ("expect = []\nsymptoms = []", "symptoms: there is no such key"),
        ("expect = []\npatient = { aeg = 70 }", "patient.aeg: there is no such key; did you mean age?"),
        ("expect = []\npatient = { age = 70.5 }", "patient.age: must be a whole number"),
        ('expect = []\nresults = [{ of = "calcium", mg = 9 }]', "results[1].value: is missing"),
        ('expect = []\nresults = [{ of = "calcium", mg = 9 }]', "results[1].mg: there is no such key"),
        ('expect = []\nresults = [{ of = "calcium", value = nan }]', "results[1].value: must be a number"),
        ("expect = []\nresults = [{ value = 9 }]", "results[1]: needs `of` (a name of catalogue.toml) or `loinc`"),
        ("expect = []\nconditions = [7]", "conditions[1]: must be a text or a table"),
        ('expect = []\nactive = [{ iss = "warfarin" }]', "active[1].iss: there is no such key; did you mean is?"),
        (
            'expect = []\ndialects = ["martian"]',
            "dialects[1]: must be american or epic-like or oracle-like or european or free-text",
        ),
        (
            'expect = []\nnow = "2026-12-01T10:00:00Z"',
            "now: must be a moment such as 2026-11-22T10:00:00Z, without quotes",
        ),
        (
            "expect = []\nnow = 2026-12-01T10:00:00",
            "now: must be a moment such as 2026-11-22T10:00:00Z, without quotes",
        ),
        ("expect = []\noffers = { vka-cua = 'stop' }", "offers.vka-cua: must be create, update or delete"),
        ('active = ["warfarin"]', "expect: is missing (silence is [])"),
        ("expect = []\n[[vignette.row]]\nage = 7", "row[1].title: is missing"),
        ('expect = []\n[[vignette.row]]\ntitle = "R"\nrow = [{ title = "S" }]', "row 1 (R): has no rows of its own"),
    ],
)
def test_what_is_not_in_the_format_is_refused_with_file_title_and_key(text: str, said: str) -> None:
    with pytest.raises(StoryError) as refused:
        list(read_stories(HEAD + text, "01-signs.toml"))
    # A table is found by its place in the file; what is told by story and row together has a title of its own.
    found = tuple(f"01-signs.toml: {where}: {said}" for where in ("vignette 1 (T)", "T"))
    assert [line for line in str(refused.value).splitlines() if line.startswith(found)]


def test_a_row_without_hook_or_cards_is_refused_with_its_title() -> None:
    story = '[[vignette]]\ntitle = "T"\n'
    rows = '[[vignette.row]]\ntitle = "one"\nhook = "order-sign"\n[[vignette.row]]\ntitle = "two"\n'
    with pytest.raises(StoryError) as refused:
        list(read_stories(story + rows, "01-signs.toml"))
    assert str(refused.value).splitlines() == [
        "01-signs.toml: T: one: expect: is missing (silence is [])",
        "01-signs.toml: T: two: hook: is missing",
        "01-signs.toml: T: two: expect: is missing (silence is [])",
    ]


def test_a_slip_of_the_syntax_is_told_with_its_line() -> None:
    with pytest.raises(StoryError, match=r"^01-signs\.toml: line 4, column 1\d: not valid TOML: "):
        list(read_stories(HEAD + "expect = [1 2]", "01-signs.toml"))


def test_schema_and_reader_know_the_same_hooks_and_dialects() -> None:
    schema = json.loads((Path(stories.__file__).with_name("story.schema.json")).read_text("utf-8"))["$defs"]
    assert schema["hook"]["enum"] == list(HOOKS)
    assert schema["told"]["properties"]["dialects"]["items"]["enum"] == list(DIALECTS)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('active = ["aspirin"]', "active[1].is: catalogue.toml has no drug aspirin"),
        (
            'orders = ["warfarin", "calcium acetat"]',
            "orders[2].is: catalogue.toml has no drug calcium acetat; did you",
        ),
        (
            'conditions = [{ is = "livedos" }]',
            "conditions[1].is: catalogue.toml has no condition livedos; did you mean l",
        ),
        (
            'results = [{ of = "calcum", value = 9 }]',
            "results[1].of: catalogue.toml has no result calcum; did you mean",
        ),
        ('labs = "controled"', "labs: catalogue.toml has no panel controled; did you mean controlled?"),
    ],
)
def test_what_is_not_in_the_catalogue_is_refused(text: str, said: str) -> None:
    with pytest.raises(StoryError) as refused:
        a_story(f"expect = []\n{text}")
    assert str(refused.value).startswith(f"the story: T: {said}")


@pytest.mark.parametrize(
    ("text", "is_dated"),
    [
        ("", False),
        ("now = 2026-12-01T10:00:00Z", True),
        ('patient = { born = "1950-03-02" }', True),
        ('patient = { born = "", age = 7 }', False),
        ('results = [{ of = "calcium", value = 9, at = "2026-11-02" }]', True),
        ('results = [{ of = "calcium", value = 9, at = "" }]', False),
    ],
)
def test_a_story_with_a_day_of_its_own_stays_where_it_is(text: str, is_dated: bool) -> None:
    story, later = a_story(f"expect = []\n{text}"), NOW + timedelta(days=400)
    assert (story.told_at(later).now == later) is not is_dated
    assert story.told_at(later).expect == story.expect


def test_stories_of_a_folder_are_read_and_every_fault_of_every_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(HEAD + "expect = []")
    (tmp_path / ".hidden.toml").write_text("no toml")
    assert [story.title for story in load_vignettes(tmp_path)] == ["T"]
    (tmp_path / "b.toml").write_text(HEAD + "expect = [1 2]")
    (tmp_path / "c.toml").write_text(HEAD + 'expect = []\nactive = ["aspirin"]')
    (tmp_path / "d.toml").write_text(HEAD + "expect = []")
    with pytest.raises(StoryError) as refused:
        load_vignettes(tmp_path)
    starts = ["b.toml: line 4", "c.toml: T: active[1].is", "two vignettes share the title T"]
    assert [line[: len(start)] for line, start in zip(str(refused.value).splitlines(), starts, strict=True)] == starts


def test_a_folder_without_stories_and_no_folder_are_no_success(tmp_path: Path) -> None:
    with pytest.raises(StoryError, match="holds no story"):
        load_vignettes(tmp_path)
    with pytest.raises(StoryError, match=r"nowhere: cannot be read \(No such file"):
        load_vignettes(tmp_path / "nowhere")


def test_the_age_is_counted_from_a_birthday_today() -> None:
    assert born(NOW, {"age": 74}) == "1952-11-29"
    assert born(NOW, {"born": "2008-11-23"}) == "2008-11-23"
    assert born(NOW, {"born": ""}) is None


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_dialect_writes_sound_fhir(dialect: str) -> None:
    seen = set()
    for story in VIGNETTES[::12]:
        record = noisy(story, dialect)
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
