"""Two spellings by one table: every text of ours follows the setting, and no name, quotation or address does."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from cds_service.settings import LOCALES as SETTINGS
from fhir_mappings.data_files import DataFileError
from fhir_mappings.knowledge_files import read_knowledge, read_policy, read_reasons, read_spelling
from fhir_mappings.packaged import (
    PACKAGE_OF,
    default_knowledge,
    default_policy,
    default_reasons,
    default_spelling,
    packaged_data,
    packaged_text,
)
from fhir_mappings.spelling import LOCALES, WRITTEN, respelled, speller, spelling_problems
from hooks import patient_view
from hooks.policy_loading import STATUS_TEXTS
from hooks.thresholds import PolicyError
from tests.spelling import PAIRS, TABLE, of_the_other_side, words
from tests.unit.hooks.builders import ON, ON_DIALYSIS, WARFARIN, chart, condition

US = default_spelling("en-US")
WITH_WORDS = ("thresholds", "drug_rules", "status_cards", "wording", "reasons")
NAMES = frozenset(
    {row["topic"] for row in packaged_data("drug_rules")["rules"] if "topic" in row}
    | {entry["code"] for entry in packaged_data("wording")["override_reasons"]}
    | set(STATUS_TEXTS)
)
TEXTS = {name: packaged_text(name) for name in PACKAGE_OF}


def texts_of_ours(name: str, locale: str) -> list[str]:
    """Every text of a file that follows the setting, as it is in a locale."""
    spell, found = default_spelling(locale), list[str]()

    def keep(text: str) -> str:
        found.append(spell(text))
        return found[-1]

    respelled(name, packaged_data(name), keep)
    return found


def words_of_ours() -> set[str]:
    """Every word of our texts as they are written."""
    return {word for name in WITH_WORDS for text in texts_of_ours(name, WRITTEN) for word in words(text, NAMES)}


def leaves(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for part in inner:
        yield from leaves(part)


# ------------------------------------------------------------------ no word of the wrong side
@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("name", WITH_WORDS)
def test_no_text_holds_a_word_of_the_other_side(name: str, locale: str) -> None:
    texts = texts_of_ours(name, locale)
    assert len(texts) > 30
    assert {text: wrong for text in texts if (wrong := of_the_other_side(text, locale, NAMES))} == {}


@pytest.mark.parametrize("name", WITH_WORDS)
def test_what_is_never_respelled_is_a_name_or_a_quotation(name: str) -> None:
    """A sentence that its schema does not call `prose` would be found here."""
    kept = [
        text for text in leaves(respelled(name, packaged_data(name), US)) if of_the_other_side(text, "en-US", NAMES)
    ]
    assert [text for text in kept if not re.fullmatch("[a-z0-9_-]+", text)] == []


LOOKS_INTERNATIONAL = re.compile(
    "ae|oe|our|[iy]s(?:e|ed|es|er|ing|ations?)$|[bnt]re[sd]?$|ll(?:ed|ing)$|emme|amme|ogue|ulph|mould|licence|judgem|learnt|grey"
)
LOOKS_US = re.compile("[iy]z(?:e|ed|es|er|ing|ations?)$")
SAME_ON_BOTH_SIDES = {
    *(
        "advise",
        "advised",
        "advises",
        "called",
        "course",
        "discouraged",
        "does",
        "four",
        "fourth",
        "goes",
        "hour",
        "hours",
    ),
    *("otherwise", "our", "ours", "raise", "raised", "source", "sources", "telling", "thromboembolism", "toes", "your"),
}


def test_a_word_that_looks_like_one_side_only_stands_in_the_table() -> None:
    """So that a new text is not forgotten: write the word into the table, or above where both sides write it so."""
    found = words_of_ours()
    assert {word for word in found if LOOKS_INTERNATIONAL.search(word)} - set(PAIRS) - SAME_ON_BOTH_SIDES == set()
    assert {word for word in found if LOOKS_US.search(word)} - {"size"} == set()


# ------------------------------------------------------------------ the table
def test_every_word_of_the_table_is_in_use_but_those_that_may_come() -> None:
    assert set(TABLE["words"]) - words_of_ours() == set(), "move these to [further]"


def test_the_spellings_of_the_setting_are_those_of_the_table_and_texts_are_written_in_the_usual_one() -> None:
    assert SETTINGS == LOCALES
    assert LOCALES[0] == WRITTEN


def put(section: str, ours: str, us: str) -> dict[str, Any]:
    return {"words": {"uraemic": "uremic"}, "further": {}, section: {"uraemic": "uremic", ours: us}}


@pytest.mark.parametrize(
    ("table", "where"),
    [
        (put("words", "grey", "grey"), "spelling.toml: [words] grey: grey stands on the left, too"),
        (put("words", "gray", "uremic"), "one of the two words stands in another line, too"),
        (put("further", "uraemic", "uremical"), "one of the two words stands in another line, too"),
        (put("words", "uremic", "gray"), "spelling.toml: [words] uraemic: uremic stands on the left, too"),
    ],
)
def test_a_pair_that_is_none_is_refused(table: dict[str, Any], where: str) -> None:
    assert where in "\n".join(spelling_problems(table))


def test_the_packaged_table_has_no_problem() -> None:
    assert list(spelling_problems(packaged_data("spelling"))) == []
    assert list(spelling_problems({"words": {"uraemic": "uremic"}, "further": {"grey": "gray"}})) == []


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('uraemic = "uraemic"', "spelling.toml: [words] uraemic: uraemic stands on the left, too"),
        ('uraemic = "uremic state"', "spelling.toml: [words] uraemic: must be one word in small letters"),
        ('Uraemic = "uremic"', "spelling.toml: [words] Uraemic: must be one word in small letters"),
        ("uraemic = 1", "spelling.toml: [words] uraemic: must be a text"),
    ],
)
def test_a_faulty_table_is_refused_with_its_place_by_whoever_reads_it(line: str, said: str) -> None:
    faulty = {**TEXTS, "spelling": TEXTS["spelling"].replace('uraemic = "uremic"', line)}
    policy = default_policy()
    readers: list[tuple[Callable[[], object], type[Exception]]] = [
        (lambda: read_knowledge(faulty), DataFileError),
        (lambda: read_policy(faulty), PolicyError),
        (lambda: read_reasons(faulty, policy), PolicyError),
        (lambda: read_spelling(faulty, "en-US"), DataFileError),
    ]
    for read, error in readers:
        with pytest.raises(error) as raised:
            read()
        assert said in str(raised.value).splitlines()


# ------------------------------------------------------------------ what is respelled, and what is not
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("haemodialysis and ionised calcium", "hemodialysis and ionized calcium"),
        ("Haemodialysis, HAEMODIALYSIS", "Hemodialysis, HEMODIALYSIS"),
        ("(haemodialysis) **Uraemic**/anaemia", "(hemodialysis) **Uremic**/anemia"),
        ("{ionised} ionised", "{ionised} ionized"),
        ("[ionised](https://x.example/ionised) ionised", "[ionized](https://x.example/ionised) ionized"),
        ("https://x.example/haemodialysis?a=ionised ionised", "https://x.example/haemodialysis?a=ionised ionized"),
        ("“Haemodialysis access” on haemodialysis", "“Haemodialysis access” on hemodialysis"),
        ("calcium-cua-hypocalcaemia symptomatic-hypocalcaemia", "calcium-cua-hypocalcaemia symptomatic-hypocalcaemia"),
        ("ionised_calcium pre-haemodialysis", "ionised_calcium pre-haemodialysis"),
        ("thiosulfate, haemodialysisx, xanaemia", "thiosulfate, haemodialysisx, xanaemia"),
        ("", ""),
    ],
)
def test_words_are_respelled_and_nothing_else(text: str, expected: str) -> None:
    assert US(text) == expected
    assert default_spelling(WRITTEN)(text) == text
    assert US(expected) == expected


def test_a_compound_is_respelled_when_the_table_lists_it() -> None:
    spell = speller({"words": {"haemo-filter": "hemo-filter"}, "further": {"grey": "gray"}}, "en-US")
    assert spell("Haemo-filter, grey, grey-blue") == "Hemo-filter, gray, grey-blue"


def test_names_codes_and_numbers_of_the_policy_stay_as_they_are() -> None:
    (ours, _), (us, _) = default_knowledge(WRITTEN), default_knowledge("en-US")
    assert us != ours
    assert (us.history, us.rules) == (ours.history, ours.rules)
    for name in ("drug_texts", "status_texts", "status_phrases", "drug_classes"):
        assert getattr(us, name).keys() == getattr(ours, name).keys()
    for name in ("analytes", "needs", "actions", "suggestions", "override_reasons", "indications", "findings"):
        assert getattr(us.wording, name).keys() == getattr(ours.wording, name).keys()
    for name, text in us.status_texts.items() | us.drug_texts.items():
        here = {**ours.status_texts, **ours.drug_texts}[name]
        assert (text.why, text.needs, text.suggest, text.override) == (
            here.why,
            here.needs,
            here.suggest,
            here.override,
        )
    for code, reason in us.wording.override_reasons.items():
        assert (reason.code, reason.standard) == (code, ours.wording.override_reasons[code].standard)
    for name, suggestion in us.wording.suggestions.items():
        same = ours.wording.suggestions[name]
        assert (suggestion.actions, suggestion.drug, suggestion.when) == (same.actions, same.drug, same.when)


def test_topics_and_addresses_of_the_reasons_stay_as_they_are() -> None:
    ours, us = (default_reasons(default_policy(locale), locale) for locale in LOCALES)
    assert us != ours
    assert list(us.topics) == list(ours.topics)
    assert us.numbers.keys() == ours.numbers.keys()
    for code, topic in us.topics.items():
        here = ours.topics[code]
        assert (topic.see, topic.group, topic.tables, topic.drug_classes) == (
            here.see,
            here.group,
            here.tables,
            here.drug_classes,
        )
        addresses = [[ref.url for claim in each.evidence for ref in claim.cites] for each in (topic, here)]
        assert addresses[0] == addresses[1]


@pytest.mark.parametrize("recorded", ["Haemodialysis access ulcer", "Hemodialysis access ulcer"])
def test_what_the_record_says_stays_as_recorded_in_both_spellings(recorded: str) -> None:
    sign = condition("skin_necrosis", text=recorded)
    worded = replace(WARFARIN, display="Ionised haemodialysis warfarin")
    for locale in LOCALES:
        cards = patient_view.advise(chart(ON_DIALYSIS, sign, worded), ON, default_policy(locale))
        said = " ".join(card.detail for card in cards)
        assert f"“{recorded}”" in said
        assert "Ionised haemodialysis warfarin" in said
        assert ("haematology" in said, "hematology" in said) == (locale == WRITTEN, locale != WRITTEN)


def test_a_text_of_one_word_follows_the_setting_too() -> None:
    us = default_policy("en-US").wording
    assert (us.findings["bacteraemia"], us.low_calcium["hypocalcaemia"]) == ("bacteremia", "hypocalcemia")
    assert default_reasons(default_policy("en-US"), "en-US").concepts["haemodialysis_procedure"] == "hemodialysis"


def test_of_a_situation_with_its_words_the_words_follow_the_setting() -> None:
    wording = packaged_data("wording")
    wording["alternatives"]["binder"]["facts"] = [["hypocalcaemia", "hypocalcaemia on record"]]
    facts = respelled("wording", wording, US)["alternatives"]["binder"]["facts"]
    assert facts == [["hypocalcaemia", "hypocalcemia on record"]]
