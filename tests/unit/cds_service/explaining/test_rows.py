"""The rules of an explanation: what became of each, and the questions that it asked."""

from __future__ import annotations

import pytest

from cds_service.explaining.rows import Line, Question, rows_of
from cds_service.explaining.words import became
from cds_service.stories import Vignette
from hooks.explain import as_data
from hooks.explain.explanation import Outcome
from tests.explained_stories import explained, some_stories
from tests.unit.cds_service.explaining.explanations import (
    ANSWERS,
    EXCLUDED,
    FAR,
    GIVEN,
    HELD,
    OPEN,
    SUSPECTED,
    Json,
    answer,
    answers,
    unasked,
)


def test_a_rule_tells_its_questions_in_order_and_which_of_them_is_why_it_does_not_hold() -> None:
    suspected, possible = rows_of([SUSPECTED, EXCLUDED], ANSWERS)
    assert (suspected.topic, suspected.title, suspected.mark.word) == ("cua-suspected", "Suspected", "does not hold")
    assert [(one.mark.word, one.says, one.kept, one.unless) for one in suspected.questions + possible.questions] == [
        ("yes", "the patient is on dialysis", False, False),
        ("no", "there is a skin sign", True, False),
        ("yes", "the patient is on dialysis", False, False),
        ("yes", "calciphylaxis was excluded", True, True),
    ]


def test_a_question_brings_its_facts_and_those_that_it_is_made_of() -> None:
    (row,) = rows_of([SUSPECTED], ANSWERS)
    dialysis, sign = row.questions
    assert dialysis.facts == (Line("dialysed on Monday"),)
    assert [(part.says, part.mark.word, part.kept) for part in sign.parts] == [
        ("a sign is grave", "no", False),
        ("a sign is weak", "cannot tell", False),
    ]
    assert sign.parts[1].facts == (Line("the problem list was not available"),)


def test_what_a_question_rests_on_is_told_once() -> None:
    first, second, third = (row.questions[0] for row in rows_of([GIVEN, OPEN, SUSPECTED], ANSWERS))
    assert (first.facts, first.above) == ((Line("dialysed on Monday"),), False)
    assert (second.facts, second.above) == ((), True)
    assert (third.facts, third.above) == ((), True)


def test_parts_are_told_once_too_and_a_question_that_rests_on_nothing_is_not_above() -> None:
    _, sign = (row.questions[1] for row in rows_of([SUSPECTED, {**SUSPECTED, "when": ["dialysis", "sign"]}], ANSWERS))
    assert (sign.parts, sign.above) == ((), True)
    _, read = (row.questions[1] for row in rows_of([OPEN, OPEN], ANSWERS))
    assert not read.above


def test_questions_that_are_made_of_each_other_come_to_an_end() -> None:
    circle = answers(answer("a", "A", True, parts=("b", "b")), answer("b", "B", True, parts=("a",)))
    (row,) = rows_of([{**GIVEN, "when": ["a"]}], circle)
    (first,) = row.questions
    assert [part.says for part in first.parts] == ["B", "B"]
    assert first.parts[0].parts == (Question(first.mark, "A", above=True),)
    assert first.parts[1].parts == ()


def test_a_code_is_named_where_the_words_do_not_hold_it() -> None:
    facts = [
        {"says": "warfarin (RxNorm 1)", "how": "RxNorm 1"},
        {"says": "warfarin", "how": "RxNorm 1"},
        {"says": "calcium 9.4", "how": "17861-6", "result": {"analyte": "calcium", "value": 9.4, "on": "2026-11-29"}},
    ]
    (row,) = rows_of([GIVEN], {"dialysis": {"name": "dialysis", "says": "d", "met": True, "facts": facts}})
    assert [fact.how for fact in row.questions[0].facts] == ["", "RxNorm 1", "code 17861-6"]


def test_rules_that_were_not_asked_for_one_reason_are_one_line_whose_names_add_up() -> None:
    rows = [
        HELD,
        unasked("vka-a", "First"),
        unasked("vka-b", "Second"),
        unasked("vka-a", "Third"),
        unasked("vka-b", "Fourth", "another reason"),
    ]
    told = list(rows_of(rows, ANSWERS))
    assert [(row.topic, row.title, row.why, row.names) for row in told] == [
        ("vka-dialysis", "On dialysis", "the status card names the drug", ""),
        ("", "3 rules", "a rule above ends the search", "vka-a, 2 rules; vka-b"),
        ("vka-b", "Fourth", "another reason", ""),
    ]
    assert {row.mark.word for row in told[1:]} == {"not asked"}


# ------------------------------------------------------------------ rules that tell nothing
def folded(*rows: Json) -> list[tuple[str, str, str, str]]:
    return [(row.title, row.mark.word, row.why, row.names) for row in rows_of(rows, ANSWERS) if not row.questions]


def test_rules_without_a_telling_answer_are_one_line_below_the_others() -> None:
    rows = list(rows_of([FAR, SUSPECTED, {**FAR, "topic": "cua-fever"}, GIVEN, FAR], ANSWERS))
    assert [row.title for row in rows] == ["Suspected", "Risk", "3 rules"]
    assert (rows[2].mark.word, rows[2].why) == ("do not hold", "there is sepsis (or a fever): today: no")
    assert rows[2].names == "cua-sepsis, 2 rules; cua-fever"


def test_each_first_reason_has_its_line() -> None:
    grave = {**FAR, "when": ["grave", "sepsis"], "kept_by": ["grave", "sepsis"]}
    assert [why for _, _, why, _ in folded(grave, FAR, grave, FAR)] == [
        "a sign is grave: no", "there is sepsis (or a fever): today: no",
    ]  # fmt: skip


def test_a_single_one_keeps_its_name() -> None:
    (row,) = rows_of([FAR], ANSWERS)
    assert (row.topic, row.title, row.mark.word, row.names) == ("cua-sepsis", "Sepsis", "does not hold", "")
    assert (row.why, row.questions) == ("there is sepsis (or a fever): today: no", ())


@pytest.mark.parametrize("outcome", [one for one in Outcome if one is not Outcome.NOT_MET])
def test_whatever_came_to_something_else_is_never_folded(outcome: Outcome) -> None:
    (row,) = rows_of([{**FAR, "outcome": outcome.value}], ANSWERS)
    assert bool(row.questions) is (row.mark.word != "not asked")


@pytest.mark.parametrize(
    ("kept", "tells"), [(["sign"], True), (["sepsis"], False), (["sign", "grave"], False), ([], True)]
)
def test_a_rule_tells_something_where_facts_speak_against_one_question_only(kept: list[str], tells: bool) -> None:
    (row,) = rows_of([{**SUSPECTED, "kept_by": kept}], ANSWERS)
    assert bool(row.questions) is tells


def test_the_facts_of_a_reason_are_told_once() -> None:
    two = {**SUSPECTED, "kept_by": ["sign", "grave"]}
    (row,) = rows_of([two, two], ANSWERS)
    assert (row.why, row.facts) == ("there is a skin sign: no", (Line("a scar is none"),))
    _, row = rows_of([two, SUSPECTED], ANSWERS)
    assert (row.why, row.facts) == ("there is a skin sign: no (see above)", ())


def test_what_must_not_be_is_said_of_a_reason_too() -> None:
    both = {**EXCLUDED, "when": ["sepsis"], "kept_by": ["refuted", "sepsis"]}
    assert [why for _, _, why, _ in folded(both)] == ["calciphylaxis was excluded: yes (must be no)"]
    assert len(folded(both, {**both, "when": ["refuted", "sepsis"], "unless": []})) == 2


def each_time(name: str) -> list[str]:
    """'vka-cua, 2 rules' is vka-cua twice."""
    topic, _, times = name.partition(", ")
    return [topic] * int(times.split()[0] if times else 1)


@pytest.mark.parametrize("story", some_stories()[::6], ids=lambda story: story.title)
def test_no_rule_of_a_story_is_lost_or_counted_twice(story: Vignette) -> None:
    data = as_data(explained(story).explanation)
    groups = [data.get("status_rows", []), *(group.get("rows", []) for group in data.get("drug_classes", []))]
    for rows in groups:
        shown = list(rows_of(rows, data["answers"]))
        assert sum(int(row.title.split()[0]) if row.names else 1 for row in shown) == len(rows)
        named = [name for row in shown for name in (row.names.split("; ") if row.names else [row.topic])]
        told = [topic for name in named for topic in each_time(name)]
        assert sorted(told) == sorted(row["topic"] for row in rows)


# ------------------------------------------------------------------ rules of one topic
def apart(*asked: list[str]) -> list[str]:
    return [row.apart for row in rows_of([{**GIVEN, "when": names} for names in asked], ANSWERS)]


def test_rules_of_one_topic_are_told_apart_by_what_one_alone_asks() -> None:
    assert apart(["dialysis", "sepsis"], ["dialysis", "sign"], ["dialysis"]) == [
        "there is sepsis", "there is a skin sign", "",
    ]  # fmt: skip


def test_a_question_that_one_alone_asks_goes_before_those_that_some_ask() -> None:
    assert apart(["grave", "sepsis"], ["grave"], ["dialysis"]) == [
        "there is sepsis", "a sign is grave", "the patient is on dialysis",
    ]  # fmt: skip


def test_where_each_question_is_asked_twice_the_whole_tells_them_apart() -> None:
    assert apart(["grave", "sign"], ["grave", "weak"], ["sepsis", "sign"], ["sepsis", "weak"]) == [
        "a sign is grave; there is a skin sign",
        "a sign is grave; a sign is weak",
        "there is sepsis; there is a skin sign",
        "there is sepsis; a sign is weak",
    ]


def test_a_rule_that_is_alone_in_its_topic_needs_no_more_than_its_name() -> None:
    assert [row.apart for row in rows_of([GIVEN, {**SUSPECTED, "topic": "cua-else"}], ANSWERS)] == ["", ""]


def test_folded_rules_are_told_apart_too() -> None:
    (row,) = (row for row in rows_of([{**GIVEN, "topic": "cua-sepsis"}, FAR], ANSWERS) if not row.questions)
    assert row.apart == "there is sepsis"


def test_a_card_tells_how_urgent_it_is() -> None:
    (row,) = rows_of([GIVEN], ANSWERS)
    assert (row.indicator, row.mark.word) == ("info", "gave its card")


@pytest.mark.parametrize("outcome", Outcome)
def test_every_outcome_has_a_sign_and_words_of_its_own(outcome: Outcome) -> None:
    mark = became(outcome.value)
    assert mark.sign
    others = {became(other.value).word for other in Outcome if other is not outcome}
    not_asked = {Outcome.NOT_ASKED, Outcome.NOT_REACHED}
    assert (mark.word in others) is (outcome in not_asked)
