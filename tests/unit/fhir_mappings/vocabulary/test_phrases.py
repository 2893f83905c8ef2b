"""The little language of phrases in the data files."""

from __future__ import annotations

import re

import pytest

from fhir_mappings.vocabulary.phrases import NEVER, any_of, near, source_of, stem_of


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
    ("phrase", "stem"), [("indurat*", "indurat"), ("skin necrosis", "necrosis"), ("One-Alpha", "alpha"), ("?", "")]
)
def test_the_stem_is_the_longest_word(phrase: str, stem: str) -> None:
    assert stem_of(phrase) == stem
