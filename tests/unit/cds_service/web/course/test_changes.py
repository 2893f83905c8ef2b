"""The days on which something changed: which they are, their marks and numbers, and what is not known of them."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

import pytest

from cds_service.web.course.change_row import labels
from cds_service.web.course.changes import changes, changes_within, undated
from cds_service.web.course.download import csv_of
from cds_service.web.course.drawn import drawing
from cds_service.web.course.figure import Change, Window
from cds_service.web.course.picture import Picture
from cds_service.web.course.rows import Row
from cds_service.web.course.scales import Days
from cds_service.web.course.shapes import Path, Text
from cds_service.web.course.tables import CourseTable, tables
from cds_service.web.course.view import View
from hooks.chart import BY_NAME, Condition, Gap, Medication, Sign, Unreadable
from hooks.course import ConditionPeriod, Course, DrugLane, End, FindingLane, MedicationPeriod
from hooks.policy import DrugClass
from tests.unit.cds_service.web.course.course_records import FIRST, TODAY, nothing, two_years, words

DAY, LATER = TODAY - timedelta(days=60), TODAY - timedelta(days=20)
ONE = timedelta(days=1)
WARFARIN, ACETATE = ("warfarin", "vitamin K antagonist"), ("calcium acetate", "calcium product")


def taken(start: date | None, last: date | None = None, end: End | None = None) -> MedicationPeriod:
    kind = end or (End.KNOWN if last else End.ONGOING)
    return MedicationPeriod(Medication("", "as recorded"), "completed", start, start, kind, last)


def lane(*periods: MedicationPeriod, drug: tuple[str, str] = WARFARIN) -> DrugLane:
    return DrugLane(drug[1], DrugClass(drug[1]), drug[0], periods)


def finding(known: date | None, gone: date | None = None, end: End | None = None) -> FindingLane:
    entry = Condition("Livedo of both thighs", {"livedo": Sign("livedo", BY_NAME)})
    kind = end or (End.KNOWN if gone else End.ONGOING)
    return FindingLane("livedo", ConditionPeriod(entry, entry, known, kind, gone))


def course(*lanes: DrugLane, findings: tuple[FindingLane, ...] = ()) -> Course:
    return replace(nothing(), drugs=lanes, findings=findings)


def days(found: Course) -> list[tuple[date, tuple[str, ...]]]:
    return [(change.on, change.what) for change in changes(found, words())]


# ------------------------------------------------------------------ what is a change
def test_a_drug_that_started_and_ended_changed_on_its_first_day_and_on_the_day_after_its_last() -> None:
    assert days(course(lane(taken(DAY, LATER)))) == [
        (DAY, ("warfarin (vitamin K antagonist) started",)),
        (LATER + ONE, (f"warfarin (vitamin K antagonist) ended, last day {LATER}",)),
    ]


def test_a_drug_whose_class_has_its_name_is_named_once() -> None:
    assert days(course(lane(taken(DAY), drug=("thiosulfate", "thiosulfate")))) == [(DAY, ("thiosulfate started",))]


@pytest.mark.parametrize("start", [FIRST - ONE, FIRST - timedelta(days=400)])
def test_a_start_before_the_first_day_is_no_change(start: date) -> None:
    assert days(course(lane(taken(start)))) == []
    assert [on for on, _ in days(course(lane(taken(FIRST))))] == [FIRST]


def test_an_end_that_only_reaches_the_end_of_the_days_is_no_change() -> None:
    assert days(course(lane(taken(FIRST - ONE, TODAY)))) == []
    assert [on for on, _ in days(course(lane(taken(FIRST - ONE, TODAY - ONE))))] == [TODAY]


def test_a_beginning_or_end_that_is_not_recorded_is_no_change_and_is_counted() -> None:
    found = course(
        lane(taken(None, DAY), taken(None), drug=WARFARIN),
        lane(taken(DAY, end=End.UNKNOWN), drug=ACETATE),
        findings=(finding(None), finding(DAY, end=End.UNKNOWN)),
    )
    assert [what for _, what in days(course(lane(taken(None))))] == []
    assert [what for _, what in days(course(lane(taken(FIRST - ONE, end=End.UNKNOWN))))] == []
    assert undated(found) == "3 beginnings, 2 ends"
    assert undated(course(lane(taken(DAY, LATER)), findings=(finding(DAY, LATER),))) == ""


def test_a_prescription_that_follows_another_of_the_drug_without_a_day_between_is_no_change() -> None:
    renewed = course(lane(taken(DAY, LATER), taken(LATER + ONE)))
    assert [on for on, _ in days(renewed)] == [DAY]
    overlapping = course(lane(taken(DAY, LATER), taken(LATER - ONE)))
    assert [on for on, _ in days(overlapping)] == [DAY]
    with_a_gap = course(lane(taken(DAY, LATER), taken(LATER + 2 * ONE)))
    assert [on for on, _ in days(with_a_gap)] == [DAY, LATER + ONE, LATER + 2 * ONE]


def test_what_another_prescription_without_an_end_leaves_open_is_said() -> None:
    (first, again) = days(course(lane(taken(DAY, end=End.UNKNOWN), taken(LATER))))
    assert first == (DAY, ("warfarin (vitamin K antagonist) started",))
    assert again[1][0].endswith("started, another prescription of it has no recorded beginning or end")


def test_a_finding_changed_when_it_was_recorded_and_when_it_was_gone() -> None:
    assert days(course(findings=(finding(DAY, LATER),))) == [
        (DAY, ("livedo recorded: “Livedo of both thighs”",)),
        (LATER, ("livedo gone",)),
    ]
    # A day to come is read as today: it may not be gone yet.
    assert [on for on, _ in days(course(findings=(finding(FIRST - ONE, TODAY),)))] == []


def test_several_changes_of_one_day_are_one_with_one_number() -> None:
    found = course(lane(taken(FIRST - ONE, DAY - ONE)), lane(taken(DAY), drug=ACETATE), findings=(finding(DAY),))
    (change,) = changes(found, words())
    assert (change.number, change.on) == (1, DAY)
    assert [what.split(" (")[0].split(":")[0] for what in change.what] == [
        "warfarin",
        "calcium acetate",
        "livedo recorded",
    ]
    assert len(drawing(found, words(), View()).changes) == 1


def test_a_drug_prescribed_twice_on_one_day_started_once() -> None:
    assert [len(what) for _, what in days(course(lane(taken(DAY), taken(DAY))))] == [1]


# ------------------------------------------------------------------ the picture
def head(drawn: Picture) -> Row:
    (row,) = [row for row in drawn.rows if row.key == "changes"]
    return row


def lines(drawn: Picture) -> dict[str, set[float]]:
    """By row, where the lines of changes go through it."""
    return {
        row.key: {
            float(x)
            for shape in row.shapes
            if isinstance(shape, Path) and shape.ink == "change"
            for x in re.findall(r"M([\d.]+),", shape.d)
        }
        for row in drawn.rows
    }


def test_a_line_goes_through_all_rows_at_each_day_with_a_change() -> None:
    drawn = drawing(two_years(), words(), View())
    expected = {round(drawn.days.x(change.on), 1) for change in changes(two_years(), words())}
    assert len(expected) > 15
    assert set(map(frozenset, lines(drawn).values())) == {frozenset(expected)}


@pytest.mark.parametrize("units", ["rules", "si"])
def test_every_change_has_a_mark_with_its_words(units: str) -> None:
    drawn = drawing(two_years(), words(units=units), View(units=units))
    told = [(mark.on, mark.words.split("\n")[0].lower()) for mark in head(drawn).marks]
    assert told == [(change.on, "; ".join(change.what).lower()) for change in changes(two_years(), words())]


def test_a_nearer_look_marks_fewer_days_with_the_same_numbers() -> None:
    near = drawing(two_years(), words(), View(months="3"))
    assert near.changes
    assert near.changes == changes(two_years(), words())[-len(near.changes) :]
    assert all(change.on >= near.days.first for change in near.changes)
    assert near.changes[0].number > 1


def test_without_its_row_there_is_no_line_and_without_other_rows_there_is() -> None:
    hidden = drawing(two_years(), words(), View(rows=("calcium", "level")))
    assert (hidden.changes, set().union(*lines(hidden).values())) == ((), set())
    few = drawing(two_years(), words(), View(rows=("changes", "calcium")))
    assert list(lines(few)) == ["changes", "calcium"]
    assert len(lines(few)["calcium"]) == len(few.changes) > 15


def test_no_line_of_a_change_leaves_its_row() -> None:
    for row in drawing(two_years(), words(), View()).rows:
        for shape in row.shapes:
            if isinstance(shape, Path) and shape.ink == "change":
                heights = [float(y) for pair in re.findall(r",([\d.]+)V([\d.]+)", shape.d) for y in pair]
                assert row.top <= min(heights) < max(heights) <= row.bottom + 0.1


# ------------------------------------------------------------------ labels
def labelled(*on: int) -> list[tuple[float, str]]:
    axis = Days(date(2024, 1, 1), date(2024, 1, 1) + timedelta(days=1000), 0, 1000)
    marked = tuple(Change(number, axis.first + timedelta(days=day), ()) for number, day in enumerate(on, start=1))
    return list(labels(marked, axis))


def test_days_far_from_each_other_have_a_label_each_and_near_ones_share_it() -> None:
    assert labelled(100, 120) == [(100, "1"), (120, "2")]
    assert labelled(100, 110) == [(105, "1–2")]
    assert labelled(100, 110, 120, 500) == [(110, "1–3"), (500, "4")]


def test_a_shared_label_that_would_touch_the_one_before_takes_it_in() -> None:
    assert labelled(100, 117, 125) == [(112.5, "1–3")]
    assert labelled() == []


def test_no_label_lies_on_another_whatever_the_days() -> None:
    for drawn in (drawing(two_years(), words(), View(months=months)) for months in ("all", "12", "3")):
        found = list(labels(drawn.changes, drawn.days))
        for (x, text), (other, next_text) in pairwise(found):
            assert other - x >= 4.5 * (len(text) + len(next_text))
        numbers = [shape.words for shape in head(drawn).shapes if isinstance(shape, Text)]
        assert numbers == [text for _, text in found]


# ------------------------------------------------------------------ what is not known is not "nothing changed"
GAPS = (Gap("medications", "prescriptions", "cut"), Gap("conditions", "conditions", "cut"))


def table(found: Course) -> CourseTable:
    return next(one for one in tables(found, words()) if one.key == "changes")


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (course(), ""),
        (replace(course(), gaps=GAPS[:1]), "drugs could not be read"),
        (replace(course(), gaps=GAPS), "drugs could not be read; findings could not be read"),
        (replace(course(lane(taken(DAY))), gaps=GAPS[:1]), "not all drugs could be read"),
        (replace(course(findings=(finding(DAY),)), gaps=GAPS[1:]), "not all findings could be read"),
        (replace(course(), unread_drugs=2), "2 prescriptions whose drug could not be read"),
        (replace(course(), unreadable=(Unreadable("condition", "x"),)), "1 entry that could not be read"),
    ],
)
def test_drugs_and_findings_that_were_not_read_are_told_in_picture_table_and_file(found: Course, said: str) -> None:
    row, shown = head(drawing(found, words(), View())), table(found)
    assert row.doubt == said
    title = row.pinned[0]
    assert isinstance(title, Text)
    in_the_row = [shape.words for shape in row.shapes if isinstance(shape, Text)]
    if row.marks:
        assert said in "".join(more for more, _ in title.more)
        assert shown.note.lower() == said
    else:
        assert in_the_row == [said or "none on record"]
        assert shown.empty == (said or "none on record in these two years")
    assert (f"what changed,,,,,{said}," in csv_of(found, words(), []).decode()) is bool(said)


def test_changes_before_a_nearer_look_are_not_no_changes() -> None:
    found = course(lane(taken(DAY)))
    assert changes_within(found, Window(DAY, TODAY), words()).empty == ""
    assert changes_within(found, Window(DAY + ONE, TODAY), words()).empty == "none in these days"


def test_the_table_holds_every_change_newest_first_and_says_what_has_no_day() -> None:
    shown = table(two_years())
    assert [row.cells for row in shown.rows] == [
        (change.on.isoformat(), str(change.number), "; ".join(change.what))
        for change in reversed(changes(two_years(), words()))
    ]
    assert shown.note == "Not in this list, because no day is recorded: 3 ends"
