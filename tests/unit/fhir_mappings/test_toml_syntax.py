"""Where a file is no TOML, the line is shown, and for the usual mistakes how to write it."""

from __future__ import annotations

import pytest

from fhir_mappings.data_files import DataFileError, checked, parsed, text_of
from fhir_mappings.packaged import packaged_text


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a = 1\nb = [1 2]\n", "line 2, column 8: not valid TOML: Unclosed array"),
        ("a = 1\nb = \n", "line 2, column 5: not valid TOML: Invalid value"),
        ("a = 1\na = 2\n", "line 2, column 6: not valid TOML: Cannot overwrite a value"),
        ("a = 1\nb = '", "line 2, the last one: not valid TOML: "),
        ('[a\nb = "x"', "line 1, column 3: not valid TOML: "),
        (f"a = {'[' * 2000}", "is nested too deeply"),
        (f"a = {'1' * 5000}", "cannot be read as TOML: it holds a number or date that is out of range"),
    ],
)
def test_a_slip_of_the_syntax_is_told_with_file_line_and_column(text: str, problem: str) -> None:
    with pytest.raises(DataFileError) as refused:
        parsed(text, "thresholds.toml")
    (told,) = refused.value.problems
    assert told.startswith(f"thresholds.toml: {problem}")


def test_a_comma_that_is_missing_among_the_thresholds_is_told_with_its_line() -> None:
    text = packaged_text("thresholds")
    broken = text.replace('value = 10.2, source = "KDOQI', 'value = 10.2 source = "KDOQI', 1)
    line = next(number for number, line in enumerate(broken.splitlines(), 1) if "10.2 source" in line)
    with pytest.raises(DataFileError, match=rf"^thresholds\.toml: line {line}, column \d+: not valid TOML: "):
        checked("thresholds", broken)


COMMA, DAY, UNIT = (
    "; write 10.2, not 10,2",
    "; write a day as 2026-12-01",
    "; the unit stands in `unit`, not behind the number",
)
A_SECTION = """[calcium_high]
unit = "mg/dL"
values = [{ since = 2003-10-01, value = 10.2, source = "KDOQI 2003, guideline 6" }]
"""
REST = 'value = 10.2, source = "KDOQI 2003, guideline 6" }]'


@pytest.mark.parametrize(
    ("old", "new", "hint"),
    [
        ("value = 10.2,", "value = 10,2,", COMMA),
        ("value = 10.2,", "value = 10.2 mg/dL,", UNIT),
        ("value = 10.2,", "value = 10mg/dL,", UNIT),
        ("value = 10.2,", "value = 10.2%,", UNIT),
        ("value = 10.2,", "value = 10.2 mg/dL, # x = 1\n", UNIT),
        ("since = 2003-10-01, value = 10.2", "since = 01.10.2003, value = 10.2", DAY),
        ("since = 2003-10-01, value = 10.2", "since = 1.10.2003, value = 10.2", DAY),
        ("since = 2003-10-01, value = 10.2", "since = 10/01/2003, value = 10.2", DAY),
        ("since = 2003-10-01, value = 10.2", "since = 01-10-2003, value = 10.2", DAY),
        ("since = 2003-10-01, value = 10.2", "since = 2003/10/01, value = 10.2", DAY),
        ("since = 2003-10-01, value = 10.2", "since = 2003-10-1, value = 10.2", DAY),
        ("since = 2003-10-01, value = 10.2", "since = 2003-1-01, value = 10.2", DAY),
        # Faults of another kind, whose lines hold what looks like one of these slips, or a right number or day.
        (REST, 'value = 10.2 source = "KDOQI 2003, guideline 6" }]', ""),
        (REST, 'value = 10.2, source = "x = 10,2 mg" ]', ""),
        (REST, "value = 1e1, source = ]", ""),
        (REST, "value = 0x1F, source = ]", ""),
        (REST, "value = 10.2, source = # = 10,2", ""),
        (REST, "value = [10,2], source = }]", ""),
    ],
)
def test_a_number_or_day_as_it_is_written_elsewhere_is_told_with_how_it_is_written_here(
    old: str, new: str, hint: str
) -> None:
    assert old in A_SECTION
    with pytest.raises(DataFileError) as refused:
        parsed(A_SECTION.replace(old, new), "thresholds.toml")
    (told,) = refused.value.problems
    assert told.partition(": not valid TOML: ")[2].partition(";")[2] == hint.removeprefix(";")


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_a_file_may_begin_with_a_byte_order_mark(mark: bytes) -> None:
    assert parsed(text_of(mark + 'unit = "µkat"\r\n'.encode()), "labs.toml") == {"unit": "µkat"}


@pytest.mark.parametrize(
    ("content", "line"), [('a = 1\nb = "µ"\n'.encode("latin-1"), 2), ("a = 1\n".encode("utf-16"), 1)]
)
def test_a_file_that_is_not_utf_8_is_told_with_its_line(content: bytes, line: int) -> None:
    with pytest.raises(DataFileError, match=rf"^labs\.toml: line {line}: is not UTF-8: save the file as UTF-8$"):
        parsed(text_of(content), "labs.toml")


def test_a_file_from_elsewhere_is_called_by_its_own_name() -> None:
    for text in ("oops = [1 2]", "oops = 1"):
        with pytest.raises(DataFileError, match=r"^site/drugs\.toml: "):
            checked("drugs", text, "site/drugs.toml")
