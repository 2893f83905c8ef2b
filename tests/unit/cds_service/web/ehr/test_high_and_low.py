"""H and L: as the laboratory marked a result, else by the range sent with it, else by the limits of the rules."""

from __future__ import annotations

from typing import Any

import pytest

from cds_service.web.ehr.marks import Marked
from tests.unit.cds_service.web.ehr.lab_records import (
    ALBUMIN,
    ALP,
    CALCIUM,
    KT_V,
    PHOSPHATE,
    PTH,
    TODAY,
    knowledge,
    line,
    lines,
    quantity,
    result,
)

POTASSIUM = "2823-3"
LIMITS = knowledge().policy.thresholds(TODAY)


def reference(low: float | None = None, high: float | None = None, unit: str = "mg/dL", **more: Any) -> dict[str, Any]:
    ends = {name: quantity(end, unit) for name, end in (("low", low), ("high", high)) if end is not None}
    return {"referenceRange": [{**ends, **more}]}


def sent(code: str) -> dict[str, Any]:
    return {"interpretation": [{"coding": [{"code": code}]}]}


def marked(*results: dict[str, Any], sex: str = "female") -> Marked:
    return line(*results, sex=sex).newest.marked


# ------------------------------------------------------------------ the laboratory's own mark
@pytest.mark.parametrize(
    ("code", "mark", "words"),
    [
        ("H", "H", "high"),
        ("LL", "LL", "critically low"),
        ("hh", "HH", "critically high"),
        ("A", "A", "abnormal"),
        ("N", "", "normal"),
        ("POS", "POS", "POS"),
    ],
)
def test_what_the_laboratory_marked_stands_before_any_range(code: str, mark: str, words: str) -> None:
    found = marked(result(value=9, **sent(code), **reference(8, 8.5)))
    assert found == Marked(mark, f"{words}, as the laboratory marked it", "8–8.5 mg/dL")


def test_the_first_mark_that_is_understood_counts() -> None:
    marks = [*sent("X")["interpretation"], *sent("L")["interpretation"]]
    assert marked(result(interpretation=marks)).mark == "L"
    assert marked(result(POTASSIUM, interpretation=[{}])) == Marked()


# ------------------------------------------------------------------ the range that was sent
@pytest.mark.parametrize(
    ("value", "mark", "words"),
    [
        (3.4, "L", "below the range sent with it"),
        (3.5, "", ""),
        (5.0, "", ""),
        (5.1, "H", "above the range sent with it"),
    ],
)
def test_both_ends_of_the_range_that_was_sent_are_within(value: float, mark: str, words: str) -> None:
    found = marked(result(POTASSIUM, value, "mmol/L", **reference(3.5, 5.0, "mmol/L")))
    assert found == Marked(mark, words, "3.5–5.0 mmol/L")


@pytest.mark.parametrize(
    ("comparator", "value", "mark"),
    [
        ("<", 3.5, "L"),
        ("<=", 3.5, ""),
        ("<=", 3.4, "L"),
        ("<", 4, ""),
        (">", 5, "H"),
        (">=", 5, ""),
        (">=", 5.1, "H"),
        (">", 4, ""),
        ("~", 9, ""),
    ],
)
def test_a_comparator_marks_only_what_it_decides(comparator: str, value: float, mark: str) -> None:
    held = quantity(value, "mmol/L", comparator=comparator)
    assert marked(result(POTASSIUM, valueQuantity=held, **reference(3.5, 5, "mmol/L"))).mark == mark


@pytest.mark.parametrize(
    ("low", "high", "span"), [(None, 65, "up to 65 mg/dL"), (3, None, "from 3 mg/dL"), (None, None, "")]
)
def test_a_range_may_have_one_end(low: float | None, high: float | None, span: str) -> None:
    assert marked(result(POTASSIUM, 4, **reference(low, high))).span == span


def test_a_range_in_words_is_shown_and_marks_nothing() -> None:
    found = marked(result(POTASSIUM, 40, **reference(text="less than ten")))
    assert found == Marked("", "", "less than ten")


def test_the_two_ends_of_a_range_may_have_units_of_their_own() -> None:
    ends = {"low": quantity(900, "ug/dL"), "high": {"value": 10, "unit": "mg/dL"}}
    assert marked(result(POTASSIUM, 9, referenceRange=[ends])).span == "900 ug/dL–10 mg/dL"


def test_a_limit_without_a_unit_has_that_of_the_value() -> None:
    bare = {"referenceRange": [{"low": {"value": 3.5}, "high": {"value": 5}}]}
    assert marked(result(POTASSIUM, 6, "mmol/L", **bare)).mark == "H"


def test_a_limit_in_another_unit_marks_nothing() -> None:
    assert marked(result(POTASSIUM, 9, "mmol/L", **reference(1, 5, "mg/dL"))).mark == ""
    assert marked(result(POTASSIUM, 9, "", **reference(1, 5, "mg/dL"))).mark == ""
    assert marked(result(CALCIUM, 2.3, "mmol/L", **reference(8.4, 10.2, "mg/dL"))).mark == ""


def test_spellings_of_one_unit_are_one_unit() -> None:
    assert marked(result(CALCIUM, 10.9, "mg/dL", **reference(8.4, 10.2, "MG / DL"))).mark == "H"
    assert marked(result(CALCIUM, 10.9, "mg/dL", **reference(8.4, 10.2, "mg/100mL"))).mark == "H"


def test_a_range_for_the_other_sex_is_none_of_this_patient() -> None:
    male = reference(3.5, 5.0, "mmol/L", appliesTo=[{"text": "male"}])
    assert marked(result(POTASSIUM, 9, "mmol/L", **male)) == Marked()
    assert marked(result(POTASSIUM, 9, "mmol/L", **male), sex="male").mark == "H"


# ------------------------------------------------------------------ the limits of the rules
@pytest.mark.parametrize(
    ("code", "unit", "limit", "mark"),
    [
        (PHOSPHATE, "mg/dL", LIMITS.phosphate_high, "H"),
        (CALCIUM, "mg/dL", LIMITS.calcium_high, "H"),
        (CALCIUM, "mg/dL", LIMITS.calcium_low, "L"),
        (PTH, "pg/mL", LIMITS.pth_low, "L"),
        (PTH, "pg/mL", LIMITS.pth_high_times * LIMITS.pth_assumed_upper_limit, "H"),
        (ALBUMIN, "g/dL", LIMITS.albumin_low, "L"),
        (ALP, "U/L", LIMITS.alkaline_phosphatase_assumed_upper_limit, "H"),
        (KT_V, "1", LIMITS.hd_kt_v_minimum, "L"),
    ],
)
def test_without_a_range_the_limits_of_the_rules_mark_and_are_named(
    code: str, unit: str, limit: float, mark: str
) -> None:
    on_the_limit = marked(result(code, limit, unit))
    assert on_the_limit.mark == ""
    assert "rules: " in on_the_limit.span
    beyond = marked(result(code, limit + (0.01 if mark == "H" else -0.01), unit))
    assert beyond.mark == mark
    assert beyond.words.endswith("a limit of the rules")


@pytest.mark.parametrize(("value", "mark"), [(64, "L"), (110, ""), (480, ""), (65 * LIMITS.pth_high_times + 1, "H")])
def test_pth_is_marked_by_the_rules_for_dialysis_whatever_the_laboratory_says_of_healthy_kidneys(
    value: float, mark: str
) -> None:
    for of_laboratory in (reference(15, 65, "pg/mL"), {**reference(15, 65, "pg/mL"), **sent("H")}):
        found = marked(result(PTH, value, "pg/mL", **of_laboratory))
        assert found.mark == mark
        assert found.span.startswith("on dialysis, rules: ")
        assert found.span.endswith("; laboratory, for healthy kidneys: 15–65 pg/mL")
    flagged = marked(result(PTH, value, "pg/mL", **sent("H")))
    assert flagged.span.endswith("; high, as the laboratory marked it, for healthy kidneys")


def test_the_limits_of_the_rules_hold_where_the_range_that_was_sent_cannot_be_compared() -> None:
    found = marked(result(PHOSPHATE, 9, "mg/dL", **reference(1, 2, "furlong")))
    assert (found.mark, found.span) == ("H", f"1–2 furlong; rules: up to {LIMITS.phosphate_high} mg/dL")


def test_a_total_calcium_is_corrected_as_the_rules_correct_it() -> None:
    calcium, albumin = lines(result(CALCIUM, 9.8), result(ALBUMIN, 2.5, "g/dL"))
    assert (calcium.newest.marked.mark, albumin.newest.marked.mark) == ("H", "L")
    assert calcium.newest.marked.span == "rules: 8.4–10.2 mg/dL, corrected for albumin it is 11 mg/dL"
    assert marked(result(CALCIUM, 9.8)).mark == ""


def test_a_value_in_another_unit_is_shown_in_that_of_the_limits_too() -> None:
    found = marked(result(PHOSPHATE, 1.95, "mmol/L"))
    assert (found.mark, found.span) == ("H", "rules: up to 5.5 mg/dL, converted it is 6.04 mg/dL")


def test_an_analyte_without_a_limit_is_not_marked() -> None:
    assert marked(result(POTASSIUM, 9, "mmol/L")) == Marked()
    assert marked(result("39156-5", 60, "kg/m2")) == Marked()
