"""What a reader of an explanation sees, in which order, and in which words."""

from __future__ import annotations

import pytest

from cds_service.api import is_explanation
from cds_service.explaining.outline import Section, outline
from cds_service.explaining.rows import Line
from cds_service.explaining.words import TIERS
from hooks.tiers import Tier
from tests.unit.cds_service.explaining.explanations import (
    ANSWERS,
    GIVEN,
    HELD,
    OPEN,
    SUSPECTED,
    Json,
    an_explanation,
    unasked,
)


def section(data: Json, name: str) -> Section:
    return next(one for one in outline(data).sections if one.name == name)


def names(data: Json) -> list[str]:
    return [one.name for one in outline(data).sections]


def said(lines: tuple[Line, ...]) -> list[str]:
    return [line.says for line in lines]


def test_what_these_tests_show_is_an_explanation() -> None:
    assert is_explanation(an_explanation())


def test_the_order_is_patient_risk_signs_status_drugs_results_gaps_origins() -> None:
    told = outline(an_explanation())
    assert told.headline == ("One card comes: cua-risk.", "On dialysis, without a sign.")
    assert [name for name, _ in told.patient] == ["Patient", "Dialysis", "Judged as"]
    assert names(an_explanation()) == [
        "score", "signs", "status", "class-vka", "not-asked", "others", "conditions", "results", "missing", "origins",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("member", "gone"),
    [("score", "score"), ("status_rows", "status"), ("other_drugs", "others"), ("missing", "missing"),
     ("origins", "origins")],
)  # fmt: skip
def test_a_section_with_nothing_to_say_is_left_out(member: str, gone: str) -> None:
    assert gone not in names(an_explanation(**{member: None}))
    assert gone in names(an_explanation())


@pytest.mark.parametrize(
    ("cards", "refused", "headline", "reason"),
    [
        ([{}], None, ["One card comes: cua-risk.", "On dialysis."], "One card comes: cua-risk."),
        (None, None, ["No card comes.", "Not on dialysis.", "No drug."], "Not on dialysis."),
        (None, None, ["No card comes."], "No card comes."),
        (None, "conditions", ["The service would not judge.", "Conditions failed."], "The service would not judge."),
        (None, None, ["No card comes.", "x" * 160], "x" * 160),
        (None, None, ["No card comes.", "x" * 161], "x" * 160 + " …"),
        (None, None, ["No card comes.", "a" * 150 + ", " + "b" * 20], "a" * 150 + " …"),
    ],
)
def test_the_closed_fold_tells_which_cards_come_or_why_none(
    cards: list[Json] | None, refused: str | None, headline: list[str], reason: str
) -> None:
    assert outline(an_explanation(cards=cards, refused=refused, headline=headline)).reason == reason


def test_a_call_that_looked_at_nobody_says_its_headline_only() -> None:
    told = outline({"hook": "order-select", "on": "2026-11-29", "headline": ["No card comes."]})
    assert (told.patient, told.sections) == ((), ())
    assert told.moment == "An order was picked (order-select), 2026-11-29"


# ------------------------------------------------------------------ the patient
def test_the_patient_is_told_with_what_shows_dialysis() -> None:
    told = dict(outline(an_explanation()).patient)
    assert said(told["Patient"]) == ["70 years, male"]
    assert said(told["Dialysis"]) == ["on dialysis", "seen on Monday"]
    assert said(told["Judged as"]) == [TIERS["elevated risk"]]


def test_a_fact_that_says_the_dialysis_again_stands_alone() -> None:
    patient = {"age": "70 years", "dialysis": "on dialysis", "facts": [{"says": "on dialysis (a code)"}]}
    told = dict(outline(an_explanation(patient=patient)).patient)
    assert said(told["Dialysis"]) == ["on dialysis (a code)"]
    assert said(told["Patient"]) == ["70 years, no sex recorded"]


def test_who_is_not_judged_is_never_called_free_of_risk() -> None:
    told = dict(outline(an_explanation(refused="conditions could not be read", tier="none")).patient)
    assert said(told["Judged as"]) == ["not judged: conditions could not be read"]


def test_without_a_tier_nothing_is_said_of_it() -> None:
    assert "Judged as" not in dict(outline(an_explanation(tier=None)).patient)


def test_every_tier_has_its_words() -> None:
    assert set(TIERS) == {tier.value for tier in Tier}


def test_each_risk_factor_is_given_not_given_or_cannot_be_told() -> None:
    score = section(an_explanation(), "score")
    assert [(one.says, one.points, one.mark.word) for one in score.factors] == [
        ("warfarin", 2, "counts"),
        ("female sex", 1, "does not count"),
        ("low albumin", 1, "cannot tell"),
    ]
    assert score.note == "2 points; 1 of 3 factors cannot be told"
    assert said(score.factors[0].facts) == ["warfarin 5 mg"]
    assert "Elevated risk from 2 on; high risk from 6 on." in score.lines[0].says


def test_where_every_factor_is_known_the_points_stand_alone() -> None:
    data = an_explanation()
    data["score"]["factors"].pop()
    data["score"]["points"] = 1
    assert section(data, "score").note == "1 point"


@pytest.mark.parametrize(
    ("signs", "met", "note", "lines"),
    [
        ([{"says": "livedo"}], True, "1 that counts today", ["livedo"]),
        ([{"says": "livedo"}, {"says": "necrosis"}], True, "2 that count today", ["livedo", "necrosis"]),
        ([], False, "none that counts today", ["a scar"]),
        ([], None, "cannot be told", ["a scar"]),
    ],
)
def test_signs_are_counted_and_what_came_near_is_named(
    signs: list[Json], met: bool | None, note: str, lines: list[str]
) -> None:
    asked = {"name": "skin_sign", "says": "a sign", "met": met, "facts": [{"says": "a scar"}]}
    shown = section(an_explanation(signs=signs, answers={**ANSWERS, "skin_sign": asked}), "signs")
    assert (shown.note, said(shown.lines)) == (note, lines)


def test_no_entry_at_all_is_said() -> None:
    assert said(section(an_explanation(), "signs").lines) == ["no entry looks like one"]


# ------------------------------------------------------------------ the rules
@pytest.mark.parametrize(
    ("rows", "note"),
    [
        ([SUSPECTED, GIVEN, OPEN], "gave its card: cua-risk"),
        ([GIVEN, {**GIVEN, "topic": "cua-more"}], "gave its card: cua-risk, cua-more"),
        ([SUSPECTED, HELD, OPEN], "holds, but is not shown here: vka-dialysis"),
        ([SUSPECTED, OPEN], "cannot tell whether it holds: cua-gap"),
        ([SUSPECTED, {**SUSPECTED, "kept_by": ["refuted"]}], "no rule holds"),
        ([SUSPECTED, unasked("cua-risk", "Risk")], "no rule holds"),
        ([{**SUSPECTED, "outcome": "not asked", "kept_by": []}], "not asked"),
    ],
)
def test_a_closed_fold_says_what_its_rules_came_to(rows: list[Json], note: str) -> None:
    assert section(an_explanation(status_rows=rows), "status").note == note


@pytest.mark.parametrize(
    ("hook", "title"), [("patient-view", "Status cards"), ("order-sign", "Cards on what could not be read")]
)
def test_at_an_order_the_status_cards_are_those_on_what_could_not_be_read(hook: str, title: str) -> None:
    assert section(an_explanation(hook=hook), "status").title == title


def test_a_class_is_told_with_its_drugs_and_a_code_is_not_told_twice() -> None:
    shown = section(an_explanation(), "class-vka")
    assert shown.title == "Vitamin K antagonist"
    assert shown.lines == (Line("warfarin (RxNorm 1)"),)


def test_classes_that_were_not_asked_are_one_list_with_the_reason() -> None:
    shown = section(an_explanation(), "not-asked")
    assert shown.note == "2: no active drug is of this class"
    assert said(shown.lines) == ["iron by mouth", "calcium product"]
    child = {"drug_class": "iron", "name": "iron", "drugs": [{"says": "ferrous sulfate"}], "not_asked": "a child"}
    assert said(section(an_explanation(drug_classes=[child]), "not-asked").lines) == ["iron: ferrous sulfate"]
    assert "not-asked" not in names(an_explanation(drug_classes=None))


def test_drugs_without_a_rule_are_named() -> None:
    assert said(section(an_explanation(), "others").lines) == ["amlodipine"]


# ------------------------------------------------------------------ the data
def test_no_results_are_said_to_be_none() -> None:
    assert section(an_explanation(results=None), "results").note == "none"
    assert section(an_explanation(), "results").note == "1"


@pytest.mark.parametrize(
    ("missing", "note"),
    [(["no result: PTH"], "no result: PTH"), (["no result: PTH", "x", "y"], "no result: PTH; and 2 more")],
)
def test_what_is_missing_is_said_on_the_closed_fold(missing: list[str], note: str) -> None:
    assert section(an_explanation(missing=missing), "missing").note == note


def test_what_was_not_had_stands_first_and_the_rest_by_where_it_came_from() -> None:
    shown = section(an_explanation(), "origins")
    assert shown.note == "of 3 look-ups 1 failed or is not whole"
    assert [(line.says, line.lacks) for line in shown.lines] == [
        ("PTH results: not available: timed out", True),
        ("Sent along: the patient (1), conditions (7)", False),
    ]


def test_look_ups_that_all_came_are_counted_only() -> None:
    data = an_explanation()
    del data["origins"][1]
    assert section(data, "origins").note == "2 look-ups"
