"""A file that was filled in, as spreadsheets write it: every fault is told with its line, and no cell is repeated."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.review import read_sheet
from cds_service.storage import Drawn, Verdict

HEADS = "event,drawn_from,topic,hook,indicator,verdict,reviewer,remark"
GOOD = "card-1,shown,vka-cua,patient-view,critical,appropriate,Ana Silva,"


def faults(*lines: str, heads: str = HEADS) -> list[tuple[int, str]]:
    return [(fault.line, fault.says) for fault in read_sheet("\r\n".join((heads, *lines)).encode()).faults]


def test_a_line_is_a_card_with_its_verdict() -> None:
    (line,) = read_sheet(f"{HEADS}\n{GOOD}\n".encode()).lines
    assert (line.number, line.event, line.drawn, line.verdict) == (2, "card-1", Drawn.SHOWN, Verdict.APPROPRIATE)
    assert (line.reviewer, line.said["hook"]) == ("Ana Silva", "patient-view")


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_spreadsheets_separate_and_mark_in_different_ways(separator: str, encoding: str, end: str) -> None:
    text = end.join((HEADS, GOOD.replace("Ana", "Jürgen"))).replace(",", separator)
    sheet = read_sheet(text.encode(encoding))
    assert (sheet.faults, sheet.lines[0].reviewer) == ([], "Jürgen Silva")


def test_blanks_letter_case_and_the_order_of_columns_make_no_difference() -> None:
    heads = " Reviewer ,VERDICT,indicator,hook,topic,drawn_from,event"
    sheet = read_sheet(f"{heads}\n Ana  Silva , Not-Needed ,critical,patient-view,vka-cua,Shown,card-1".encode())
    assert (sheet.lines[0].reviewer, sheet.lines[0].verdict) == ("Ana Silva", Verdict.NOT_NEEDED)


def test_lines_are_counted_as_a_spreadsheet_counts_them() -> None:
    """A remark of two lines and a line without anything stand before."""
    long = GOOD + '"two\nlines"'
    assert faults(long, "", ",,,,,,,", GOOD.replace("appropriate", "wrong"))[0][0] == 5


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (GOOD.replace("card-1", ""), "the column event is empty"),
        (GOOD.replace("shown", "seen"), "none of shown, held-back, overridden"),
        (GOOD.replace("appropriate", "good"), "none of appropriate, not-needed, inappropriate, cannot-judge"),
        (GOOD.replace("Ana Silva", ""), "there is a verdict and no reviewer"),
        (GOOD.replace("Ana Silva", "\N{ZERO WIDTH SPACE}."), "there is a verdict and no reviewer"),
        (GOOD.replace("Ana Silva", "A" * 101), "more than 100 characters"),
    ],
)
def test_what_is_wrong_in_a_line_is_told_with_the_line(line: str, said: str) -> None:
    ((number, says),) = faults(GOOD, line)
    assert number == 3
    assert said in says


def test_every_fault_is_told() -> None:
    found = faults(GOOD.replace("appropriate", "good").replace("card-1", ""), GOOD, GOOD.replace("shown", ""))
    assert [number for number, _ in found] == [2, 2, 4]


def test_a_line_without_a_verdict_is_no_fault() -> None:
    (line,) = read_sheet(f"{HEADS}\ncard-1,shown,vka-cua,patient-view,critical,,,".encode()).lines
    assert (line.verdict, line.reviewer) == (Verdict.NONE, "")
    (line,) = read_sheet(f"{HEADS}\ncard-1,shown,vka-cua,patient-view,critical\n".encode()).lines
    assert line.verdict is Verdict.NONE


@pytest.mark.parametrize("cell", ["Mrs Example", "wrong; Mrs Example"])
def test_no_message_repeats_what_stands_in_a_cell(cell: str) -> None:
    told = str(faults(f'"{cell}","{cell}","{cell}",x,x,"{cell}","{cell}",{cell}'))
    assert "Example" not in told


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "there is no column event, drawn_from, topic, hook, indicator, verdict, reviewer"),
        (b"event,verdict\ncard-1,appropriate", "there is no column drawn_from"),
        (HEADS.replace("remark", "verdict").encode(), "more than one column verdict"),
        (f"{HEADS}\n{GOOD}\n".encode("utf-16"), "not UTF-8"),
        (f'{HEADS}\n"{GOOD}'.encode(), "no CSV"),
    ],
)
def test_a_file_that_is_no_such_file_is_told(content: bytes, said: str) -> None:
    sheet = read_sheet(content)
    assert sheet.lines == []
    assert said in sheet.faults[0].says


def test_the_line_that_is_not_utf_8_is_named() -> None:
    content = f"{HEADS}\n{GOOD}\n".encode() + GOOD.replace("Ana", "J\xfcrgen").encode("latin-1")
    assert read_sheet(content).faults[0].line == 3


@given(st.binary(max_size=200), st.text(max_size=60), st.sampled_from([b"", HEADS.encode() + b"\n"]))
def test_whatever_the_file_holds_it_is_read_or_refused(content: bytes, text: str, before: bytes) -> None:
    for every in (content, text.encode("utf-8", "replace")):
        sheet: Any = read_sheet(before + every)
        assert all(line.event and line.drawn in list(Drawn) for line in sheet.lines)
