"""The picture as part of the page: what the keyboard and a screen reader reach, and its inks."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

from cds_service.demo.sandbox import Sandbox
from cds_service.web import course
from tests.unit.cds_service.web.course.course_pages import Browse, shown


def test_the_keyboard_enters_the_picture_at_one_mark_and_every_mark_says_what_it_is(
    browse: Browse, sandbox: Sandbox
) -> None:
    picture = ElementTree.fromstring(re.findall(r'<svg id="course-svg".*?</svg>', shown(browse(sandbox.base)), re.S)[0])
    marks = [mark for mark in picture.iter("path") if mark.get("role") == "img"]
    assert len(marks) > 200
    assert all(mark.get("aria-label") and mark.get("data-on") for mark in marks)
    assert [mark.get("aria-label", "").split("\n")[0] for mark in marks if mark.get("tabindex") == "0"] == [
        marks[-1].get("aria-label", "").split("\n")[0]
    ]
    assert "fill" not in {name for element in picture.iter() for name in element.attrib}


def test_axes_and_words_are_hidden_from_a_screen_reader(browse: Browse, sandbox: Sandbox) -> None:
    picture = ElementTree.fromstring(re.findall(r'<svg id="course-svg".*?</svg>', shown(browse(sandbox.base)), re.S)[0])
    hidden = {text for group in picture.iter() if group.get("aria-hidden") == "true" for text in group.iter("text")}
    assert hidden == set(picture.iter("text")) != set()


def test_every_ink_of_the_picture_is_in_the_style_sheet(browse: Browse, sandbox: Sandbox) -> None:
    page = shown(browse(sandbox.base))
    css = (Path(course.__file__).parent / "static" / "picture.css").read_text(encoding="utf-8")
    inks = set(re.findall(r"\b(?:fill|stroke)-[a-z]+\b", " ".join(re.findall(r'class="([^"]*)"', page))))
    assert inks >= {"fill-series", "fill-high", "fill-low", "fill-moderate", "fill-points", "fill-feeding"}
    assert {ink for ink in inks if f".{ink} {{" not in css} <= {"fill-line", "stroke-ground"}
