"""Where the picture puts things, and what of it the keyboard and a screen reader reach."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

import pytest

from cds_service.web.course.drawn import drawing
from cds_service.web.course.figure import Stretch
from cds_service.web.course.picture import Picture, row_titles
from cds_service.web.course.rows import LEFT, PLOT, WIDTH, Row
from cds_service.web.course.rule_rows import LEVEL, level_row, points_row
from cds_service.web.course.scales import Days, Values
from cds_service.web.course.shapes import Bar, Line, Path, Text, symbol
from cds_service.web.course.view import View
from tests.unit.cds_service.web.course.course_records import FIRST, TODAY, nothing, two_years, words


def picture(view: View | None = None) -> Picture:
    return drawing(two_years(), words(), view or View())


def row(key: str, drawn: Picture | None = None) -> Row:
    (found,) = [row for row in (drawn or picture()).rows if row.key == key]
    return found


# ------------------------------------------------------------------ what cannot be told
def stretch(begin: date, end: date, level: int, *, is_open: bool) -> Stretch:
    return Stretch(begin, end, level, level, level, level, False, False, is_open, is_open, "", "")


@pytest.mark.parametrize("row_of", [level_row, points_row])
def test_where_more_was_possible_the_step_is_broken_and_shaded_to_the_top_and_never_looks_told(
    row_of: Callable[[tuple[Stretch, ...], Days, float], Row],
) -> None:
    middle, days = FIRST + timedelta(days=300), Days(FIRST, TODAY, 100, 731)
    told, not_told = stretch(FIRST, middle, 1, is_open=False), stretch(middle, TODAY, 1, is_open=True)
    row = row_of((told, not_told), days, 0)
    steps = [shape for shape in row.shapes if isinstance(shape, Path) and shape.kind.startswith("step")]
    assert [(step.ink, step.kind.endswith("-open")) for step in steps] == [("series", False), ("unsure", True)]
    (shade,) = [shape for shape in row.shapes if isinstance(shape, Bar) and shape.ink == "unsure"]
    assert shade.x == days.x(middle)
    assert shade.y <= row.top + LEVEL
    assert [mark.ink for mark in row.marks] == ["series", "unsure"]


# ------------------------------------------------------------------ axes
def test_time_goes_from_left_to_right_and_what_lies_outside_stands_at_the_end() -> None:
    days = Days(FIRST, TODAY, 100, 731)
    assert [days.x(day) for day in (FIRST, FIRST + timedelta(days=1), TODAY)] == [100, 101, 831]
    assert [days.x(day) for day in (FIRST - timedelta(days=9), TODAY + timedelta(days=9))] == [100, 831]


@pytest.mark.parametrize(
    ("first", "expected"), [(date(2025, 12, 2), 3), (date(2025, 3, 2), 6), (date(2024, 3, 1), 8), (TODAY, 0)]
)
def test_the_dates_of_the_axis_are_few_first_days_of_months(first: date, expected: int) -> None:
    ticks = list(Days(first, TODAY, 0, 100).ticks())
    assert {day.day for day in ticks} <= {1}
    assert abs(len(ticks) - expected) <= 1


def test_values_grow_upwards_and_ticks_are_round_and_within() -> None:
    values = Values(7.5, 12.8, 20, 100)
    assert (values.y(7.5), values.y(12.8)) == (120, 20)
    assert values.ticks() == [8, 10, 12]
    for lowest, highest in ((0, 0), (0, 1000), (1.1, 1.7), (0.02, 0.03)):
        ticks = Values(lowest, highest, 0, 100).ticks()
        assert 1 <= len(ticks) <= 4
        assert all(lowest <= tick <= highest for tick in ticks)


def test_every_symbol_is_drawn_around_its_point() -> None:
    assert symbol("up", 10, 20, 4) == "M10.0,20.0m0,-4l4,8h-8z"
    with pytest.raises(KeyError):
        symbol("star", 0, 0, 1)


# ------------------------------------------------------------------ rows
def test_rows_stand_under_one_another_and_share_the_axis() -> None:
    drawn = picture()
    assert [row.key for row in drawn.rows] == list(row_titles(two_years(), words()))
    assert all(upper.bottom < lower.top for upper, lower in pairwise(drawn.rows))
    assert drawn.rows[-1].bottom < drawn.height


def test_a_hidden_row_is_not_there_and_the_others_move_up() -> None:
    few = picture(View(rows=("phosphate", "level")))
    assert [row.key for row in few.rows] == ["phosphate", "level"]
    assert few.rows[0].top == picture().rows[0].top
    assert few.height < picture().height


def test_no_line_runs_through_the_words_above_a_row() -> None:
    for one in picture().rows:
        title = one.pinned[0]
        assert isinstance(title, Text)
        assert title.y < one.top
        for shape in one.shapes:
            if isinstance(shape, Line):
                assert one.top <= min(shape.y1, shape.y2) <= max(shape.y1, shape.y2) <= one.bottom
            if isinstance(shape, Bar):
                assert one.top <= shape.y <= shape.y + shape.height <= one.bottom + 0.01


def test_the_words_of_limits_do_not_lie_on_one_another() -> None:
    for one in picture().rows:
        heights = [shape.y for shape in one.shapes if isinstance(shape, Text) and shape.x > LEFT + PLOT]
        assert all(abs(lower - upper) >= 10.9 for lower, upper in pairwise(sorted(heights)))


def test_all_marks_lie_between_the_ends_of_the_axis() -> None:
    for one in picture(View(months="3")).rows:
        for mark in one.marks:
            x = float(mark.d[1:].split(",")[0])
            assert LEFT <= x <= LEFT + PLOT
    assert picture().width == WIDTH


def test_every_record_has_a_mark_that_says_what_it_is() -> None:
    course = two_years()
    for series in course.series:
        unread = [record for record in series.unreadable if series.key != "product"]
        assert len(row(series.key).marks) == len(series.points) + len(unread)
    assert len(row("drugs").marks) == sum(len(lane.periods) for lane in course.drugs)
    assert len(row("findings").marks) == len(course.findings)
    assert len(row("level").marks) == len(row("points").marks) == len(course.evaluations)
    assert all(mark.words for one in picture().rows for mark in one.marks)


def test_the_peak_of_the_points_stands_on_their_axis() -> None:
    peak = max(
        max(found.outcome.points, found.otherwise.points if found.otherwise else 0) for found in two_years().evaluations
    )
    assert [text.words for text in row("points").scale] == ["0", str(peak)]


def test_risk_has_an_ink_of_its_own_and_not_that_of_the_range() -> None:
    fills = {shape.ink for shape in row("points").shapes if isinstance(shape, Path) and shape.filled}
    assert fills == {"points"}
    bands = {shape.ink for one in picture().rows for shape in one.shapes if isinstance(shape, Bar)}
    assert "band" in bands


def test_long_words_of_a_record_are_cut_in_the_picture_only() -> None:
    lane = two_years().findings[0]
    then = replace(lane.period.then, text="x" * 300)
    long = replace(lane, period=replace(lane.period, then=then))
    found = row("findings", drawing(replace(two_years(), findings=(long,)), words(), View()))
    (name,) = [text for text in found.pinned[1:] if isinstance(text, Text)]
    assert len(name.words) + sum(len(more) for more, _ in name.more) < 110
    assert "x" * 300 in found.marks[0].words


def test_a_near_look_knows_the_newest_result_before_it() -> None:
    near = row("intact_pth", picture(View(months="3")))
    assert near.before is not None
    assert near.before.on < date(2025, 12, 2)
    assert row("intact_pth").before is None


def test_what_could_not_be_read_is_said_of_every_day() -> None:
    assert row("phosphate").none == "no usable result"
    assert row("drugs", drawing(nothing(), words(), View())).none == "none on record"
    unread = drawing(replace(nothing(), unread_drugs=1), words(), View())
    assert row("drugs", unread).doubt == "1 prescription whose drug could not be read"
