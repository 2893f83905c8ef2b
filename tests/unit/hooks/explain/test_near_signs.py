"""An entry that looks like a skin sign and is none today says why."""

from __future__ import annotations

from typing import Any

import pytest

from hooks.reasons import Reasons
from tests.unit.hooks.builders import ON_DIALYSIS, condition, span
from tests.unit.hooks.explain.told import answer, opened, said


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        (condition("livedo", text="Livedo", past=True), "livedo; not active"),
        (condition("foot_ulcer", text="Ulcer"), "foot or heel ulcer; alone it is no sign"),
        (condition("livedo", recorded=span(181)), "older than 180 days, and not said to be still active"),
        (condition("cellulitis", recorded=span(5)), "two episodes within 180 days make a sign"),
        (condition("calciphylaxis_history", past=True), "past calciphylaxis is no sign"),
        (condition("calciphylaxis_refuted"), "calciphylaxis that was excluded is no sign"),
    ],
    ids=lambda value: "" if not isinstance(value, str) else value,
)
def test_an_entry_that_is_no_sign_today_says_why(entry: Any, why: str, reasons: Reasons) -> None:
    told = opened(reasons, ON_DIALYSIS, entry)
    met, facts = answer(told, "skin_sign")
    assert met is False
    assert [line for line in facts if line.startswith("no sign today: ") and why in line]


def test_hard_skin_that_is_explained_names_what_explains_it(reasons: Reasons) -> None:
    told = opened(reasons, ON_DIALYSIS, condition("skin_induration"), condition("morphea", text="Morphea"))
    assert "explained by “Morphea” (undated)" in " ".join(answer(told, "skin_sign")[1])


def test_an_entry_that_another_sign_stands_for_is_told_apart_from_signs(reasons: Reasons) -> None:
    things = (condition("skin_texture", text="Texture"), condition("skin_induration", text="Induration"))
    told = opened(reasons, ON_DIALYSIS, *things)
    assert told.answers["skin_sign"].met is True
    assert ["Induration" in line for line in said(told.signs)] == [True]


def test_beside_a_foot_ulcer_a_texture_code_outweighed_by_nothing_counts(reasons: Reasons) -> None:
    told = opened(reasons, ON_DIALYSIS, condition("foot_ulcer"), condition("painful_lesion"))
    assert {fact.says.split(":")[0] for fact in told.signs} == {"painful, violaceous or mottled skin", "skin ulcer"}
