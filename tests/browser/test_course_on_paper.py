"""The patient's course on paper: one figure on the first sheet, who and when on every sheet, nothing that is dark."""

from __future__ import annotations

from pathlib import Path

import pytest
from pypdf import PdfReader

from tests.browser.conftest import OpenPage

ADDRESS = "/course/cds-demo-two-years-to-calciphylaxis"
SHEETS = range(4, 8)


def printed(open_page: OpenPage, path: Path, scheme: str = "light", width: int = 1200) -> list[str]:
    """The text of each sheet."""
    with open_page(width=width, scheme=scheme) as watched:
        page = watched.open(ADDRESS)
        page.pdf(path=path, prefer_css_page_size=True, print_background=True)
        return [sheet.extract_text() for sheet in PdfReader(path).pages]


@pytest.mark.parametrize(("scheme", "width"), [("light", 1200), ("dark", 1200), ("light", 360)])
def test_name_birth_time_and_source_stand_on_every_sheet_and_none_is_empty(
    open_page: OpenPage, scheme: str, width: int, tmp_path: Path
) -> None:
    sheets = printed(open_page, tmp_path / "course.pdf", scheme, width)
    assert len(sheets) in SHEETS
    for sheet in sheets:
        for words in ("Synthetic, Ariadne", "born 196", "read 20", "UTC", "/fhir"):
            assert words in sheet
        assert len(sheet) > 500


def test_the_whole_figure_is_on_the_first_sheet_and_nothing_of_it_on_another(
    open_page: OpenPage, tmp_path: Path
) -> None:
    first, *others = printed(open_page, tmp_path / "course.pdf")
    for words in ("Calcium, corrected", "low below 8.4", "sodium thiosulfate", "suspected", "heuristic", "grave"):
        assert words in first
    assert first.count("elevated risk") == 1
    assert "rules do not apply" in first
    assert not any("heuristic, not validated" in sheet or "rules do not apply" in sheet for sheet in others)


def test_the_tables_are_unfolded_to_the_newest_ten_rows_and_say_so(open_page: OpenPage, tmp_path: Path) -> None:
    text = "\n".join(printed(open_page, tmp_path / "course.pdf"))
    assert "The newest 10 of 34 rows are printed; the page and the CSV hold all." in text
    assert "The newest 10 of 65 rows are printed" in text
    for words in ("Intact PTH (pg/mL)", "atorvastatin", "Ulcer of the right calf", "How to read this"):
        assert words in text
    assert "The newest 10 of 20 rows" not in text, "each number of the figure is explained"
    assert "calcium carbonate (calcium product) started" in text
    calcium = text.partition("Calcium, corrected (mg/dL)")[2].partition("Phosphate (mg/dL)")[0]
    assert calcium.count("corrected for albumin") == 10


def test_controls_and_navigation_are_not_printed(open_page: OpenPage, tmp_path: Path) -> None:
    text = "\n".join(printed(open_page, tmp_path / "course.pdf"))
    for words in ("3 months", "mmol/L, pmol/L", "PNG", "Skip to the content", "Home", "Show these rows"):
        assert words not in text


def test_paper_is_light_in_a_dark_scheme(open_page: OpenPage) -> None:
    with open_page(scheme="dark") as watched:
        page = watched.open(ADDRESS)
        dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
        page.emulate_media(media="print", color_scheme="dark")
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)" != dark
        ink = page.evaluate("getComputedStyle(document.querySelector('#course-svg .fill-high')).fill")
        assert ink == "rgb(163, 20, 28)"
