"""Which texts are worth reading."""

from __future__ import annotations

import pytest

from fhir_mappings.screening import Screen, begins_of, telling_piece, telling_word


@pytest.mark.parametrize(
    ("phrase", "word"),
    [
        ("indurat*", "indurat"),
        ("skin necrosis", "necrosis"),
        ("on HD", "hd"),
        ("renal disease", "disease"),
        ("end stage disease", "end"),
        ("CKD 5D", "5d"),
        ("on <2> dialysis", "dialysis"),
        ("*klappenersatz", ""),
        ("dv*", ""),
        ("5d*", ""),
        ("dvt*", ""),
        ("dv* event", "event"),
        ("deep*", "deep"),
        ("?", ""),
    ],
)
def test_the_telling_word_is_the_longest_that_is_not_common(phrase: str, word: str) -> None:
    assert telling_word(phrase, {"disease", "stage", "ckd"} if "end" in phrase or "CKD" in phrase else ()) == word


@pytest.mark.parametrize(
    ("phrase", "piece"), [("*klappe", "klappe"), ("dv*", "dv"), ("<2> *ab 12", "ab"), ("?", ""), ("# + ...", "")]
)
def test_a_phrase_without_a_telling_word_has_a_piece(phrase: str, piece: str) -> None:
    assert telling_piece(phrase) == piece


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("livedo", True),
        ("the liver", True),
        ("a liv", False),
        ("oblivedo", False),
        ("aortenklappenersatz", True),
        ("two xdvts", True),
        ("disease", True),
        ("a diseas", True),
        ("gout 5", False),
    ],
)
def test_a_text_is_worth_reading_for_a_beginning_or_a_piece(text: str, expected: bool) -> None:
    screens = [Screen.of(["livedo", "*klappenersatz"], ()), Screen.of(["dv*", "disease", "#"], {"disease"})]
    assert any(screen.passes(begins_of(text), text) for screen in screens) is expected
    assert Screen.any_of(screens).passes(begins_of(text), text) is expected
