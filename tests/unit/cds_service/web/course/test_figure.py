"""What is drawn of a course: which values, limits, periods and words, in which days and which units."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

import pytest

from cds_service.web.course.drawn import figure
from cds_service.web.course.figure import Figure, Panel, Period
from cds_service.web.course.view import View
from hooks.chart import Gap, Medication
from hooks.course import Course, DrugLane, End, MedicationPeriod, Series, Side
from hooks.policy import DrugClass
from tests.unit.cds_service.web.course.course_records import (
    FIRST,
    TODAY,
    TWO_YEARS,
    course_of,
    nothing,
    two_years,
    words,
)

ALL = View()
NEAR = View(months="3")


def drawn(course: Course, view: View = ALL) -> Figure:
    return figure(course, words(), view)


def panel(course: Course, key: str, view: View = ALL) -> Panel:
    (found,) = [panel for panel in figure(course, words(units=view.units), view).panels if panel.key == key]
    return found


# ------------------------------------------------------------------ results
def test_every_point_carries_value_unit_side_day_origin_and_code() -> None:
    lines = panel(two_years(), "calcium").dots[-1].words.split("\n")
    assert lines == [
        "Calcium, corrected 9.3 mg/dL: in range",
        (TODAY - timedelta(days=4)).isoformat(),
        "corrected for albumin: calcium 8.7 mg/dL (2.17 mmol/L); albumin 3.2 g/dL",
        "LOINC 2000-8, LOINC 1751-7",
    ]


def test_a_measure_without_results_and_one_that_could_not_be_read_look_different() -> None:
    assert panel(nothing(), "phosphate").empty == "no results"
    assert panel(course_of(TWO_YEARS, "phosphate_albumin", "calcium"), "intact_pth").empty == ""
    assert drawn(Course(FIRST, TODAY, (), (), (), (), ())).panels == ()
    empty = drawn(Course(FIRST, TODAY, with_gap(nothing()), (), (), (), ()))
    assert {(one.empty, one.unread) for one in empty.panels} == {("could not be read", True)}


def with_gap(course: Course) -> tuple[Series, ...]:
    gap = Gap("calcium", "calcium results", "the FHIR server answered 500")
    return tuple(replace(series, gaps=(gap,)) for series in course.series)


def test_a_measure_of_which_only_part_was_read_says_so() -> None:
    shown = drawn(replace(two_years(), series=with_gap(two_years())))
    assert {one.note for one in shown.panels} == {"not all could be read"}


def test_a_result_that_could_not_be_used_is_a_mark_of_its_own() -> None:
    (mark,) = panel(two_years(), "phosphate").unusable
    assert "could not be used: no unit" in mark.words


@pytest.mark.parametrize("units", ["rules", "si"])
def test_all_points_and_limits_lie_within_the_panel(units: str) -> None:
    for one in figure(two_years(), words(units=units), View(units=units)).panels:
        lowest, highest = one.domain
        assert all(lowest < dot.value < highest for dot in one.dots)
        assert all(lowest < limit.value < highest for limit in one.limits)
        assert one.limits


def test_a_measure_without_a_lower_bound_has_no_band_and_its_values_are_in_no_range() -> None:
    shown = panel(two_years(), "phosphate")
    assert shown.zones == ()
    said = [dot.words.split("\n")[0] for dot in shown.dots if dot.side is Side.IN_RANGE]
    assert said
    assert all(line.endswith(": not above the limit") for line in said)
    dose = [dot.words for dot in panel(two_years(), "sp_kt_v").dots if dot.side is Side.IN_RANGE]
    assert all(": not below the limit" in text for text in dose)


# ------------------------------------------------------------------ one word for one limit
def test_a_mark_beyond_a_limit_has_the_word_of_the_line() -> None:
    """The highest limit below a value, or the lowest above it, says what the value is."""
    for one in drawn(two_years()).panels:
        now = [limit for limit in one.limits if limit.words]
        for dot in one.dots:
            if dot.on < max(limit.first for limit in now) or dot.side in (Side.IN_RANGE, Side.BELOW):
                continue
            passed = [limit for limit in now if (limit.value < dot.value) is ("below" not in limit.words)]
            assert any(limit.words.startswith(dot.side.value) for limit in passed), (one.key, dot, now)


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("calcium", ["low below 8.4", "moderate above 9.5", "high above 10.2"]),
        ("phosphate", ["high above 5.5"]),
        ("product", ["moderate above 55", "high above 70"]),
        ("intact_pth", ["low below 100", "range 144 to 648", "high above 648"]),
        ("sp_kt_v", ["low below 1.2", "target 1.4"]),
    ],
)
def test_the_limits_say_low_moderate_and_high(key: str, expected: list[str]) -> None:
    limits = sorted(panel(two_years(), key).limits, key=lambda limit: limit.value)
    assert [limit.words for limit in limits if limit.words][: len(expected)] == expected


def test_a_limit_that_changes_says_from_when() -> None:
    changes = [limit.change for limit in panel(two_years(), "intact_pth").limits if limit.change]
    assert len(changes) == 2
    assert re.fullmatch(r"144 from \d{4}-\d\d-\d\d", changes[0])
    assert not [limit for limit in panel(two_years(), "calcium").limits if limit.change]


# ------------------------------------------------------------------ a nearer look
def test_a_near_look_shows_fewer_days_of_the_same_course() -> None:
    near, whole = drawn(two_years(), NEAR), drawn(two_years())
    begin = date(2025, 12, 2)
    assert (near.window.first, near.window.today) == (begin, TODAY)
    for few, every in zip(near.panels, whole.panels, strict=True):
        assert few.latest == every.latest
        assert [dot.words for dot in few.dots] == [dot.words for dot in every.dots if dot.on >= begin]
    assert near.stretches[-1] == whole.stretches[-1]
    assert near.stretches[0].begin == begin
    assert near.stretches[0].words in {one.words for one in whole.stretches}


def test_results_before_a_near_look_are_not_no_results() -> None:
    calcium = next(series for series in two_years().series if series.key == "calcium")
    old = replace(calcium, points=calcium.points[:1])
    found = panel(replace(two_years(), series=(old,)), "calcium", NEAR)
    assert found.empty == f"no results in these days, newest {calcium.points[0].on}"
    assert found.before is not None
    assert found.before.on == calcium.points[0].on


def test_drugs_and_findings_before_a_near_look_are_counted() -> None:
    near = drawn(two_years(), NEAR)
    assert near.drugs.more == "1 before these days"
    assert len(near.drugs.lanes) + 1 == len(two_years().drugs)
    begun = [bar for lane in near.drugs.lanes for bar in lane.periods]
    assert min(bar.begin for bar in begun) == near.window.first


def test_a_month_that_is_too_short_for_the_day_is_no_error() -> None:
    assert View(months="3").first(date(2020, 1, 1), date(2026, 5, 31)) == date(2026, 3, 3)
    assert View(months="24").first(FIRST, TODAY) >= FIRST


# ------------------------------------------------------------------ drugs and findings
def bar(period: MedicationPeriod) -> Period:
    lane = DrugLane("vitamin_k_antagonist", DrugClass("x"), "warfarin", (period,))
    (found,) = drawn(Course(FIRST, TODAY, (), (lane,), (), (), ())).drugs.lanes[0].periods
    return found


WARFARIN = Medication("", "warfarin")


def test_a_bar_is_cut_at_the_ends_of_the_picture() -> None:
    found = bar(MedicationPeriod(WARFARIN, "active", FIRST - timedelta(days=90), None, End.ONGOING))
    assert (found.begin, found.until, found.open) == (FIRST, TODAY + timedelta(days=1), False)


def test_a_bar_reaches_through_the_last_day() -> None:
    last = TODAY - timedelta(days=10)
    found = bar(MedicationPeriod(WARFARIN, "stopped", TODAY - timedelta(days=30), None, End.KNOWN, last, "x"))
    assert found.until == last + timedelta(days=1)


def test_a_bar_of_unknown_beginning_or_end_says_so() -> None:
    found = bar(MedicationPeriod(WARFARIN, "completed", None, None, End.UNKNOWN))
    assert (found.open, found.note) == (True, "beginning not recorded; end not recorded (completed)")


def test_the_lane_of_a_drug_in_two_classes_names_the_class() -> None:
    period = MedicationPeriod(WARFARIN, "active", TODAY, None, End.ONGOING)
    lanes = tuple(DrugLane(name, DrugClass(name), "iron", (period,)) for name in ("iv_iron", "oral_iron"))
    found = drawn(Course(FIRST, TODAY, (), lanes, (), (), ())).drugs.lanes
    assert [lane.name for lane in found] == ["iron, iv_iron", "iron, oral_iron"]


def test_days_follow_on_one_another() -> None:
    found = drawn(two_years()).stretches
    assert all(one.end == other.begin for one, other in pairwise(found))
