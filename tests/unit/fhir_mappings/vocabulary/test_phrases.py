"""The little language of phrases in the data files."""

from __future__ import annotations

import re

import pytest

from fhir_mappings.vocabulary.phrases import NEVER, any_of, near, source_of, spellings


def found(phrase: str, text: str) -> bool:
    return bool(re.search(source_of(phrase), text, re.IGNORECASE))


@pytest.mark.parametrize(
    ("phrase", "text", "expected"),
    [
        ("iron sucrose", "Iron Sucrose 20 mg", True),
        ("iron sucrose", "iron-sucrose", True),
        ("iron sucrose", "iron  sucrose", True),
        ("iron sucrose", "ironsucrose", False),
        ("Slow-Fe", "slow fe", True),
        ("iron", "spironolactone", False),
        ("iron", "irons", False),
        ("indurat*", "induration", True),
        ("indurat*", "indurat", True),
        ("indurat*", "xinduration", False),
        ("calcium # mg", "calcium 600 mg", True),
        ("calcium # mg", "calcium 1,250mg", True),
        ("calcium # mg", "calcium mg", False),
        ("calcium ... + D", "calcium 600 mg + D", True),
        ("calcium ... + D", "calcium+D", True),
        ("calcium ... + D", "calcium + D5W", False),
        ("calcium ... + D", "calcium " + "x" * 41 + " + D", False),
        ("^calcium", "calcium 600", True),
        ("^calcium", " (calcium)", True),
        ("^calcium", "oral calcium", False),
        ("r/o", "R / O sepsis", True),
        ("r/o", "for/over", False),
        ("?", "sepsis?", True),
        ("calcium, total", "Calcium,total", True),
        ("calcium, total", "calcium total", False),
        ("*klappenersatz", "Aortenklappenersatz", True),
        ("*klappenersatz", "Klappenersatz", True),
        ("*klappenersatz", "Klappenersatze", False),
    ],
)
def test_a_phrase_is_found_as_whole_words_with_its_signs(phrase: str, text: str, expected: bool) -> None:
    assert found(phrase, text) is expected


def test_the_longest_of_several_phrases_is_taken_first() -> None:
    pattern = any_of(["vitamin K", "vitamin K antagonist"])
    (hit,) = pattern.findall("a vitamin K antagonist")
    assert hit == "vitamin K antagonist"


def test_no_phrases_find_nothing() -> None:
    assert any_of([]) is NEVER
    assert not NEVER.search("anything")


@pytest.mark.parametrize(("words", "expected"), [(0, True), (2, True), (3, False)])
def test_near_counts_the_words_between_in_either_order(words: int, expected: bool) -> None:
    pattern = re.compile(near(["hard"], ["skin"], 2))
    between = " x" * words
    assert bool(pattern.search(f"hard{between} skin")) is expected
    assert bool(pattern.search(f"skin{between} hard")) is expected


def test_near_allows_a_plural_of_the_second_word_only() -> None:
    pattern = re.compile(near(["hard"], ["lesion"], 2))
    assert pattern.search("hard lesions")
    assert not pattern.search("hards lesion")


@pytest.mark.parametrize(
    ("phrase", "expected"),
    [
        ("livedo", ["livedo"]),
        ("h(a)emorrhage", ["hemorrhage", "haemorrhage"]),
        ("(liver|hepatic) failure", ["liver failure", "hepatic failure"]),
        ("(renal |)disease", ["renal disease", "disease"]),
        ("(chronic )disease", ["disease", "chronic disease"]),
        (
            "(h(a)emo|peritoneal )dialysis",
            ["hemodialysis", "peritoneal dialysis", "haemodialysis", "peritoneal dialysis"],
        ),
    ],
)
def test_a_phrase_is_written_out_in_all_its_spellings(phrase: str, expected: list[str]) -> None:
    assert spellings(phrase) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("on dialysis", True),
        ("on good dialysis", True),
        ("on (very) good dialysis", True),
        ("on very good in-center dialysis", False),
        ("on, dialysis", False),
        ("on insulin. dialysis", False),
    ],
)
def test_up_to_so_many_words_may_stand_between(text: str, expected: bool) -> None:
    assert found("on <2> dialysis", text) is expected


def test_near_reaches_over_a_comma_only_after_an_adjective_or_before_a_last_one() -> None:
    pattern = re.compile(near(["painful"], ["ulcer"], 3))
    for text in ("painful, non-healing ulcer", "ulcer of the calf, painful", "ulcer, left, painful; worse"):
        assert pattern.search(text)
    for text in ("ulcer of the calf, painful knee", "painful knee, leg ulcer", "painful. ulcer", "painful: ulcer"):
        assert not pattern.search(text)


def test_a_word_of_many_parts_is_not_tried_in_every_way() -> None:
    pattern = re.compile(near(["painful"], ["ulcer"], 3))
    assert not pattern.search("painful " + "a-" * 50_000)
    assert not pattern.search("painful " + "a " * 50_000)
    assert not pattern.search("painful" + " " * 100_000)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("painful left leg-ulcer", True),
        ("painful non-healing ulcer", True),
        ("painful left-lower-leg ulcer on the 2.5-cm plaque", True),
        ("painful/ulcer", True),
        ("painful - / ' ulcer", True),
        ("painful a-b c-d e-f ulcer", True),
        ("painful a-b c-d e-f ulcer-like", True),
        ("painful a-b c-d e-f g-ulcer", False),
        ("painful a-b-c-d-e f-ulcer", True),
        ("painful a-b-c-d-e f g-ulcer", False),
    ],
)
def test_the_word_that_is_looked_for_may_be_a_part_of_a_longer_one(text: str, expected: bool) -> None:
    assert bool(re.search(near(["painful"], ["ulcer"], 3), text)) is expected
    assert bool(re.search(source_of("painful <3> ulcer"), text)) is expected
