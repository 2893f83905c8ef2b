"""Explanation and cards never disagree: a card is given exactly where one of its rows is told to have given it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from hooks import order_select, order_sign, patient_view
from hooks.card import Card
from hooks.chart import Analyte, Chart, Source, Taken, Unreadable
from hooks.explain import as_data, explain
from hooks.explain.explanation import Explanation, Outcome, Row
from hooks.judgement import CannotJudge
from hooks.reasons import Reasons
from hooks.situations import SITUATIONS
from tests.unit.hooks.builders import (
    CALCITRIOL,
    CALCIUM_ACETATE,
    CONFIRMED,
    LIMITS,
    LIVEDO,
    NECROSIS,
    ON,
    ON_DIALYSIS,
    POLICY,
    SEPSIS,
    ULCER,
    WARFARIN,
    ago,
    chart,
    condition,
    drug,
    gap,
    procedure,
    result,
    span,
)

HOOKS: dict[str, Any] = {service.HOOK: service for service in (patient_view, order_select, order_sign)}
THINGS: tuple[Any, ...] = (
    *(ON_DIALYSIS,) * 6,
    CONFIRMED,
    NECROSIS,
    ULCER,
    LIVEDO,
    SEPSIS,
    WARFARIN,
    CALCIUM_ACETATE,
    CALCITRIOL,
    condition("skin_induration"),
    condition("systemic_sclerosis"),
    condition("gangrene_pad"),
    condition("foot_ulcer"),
    condition("cellulitis", recorded=span(20)),
    condition("cellulitis", recorded=span(60)),
    condition("skin_ulcer", recorded=span(LIMITS.sign_days + 1), still_active=True),
    condition("calciphylaxis_provisional", verification="provisional"),
    condition("calciphylaxis_history", past=True),
    condition("calciphylaxis_refuted", recorded=span(1)),
    condition("calcium_disorder_unspecific"),
    condition("transplant", recorded=span(400)),
    condition("ckd5"),
    condition("esrd"),
    condition("acute_kidney_injury"),
    condition("diabetes"),
    condition("obesity"),
    condition("liver_disease"),
    condition("mechanical_valve"),
    condition("valve_kind_unknown"),
    condition("antiphospholipid"),
    condition("hungry_bone"),
    condition("hypoparathyroidism"),
    condition("steroid_use"),
    procedure("haemodialysis_procedure", 3),
    procedure("haemodialysis_procedure", 91),
    procedure("parathyroidectomy", 30),
    procedure("mechanical_valve", None),
    drug("calcimimetic"),
    drug("denosumab"),
    drug("systemic_corticosteroid", days=40),
    drug("iv_iron"),
    drug("doac_not_for_dialysis"),
    drug("peritoneal_dialysis_fluid"),
    drug(),
    result(Analyte.TOTAL_CALCIUM, LIMITS.calcium_high + 0.2, 5),
    result(Analyte.TOTAL_CALCIUM, LIMITS.calcium_very_high, 5),
    result(Analyte.TOTAL_CALCIUM, LIMITS.calcium_low - 0.1, 5),
    result(Analyte.TOTAL_CALCIUM, 9.0, 50),
    result(Analyte.TOTAL_CALCIUM, 9.0, 5, comparator=">"),
    result(Analyte.IONISED_CALCIUM, 1.2, 3),
    result(Analyte.ALBUMIN, LIMITS.albumin_low - 0.4, 6),
    result(Analyte.PHOSPHATE, LIMITS.phosphate_high + 2, 5),
    result(Analyte.PHOSPHATE, 3.0, 5),
    result(Analyte.INTACT_PTH, LIMITS.pth_low - 1, 5),
    result(Analyte.INTACT_PTH, LIMITS.pth_low - 1, 40),
    result(Analyte.INTACT_PTH, 1200, 9),
    result(Analyte.ALKALINE_PHOSPHATASE, 300, 9),
    result(Analyte.SP_KT_V, 1.0, 9),
    result(Analyte.BODY_MASS_INDEX, 31, 9),
    result(Analyte.DRY_WEIGHT, 80, 100),
    result(Analyte.DRY_WEIGHT, 70, 5),
    result(Analyte.BODY_TEMPERATURE, LIMITS.temperature_high + 1, 1),
    result(Analyte.WHITE_CELL_COUNT, LIMITS.white_cells_high + 1, 1),
    Unreadable(Analyte.TOTAL_CALCIUM.value, "no unit", ago(2)),
    Unreadable(Analyte.INTACT_PTH.value, "no unit", None),
    gap("dialysis_procedures"),
    gap("surgery_procedures"),
    gap("valve_procedures"),
    gap("calcium", Analyte.TOTAL_CALCIUM),
    gap("temperature", Analyte.BODY_TEMPERATURE),
    gap("medications"),
    gap("conditions"),
    replace(gap("conditions"), cut=True),
    replace(gap("medications"), cut=True),
)
"""What a chart may hold, near limits and beyond them; dialysis often, because without it little happens."""
DRAFTS = (
    *(drug(name, days=0) for name in POLICY.rules),
    drug("calcium_product", "nutritional_vitamin_d"),
    drug(),
)
CHARTS = 800


def a_chart(dice: random.Random) -> Chart:
    """A chart of some of these things."""
    things = dice.sample(THINGS, dice.randint(0, 12))
    made = chart(
        *things,
        drafts=tuple(dice.sample(DRAFTS, dice.randint(0, 3))),
        unread_drafts=dice.choice((0, 0, 0, 1)),
        sex=dice.choice(("female", "male", "")),
        born=dice.choice((date(1950, 1, 1), date(1950, 1, 1), None, date(2012, 1, 1), date(2030, 1, 1))),
    )
    taken = (Taken(Source.STATEMENT, replace(WARFARIN, source=Source.STATEMENT), ago(5)),)
    return replace(
        made,
        history=dice.choice(((), (), taken, (Taken(Source.STATEMENT, None, ago(5)),))),
        unread_medications=dice.choice((0, 0, 0, 1)),
        unread_conditions=dice.choice((0, 0, 0, 1)),
        masked_conditions=dice.choice((False, False, False, True)),
        unread_sessions=dice.choice(((), (), (), (ago(4),))),
    )


def rows_of(explanation: Explanation) -> Iterator[Row]:
    yield from explanation.status_rows
    for group in explanation.drug_classes:
        yield from group.rows


def answer_of(hook: str, made: Chart) -> tuple[list[Card], str]:
    try:
        return HOOKS[hook].advise(made, ON, POLICY), ""
    except CannotJudge as refusal:
        return [], str(refusal)


@pytest.mark.parametrize("hook", HOOKS)
def test_a_card_is_given_where_a_row_of_it_is_told_to_have_given_it_and_nowhere_else(
    hook: str, reasons: Reasons
) -> None:
    dice = random.Random(7)
    seen: set[Outcome] = set()
    for _ in range(CHARTS):
        made = a_chart(dice)
        cards, refused = answer_of(hook, made)
        explanation, given = explain(hook, made, ON, POLICY, reasons)
        told = {(row.topic, row.indicator) for row in rows_of(explanation) if row.outcome is Outcome.FIRED}
        assert told == {(card.topic, card.indicator) for card in cards}, made
        assert given == cards
        assert explanation.refused == refused
        seen |= {row.outcome for row in rows_of(explanation)}
    # While ordering, nothing that holds is dropped.
    assert seen >= {*Outcome} - {Outcome.SILENT} - ({Outcome.DROPPED} if hook == "order-select" else set())


@pytest.mark.parametrize("hook", HOOKS)
def test_a_row_that_does_not_hold_names_what_keeps_it_and_the_answers_agree_with_the_rules(
    hook: str, reasons: Reasons
) -> None:
    dice = random.Random(8)
    for _ in range(CHARTS // 5):
        explanation, _ = explain(hook, a_chart(dice), ON, POLICY, reasons)
        for row in rows_of(explanation):
            met = {name: explanation.answers[name].met for name in (*row.when, *row.unless)}
            holds = all(met[name] for name in row.when) and not any(met[name] for name in row.unless)
            if row.outcome in (Outcome.NOT_MET, Outcome.CANNOT_TELL):
                assert row.kept_by
                assert not holds
            elif row.outcome not in (Outcome.NOT_ASKED, Outcome.NOT_REACHED):
                assert holds
                assert not row.kept_by
            if row.outcome is Outcome.CANNOT_TELL:
                assert {met[name] for name in row.kept_by} == {None}


def test_a_silent_answer_always_says_what_kept_it_silent(reasons: Reasons) -> None:
    dice = random.Random(9)
    silent = 0
    for _ in range(CHARTS // 3):
        for hook in HOOKS:
            explanation, cards = explain(hook, a_chart(dice), ON, POLICY, reasons)
            if not cards:
                silent += 1
                assert len(explanation.headline) > 1 or explanation.refused
                child = explanation.answers["child"].met
                assert explanation.silence or child or explanation.refused
    assert silent > CHARTS / 10


def test_everything_that_is_said_is_data_for_json(reasons: Reasons) -> None:
    dice = random.Random(10)
    for _ in range(50):
        explanation, _ = explain("patient-view", a_chart(dice), ON, POLICY, reasons)
        assert_plain(as_data(explanation))


def assert_plain(value: object) -> None:
    match value:
        case dict():
            for name, inner in value.items():
                assert isinstance(name, str)
                assert_plain(inner)
        case list():
            for inner in value:
                assert_plain(inner)
        case _:
            assert value is None or type(value) in (str, int, float, bool)


def test_every_question_of_the_rules_has_its_words(reasons: Reasons) -> None:
    assert reasons.questions.keys() >= SITUATIONS.keys()
