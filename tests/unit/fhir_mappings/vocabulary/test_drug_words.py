"""Which words of an order tell that it names a drug."""

from __future__ import annotations

import tomllib
from importlib import resources
from typing import Any

import pytest

from fhir_mappings.letters import folded
from fhir_mappings.packaged import default_vocabulary
from fhir_mappings.vocabulary import UnreadWords

UNREAD = default_vocabulary().drugs.unread
FILE: dict[str, Any] = tomllib.loads(resources.files("fhir_mappings").joinpath("drugs.toml").read_text("utf-8"))
AROUND, SALTS = FILE["unread"]["around"], FILE["unread"]["salts"]


def tells(*texts: str) -> bool:
    """Does any of the texts of one order tell readers of Latin letters which drug it names?"""
    return any(map(UNREAD.tells_readers_of_latin(texts), texts))


@pytest.mark.parametrize("word", [*AROUND, *SALTS])
def test_beside_a_name_in_another_script_a_word_of_dosing_form_or_salt_tells_nothing(word: str) -> None:
    assert not tells(f"Варфарин {word} 5 mg tablet")
    assert tells(f"Парацетамол {word} paracetamol")
    assert tells(f"{word} tablet") is (word not in UNREAD.phrases)


def test_no_word_stands_there_twice_or_is_a_filler_already_or_too_short_to_count() -> None:
    words = list(map(folded, [*AROUND, *SALTS]))
    assert len(words) == len(set(words))
    assert UNREAD.fillers.isdisjoint(words)
    assert min(map(len, words)) > 2
    assert all(map(str.isalpha, words))


@pytest.mark.parametrize(
    ("texts", "telling"),
    [
        (("Варфарин",), False),
        (("Варфарин", "Film-coated tablet"), False),
        (("Film-coated tablet",), True),
        (("Варфарин", "sodium", "once daily"), False),
        (("Варфарин (sodium, sodium)",), False),
        (("Калия хлорид (potassium chloride)",), True),
        (("Парацетамол", "paracetamol"), True),
        (("Варфарин, see note: dose unknown",), False),
        (("Варфарин, asked declined",), False),
        (("25 µg",), False),
        (("atorvastatin 25 µg",), True),
        ((), False),
    ],
)
def test_what_else_stands_beside_it(texts: tuple[str, ...], telling: bool) -> None:
    assert tells(*texts) is telling


def test_the_words_come_from_the_file() -> None:
    words = UnreadWords.of({**FILE["unread"], "around": ["Fößt"], "salts": ["Säure"]})
    texts = ["Варфарин fösst", "Варфарин saure tablet", "Варфарин daily once"]
    assert list(map(words.tells_readers_of_latin(texts), texts)) == [False, False, True]
