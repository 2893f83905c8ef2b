"""A nephrologist reads a line per analyte: what it is, its newest value as it was sent, and the one before."""

from __future__ import annotations

from typing import Any

import pytest

from cds_service.web.ehr.results import METHOD_NOT_KNOWN
from hooks.chart import Analyte
from tests.unit.cds_service.web.ehr.lab_records import (
    ALBUMIN,
    CALCIUM,
    KT_V,
    LOINC,
    PHOSPHATE,
    PTH,
    knowledge,
    line,
    lines,
    result,
    without_value,
)


# ------------------------------------------------------------------ names
@pytest.mark.parametrize(("code", "name"), [(CALCIUM, "Calcium"), (PTH, "Intact PTH"), (PHOSPHATE, "Phosphate")])
def test_what_the_rules_know_has_the_name_of_the_service(code: str, name: str) -> None:
    found = line(result(code))
    assert (found.name, found.sent_as) == (name, f"the name of {code}")


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        ("Ferritin [Mass/volume] in Serum or Plasma", "Ferritin"),
        ("Protein [Mass/volume] in Urine", "Protein in Urine"),
        ("Hemoglobin [Mass/volume] in Blood", "Hemoglobin in Blood"),
        ("Potassium", "Potassium"),
        ("[Mass/volume]", "[Mass/volume]"),
        (" [x] in Serum", "[x]"),
    ],
)
def test_what_they_do_not_know_keeps_its_own_name_without_the_words_for_machines(sent: str, name: str) -> None:
    assert line(result(code={"text": sent})).name == name


def test_a_result_without_a_name_says_so() -> None:
    assert line(result(code={})).name == "result without a name"


# ------------------------------------------------------------------ one line per analyte
def test_a_line_holds_the_newest_value_the_one_before_and_all_others() -> None:
    days = ["2026-01-05", "2026-03-01", "2025-12-01", "2026-02-02"]
    found = line(*[result(value=9 + n / 10, effectiveDateTime=day) for n, day in enumerate(days)])
    assert (found.newest.value, found.newest.day) == ("9.1 mg/dL", "2026-03-01")
    assert found.before is not None
    assert (found.before.value, found.before.day) == ("9.3 mg/dL", "2026-02-02")
    assert [other.day for other in found.others] == ["2026-01-05", "2025-12-01"]
    assert found.more == "2 more"


def test_codes_of_one_analyte_share_a_line_and_other_results_share_one_by_code_or_name() -> None:
    assert len(lines(result(CALCIUM), result("2000-8", 2.3, "mmol/L"))) == 1
    assert len(lines(result("2823-3"), result("2823-3"), result("2951-2"))) == 2
    assert len(lines(result(code={"text": "Potassium"}), result(code={"text": "potassium"}))) == 1


def test_lines_stand_newest_first_and_of_one_day_those_of_the_rules_in_their_order() -> None:
    found = lines(
        result("2823-3"),
        result(ALBUMIN, 3.9, "g/dL"),
        result(CALCIUM),
        result("2951-2", effectiveDateTime="2026-03-02"),
        result("2157-6", effectiveDateTime=None),
    )
    assert [one.name for one in found] == [
        "the name of 2951-2",
        "Calcium",
        "Albumin",
        "the name of 2823-3",
        "the name of 2157-6",
    ]


def test_of_one_day_the_later_hour_and_of_one_moment_the_corrected_one_is_the_newest() -> None:
    early, late = result(value=8, effectiveDateTime="2026-03-01T08:00:00Z"), "2026-03-01T10:00:00Z"
    found = line(early, result(value=10, effectiveDateTime=late))
    assert found.newest.value == "10 mg/dL"
    both = [result(value=8, status="corrected"), result(value=9, status="final"), result(value=7, status="preliminary")]
    found = line(*both)
    assert (found.newest.value, found.newest.status) == ("8 mg/dL", "corrected")


# ------------------------------------------------------------------ the day by which the rules go
def collected(start: str, end: str, **more: Any) -> dict[str, Any]:
    return result(PHOSPHATE, 6.1, effectiveDateTime=None, effectivePeriod={"start": start, "end": end}, **more)


def test_a_result_of_a_period_stands_at_its_end_and_not_at_the_day_of_issue() -> None:
    older = collected("2025-11-02", "2025-11-03", issued="2025-11-20T08:00:00Z")
    found = line(older, result(PHOSPHATE, 5.0, effectiveDateTime="2025-11-10"))
    assert (found.newest.value, found.newest.day) == ("5.0 mg/dL", "2025-11-10")
    assert found.before is not None
    assert (found.before.value, found.before.day) == ("6.1 mg/dL", "2025-11-03")


@pytest.mark.parametrize("code", [PHOSPHATE, "2823-3"])
def test_an_instant_is_shown_on_its_day_in_the_clinic(code: str) -> None:
    late = result(code, effectiveDateTime="2025-11-20T23:30:00Z")
    assert line(late, zone="Europe/Berlin").newest.day == "2025-11-21"
    assert line(late).newest.day == "2025-11-20"


def test_what_no_rule_reads_is_dated_in_the_same_order() -> None:
    potassium = {**collected("2025-11-02", "2025-11-03", issued="2025-11-20T08:00:00Z"), "code": {"text": "Potassium"}}
    assert line(potassium).newest.day == "2025-11-03"
    only_start = {**potassium, "effectivePeriod": {"start": "2025-11-02"}, "issued": None}
    assert line(only_start).newest.day == "2025-11-02"


def test_of_one_day_the_later_instant_is_the_newest_though_its_text_sorts_first() -> None:
    early = result(value=8, effectiveDateTime="2026-03-01T09:00:00+05:00")
    late = result(value=10, effectiveDateTime=None, effectiveInstant="2026-03-01T08:00:00Z")
    assert line(early, late).newest.value == line(late, early).newest.value == "10 mg/dL"


# ------------------------------------------------------------------ values and statuses
@pytest.mark.parametrize(
    ("sent", "value"),
    [
        ({"valueQuantity": {"value": 9.8, "unit": "mg/dL"}}, "9.8 mg/dL"),
        ({"valueQuantity": {"value": 3, "comparator": "<", "code": "mg/L"}}, "<3 mg/L"),
        ({"valueQuantity": {"value": 1.12, "code": "1"}}, "1.12"),
        ({"valueQuantity": {"value": 9.1, "unit": "10^3/uL"}}, "9.1 10^3/uL"),
        ({"valueQuantity": {"unit": "mg/dL"}}, "no number mg/dL"),
        ({"valueQuantity": {"value": None, "unit": "mg/dL"}}, "no number mg/dL"),
        ({"valueQuantity": {"value": None, "comparator": "<", "unit": "mg/dL"}}, "<no number mg/dL"),
        ({"valueQuantity": "nine"}, "a value that is no quantity"),
        ({"valueString": "positive"}, "positive"),
        ({"valueInteger": 0}, "0"),
        ({"valueCodeableConcept": {"text": "detected"}}, "detected"),
        ({"valueCodeableConcept": {"id": "x"}}, "a value without a name"),
        ({"valueRange": {"low": {"value": 1}, "high": {"value": 2, "unit": "g"}}}, "1–2 g"),
        ({"valueRatio": {"numerator": {"value": 1}, "denominator": {"value": 40}}}, "1 : 40"),
        ({"valueSampledData": {"data": "1 2"}}, "a value of the kind SampledData"),
        ({"dataAbsentReason": {"text": "haemolysed"}}, "no value: haemolysed"),
        ({"valueQuantity": None, "valueString": "x"}, "x"),
        ({}, "no value"),
    ],
)
def test_a_value_is_shown_as_it_was_sent(sent: dict[str, Any], value: str) -> None:
    assert line(without_value(code={"text": "anything"}, **sent)).newest.value == value


@pytest.mark.parametrize(
    ("status", "told"),
    [("final", ""), ("preliminary", "preliminary"), ("amended", "amended"), (None, "no status"), ("x-y", "x y")],
)
def test_a_status_other_than_final_is_said(status: str | None, told: str) -> None:
    assert line(result(status=status)).newest.status == told


def test_what_was_entered_in_error_is_shown_as_that_and_stands_for_nothing() -> None:
    wrong = result(value=14, status="entered-in-error", effectiveDateTime="2026-03-02")
    found = line(wrong, result(value=9))
    assert (found.newest.value, found.before) == ("9 mg/dL", None)
    (other,) = found.others
    assert (other.value, other.status, other.marked.mark) == ("14 mg/dL", "entered in error", "")
    assert line(wrong).newest.status == "entered in error"


# ------------------------------------------------------------------ what the rules cannot use
@pytest.mark.parametrize(
    ("sent", "value", "note"),
    [
        (result(value=9.3, unit=""), "9.3", "not usable by the rules: no unit"),
        (result(value=9.3, unit="furlong"), "9.3 furlong", "not usable by the rules: unit not understood"),
        (result(value=93), "93 mg/dL", "not usable by the rules: implausible value"),
        (without_value(valueString="see letter"), "see letter", "not usable by the rules: words instead of a number"),
        (
            without_value(dataAbsentReason={"text": "clotted"}),
            "no value: clotted",
            "not usable by the rules: no value",
        ),
        (result(status="cancelled"), "9.0 mg/dL", "not usable by the rules: status cancelled"),
        (result(effectiveDateTime="2026"), "9.0 mg/dL", "not usable by the rules: no usable date"),
        (without_value(valueString="9.3 mg/dL"), "9.3 mg/dL", ""),
        (result(valueQuantity={"value": 9.3, "unit": "mg/dL", "comparator": "<"}), "<9.3 mg/dL", ""),
    ],
)
def test_what_the_rules_cannot_use_is_shown_as_it_was_sent_and_said(sent: Any, value: str, note: str) -> None:
    found = line(sent)
    assert (found.name, found.newest.value, found.newest.note) == ("Calcium", value, note)
    assert not (note and found.newest.marked.mark)


def test_a_code_of_no_system_is_said_to_be_of_no_use() -> None:
    found = line(result(code={"coding": [{"code": CALCIUM, "display": "Calcium"}]}))
    assert found.newest.note == "not usable by the rules: its code is of no known system"


def test_a_result_by_a_method_that_is_not_known_is_a_line_of_its_own_and_never_marked() -> None:
    labs = knowledge().vocabulary.labs
    code = next(code for code in labs.by_analyte[Analyte.SP_KT_V].shown)
    usual, told = lines(result(KT_V, 1.4, "1"), result(code, 0.6, "1"))
    assert (usual.name, usual.newest.note) == ("Kt/V", "")
    assert (told.newest.note, told.newest.marked.mark) == (METHOD_NOT_KNOWN, "")


def test_what_is_folded_away_says_when_something_in_it_could_not_be_used() -> None:
    sent = [result(effectiveDateTime=f"2026-02-0{day}") for day in (3, 4)]
    found = line(*sent, result(unit="", effectiveDateTime=None))
    assert found.more == "1 more, 1 of them not usable by the rules"


def test_a_result_that_no_rule_looks_at_has_no_note() -> None:
    assert line(result("2823-3", 4.6, "mmol/L")).newest.note == ""


# ------------------------------------------------------------------ panels
def test_the_parts_of_a_panel_are_results_of_their_own_with_its_date() -> None:
    parts = [
        {"code": {"coding": [{"system": LOINC, "code": CALCIUM}]}, "valueQuantity": {"value": 9.1, "unit": "mg/dL"}},
        {"code": {"text": "Sodium"}, "valueString": "140", "interpretation": [{"coding": [{"code": "H"}]}]},
    ]
    panel = without_value(code={"text": "Panel"}, component=parts, interpretation=[{"coding": [{"code": "L"}]}])
    calcium, sodium = lines(panel)
    assert (calcium.name, calcium.newest.value, calcium.newest.day) == ("Calcium", "9.1 mg/dL", "2026-03-01")
    assert (sodium.name, sodium.newest.marked.mark, calcium.newest.marked.mark) == ("Sodium", "H", "")
    assert [one.name for one in lines({**panel, "valueString": "all normal"})] == ["Calcium", "Panel", "Sodium"]
