"""What is counted, and how: each card once, in the week in which it was shown."""

from __future__ import annotations

import pytest

from cds_service.reports import (
    COMMENT_ONLY,
    NO_LONGER,
    NO_REASON,
    NOT_OURS,
    Row,
    as_records,
    by_card,
    by_reason,
    by_week,
    in_one,
    named_by_code,
    named_for_all,
    report_of,
)
from tests.unit.cds_service.reports.counting import WEEKS, count

OURS = "https://cds.example/reasons"
NAMES = {"mechanical-valve": "Mechanical heart valve"}
SOME = [
    count(outcome="accepted", times=5),
    count(outcome="overridden", times=10, code="mechanical-valve", week=1),
    count(outcome="overridden", times=6, comment_only=True, week=1),
    count(times=19, week=1),
    count("cua-suspected", times=10, indicator="warning", week=2),
]


def test_accepted_overridden_and_unanswered_add_up_to_what_was_shown() -> None:
    report = report_of(SOME, WEEKS, named_by_code)
    assert report.total == Row(shown=50, accepted=5, overridden=16, unanswered=29)
    assert report.cards == {
        ("cua-suspected", "warning"): Row(10, 0, 0, 10),
        ("vka-cua", "critical"): Row(40, 5, 16, 19),
    }
    assert list(report.weeks.values()) == [Row(5, 5, 0, 0), Row(35, 0, 16, 19), Row(10, 0, 0, 10)]


def test_the_same_topic_with_another_indicator_is_another_card() -> None:
    report = report_of([count(times=7), count(times=8, indicator="warning")], WEEKS, named_by_code)
    assert [row.shown for row in report.cards.values()] == [7, 8]


def test_a_comment_in_place_of_a_reason_is_a_reason_of_its_own() -> None:
    silent = count(outcome="overridden", times=2)
    assert report_of([*SOME, silent], WEEKS, named_by_code).reasons == {
        "mechanical-valve": 10,
        COMMENT_ONLY: 6,
        NO_REASON: 2,
    }


def test_a_report_for_many_readers_names_no_reason_that_is_not_ours() -> None:
    name = named_for_all(NAMES, OURS)
    assert name(count(code="mechanical-valve")) == name(count(code="mechanical-valve", system=OURS))
    assert name(count(code="mechanical-valve", system=OURS)) == "Mechanical heart valve"
    assert name(count(code="mechanical-valve", system="urn:elsewhere")) == NOT_OURS
    assert name(count(code="Mrs Example said no")) == NOT_OURS
    assert name(count(comment_only=True)) == COMMENT_ONLY
    assert name(count()) == NO_REASON


def test_a_reason_that_was_taken_out_of_a_policy_is_told_by_its_code() -> None:
    name = named_for_all(NAMES, OURS)
    assert name(count(code="on-trial", system=OURS)) == f"{NO_LONGER}on-trial"
    assert name(count(code="on-trial", system="urn:elsewhere")) == NOT_OURS
    assert name(count(code="on-trial")) == NOT_OURS, "without a system nobody knows whose it is"


@pytest.mark.parametrize("code", ["Mrs Example", "Example", "mrs example", "mrs_example", "x" * 61, "a\n", "-a", "é"])
def test_what_has_not_the_form_of_a_code_is_never_told(code: str) -> None:
    assert named_for_all(NAMES, OURS)(count(code=code, system=OURS)) == NOT_OURS


def test_a_share_names_its_denominator_in_the_same_line() -> None:
    table = by_card(report_of(SOME, WEEKS, named_by_code))
    assert list(table.lines())[2].split() == ["vka-cua", "critical", "40", "5", "16", "19", "12%", "40%", "48%"]
    assert by_card(report_of([], WEEKS, named_by_code)).records()[0]["accepted_share"] is None


def test_a_share_of_withheld_numbers_is_not_told() -> None:
    few = report_of([count(outcome="accepted", times=4), count(times=30)], WEEKS, named_by_code).without_small_numbers()
    (row, _) = by_card(few).records()
    assert (row["shown"], row["accepted"], row["accepted_share"]) == (34, "fewer than 5", None)
    assert (row["unanswered"], row["unanswered_share"]) == ("withheld", None)


def test_reasons_are_shares_of_the_overridden_cards() -> None:
    table = by_reason(report_of(SOME, WEEKS, named_by_code))
    assert table.records() == [
        {"reason": "mechanical-valve", "overridden": 10, "share": 0.625},
        {"reason": "comment only", "overridden": 6, "share": 0.375},
        {"reason": "all", "overridden": 16, "share": 1.0},
    ]


def test_weeks_have_their_iso_name_and_their_monday() -> None:
    assert [row["week"] for row in by_week(report_of(SOME, WEEKS, named_by_code)).records()] == [
        "2026-W48",
        "2026-W49",
        "2026-W50",
        "all",
    ]
    assert by_week(report_of(SOME, WEEKS, named_by_code)).records()[1]["from"] == "2026-11-30"


def test_a_file_holds_all_tables_in_one() -> None:
    lines = in_one(report_of(SOME, WEEKS, named_by_code)).csv().splitlines()
    assert lines[0] == "counted_by,name,indicator_or_monday,shown,accepted,overridden,unanswered"
    assert "card,vka-cua,critical,40,5,16,19" in lines
    assert "reason,comment only,,,,6," in lines
    assert "week,2026-W50,2026-12-07,10,0,0,10" in lines
    assert lines[-1] == "all,,,50,5,16,29"


@pytest.mark.parametrize("blanks", ["", " "])
def test_no_text_of_a_file_is_a_formula_for_a_spreadsheet(blanks: str) -> None:
    code = f'{blanks}=HYPERLINK("http://evil.example")'
    evil = report_of([count(outcome="overridden", code=code)], WEEKS, named_by_code)
    assert by_reason(evil).csv().splitlines()[1].startswith(f"\"'{blanks}=HYPERLINK")


def test_records_hold_each_table_and_the_whole() -> None:
    records = as_records(report_of(SOME, WEEKS, named_by_code))
    assert set(records) == {"all", "by_card", "by_reason", "by_week"}
    assert records["all"] == {
        "shown": 50,
        "accepted": 5,
        "overridden": 16,
        "unanswered": 29,
        "accepted_share": 0.1,
        "overridden_share": 0.32,
        "unanswered_share": 0.58,
    }
