"""Signs in the phrases of `conditions.toml`: each has its meaning in every list, or is told as a mistake."""

from __future__ import annotations

import copy
import tomllib
from datetime import date
from importlib import resources
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from fhir_mappings.conditions import read_condition
from fhir_mappings.vocabulary.conditions import parse_conditions
from tests.unit.fhir_mappings.resources import condition

Data = dict[str, Any]
ORIGINAL: Data = tomllib.loads(resources.files("fhir_mappings").joinpath("conditions.toml").read_text("utf-8"))
WELL_FORMED = (
    "livedo",
    "indurat*",
    "*klappe",
    "on <2> dialysis",
    "h(a)emo",
    "(a|b|) c",
    "calcium ... #",
    "^gout",
    "dv*",
)


def changed(place: str, *phrases: str) -> Data:
    """The packaged file with more phrases in a list ("sign 0 alone")."""
    data = copy.deepcopy(ORIGINAL)
    inner: Any = data
    *steps, key = place.split()
    for step in steps:
        inner = inner[int(step) if step.isdigit() else step]
    inner[key] = [*inner.get(key, ()), *phrases]
    return data


def problems(data: Data) -> list[str]:
    found: list[str] = []
    parse_conditions(data, found)
    return found


def concepts(data: Data, text: str) -> set[str]:
    assert problems(data) == []
    read = read_condition(condition(text), date(2026, 11, 22), ZoneInfo("UTC"), parse_conditions(data, []))
    assert read is not None
    return set(read.concepts)


AREAS = [
    ("calciphylaxis names", "calciphylaxis"),
    ("sign 0 alone", ORIGINAL["sign"][0]["concept"]),
    ("dialysis_words dialysis", "dialysis_in_words"),
    ("dialysis_words end_stage", "esrd_in_words"),
    ("valve_words mechanical", "mechanical_valve"),
    ("words 0 words", ORIGINAL["words"][0]["concepts"][0]),
]


@pytest.mark.parametrize(("place", "concept"), AREAS)
@pytest.mark.parametrize(
    ("phrase", "text"), [("*qxtung", "Beinqxtung"), ("*qx*", "Beinqxtung"), ("qx*", "Qxtung"), ("qx* <2> 5", "qxtu 5")]
)
def test_any_beginning_and_any_ending_of_a_short_stem_are_found_in_every_area(
    place: str, concept: str, phrase: str, text: str
) -> None:
    assert concept in concepts(changed(place, phrase), text)
    assert concept not in concepts(ORIGINAL, text)


def test_a_word_close_to_another_may_have_any_beginning() -> None:
    data = copy.deepcopy(ORIGINAL)
    data["sign"][0] |= {"near": ["*qxharte"], "of": ["*haut"], "within": 2}
    assert ORIGINAL["sign"][0]["concept"] in concepts(data, "steinqxharte warme Beinhaut")


def test_words_of_procedures_may_have_any_beginning() -> None:
    number = next(number for number, entry in enumerate(ORIGINAL["words"]) if "procedure" in entry.get("kinds", ()))
    vocabulary = parse_conditions(changed(f"words {number} words", "*qxtomie"), [])
    assert [word for _, word in vocabulary.telling(["Nebenqxtomie", "Gout"], procedure=True)] == ["Nebenqxtomie"]


def test_a_phrase_written_with_its_accents_has_all_its_spellings() -> None:
    data = changed("dialysis_words dialysis", "=(qx|qz)é")
    assert "dialysis_in_words" in concepts(data, "Patient QZÉ")
    assert "dialysis_in_words" not in concepts(data, "Patient qze")


@pytest.mark.parametrize("place", ["calciphylaxis names", "sign 0 alone", "words 0 words", "acral words"])
def test_a_well_formed_phrase_is_no_mistake(place: str) -> None:
    assert problems(changed(place, *WELL_FORMED)) == []


ACCENTS = "`=` means something only at the beginning of a phrase of [dialysis_words] dialysis"
STAR = "`*` must stand at the beginning or the end of a word"
PAIRS = "( and ) must stand in pairs, and | between them"
AS_WRITTEN = "the phrases of this list are taken as they are written: signs mean nothing in them"
NO_WORD = "holds no word, so that no text would be read for it"
MISTAKES = [
    ("calciphylaxis names", "=calcifié", ACCENTS),
    ("dialysis_words end_stage", "=fin", ACCENTS),
    ("dialysis_words dialysis", "en =dialysé", ACCENTS),
    ("denial before", "=pas", ACCENTS),
    ("words 0 words", "indu*rat", STAR),
    ("sign 0 alone", "hard * skin", STAR),
    ("denial after", "(hard", PAIRS),
    ("denial after", "hard|soft", PAIRS),
    ("reading abbreviations", "v* a.", AS_WRITTEN),
    ("reading common", "dis*", AS_WRITTEN),
    ("calciphylaxis present_not", "not*", AS_WRITTEN),
    ("masked words", "see ... note", AS_WRITTEN),
    ("sign 0 alone", "?", NO_WORD),
    ("dialysis_words dialysis", "# ... +", NO_WORD),
    ("valve_words replaced", "*", NO_WORD),
]


@pytest.mark.parametrize(("place", "phrase", "problem"), MISTAKES)
def test_a_sign_that_means_nothing_is_told(place: str, phrase: str, problem: str) -> None:
    assert any(
        line.startswith("conditions.toml: ") and line.endswith(f"]: {problem}")
        for line in problems(changed(place, phrase))
    )


def test_the_place_of_a_mistake_is_told() -> None:
    number = len(ORIGINAL["denial"]["before"]) + 1
    assert problems(changed("denial before", "=pas")) == [f"conditions.toml: [denial] before[{number}]: {ACCENTS}"]
