"""What is drawn of a course: places, shapes and words, a valid specification, and an SVG that the page can hold."""

from __future__ import annotations

import importlib
import json
import re
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from cds_service.web import course
from cds_service.web.course.drawer import NotDrawnError
from cds_service.web.course.drawing import INKS, draw, specification
from cds_service.web.course.figure import figure
from cds_service.web.course.svg import ATTRIBUTES, ELEMENTS, page_svg
from hooks.chart import Gap, Medication
from hooks.course.course import Course, DrugLane
from hooks.course.record import End, MedicationPeriod
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


def drawn(course: Course) -> dict[str, Any]:
    return figure(course, words())


def panel(course: Course, key: str) -> dict[str, Any]:
    found = [one for one in drawn(course)["panels"] if one["key"] == key]
    assert len(found) == 1
    return dict(found[0])


# ------------------------------------------------------------------ the figure
def test_the_figure_is_plain_json() -> None:
    assert json.loads(json.dumps(drawn(two_years())))["today"] == TODAY.isoformat()


def test_every_point_carries_value_unit_side_day_origin_and_code() -> None:
    text = panel(two_years(), "calcium")["points"][-1]["words"]
    lines = text.split("\n")
    assert re.fullmatch(r"Calcium, corrected 9\.3 mg/dL: in range", lines[0])
    assert lines[1] == (TODAY - timedelta(days=4)).isoformat()
    assert lines[2] == "corrected for albumin: calcium 8.7 mg/dL (2.17 mmol/L); albumin 3.2 g/dL"
    assert lines[3] == "LOINC 2000-8, LOINC 1751-7"


def test_a_measure_without_results_and_one_that_could_not_be_read_look_different() -> None:
    assert panel(nothing(), "phosphate")["empty"] == "no results"
    assert panel(course_of(TWO_YEARS, "phosphate_albumin", "calcium"), "intact_pth")["empty"] == ""
    failed = Course(FIRST, TODAY, (), (), (), (), ())
    assert drawn(failed)["panels"] == []
    empty = Course(FIRST, TODAY, tuple(_with_gap(nothing())), (), (), (), ())
    assert {one["empty"] for one in drawn(empty)["panels"]} == {"could not be read"}


def _with_gap(course: Course) -> list[Any]:
    gap = Gap("calcium", "calcium results", "the FHIR server answered 500")
    return [replace(series, gaps=(gap,)) for series in course.series]


def test_a_measure_of_which_only_part_was_read_says_so() -> None:
    shown = [replace(series, gaps=_with_gap(nothing())[0].gaps) for series in two_years().series]
    notes = {one["note"] for one in drawn(replace(two_years(), series=tuple(shown)))["panels"]}
    assert notes == {"not all could be read"}


def test_a_result_that_could_not_be_used_is_a_mark_of_its_own() -> None:
    (mark,) = panel(two_years(), "phosphate")["unread"]
    assert "could not be used: no unit" in mark["words"]


def test_all_points_and_the_range_lie_within_the_panel() -> None:
    for one in drawn(two_years())["panels"]:
        lowest, highest = one["domain"]
        assert all(lowest < point["value"] < highest for point in one["points"])
        assert all(lowest < level["value"] < highest for level in one["levels"])
        assert one["levels"]


def test_a_measure_without_a_lower_bound_has_no_band_and_its_values_are_in_no_range() -> None:
    shown = panel(two_years(), "phosphate")
    assert shown["bands"] == []
    said = [point["words"].split("\n")[0] for point in shown["points"] if point["side"] == "in range"]
    assert said
    assert all(line.endswith(": not above the limit") for line in said)
    dose = [point["words"] for point in panel(two_years(), "sp_kt_v")["points"] if point["side"] == "in range"]
    assert all(": not below the limit" in text for text in dose)


def test_the_words_of_levels_do_not_lie_on_one_another() -> None:
    for one in drawn(two_years())["panels"]:
        labels = sorted(level["label"] for level in one["levels"] if level["words"])
        least = 0.16 * (one["domain"][1] - one["domain"][0])
        assert all(upper - lower > least for lower, upper in pairwise(labels))
    said = {level["words"] for level in panel(two_years(), "intact_pth")["levels"]}
    assert said >= {"scored low below 100"}
    assert "moderate above 9.5" in {level["words"] for level in panel(two_years(), "calcium")["levels"]}


def bar(period: MedicationPeriod) -> dict[str, Any]:
    lane = DrugLane("vitamin_k_antagonist", DrugClass("x"), "warfarin", (period,))
    return dict(drawn(Course(FIRST, TODAY, (), (lane,), (), (), ()))["drugs"]["bars"][0])


WARFARIN = Medication("", "warfarin")


def test_a_bar_is_cut_at_the_ends_of_the_picture() -> None:
    found = bar(MedicationPeriod(WARFARIN, "active", FIRST - timedelta(days=90), None, End.ONGOING))
    assert (found["from"], found["to"], found["open"]) == (FIRST.isoformat(), TODAY.isoformat(), False)


def test_a_bar_reaches_through_the_last_day() -> None:
    last = TODAY - timedelta(days=10)
    found = bar(MedicationPeriod(WARFARIN, "stopped", TODAY - timedelta(days=30), None, End.KNOWN, last, "x"))
    assert found["to"] == (last + timedelta(days=1)).isoformat()


def test_a_bar_of_unknown_beginning_or_end_says_so() -> None:
    found = bar(MedicationPeriod(WARFARIN, "completed", None, None, End.UNKNOWN))
    assert (found["open"], found["note"]) == (True, "beginning not recorded; end not recorded (completed)")


def test_the_lane_of_a_drug_in_two_classes_names_the_class() -> None:
    period = MedicationPeriod(WARFARIN, "active", TODAY, None, End.ONGOING)
    lanes = tuple(DrugLane(name, DrugClass(name), "iron", (period,)) for name in ("iv_iron", "oral_iron"))
    rows = drawn(Course(FIRST, TODAY, (), lanes, (), (), ()))["drugs"]["rows"]
    assert rows == ["iron, iv_iron", "iron, oral_iron"]


def test_long_words_of_a_record_are_cut_in_the_picture_only() -> None:
    mark = drawn(two_years())["findings"]["marks"][-1]
    assert len(mark["text"]) <= 48


# ------------------------------------------------------------------ the drawing
def test_the_specification_is_valid_vega_lite() -> None:
    altair = importlib.import_module("altair")
    assert altair.Chart.from_dict(specification(drawn(two_years())))


def test_a_course_of_nothing_is_drawn_too() -> None:
    found = draw(drawn(nothing()))
    assert found.count(">no results<") == len(nothing().series)


def test_the_drawing_names_no_address_outside() -> None:
    addresses = set(re.findall(r"https?://[^\"']+", json.dumps(specification(drawn(two_years())))))
    assert all(address.startswith("https://vega.github.io/schema/") for address in addresses)


@pytest.fixture(scope="module")
def svg() -> ElementTree.Element[str]:
    return ElementTree.fromstring(str(page_svg(draw(drawn(two_years())), "The course", "more below")))


def test_the_svg_holds_what_the_page_may_hold_and_nothing_else(svg: ElementTree.Element[str]) -> None:
    allowed = ATTRIBUTES | {"id", "class", "fill", "stroke", "role", "tabindex", "data-lane"}
    for element in svg.iter():
        assert element.tag in ELEMENTS | {"desc"}
        assert all(name in allowed or name.startswith("aria-") for name in element.attrib), element.attrib
        assert {element.get(way, "none") for way in ("fill", "stroke")} == {"none"}


def test_every_colour_of_the_drawing_is_a_class_of_the_style_sheet(svg: ElementTree.Element[str]) -> None:
    css = (Path(course.__file__).parent / "static" / "course.css").read_text(encoding="utf-8")
    used = {name for element in svg.iter() for name in element.get("class", "").split()}
    for name in used - {"mark", "course-svg"}:
        assert f".{name} {{" in css
    assert {f"fill-{name}" for name in ("series", "high", "low", "feeding", "helping", "unsure")} <= used


def test_every_mark_is_reachable_and_says_what_it_is(svg: ElementTree.Element[str]) -> None:
    lanes = {lane.get("data-lane"): list(lane) for lane in svg.iter("g") if lane.get("data-lane")}
    marks = [mark for found in lanes.values() for mark in found]
    assert all(mark.get("aria-label") and mark.get("role") == "img" for mark in marks)
    assert sorted({mark.get("tabindex") for mark in marks}, key=str) == ["-1", "0"]
    assert len([mark for mark in marks if mark.get("tabindex") == "0"]) == 1
    course = two_years()
    expected = {series.key: len(series.points) for series in course.series if series.points}
    assert {key: len(lanes[key]) for key in expected} == expected
    assert len(lanes["drugs"]) == sum(len(lane.periods) for lane in course.drugs)
    assert len(lanes["findings"]) == len(course.findings)
    assert len(lanes["evaluations"]) == len(course.evaluations)


def test_axes_and_words_are_hidden_from_a_screen_reader(svg: ElementTree.Element[str]) -> None:
    hidden = {text for group in svg.iter() if group.get("aria-hidden") == "true" for text in group.iter("text")}
    assert hidden == set(svg.iter("text")) != set()


# ------------------------------------------------------------------ what comes from elsewhere
HOSTILE = (
    '<svg xmlns="http://www.w3.org/2000/svg" onload="x()" style="x"><style>x</style><script>x</script>'
    '<g class="mark-symbol marks_a_marks"><path aria-label="a &lt;b&gt;" d="M0,0" href="http://x" onclick="x()" '
    f'fill="{INKS["high"]}" stroke="url(http://x)"/></g>'
    '<foreignObject><p xmlns="http://www.w3.org/1999/xhtml">x</p></foreignObject><image href="http://x"/></svg>'
)


def test_what_is_not_on_the_lists_is_taken_out() -> None:
    found = str(page_svg(HOSTILE, 'a "title"', "<b>"))
    assert not re.search(r"style|<script|onload|onclick|href|http|foreign|image|url\(", found.lower())
    assert 'class="mark fill-high"' in found
    assert 'aria-label="a &lt;b&gt;"' in found
    assert "<desc>&lt;b&gt;</desc>" in found


@pytest.mark.parametrize("text", ["", "no svg", "<svg>"])
def test_what_is_no_svg_is_no_drawing(text: str) -> None:
    with pytest.raises(NotDrawnError):
        page_svg(text, "", "")
