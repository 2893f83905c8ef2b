"""The files of a course: every value and row, harmless in a spreadsheet, without the patient's name."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from flask import Flask

from cds_service.app import create_app
from cds_service.demo.sandbox import Sandbox
from cds_service.settings import Settings
from cds_service.web.course.download import HEADS, csv_of
from cds_service.web.course.drawn import style
from hooks.chart import Gap
from hooks.course import Course
from tests.unit.cds_service.web.course.course_records import NOW, TWO_YEARS, nothing, two_years, words

ADDRESS = f"/course/{TWO_YEARS.patient_id}"


def rows(course: Course, units: str = "rules") -> list[list[str]]:
    content = csv_of(course, words(units=units), [("read", "today")])
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(content.decode("utf-8-sig").splitlines()))


def test_every_value_and_every_row_is_in_the_table() -> None:
    course = two_years()
    found = rows(course)
    assert tuple(found[0]) == HEADS
    assert {len(row) for row in found} == {len(HEADS)}
    names = [row[0] for row in found]
    for series in course.series:
        values = [row for row in found if row[0] == words().title(series) and row[3]]
        assert [row[1] for row in values] == [point.on.isoformat() for point in series.points]
        assert {row[4] for row in values} == {words().unit(series)}
    assert sum(name.startswith("drug: ") for name in names) == sum(len(lane.periods) for lane in course.drugs) + len(
        course.other_drugs
    )
    assert sum(name.startswith("finding: ") for name in names) == len(course.findings)
    assert names.count("what the rules say") == names.count("risk points (heuristic)") == len(course.evaluations)
    assert names.count("could not be used") == len(course.unreadable)


def test_a_row_says_value_unit_side_origin_and_code() -> None:
    (row,) = [row for row in rows(two_years()) if row[:2] == ["Calcium, corrected", "2026-02-26"]]
    assert row[3:] == [
        "9.3",
        "mg/dL",
        "in range",
        "corrected for albumin: calcium 8.7 mg/dL (2.17 mmol/L); albumin 3.2 g/dL",
        "LOINC 2000-8, LOINC 1751-7",
    ]
    (other,) = [row for row in rows(two_years(), "si") if row[:2] == ["Calcium, corrected", "2026-02-26"]]
    assert other[3:5] == ["2.33", "mmol/L"]


def test_what_could_not_be_read_is_a_row_and_no_gap_of_the_table() -> None:
    gap = Gap("calcium", "calcium results", "the FHIR server answered 500")
    found = rows(replace(nothing(), gaps=(gap,), evaluations=()))
    assert ["could not be read", "", "", "", "", "Calcium results: the FHIR server answered 500", "", ""] in found
    assert "not told: what they need could not be read" in {row[5] for row in found}
    assert [row for row in rows(two_years()) if row[0] == "Phosphate" and row[5:7] == ["could not be used", "no unit"]]


def test_words_of_a_record_run_nothing_in_a_spreadsheet() -> None:
    lane = two_years().findings[0]
    evil = replace(lane, period=replace(lane.period, then=replace(lane.period.then, text="=cmd|' /C calc'!A0")))
    cells = [cell for row in rows(replace(two_years(), findings=(evil,))) for cell in row]
    assert "'=cmd|' /C calc'!A0" in cells
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]


# ------------------------------------------------------------------ over HTTP
@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    folder: Path = tmp_path_factory.mktemp("download")
    with Sandbox(TWO_YEARS.resources) as fhir:
        settings = Settings(
            database_url=f"sqlite:///{folder}/x.sqlite3",
            pages=frozenset({"course"}),
            pages_fhir_server=fhir.base,
            dev=True,
            fhir_deadline_seconds=20,
        )
        made = create_app(settings, lambda: NOW)
        yield made
        made.extensions["cds_fhir_client"].close()
        made.extensions["cds_database"].close()


@pytest.mark.parametrize("form", ["csv", "svg"])
def test_a_file_is_named_by_its_day_and_names_no_patient(app: Flask, form: str) -> None:
    answer = app.test_client().get(f"{ADDRESS}?as={form}&rows=calcium")
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"] == f'attachment; filename="course-2026-03-02.{form}"'
    text = answer.get_data(as_text=True)
    assert "Ariadne" not in text
    assert TWO_YEARS.patient_id not in text
    assert "2026-03-02 09:30 UTC" in text


def test_the_picture_stands_by_itself_and_says_what_it_does_not_show(app: Flask) -> None:
    text = app.test_client().get(f"{ADDRESS}?as=svg&rows=calcium&rows=level&units=si&months=12").get_data(as_text=True)
    root = ElementTree.fromstring(text)
    words_of = " ".join(root.itertext())
    for said in (
        "Not shown here: What changed, Phosphate",
        "Not everything could be read: phosphate of",
        "mmol/L",
        "2025-03-02",
    ):
        assert said in words_of
    for meaning in ("very high; grave finding", "the rules do not apply", "low below 2.096"):
        assert meaning in words_of
    assert not re.search(r"var\(|href|<script|url\(|@import", text)


def test_the_colours_of_the_file_are_those_of_the_light_page() -> None:
    assert ".course-svg .fill-high { fill: #a3141c; }" in style()
    assert "light-dark" not in style()
    assert "--" not in re.sub(r"/\*.*?\*/", "", style(), flags=re.DOTALL)


@pytest.mark.parametrize("query", ["months=7", "units=imperial", "rows=secret", "as=pdf", "months=3&months=12"])
def test_an_unknown_value_is_answered_in_words_and_not_repeated(app: Flask, query: str) -> None:
    answer = app.test_client().get(f"{ADDRESS}?{query}")
    assert answer.status_code == 400
    page = answer.get_data(as_text=True)
    assert "A part of the address is not known." in page
    assert query.split("&")[0].partition("=")[0] in page
    assert not {"imperial", "secret", "pdf"} & set(re.findall(r"\w+", page))


def test_a_near_look_is_judged_by_the_whole_course_and_its_tables_hold_all(app: Flask) -> None:
    near = app.test_client().get(f"{ADDRESS}?months=3").get_data(as_text=True)
    whole = app.test_client().get(ADDRESS).get_data(as_text=True)
    tables = re.compile(r'<section class="course-tables".*?</section>', re.DOTALL)
    assert tables.findall(near) == tables.findall(whole)
    headline = re.compile(r'<dl class="course-now">.*?</dl>', re.DOTALL)
    assert headline.findall(near) == headline.findall(whole)
    assert "The timeline shows the days from 2025-12-02." in near


def test_the_page_names_the_rows_that_it_hides(app: Flask) -> None:
    page = app.test_client().get(f"{ADDRESS}?rows=calcium&rows=points&rows=drugs").get_data(as_text=True)
    assert (
        "Not shown in the timeline: "
        "What changed, Phosphate, Calcium × phosphate, Intact PTH, Kt/V, Findings, What the rules say." in page
    )
    assert '<a href="?">Show all rows</a>' in page
    assert 'data-lane="phosphate"' not in page
    assert "Not shown in the timeline" not in app.test_client().get(ADDRESS).get_data(as_text=True)
