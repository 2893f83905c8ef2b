"""Results that came as words: which are exactly a number, and why the others are none."""

from time import process_time

import pytest

from fhir_mappings.value_texts import ValueText, read_value_text

UNITS = {"mg/dL", "mmol/L", "10*3/uL", "x10^9/L", "g%"}
WORDS, BESIDE, COMMA = (
    "words instead of a number",
    "words beside the number that are no unit",
    "a comma that may part thousands or decimals",
)


def read(text: str) -> ValueText | str:
    return read_value_text(text, UNITS.__contains__)


@pytest.mark.parametrize(
    ("text", "comparator", "number", "unit"),
    [
        ("12.6 mg/dL", "", 12.6, "mg/dL"),
        (" 12.6mg/dL ", "", 12.6, "mg/dL"),
        ("12.6\u00a0 mg/dL", "", 12.6, "mg/dL"),
        ("12.6", "", 12.6, ""),
        ("12", "", 12, ""),
        (".95", "", 0.95, ""),
        ("2,80 mmol/L", "", 2.8, "mmol/L"),
        ("0,950 mmol/L", "", 0.95, "mmol/L"),
        ("1,2345 mmol/L", "", 1.2345, "mmol/L"),
        ("1.200 mmol/L", "", 1.2, "mmol/L"),
        ("11.0 H mg/dL", "", 11, "mg/dL"),
        ("11.0H mg/dL", "", 11, "mg/dL"),
        ("11.0 mg/dL H", "", 11, "mg/dL"),
        ("11.0 (HH) mg/dL", "", 11, "mg/dL"),
        ("11.0[H]mg/dL", "", 11, "mg/dL"),
        ("7.0 mg/dL [LL]", "", 7, "mg/dL"),
        ("7.0 mg/dL(l)", "", 7, "mg/dL"),
        ("7.0 A", "", 7, ""),
        ("7.0 ( L )", "", 7, ""),
        (">11.0 mg/dL", ">", 11, "mg/dL"),
        (">= 11 mg/dL", ">=", 11, "mg/dL"),
        ("<0,5 mg/dL", "<", 0.5, "mg/dL"),
        ("<=4 mg/dL", "<=", 4, "mg/dL"),
        ("GT 2500 mg/dL", ">", 2500, "mg/dL"),
        ("lt5 mg/dL", "<", 5, "mg/dL"),
        ("13.5 10*3/uL", "", 13.5, "10*3/uL"),
        ("13.5x10^9/L", "", 13.5, "x10^9/L"),
        ("3.5 g%", "", 3.5, "g%"),
    ],
)
def test_a_text_that_is_exactly_a_number_is_read(text: str, comparator: str, number: float, unit: str) -> None:
    assert read(text) == ValueText(comparator, number, unit)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", WORDS),
        ("see comment", WORDS),
        ("about 9 mg/dL", WORDS),
        ("-9 mg/dL", WORDS),
        ("=9 mg/dL", WORDS),
        ("≥9 mg/dL", WORDS),
        ("GTE 9 mg/dL", WORDS),
        ("٩ mg/dL", WORDS),
        ("9. mg/dL", BESIDE),
        ("9.4.1 mg/dL", BESIDE),
        ("120/80", BESIDE),
        ("9-10 mg/dL", BESIDE),
        ("1,200.5 mg/dL", COMMA),
        ("1,200,000 mg/dL", COMMA),
        ("9.4 stones", BESIDE),
        ("9.4 mg/dL see comment", BESIDE),
        ("9.4 mg/dL (haemolysed)", BESIDE),
        ("9.4 H H mg/dL", BESIDE),
        ("9.4 H mg/dL H", BESIDE),
        ("9.4 (H] mg/dL", BESIDE),
        ("9.4 N mg/dL", BESIDE),
        ("9.4 HHH mg/dL", BESIDE),
        ("1,200 mg/dL", COMMA),
        ("01,200", COMMA),
        (">1,200 mg/dL", COMMA),
    ],
)
def test_anything_else_is_not_and_says_why(text: str, why: str) -> None:
    assert read(text) == why


@pytest.mark.parametrize("filling", [" ", "\t", "(", "H ", "9", "{"])
def test_a_long_text_is_read_in_no_time(filling: str) -> None:
    started = process_time()
    assert isinstance(read(f"9.4 {filling * 100_000}x"), str)
    assert process_time() - started < 5
