"""Entries of the problem list that are masked, cut or garbled: what could not be read is counted, never passed over."""

from __future__ import annotations

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from fhir_mappings.clauses import LONGEST
from fhir_mappings.packaged import default_vocabulary
from fhir_mappings.problem_entries import GARBLED, TOO_LONG, Entry, is_garbled, is_masked, read_entry
from tests.unit.fhir_mappings.resources import ICD10_CM, SNOMED, Json, concept, condition

WORDS = default_vocabulary().conditions
ABSENT = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
HALVES = ["\ufffd", "\ud83d", "\udc00"]
OVER = concept("", ("http://terminology.hl7.org/CodeSystem/condition-clinical", "resolved"))
WRONG = concept("", ("http://terminology.hl7.org/CodeSystem/condition-ver-status", "entered-in-error"))


def read(*copies: Json) -> Entry:
    return read_entry(copies, date(2026, 3, 2), ZoneInfo("UTC"), WORDS)


def coded(code: Any, **more: Any) -> Json:
    return condition() | {"code": code} | more


MASKED: list[tuple[Any, bool]] = [
    (None, True),
    ({}, True),
    ("unknown", True),
    ({"text": "Masked"}, True),
    ({"text": " see  note "}, True),
    ({"text": "see_note"}, True),
    ({"text": "see\u200bnote"}, True),
    ({"text": "Not specified."}, True),
    ({"text": "Un\u00adknown"}, True),
    ({"coding": [{"system": ABSENT, "code": "masked", "display": "Masked"}]}, True),
    ({"coding": [{"system": ABSENT, "code": "masked"}], "text": "unknown"}, True),
    ({"coding": [{"display": "Unspecified"}]}, True),
    ({"coding": [{"system": "urn:x", "code": "1"}]}, False),
    ({"coding": [{"system": "urn:x"}]}, True),
    ({"coding": [{"code": "Z99.2"}]}, True),
    ({"coding": [{"code": "Z99.2"}], "text": "Gout"}, False),
    ({"coding": [{"display": "Gout"}]}, False),
    ({"text": "Unknown rash"}, False),
    ("Gout", False),
    ({"coding": [{"system": ABSENT, "code": "masked"}], "text": "Gout"}, False),
]


@pytest.mark.parametrize(("code", "masked"), MASKED)
def test_an_entry_without_code_and_telling_words_is_masked(code: Any, masked: bool) -> None:
    assert is_masked(coded(code), WORDS) is masked


@pytest.mark.parametrize("code", [code for code, masked in MASKED if masked])
def test_what_is_masked_does_not_tell_what_it_is_and_is_not_called_unreadable(code: Any) -> None:
    assert (read(coded(code)).masked, read(coded(code)).unread, read(coded(code)).faults) == (True, False, ())


GARBLED_CODES: list[Any] = [
    "L97.5",
    "Skin nec\ufffdrosis",
    ["Gout"],
    [{"text": "Gout"}],
    5,
    True,
    {"coding": "E11.9"},
    {"coding": ["E11.9"]},
    {"coding": [{"display": ["Gout"]}]},
    {"coding": [{"code": {"value": "E11.9"}}]},
    {"coding": [{"code": True}]},
    {"coding": [{"system": [ICD10_CM], "code": "E11.9"}]},
    {"text": {"value": "Gout"}},
    {"text": ["Gout"]},
    *({"text": f"Skin nec{half}rosis"} for half in HALVES),
    *({"coding": [{"display": f"Skin nec{half}rosis"}]} for half in HALVES),
    {"coding": [{"code": "9534\ufffd7000"}]},
]
CODED_AND_GARBLED: list[Any] = [
    concept("Skin nec\ufffdrosis", ("urn:local", "1")),
    concept("", (ICD10_CM, "I10")) | {"text": {"value": "Skin necrosis"}},
    concept("", (SNOMED, "9534\ufffd7000")),
    concept("", ("http://snomed.info/s\ufffdct", "95347000")),
]


@pytest.mark.parametrize("code", GARBLED_CODES)
def test_what_has_no_shape_of_fhir_or_half_a_character_is_unread_and_may_be_dialysis(code: Any) -> None:
    assert is_garbled(coded(code), WORDS)
    found = read(coded(code))
    assert (found.faults, found.unread, found.masked) == ((GARBLED,), True, True)


@pytest.mark.parametrize("code", CODED_AND_GARBLED)
def test_beside_a_code_it_is_unread_and_yet_does_not_hide_dialysis(code: Any) -> None:
    found = read(coded(code))
    assert (found.faults, found.unread, found.masked) == ((GARBLED,), True, False)


@pytest.mark.parametrize(
    "code", [5, {"coding": [{"code": 95347000, "system": SNOMED}]}, {"coding": {"display": "Gout"}}]
)
def test_numbers_as_codes_and_single_codings_are_read(code: Any) -> None:
    assert is_garbled(coded(code), WORDS) is (code == 5)


@pytest.mark.parametrize(
    ("code", "named"),
    [
        ("Skin necrosis of thigh", "skin_necrosis"),
        ("Calciphylaxis", "calciphylaxis"),
        (concept("Skin nec\ufffdrosis", (ICD10_CM, "E11.9")), "diabetes"),
        (concept("Skin necrosis of the th\ufffdgh"), "skin_necrosis"),
        (concept("Skin\u200bnecrosis of thigh"), "skin_necrosis"),
        (concept("Skin_necrosis_thigh"), "skin_necrosis"),
        (concept("Marked\u200bhardening", (ICD10_CM, "R23.4")), "skin_induration"),
        (concept("Gangrene\u200btoe", (ICD10_CM, "I96")), "gangrene_acral"),
        (concept("", ("urn:x", "1", "On\u3164maintenance\u200bhaemodialysis")), "dialysis_in_words"),
    ],
)
def test_what_names_something_of_ours_all_the_same_is_read(code: Any, named: str) -> None:
    found = read(coded(code))
    assert named in found.conditions[0].concepts
    assert (found.faults, found.unread, found.masked) == ((), False, False)


@pytest.mark.parametrize("code", ["Gout", concept("Cataracte op\ufffdr\ufffde"), "Cataracte op\ufffdr\ufffde"])
def test_words_that_cannot_mean_anything_of_ours_are_unread_and_do_not_hide_dialysis(code: Any) -> None:
    found = read(coded(code))
    assert (found.faults, found.unread, found.masked) == ((GARBLED,), True, False)


@pytest.mark.parametrize(("system", "code"), [(ICD10_CM, "E03.9"), (SNOMED, "40930008")])
def test_where_a_code_that_we_read_says_what_it_is_a_broken_accent_hides_nothing(system: str, code: str) -> None:
    found = read(coded(concept("Hypothyro\ufffddie", (system, code, "Hypothyro\ufffddie"))))
    assert (found.faults, found.unread, found.masked) == ((), False, False)


@pytest.mark.parametrize("text", ["Gout", "Gout and a gr\u00fcner Star"])
def test_words_of_another_matter_are_read_and_quiet(text: str) -> None:
    found = read(condition(text))
    assert (len(found.conditions), found.faults, found.unread, found.masked) == (1, (), False, False)


def test_an_entry_that_is_over_is_unread_and_one_entered_in_error_is_nothing() -> None:
    garbled = condition("Calciphyl\ufffdxis")
    over = read(garbled | {"clinicalStatus": OVER})
    assert (over.unread, over.masked) == (True, False)
    assert read(garbled | {"verificationStatus": WRONG}) == Entry()


@pytest.mark.parametrize(("text", "unread"), [("x" * LONGEST, False), ("x" * LONGEST + "x", True)])
def test_a_text_of_which_the_end_was_not_read_is_unread_where_its_beginning_names_nothing(
    text: str, unread: bool
) -> None:
    found = read(condition(text))
    assert (found.faults, found.unread, found.masked) == ((TOO_LONG,) * unread, unread, False)
    named = read(condition(f"Calciphylaxis {text} x"))
    assert (named.faults, named.unread) == ((TOO_LONG,), False)
    assert not read(condition(text + "xx") | {"verificationStatus": WRONG}).unread


def test_of_two_versions_the_active_one_counts_and_one_that_tells_speaks_for_both() -> None:
    active, over = condition("Skin necrosis"), condition("Skin necrosis") | {"clinicalStatus": OVER}
    assert [one.active for one in read(over, active).conditions] == [True]
    assert [one.active for one in read(over).conditions] == [False]
    both = read(condition("Skin nec\ufffdrosis"), active)
    assert (both.faults, both.unread, both.masked) == ((), False, False)
    assert read() == Entry()
