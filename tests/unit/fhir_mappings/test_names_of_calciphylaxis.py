"""Calciphylaxis by name: denied, long ago, left open, or there; the words around the name, clause by clause."""

from __future__ import annotations

import pytest

from tests.unit.fhir_mappings.entries import concepts, read, some
from tests.unit.fhir_mappings.resources import condition

NAMED, PROVISIONAL, HISTORY, NONE = "calciphylaxis", "calciphylaxis_provisional", "calciphylaxis_history", ""


def reading(text: str) -> str:
    return some(text, NAMED, PROVISIONAL, HISTORY)


@pytest.mark.parametrize(
    "text",
    [
        "Calciphylaxis",
        "CALCIPHYLAXIS of both thighs",
        "Kalziphylaxie rechter Unterschenkel",
        "Calciphylaxie",
        "calcifilaxis",
        "Calcifilassi",
        "calcific uraemic arteriolopathy",
        "Calcific-Uremic-Arteriolopathy",
        "uremic calcific arteriolopathy",
        "uraemic  calcific\tarteriolopathy",
        "calcific arteriolopathy",
        "Penile calciphylaxis; biopsy done",
        "Calci\u00adphylaxis",
        "Cal\u200bciphylaxis",
        "Ca\u200dlcifila\u0301xis",
    ],
)
def test_the_disease_is_named(text: str) -> None:
    assert reading(text) == NAMED


def test_clauses_are_cut_at_the_right_places_beside_characters_that_nobody_sees() -> None:
    entry = read(condition("\u200bGo\u00adut; e\u0301 Calci\u00adphylaxis sus\u00adpected; le\u200bg ulcer"))
    assert entry.concepts[PROVISIONAL].words == "é Calciphylaxis suspected"


@pytest.mark.parametrize(
    "text", ["", "Leg ulcer", "calciphylactoid", "anticalciphylaxis", "CUA", "calcific tendinitis"]
)
def test_the_disease_is_not_named(text: str) -> None:
    assert reading(text) == NONE


BEFORE = [
    *("no", "not", "without", "denies", "denied", "ruled out", "excluded", "negative for", "family history of"),
    *("risk of", "at risk for", "High risk for", "Risk score for", "risk factors for", "risk assessment of"),
    *("screening for", "less likely", "unlikely", "not likely", "Fear of", "worried about"),
    *(
        "no evidence of",
        "No signs of",
        "no clinical suspicion of",
        "without any symptoms of",
        "No signs or symptoms of",
    ),
    *("no findings of", "without features of", "Keine", "kein Hinweis auf", "ohne", "pas de", "sans", "sin", "senza"),
    *("Ausschluss", "Ausschluss einer"),
]


@pytest.mark.parametrize("words", BEFORE)
def test_words_before_the_name_deny_it(words: str) -> None:
    assert reading(f"{words} calciphylaxis") == NONE
    assert reading(f"Leg ulcer {words} calciphylaxis") == NONE


@pytest.mark.parametrize(
    ("between", "expected"), [("", NONE), ("new ", NONE), ("new bad ", NONE), ("new bad big ", NAMED)]
)
def test_at_most_two_words_stand_between_a_denial_and_the_name(between: str, expected: str) -> None:
    assert reading(f"no {between}calciphylaxis") == expected


@pytest.mark.parametrize(
    "text",
    [
        "Wound not improving due to calciphylaxis",
        "No response to thiosulfate in calciphylaxis",
        "High risk calciphylaxis ulcer",
        "Calciphylaxis wound infection risk",
        "No improvement in calciphylaxis of the left leg",
        "No change in calciphylaxis",
        "not healing calciphylaxis",
        "Non-healing calciphylaxis",
        "Calciphylaxis, no response to thiosulfate",
        "Calciphylaxis without ulcer",
        "Calciphylaxis, not healing",
        "Kalziphylaxie ohne Ulkus",
        "Kalziphylaxie der Waden ohne Ulkus",
        "nodular calciphylaxis of the nose",
    ],
)
def test_these_deny_nothing(text: str) -> None:
    assert reading(text) == NAMED


@pytest.mark.parametrize(
    "text",
    [
        "calciphylaxis excluded",
        "calciphylaxis has been ruled out",
        "Calciphylaxis is unlikely",
        "Calciphylaxis less likely",
        "calciphylaxis not likely",
        "Calciphylaxis risk",
        "Kalziphylaxie ausgeschlossen",
        "Kalziphylaxie, Ausschluss",
    ],
)
def test_words_after_the_name_deny_it(text: str) -> None:
    assert reading(text) == NONE


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
        "Calciphylaxis but unlikely",
        "Calciphylaxis, no ulcer",
    ],
)
def test_a_denial_ends_with_its_clause(text: str) -> None:
    assert reading(text) == NAMED


def test_a_point_within_a_number_ends_no_clause() -> None:
    assert reading("no 2.5 cm calciphylaxis") == NONE
    assert reading("no ulcer. cm calciphylaxis") == NAMED


# ---------------------------------------------------------------- the clause that follows
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("ruled out", NONE),
        ("excluded by biopsy", NONE),
        ("unlikely", NONE),
        ("less likely", NONE),
        ("not likely", NONE),
        ("ausgeschlossen", NONE),
        ("healed", HISTORY),
        ("resolved 2021", HISTORY),
        ("history of", HISTORY),
        ("Z.n.", HISTORY),
        ("suspected", PROVISIONAL),
        ("biopsy pending", PROVISIONAL),
        ("rule out", PROVISIONAL),
        ("r/o", PROVISIONAL),
        ("considered", PROVISIONAL),
        ("not confirmed", PROVISIONAL),
        ("V.a.", PROVISIONAL),
        ("?", PROVISIONAL),
        ("likely", PROVISIONAL),
        ("very possible", NAMED),
        ("possible today", PROVISIONAL),
        ("probable since two weeks", NAMED),
        ("likely triggered by warfarin", NAMED),
        ("history of diabetes", NAMED),
        ("no response to thiosulfate", NAMED),
        ("not on warfarin", NAMED),
        ("without ulcer", NAMED),
        ("left leg", NAMED),
    ],
)
@pytest.mark.parametrize("mark", [", ", ". ", "; ", ": "])
def test_the_clause_that_follows_directly_qualifies_the_name(mark: str, words: str, expected: str) -> None:
    assert reading(f"Calciphylaxis{mark}{words}") == expected


def test_a_clause_after_but_or_with_does_not_nor_does_one_further_on() -> None:
    assert reading("Calciphylaxis but suspected") == NAMED
    assert reading("Calciphylaxis with suspected ulcer") == NAMED
    assert reading("Calciphylaxis, left leg, suspected") == NAMED
    assert reading("Calciphylaxis., ruled out") == NONE


# ---------------------------------------------------------------- history
@pytest.mark.parametrize(
    "text",
    [
        "History of calciphylaxis",
        "H/O calciphylaxis",
        "hx of calciphylaxis",
        "Previous calciphylaxis, left leg",
        "prior severe calciphylaxis",
        "S/p calciphylaxis",
        "status post calciphylaxis",
        "Calciphylaxis of abdomen, healed 2022",
        "Healed calciphylaxis",
        "Calciphylaxis resolved",
        "Calciphylaxis, wound healed",
        "Calciphylaxis, left leg healed, not active",
        "Calciphylaxis, healed, no longer active",
        "Z.n. Kalziphylaxie",
        "Z. n. Kalziphylaxie",
        "Zustand nach Kalziphylaxie",
        "antécédent de calciphylaxie",
        "Antécédents de calciphylaxie",
        "antecedentes de calcifilaxis",
        "history of possible calciphylaxis",
    ],
)
def test_history_is_history(text: str) -> None:
    assert reading(text) == HISTORY


@pytest.mark.parametrize(
    "text",
    [
        "Calciphylaxis of both calves, not healed",
        "Calciphylaxis, never fully healed",
        "Calciphylaxis, partly healed",
        "Calciphylaxis, partially healed",
        "Calciphylaxis poorly healed",
        "Calciphylaxis, hardly healed",
        "Calciphylaxis, un-healed",
        "Calciphylaxis, unhealed",
        "Calciphylaxis non healed",
        "Calciphylaxis, left leg healed, right leg active",
        "Calciphylaxis, left leg healed; right leg open",
        "Calciphylaxis ongoing, one wound healed",
        "Recurrent calciphylaxis, healed 2019",
        "Calciphylaxis, cellulitis resolved",
        "Calciphylaxis, infection resolved",
        "Calciphylaxis, sepsis resolved",
        "Calciphylaxis, pneumonia resolved",
        "Calciphylaxis, bacteraemia resolved",
        "Calciphylaxis. Resolved cellulitis",
        "Calciphylaxis with ulcer healed",
        "Calciphylaxis but healed",
        "Calciphylaxis. Fracture healed",
        "Ulcer healed, calciphylaxis",
        "Fracture resolved. Calciphylaxis",
    ],
)
def test_what_is_not_over_is_no_history(text: str) -> None:
    assert reading(text) == NAMED


# ---------------------------------------------------------------- doubt
@pytest.mark.parametrize(
    "words",
    [
        *("possible", "Possibly", "probable", "probably", "suspected", "suspicion of", "concern for", "?", "presumed"),
        *("Presumptive", "likely", "pending", "vs", "versus", "Query", "considered", "suspicious for", "differential"),
        *("unconfirmed", "not confirmed", "not excluded", "not ruled out", "cannot be excluded", "to be excluded"),
        *("r/o", "rule out"),
    ],
)
def test_doubt_is_provisional(words: str) -> None:
    assert reading(f"{words} calciphylaxis") == PROVISIONAL
    assert reading(f"Calciphylaxis {words}") == PROVISIONAL


@pytest.mark.parametrize(
    "text",
    [
        "Calciphylaxis vs warfarin necrosis",
        "Calciphylaxis vs. warfarin necrosis",
        "Calciphylaxis in the differential",
        "Calciphylaxis was considered",
        "Calciphylaxis not confirmed so far",
        "Calciphylaxis (biopsy pending)",
        "calciphylaxis has not been excluded",
        "cannot exclude calciphylaxis",
        "calciphylaxis cannot be ruled out",
        "Verdacht auf Kalziphylaxie",
        "V.a. Kalziphylaxie",
        "V. a. Kalziphylaxie",
        "Suspicion de calciphylaxie",
        "sospecha de calcifilaxis",
        "sospetto di calcifilassi",
        "Kalziphylaxie nicht ausgeschlossen",
    ],
)
def test_doubt_in_other_words_and_languages(text: str) -> None:
    assert reading(text) == PROVISIONAL


def test_rule_out_is_a_question_close_before_the_name_only_and_ruled_out_is_a_denial() -> None:
    assert reading("Rule out new bad calciphylaxis") == PROVISIONAL
    assert reading("Rule out osteomyelitis under the calciphylaxis") == NAMED
    assert reading("Ruled out calciphylaxis") == NONE


def test_likely_after_less_is_no_doubt() -> None:
    assert reading("Vasculitis less likely here and now than calciphylaxis") == NAMED


# ---------------------------------------------------------------- several mentions, quotes
def test_the_strongest_of_several_mentions_counts() -> None:
    assert reading("history of calciphylaxis, now possible calciphylaxis") == PROVISIONAL
    assert reading("risk of calciphylaxis; calciphylaxis of the thigh") == NAMED
    assert reading("no calciphylaxis; history of calciphylaxis") == HISTORY


def test_the_first_that_holds_decides_denial_then_history_then_doubt() -> None:
    assert reading("no previous possible calciphylaxis") == NONE
    assert reading("suspected previous calciphylaxis") == HISTORY


def quote(text: str, concept: str = NAMED) -> str:
    return read(condition(text)).concepts[concept].words


def test_the_clause_is_quoted_as_recorded_with_the_one_that_qualifies_it() -> None:
    assert quote("Leg ulcer; Non-Healing Calciphylaxis of the left thigh. Pain") == (
        "Non-Healing Calciphylaxis of the left thigh"
    )
    assert quote("Pain, calciphylaxis, suspected; pain", PROVISIONAL) == "calciphylaxis, suspected"
    assert quote("Calciphylaxis: resolved 2021", HISTORY) == "Calciphylaxis: resolved 2021"
    assert quote("Suspected calciphylaxis, left leg", PROVISIONAL) == "Suspected calciphylaxis"


def test_a_quote_is_cut_at_80_characters() -> None:
    assert len(quote("calciphylaxis " + "x" * 66)) == 80
    assert not quote("calciphylaxis " + "x" * 66).endswith("…")
    assert len(quote("calciphylaxis " + "x" * 67)) == 80
    assert quote("calciphylaxis " + "x" * 67).endswith("x…")


def test_every_text_of_an_entry_is_read_by_itself() -> None:
    assert concepts("No", ("urn:x", "1", "Calciphylaxis")) == {NAMED}
    assert concepts("possible calciphylaxis", ("urn:x", "1", "History of calciphylaxis")) == {PROVISIONAL}
