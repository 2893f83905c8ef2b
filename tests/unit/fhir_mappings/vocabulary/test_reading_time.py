"""No text makes a pattern of the packaged data slow: an entry of a problem list may hold anything."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from time import process_time

import pytest

from fhir_mappings.packaged import default_vocabulary
from fhir_mappings.vocabulary.phrase_index import PhraseIndex

LENGTH = 300
FILLERS = ("/ ", " - ", "' ", " 1.", "-/", "- ", "' - / ", "a-", "a' ", "1.", " .1", "( ", "/", ", ")
BEGINNINGS = ("", "hard skin ", "mechanical ", "painful", "on ", "ulcer of ", "no ", "calcium ")
CONTROL = "words of a plain kind "
AT_MOST, TIMES = 0.1, 50
"""Seconds of all patterns together on one text: more is slow only where it is also so many times the control."""


def patterns(value: object) -> Iterator[re.Pattern[str]]:
    """Every compiled pattern inside a vocabulary."""
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, PhraseIndex):
        yield from patterns(vars(value))
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        yield from patterns([getattr(value, field.name) for field in dataclasses.fields(value)])
    elif isinstance(value, dict):
        yield from patterns(list(value.values()))
    elif isinstance(value, tuple | list):
        for one in value:
            yield from patterns(one)


CONDITION_PATTERNS = tuple(dict.fromkeys(patterns(default_vocabulary().conditions)))
DRUG_PATTERNS = tuple(dict.fromkeys(patterns(default_vocabulary().drugs)))


def spent(text: str, tried: tuple[re.Pattern[str], ...]) -> float:
    """Seconds of this process for all that the patterns find in a text."""
    began = process_time()
    for pattern in tried:
        for _ in pattern.finditer(text):
            pass
    return process_time() - began


def made_of(piece: str, length: int = LENGTH) -> str:
    return (piece * (length // len(piece) + 1))[:length]


def test_the_patterns_of_the_packaged_data_are_found() -> None:
    assert len(CONDITION_PATTERNS) > 50
    assert len(DRUG_PATTERNS) > 500


@pytest.mark.parametrize("filler", FILLERS)
def test_signs_without_words_take_no_longer_than_words(filler: str) -> None:
    for tried in (CONDITION_PATTERNS, DRUG_PATTERNS):
        bound = max(AT_MOST, TIMES * spent(made_of(CONTROL), tried))
        for beginning in BEGINNINGS:
            text = beginning + made_of(filler)
            assert min(spent(text, tried) for _ in range(2)) < bound, text[:40]


@pytest.mark.parametrize("piece", ["hard-a-", "mechanical-a-b-", "painful ' ", "on-", "no-a' "])
def test_words_that_begin_something_again_and_again_take_no_longer_either(piece: str) -> None:
    bound = max(AT_MOST, TIMES * spent(made_of(CONTROL), CONDITION_PATTERNS))
    assert min(spent(made_of(piece), CONDITION_PATTERNS) for _ in range(2)) < bound
