"""Free text of the problem list: names, denial, doubt, history, and where a clause ends."""

from __future__ import annotations

import pytest

from fhir_mappings.clauses import Reading, mentions
from fhir_mappings.packaged import default_vocabulary
from fhir_mappings.vocabulary import Vocabulary

NAMED, PROVISIONAL, HISTORY, NONE = Reading.NAMED, Reading.PROVISIONAL, Reading.HISTORY, Reading.NONE
WORDS = default_vocabulary().conditions.words


def reading(text: str, vocabulary: Vocabulary) -> Reading:
    found = mentions(text, vocabulary.conditions.calciphylaxis, vocabulary.conditions.words)
    return max((mention.reading for mention in found), default=NONE)


@pytest.mark.parametrize(
    "text",
    [
        "Calciphylaxis",
        "CALCIPHYLAXIS of both thighs",
        "Calciphylaxis (calcific uremic arteriolopathy)",
        "calcific uraemic arteriolopathy",
        "Calcific-Uremic-Arteriolopathy",
        "calcific  uremic\tarteriolopathy",
        "Calciphylaxis, left leg",
        "Penile calciphylaxis; biopsy done",
    ],
)
def test_the_disease_is_named(vocabulary: Vocabulary, text: str) -> None:
    assert reading(text, vocabulary) is NAMED


@pytest.mark.parametrize("text", ["", "Leg ulcer", "calciphylactoid", "anticalciphylaxis", "calcific arteriolopathy"])
def test_the_disease_is_not_named(vocabulary: Vocabulary, text: str) -> None:
    assert reading(text, vocabulary) is NONE


BEFORE = [
    "no",
    "not",
    "without",
    "denies",
    "denied",
    "rule out",
    "rules out",
    "ruled out",
    "r/o",
    "R/O",
    "excluded",
    "negative for",
    "family history of",
    "risk of",
    "at risk for",
    "screening for",
]


@pytest.mark.parametrize("words", BEFORE)
def test_words_before_the_name_deny_it(vocabulary: Vocabulary, words: str) -> None:
    assert reading(f"{words} calciphylaxis", vocabulary) is NONE
    assert reading(f"Leg ulcer {words} new calciphylaxis", vocabulary) is NONE


@pytest.mark.parametrize("words", ["excluded", "ruled out", "unlikely", "has been excluded", "is unlikely"])
def test_words_after_the_name_deny_it(vocabulary: Vocabulary, words: str) -> None:
    assert reading(f"calciphylaxis {words}", vocabulary) is NONE


@pytest.mark.parametrize(
    "text",
    [
        "no pain. Calciphylaxis",
        "no pain; calciphylaxis",
        "no pain: calciphylaxis",
        "no pain, calciphylaxis",
        "no pain but calciphylaxis",
        "no pain with calciphylaxis",
        "Calciphylaxis. Vasculitis excluded",
        "Calciphylaxis, vasculitis ruled out",
        "Calciphylaxis with infection unlikely",
        "Calciphylaxis but vasculitis excluded",
    ],
)
def test_a_denial_ends_with_its_clause(vocabulary: Vocabulary, text: str) -> None:
    assert reading(text, vocabulary) is NAMED


def test_a_point_within_a_number_ends_no_clause(vocabulary: Vocabulary) -> None:
    assert reading("no 2.5 cm calciphylaxis", vocabulary) is NONE


@pytest.mark.parametrize(
    "text", ["not healing calciphylaxis", "non-healing calciphylaxis", "Not-healing calciphylaxis"]
)
def test_a_wound_that_does_not_heal_is_no_denial(vocabulary: Vocabulary, text: str) -> None:
    assert reading(text, vocabulary) is NAMED


def test_a_word_that_only_contains_a_denial_is_none(vocabulary: Vocabulary) -> None:
    assert reading("nodular calciphylaxis of the nose", vocabulary) is NAMED


@pytest.mark.parametrize(
    "words", ["possible", "Possibly", "probable", "probably", "suspected", "suspicion of", "concern for", "?"]
)
def test_doubt_is_provisional(vocabulary: Vocabulary, words: str) -> None:
    assert reading(f"{words} calciphylaxis", vocabulary) is PROVISIONAL
    assert reading(f"Calciphylaxis {words}", vocabulary) is PROVISIONAL


@pytest.mark.parametrize(
    "text",
    [
        "calciphylaxis not excluded",
        "calciphylaxis has not been excluded",
        "calciphylaxis cannot be excluded",
        "calciphylaxis can not be excluded",
        "cannot exclude calciphylaxis",
        "calciphylaxis not ruled out",
        "calciphylaxis cannot be ruled out",
        "cannot rule out calciphylaxis",
    ],
)
def test_what_is_not_excluded_may_be_there(vocabulary: Vocabulary, text: str) -> None:
    assert reading(text, vocabulary) is PROVISIONAL


@pytest.mark.parametrize("words", ["history of", "H/O", "hx of"])
def test_history_is_history(vocabulary: Vocabulary, words: str) -> None:
    assert reading(f"{words} calciphylaxis", vocabulary) is HISTORY


@pytest.mark.parametrize("text", ["history of possible calciphylaxis", "history of calciphylaxis not excluded"])
def test_doubt_about_something_past_is_nothing(vocabulary: Vocabulary, text: str) -> None:
    assert reading(text, vocabulary) is NONE


def test_the_strongest_of_several_mentions_counts(vocabulary: Vocabulary) -> None:
    assert reading("history of calciphylaxis, now possible calciphylaxis", vocabulary) is PROVISIONAL
    assert reading("risk of calciphylaxis; calciphylaxis of the thigh", vocabulary) is NAMED


def test_the_clause_is_quoted_as_recorded_and_cut_at_80_characters(vocabulary: Vocabulary) -> None:
    text = "Leg ulcer; Non-Healing Calciphylaxis of the left thigh. Pain"
    (mention,) = mentions(text, vocabulary.conditions.calciphylaxis, WORDS)
    assert mention.quote == "Non-Healing Calciphylaxis of the left thigh"
    (mention,) = mentions("calciphylaxis " * 1 + "x" * 66, vocabulary.conditions.calciphylaxis, WORDS)
    assert len(mention.quote) == 80
    assert not mention.quote.endswith("…")
    (mention,) = mentions("calciphylaxis " + "x" * 67, vocabulary.conditions.calciphylaxis, WORDS)
    assert len(mention.quote) == 80
    assert mention.quote.endswith("x…")
