"""Observations: which become results, which are listed as unreadable and why, and which are none of ours."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from fhir_mappings.labs import Reading, read_observation
from fhir_mappings.packaged import default_vocabulary
from fhir_mappings.vocabulary import Vocabulary
from hooks.chart import Analyte, Result, Unreadable
from tests.unit.fhir_mappings.resources import LOINC, PATIENT, Json, concept, observation, quantity

UTC = ZoneInfo("UTC")
DAY = date(2026, 3, 1)
LABS = default_vocabulary().labs
EVERY_CODE = [(code, words.analyte) for code, words in LABS.by_code.items()]


def read(resource: Json) -> list[Result | Unreadable]:
    return list(read_observation(resource, Reading(PATIENT, UTC, LABS)))


def only(resource: Json) -> Result | Unreadable:
    (found,) = read(resource)
    return found


def result(resource: Json) -> Result:
    found = only(resource)
    assert isinstance(found, Result), found
    return found


def reason(resource: Json) -> str:
    found = only(resource)
    assert isinstance(found, Unreadable), found
    return found.reason


def test_a_final_result_is_read_with_its_value_unit_day_and_code() -> None:
    at = datetime(2026, 3, 1, 10, tzinfo=UTC).timestamp()
    assert result(observation("17861-6", 9.4)) == Result(
        Analyte.TOTAL_CALCIUM, 9.4, "mg/dL", DAY, at, rank=1, code="17861-6"
    )


@pytest.mark.parametrize(("code", "analyte"), EVERY_CODE)
def test_every_code_of_the_file_is_its_analyte(code: str, analyte: Analyte) -> None:
    words = LABS.by_analyte[analyte]
    found = result(observation(code, (words.low + words.high) / 2, words.unit))
    assert (found.analyte, found.unit, found.code) == (analyte, words.unit, code)


@pytest.mark.parametrize("code", sorted(LABS.excluded))
def test_an_excluded_code_is_nothing_even_beside_a_good_one(code: str) -> None:
    assert read(observation(code=code)) == []
    assert read(observation() | {"code": concept("", (LOINC, "17861-6"), (LOINC, code))}) == []


@pytest.mark.parametrize("code", ["718-7", "29463-7", "8347-7", "", "17861-7"])
def test_a_code_of_no_analyte_is_nothing(code: str) -> None:
    assert read(observation(code)) == []


@pytest.mark.parametrize("system", ["urn:oid:2.16.840.1.113883.6.1", "https://loinc.org", "http://loinc.org/"])
def test_loinc_is_known_under_its_other_addresses(system: str) -> None:
    assert result(observation() | {"code": concept("", (system, "17861-6"))}).value == 9.4


SNOMED_CODING = {"code": "17861-6", "system": "http://snomed.info/sct"}


@pytest.mark.parametrize("coding", [SNOMED_CODING, "17861-6", None, {"code": 17861}, {"code": "718-7"}])
def test_a_code_of_another_system_or_that_is_no_code_is_not_matched(coding: object) -> None:
    assert read(observation() | {"code": {"coding": [coding]}}) == []


@pytest.mark.parametrize("coding", [{"code": "17861-6"}, {"code": " 17861-6 ", "system": "urn:local"}])
def test_a_code_of_ours_of_no_known_system_is_not_read_and_told(coding: Json) -> None:
    doubtful = observation() | {"code": {"coding": [{"code": "L1", "system": "urn:local"}, coding]}}
    assert read(doubtful) == [Unreadable("total_calcium", "its code is of no known system", DAY)]
    assert read(doubtful | {"status": "entered-in-error"}) == []
    assert read(doubtful | {"status": "cancelled"}) == [Unreadable("total_calcium", "status cancelled", DAY, True)]
    assert reason(doubtful | {"valueQuantity": {"value": 9.4}}) == "no unit"


def test_neither_a_code_that_is_only_shown_nor_an_excluded_one_is_told_without_its_system() -> None:
    for code in (next(iter(LABS.shown)), next(iter(LABS.excluded))):
        assert read(observation() | {"code": {"coding": [{"code": code}]}}) == []


def test_a_known_code_beside_one_of_no_system_is_read() -> None:
    both = {"coding": [{"code": "2777-1"}, {"code": "17861-6", "system": LOINC}]}
    assert result(observation() | {"code": both}).value == 9.4


def test_the_first_known_code_of_several_decides() -> None:
    codes = concept("Calcium", ("urn:local", "L1"), (LOINC, "718-7"), (LOINC, "29265-6"), (LOINC, "17861-6"))
    assert result(observation() | {"code": codes}).code == "29265-6"


@pytest.mark.parametrize(("status", "rank"), [("corrected", 2), ("amended", 2), ("final", 1), ("preliminary", 0)])
def test_a_usable_status_ranks_the_result(status: str, rank: int) -> None:
    assert result(observation(status=status)).rank == rank


def test_a_result_without_a_status_is_not_used_and_counts_as_unreadable() -> None:
    expected = Unreadable("total_calcium", "no status", DAY)
    assert only(observation(status=None)) == expected
    silent = observation()
    del silent["status"]
    assert only(silent) == expected


@pytest.mark.parametrize(("status", "no_result"), [("registered", True), ("cancelled", True), ("unknown", False)])
@pytest.mark.parametrize("spelled", [str.lower, str.upper, str.title])
def test_an_unusable_status_is_named_and_says_whether_anything_was_measured(
    status: str, no_result: bool, spelled: Callable[[str], str]
) -> None:
    found = only(observation(status=spelled(status)))
    assert found == Unreadable("total_calcium", f"status {status}", DAY, no_result)


@pytest.mark.parametrize(("status", "rank"), [("FINAL", 1), ("Corrected", 2), (" Amended ", 2), ("PRELIMINARY", 0)])
def test_a_status_counts_in_any_letter_case(status: str, rank: int) -> None:
    assert result(observation(status=status)).rank == rank


@pytest.mark.parametrize("status", ["done", "", 1, ["final"], {"code": "final"}])
def test_a_status_that_is_none_is_not_repeated(status: object) -> None:
    assert reason(observation(status=status)) == "status not understood"


def test_a_result_entered_in_error_is_nothing() -> None:
    assert read(observation(status="entered-in-error")) == []
    assert read(observation(status="Entered-In-Error")) == []


@pytest.mark.parametrize(
    "dates",
    [
        {"effectiveDateTime": "2026-03-01"},
        {"effectiveInstant": "2026-03-01T10:00:00Z"},
        {"effectivePeriod": {"start": "2025-01-01", "end": "2026-03-01"}},
        {"issued": "2026-03-01T10:00:00Z"},
        {"effectivePeriod": {"start": "2025-01-01"}, "issued": "2026-03-01T10:00:00Z"},
    ],
)
def test_the_day_is_the_effective_one_else_that_of_issue(dates: Json) -> None:
    assert result(observation(effectiveDateTime=None) | dates).on == DAY


def test_the_effective_day_comes_before_the_day_of_issue() -> None:
    assert result(observation(issued="2026-03-05T10:00:00Z")).on == DAY


@pytest.mark.parametrize("when", ["2026", "2026-03", "last week", 5, {}])
def test_a_year_a_month_or_no_date_is_no_usable_date(when: object) -> None:
    assert only(observation(effectiveDateTime=when)) == Unreadable("total_calcium", "no usable date", None)


def test_a_result_without_any_date_has_no_usable_date() -> None:
    assert reason(observation(effectiveDateTime=None)) == "no usable date"


@pytest.mark.parametrize(
    ("found", "value"),
    [
        (quantity(2.495, "mmol/L"), 10.0),
        ({"value": 2.495, "unit": "mmol/L"}, 10.0),
        ({"value": 2.495, "code": "mmol/L"}, 10.0),
        ({"value": 9.4, "code": "mmol/L", "unit": "mg/dL"}, 9.4),
        ({"value": 2.495, "code": "mmol/L", "system": "UCUM", "unit": "mg/dL"}, 10.0),
        ({"value": 2.495, "code": "mmol/L", "system": "urn:oid:2.16.840.1.113883.6.8"}, 10.0),
        ({"value": 2.495, "system": "http://unitsofmeasure.org", "unit": "mmol/L"}, 10.0),
        ({"value": 9.4, "code": "mg/dL", "system": "(HL7_V2)"}, 9.4),
        ({"value": 9.4, "code": "mg/dL{corr}", "system": "http://unitsofmeasure.org"}, 9.4),
        ({"value": 9.4, "unit": "MGM/DL", "code": "MG/DL"}, 9.4),
        ({"value": 2.495, "code": "258813002", "system": "http://snomed.info/sct", "unit": "mmol/L"}, 10.0),
        ({"value": 9.4, "code": "mmol/L", "system": "urn:local", "unit": "mg/dL"}, 9.4),
        ({"value": 2.495, "code": "?", "unit": "MMOL/l"}, 10.0),
        ({"value": 2.495, "code": "mmol/L", "system": "https://unitsofmeasure.org/", "unit": "?"}, 10.0),
        ({"value": "9.4", "unit": "mg/dL"}, 9.4),
        ({"value": 9, "unit": "mg/dL"}, 9.0),
    ],
)
def test_the_ucum_code_decides_and_the_text_of_the_unit_helps(found: Json, value: float) -> None:
    assert result(observation(valueQuantity=found)).value == value


def test_loinc_and_unit_that_disagree_are_settled_by_the_unit() -> None:
    assert result(observation("2000-8", 9.4, "mg/dL")).value == 9.4


@pytest.mark.parametrize(
    ("found", "why"),
    [
        ({"value": 9.4}, "no unit"),
        ({"value": 9.4, "unit": " ", "code": ""}, "no unit"),
        ({"value": 9.4, "unit": "stones"}, "unit not understood"),
        ({"value": 9.4, "code": "furlong"}, "unit not understood"),
        ({"value": 9.4, "code": "x", "system": "urn:local"}, "unit not understood"),
        ({"value": 9.4, "code": "x", "system": "http://unitsofmeasure.org", "unit": "mg/dL"}, "unit not understood"),
        ({"value": 9.4, "unit": "{corr}"}, "unit not understood"),
        ({"unit": "mg/dL"}, "no value"),
        (quantity(None), "no value"),
        (quantity(True), "no usable number"),
        (quantity("about 9"), "no usable number"),
        (quantity(float("nan")), "no usable number"),
        (quantity(float("inf")), "no usable number"),
        (quantity("NaN"), "no usable number"),
        (quantity(10**400), "no usable number"),
        (quantity([9.4]), "no usable number"),
        ("9.4 mg/dL", "no value"),
        ([9.4], "no value"),
        (quantity(9.4, comparator="ad"), "comparator not understood"),
        (quantity(9.4, comparator=["<"]), "comparator not understood"),
    ],
)
def test_a_quantity_that_cannot_be_used_says_why(found: object, why: str) -> None:
    assert only(observation() | {"valueQuantity": found}) == Unreadable("total_calcium", why, DAY)


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({}, "no value"),
        ({"dataAbsentReason": {"text": "haemolysed"}}, "no value"),
        ({"valueQuantity": None}, "no value"),
        ({"valueString": "see comment"}, "words instead of a number"),
        ({"valueString": "9.4"}, "no unit"),
        ({"valueString": "1,200 mg/dL"}, "a comma that may part thousands or decimals"),
        ({"valueString": "9.4 stones"}, "words beside the number that are no unit"),
        ({"valueString": "94 mg/dL"}, "implausible value"),
        ({"valueInteger": 9}, "value is not a quantity"),
        ({"valueQuantity": None, "valueCodeableConcept": {"text": "high"}}, "words instead of a number"),
        ({"valueCodeableConcept": {"coding": [{"display": "9.4 mg/dL"}]}}, "value is not a quantity"),
    ],
)
def test_a_result_without_a_quantity_says_why(more: Json, why: str) -> None:
    resource = observation()
    del resource["valueQuantity"]
    assert reason(resource | more) == why


@pytest.mark.parametrize("reason_code", ["not-performed", "not-applicable", "Not-Performed"])
def test_what_was_not_performed_is_no_result(reason_code: str) -> None:
    resource = observation(dataAbsentReason=concept("", ("urn:x", reason_code)))
    assert result(resource).value == 9.4
    del resource["valueQuantity"]
    words = reason_code.lower().replace("-", " ")
    assert only(resource) == Unreadable("total_calcium", words, DAY, no_result=True)


@pytest.mark.parametrize("reason_code", ["error", "unknown", "asked-unknown"])
def test_a_value_that_is_lost_is_one_that_cannot_be_read(reason_code: str) -> None:
    resource = observation(dataAbsentReason=concept("", ("urn:x", reason_code)))
    del resource["valueQuantity"]
    assert only(resource) == Unreadable("total_calcium", "no value", DAY)


@pytest.mark.parametrize("value", ["valueString", "valueCodeableConcept"])
@pytest.mark.parametrize(
    ("text", "number", "comparator", "original"),
    [
        ("9.4 mg/dL", 9.4, "", ""),
        ("9,4 mg/dL", 9.4, "", ""),
        (">11.0 H mg/dL", 11.0, ">", ""),
        ("2.60 mmol/L (H)", 10.4208, "", "2.60 mmol/L"),
    ],
)
def test_a_text_that_is_exactly_a_number_with_its_unit_is_a_quantity(
    value: str, text: str, number: float, comparator: str, original: str
) -> None:
    resource = observation() | {value: text if value == "valueString" else {"text": text}}
    del resource["valueQuantity"]
    found = result(resource)
    assert (found.value, found.comparator, found.original) == (number, comparator, original)


@pytest.mark.parametrize(("code", "unit"), [("70961-8", "1"), ("70960-0", "/wk")])
def test_a_ratio_needs_no_unit(code: str, unit: str) -> None:
    resource = observation(code, valueQuantity={"value": 1.8})
    assert (result(resource).value, result(resource).unit) == (1.8, unit)
    del resource["valueQuantity"]
    assert result(resource | {"valueString": "1.8 L"}).value == 1.8
    assert reason(observation(code, valueQuantity={"value": 1.8, "unit": "stones"})) == "unit not understood"


def test_a_urea_reduction_ratio_needs_its_unit() -> None:
    assert reason(observation("54456-9", valueQuantity={"value": 70})) == "no unit"


@pytest.mark.parametrize("code", sorted(LABS.shown))
def test_a_result_of_an_unknown_method_is_marked_by_its_code_and_never_unreadable(code: str) -> None:
    words = LABS.by_code[code]
    assert code not in words.codes
    assert result(observation(code, 2, words.unit)).code == code
    for unread in (
        observation(code, 2, "stones"),
        observation(code, 10**6, words.unit),
        observation(code, 2, words.unit, status="unknown"),
        observation(code, 2, words.unit, effectiveDateTime="2026"),
    ):
        found = only(unread)
        assert isinstance(found, Unreadable)
        assert found.no_result


def test_a_code_that_is_compared_goes_before_one_that_is_only_shown() -> None:
    for codes in (("35219-5", "2731-8"), ("2731-8", "35219-5")):
        both = concept("", *((LOINC, code) for code in codes))
        assert result(observation("2731-8", 300, "pg/mL") | {"code": both}).code == "2731-8"


@pytest.mark.parametrize("analyte", list(Analyte))
def test_plausible_values_end_at_the_limits_of_the_file(vocabulary: Vocabulary, analyte: Analyte) -> None:
    words = vocabulary.labs.by_analyte[analyte]
    for value in (words.low, words.high):
        assert result(observation(words.codes[0], value, words.unit)).value == value
    for value in (words.low - 0.001, words.high + 0.001):
        found = only(observation(words.codes[0], value, words.unit))
        assert found == Unreadable(analyte.value, "implausible value", DAY)


@pytest.mark.parametrize("comparator", ["<", "<=", ">", ">="])
def test_a_comparator_is_kept(comparator: str) -> None:
    assert result(observation(valueQuantity=quantity(9.4, comparator=comparator))).comparator == comparator


@pytest.mark.parametrize("comparator", [None, ""])
def test_no_comparator_is_an_empty_one(comparator: str | None) -> None:
    assert result(observation(valueQuantity=quantity(9.4, comparator=comparator))).comparator == ""


@pytest.mark.parametrize(
    ("code", "value", "unit", "original"),
    [
        ("17861-6", 9.4, "mg/dL", ""),
        ("17861-6", 9.4, "MG/DL", ""),
        ("2000-8", 2.6, "mmol/L", "2.60 mmol/L"),
        ("14866-8", 45, "pmol/L", "45.0 pmol/L"),
        ("2731-8", 450, "ng/L", "450 ng/L"),
        ("1751-7", 35, "g/L", "35 g/L"),
    ],
)
def test_a_value_in_another_unit_is_kept_as_received(code: str, value: float, unit: str, original: str) -> None:
    assert result(observation(code, value, unit)).original == original


def pth(*ranges: Any, unit: str = "pg/mL", value: float = 300) -> float | None:
    return result(observation("2731-8", value, unit, referenceRange=list(ranges))).upper_limit


def test_the_upper_limit_of_the_reference_range_is_brought_to_the_unit_of_comparison() -> None:
    assert pth({"high": quantity(65, "pg/mL")}) == 65
    assert pth({"high": quantity(6.9, "pmol/L")}) == 65.033
    assert pth({"high": {"value": 65, "unit": "%"}}) is None
    assert pth({"high": {"value": 6.9}}, unit="pmol/L", value=30) == 65.033


def test_the_first_range_of_normal_or_no_type_gives_the_upper_limit() -> None:
    therapeutic = {"type": concept("", ("urn:x", "therapeutic")), "high": {"value": 600}}
    normal = {"type": concept("", ("urn:x", "normal")), "high": {"value": 70}}
    assert pth(therapeutic, normal, {"high": {"value": 80}}) == 70


@pytest.mark.parametrize(
    "found",
    [
        [],
        ["15-65"],
        [{"text": "15-65 pg/mL"}],
        [{"high": {"value": "high"}}],
        [{"high": {"value": 65, "unit": "stones"}}],
        [{"type": concept("", ("urn:x", "recommended")), "high": {"value": 65}}],
    ],
)
def test_a_range_without_a_usable_upper_limit_gives_none(found: list[Any]) -> None:
    assert pth(*found) is None


@pytest.mark.parametrize(("code", "unit"), [("2731-8", "pg/mL"), ("6768-6", "U/L")])
def test_an_upper_limit_that_no_value_can_have_is_passed_over(code: str, unit: str) -> None:
    words = LABS.by_code[code]

    def limit(*highs: float) -> float | None:
        ranges = [{"high": quantity(high, unit)} for high in highs]
        return result(observation(code, 300, unit, referenceRange=ranges)).upper_limit

    for high in (-5, 0, words.low - 0.1, words.high + 1):
        assert limit(high) is None
        assert limit(high, 70) == 70
    assert (limit(words.low), limit(words.high)) == (words.low, words.high)


def test_an_upper_limit_is_weighed_in_the_unit_of_comparison() -> None:
    assert pth({"high": {"value": 0.05}}, unit="pmol/L", value=30) is None
    assert pth({"high": quantity(0.5, "pmol/L")}) == pytest.approx(4.7, abs=0.1)


def part(code: str, value: object = 4.1, unit: str = "mg/dL") -> Json:
    return {"code": concept("", (LOINC, code)), "valueQuantity": quantity(value, unit)}


def test_the_components_of_a_panel_are_results_of_their_own() -> None:
    panel = observation("24323-8", component=[part("17861-6", 9.4), part("1751-7", 3.9, "g/dL"), part("2345-7"), "x"])
    del panel["valueQuantity"]
    assert [(found.analyte, found.value) for found in read(panel) if isinstance(found, Result)] == [
        (Analyte.TOTAL_CALCIUM, 9.4),
        (Analyte.ALBUMIN, 3.9),
    ]


def test_a_component_stands_in_for_a_missing_value_of_the_same_analyte() -> None:
    resource = observation(component=[part("17861-6", 9.1)])
    del resource["valueQuantity"]
    assert result(resource).value == 9.1


def test_a_component_of_another_analyte_does_not_hide_a_missing_value() -> None:
    resource = observation(component=[part("1751-7", 3.9, "g/dL")])
    del resource["valueQuantity"]
    assert [type(found) for found in read(resource)] == [Unreadable, Result]


@pytest.mark.parametrize("subject", ["Patient/p2", "https://ehr.example/fhir/Patient/p2", "urn:uuid:p2"])
def test_a_result_of_another_patient_never_counts(subject: str) -> None:
    assert only(observation(subject={"reference": subject})) == Unreadable(
        "total_calcium", "belongs to another patient", None, no_result=True
    )


@pytest.mark.parametrize(
    "subject", [None, {"display": "Ms A"}, {"reference": "https://ehr.example/Patient/p1/_history/3"}]
)
def test_a_result_of_this_or_no_named_patient_counts(subject: Json | None) -> None:
    assert result(observation(subject=subject)).value == 9.4
