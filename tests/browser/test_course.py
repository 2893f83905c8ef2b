"""The patient's course in a real browser: reading marks by mouse and keyboard, views, downloads, narrow and dark."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import OpenPage
from tests.browser.pages import MOST_BYTES, NARROW, WIDE, check_accessible, check_fits, keep_screenshot

PATIENT = "cds-demo-two-years-to-calciphylaxis"
ADDRESS = f"/course/{PATIENT}"
FOCUSED = "document.activeElement.getAttribute('aria-label')"
LANE = "document.activeElement.closest('[data-lane]').dataset.lane"


def tab_into_the_picture(page: Page) -> None:
    """As a keyboard user gets there: the scroll region, then the one mark that takes part in the tab order."""
    page.locator(".course-scroll").focus()
    page.keyboard.press("Tab")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [NARROW, 768, 1024, WIDE])
def test_two_years_are_whole_accessible_and_fit(open_page: OpenPage, width: int, scheme: str) -> None:
    with open_page(width=width, scheme=scheme) as watched:
        page = watched.open(ADDRESS)
        expect(page.locator("h1")).to_have_text("Synthetic, Ariadne")
        keep_screenshot(page, f"course-two-years-{width}-{scheme}")
        check_fits(page)
        check_accessible(page)
        assert watched.transferred <= MOST_BYTES


def test_it_fits_at_200_percent(open_page: OpenPage) -> None:
    """A browser that enlarges to 200 % has half as many pixels of a page side by side."""
    with open_page(width=WIDE // 2) as watched:
        page = watched.open(f"{ADDRESS}?months=12&units=si")
        check_fits(page)


def test_names_and_words_without_an_end_fit_too(open_page: OpenPage) -> None:
    with open_page(width=NARROW) as watched:
        page = watched.open(ADDRESS)
        long = "W" * 120
        page.evaluate(
            "(long) => { for (const part of document.querySelectorAll('h1, dd, .course-missing li, .course-person'))"
            " part.textContent = long; }",
            long,
        )
        check_fits(page)


# ------------------------------------------------------------------ reading
def test_pointing_at_a_mark_shows_value_date_and_source_and_all_other_rows(open_page: OpenPage) -> None:
    with open_page() as watched:
        page = watched.open(ADDRESS)
        tip = page.locator("#course-tip")
        expect(tip).to_be_hidden()
        page.locator('[data-lane="calcium"] .mark').last.hover()
        expect(tip).to_contain_text("Calcium, corrected 9.3 mg/dL: in range")
        expect(tip).to_contain_text("LOINC 2000-8")
        for row in ("Phosphate 5.1 mg/dL", "Calcium × phosphate 47.7", "Drugs: ", "apixaban", "Findings: ", "What the"):
            expect(tip).to_contain_text(row)
        page.keyboard.press("Escape")
        expect(tip).to_be_hidden()


def test_pointing_between_marks_says_what_held_on_that_day(open_page: OpenPage) -> None:
    with open_page() as watched:
        page = watched.open(ADDRESS)
        warfarin = page.locator('[data-lane="drugs"] .mark').nth(0)
        warfarin.scroll_into_view_if_needed()
        drugs = warfarin.bounding_box()
        assert drugs is not None
        page.mouse.move(drugs["x"] + 3, drugs["y"] - 4)
        told = page.locator("#course-tip").inner_text()
        assert re.search(r"All rows on \d{4}-\d\d-\d\d", told)
        assert re.search(r"Phosphate [\d.]+ mg/dL: .* \(\d{4}-\d\d-\d\d\)", told), "the result before, with its day"
        assert "Findings: none on record" in told
        assert "Risk points: " in told


def test_a_result_that_could_not_be_used_does_not_hide_the_one_that_counts(open_page: OpenPage) -> None:
    with open_page() as watched:
        page = watched.open(ADDRESS)
        page.locator('[data-lane="phosphate"] .mark.cross').first.hover()
        told = page.locator("#course-tip > p").filter(has_text="Phosphate").first.inner_text()
        assert re.match(r"Phosphate [\d.]+ mg/dL: .*no unit", told), "the value of the rules first, then the other"


def test_a_result_that_could_not_be_used_is_told_on_the_day_of_one_that_counts(open_page: OpenPage) -> None:
    with open_page() as watched:
        page = watched.page
        page.route("**/course.js", _moved_to_the_day_of_a_result)
        watched.open(ADDRESS)
        page.locator('[data-lane="phosphate"] .mark:not(.cross)').last.hover()
        told = page.locator("#course-tip > p").filter(has_text="Phosphate").first.inner_text()
        assert re.match(r"Phosphate [\d.]+ mg/dL: [^(]*; .*no unit[^(]*$", told), "both, of this day"


def _moved_to_the_day_of_a_result(route: Route) -> None:
    """The script, after a result that could not be used was put on the day of the newest one that counts."""
    moved = (
        "{ const lane = document.querySelector('[data-lane=\"phosphate\"]'), cross = lane.querySelector('.cross');"
        " cross.dataset.on = [...lane.querySelectorAll('.mark:not(.cross)')].pop().dataset.on; lane.append(cross); }\n"
    )
    route.fulfill(body=moved + route.fetch().text(), content_type="text/javascript")


def test_a_near_look_knows_what_was_before(open_page: OpenPage) -> None:
    with open_page() as watched:
        page = watched.open(f"{ADDRESS}?months=3")
        box = page.locator("#course-svg").bounding_box()
        assert box is not None
        page.mouse.move(box["x"] + box["width"] * 0.12, box["y"] + 60)
        told = page.locator("#course-tip").inner_text()
        assert re.search(r"Intact PTH \d+ pg/mL: .*\(2\d{3}-", told)
        assert "confirmed calciphylaxis" in told.lower() or "suspected calciphylaxis" in told.lower()


def test_the_picture_is_walked_with_the_arrow_keys(open_page: OpenPage) -> None:
    with open_page() as watched:
        page = watched.open(ADDRESS)
        tab_into_the_picture(page)
        assert page.evaluate(LANE) == "points"
        assert page.evaluate(FOCUSED).startswith("Risk points: 6 (")
        page.keyboard.press("ArrowUp")
        assert page.evaluate(LANE) == "level"
        assert "Confirmed calciphylaxis" in page.evaluate(FOCUSED)
        expect(page.locator("#course-tip")).to_contain_text("Confirmed calciphylaxis")
        page.keyboard.press("Home")
        assert "No level reached" in page.evaluate(FOCUSED)
        page.keyboard.press("End")
        for lane in ("findings", "drugs"):
            page.keyboard.press("ArrowUp")
            assert page.evaluate(LANE) == lane
        page.keyboard.press("ArrowDown")
        last = page.evaluate(FOCUSED)
        page.keyboard.press("ArrowLeft")
        assert page.evaluate(LANE) == "findings"
        assert page.evaluate(FOCUSED) != last
        page.keyboard.press("ArrowRight")
        assert page.evaluate(FOCUSED) == last


def test_a_screen_reader_is_told_all_rows_of_the_day(open_page: OpenPage) -> None:
    with open_page() as watched:
        page = watched.open(ADDRESS)
        tab_into_the_picture(page)
        said = page.get_by_role("status").filter(has_text="All rows on")
        for words in ("Calcium, corrected 9.3 mg/dL", "Phosphate", "Drugs: ", "Findings: ", "Confirmed calciphylaxis"):
            expect(said).to_contain_text(words)


def test_only_one_mark_is_in_the_tab_order_and_focus_is_seen(open_page: OpenPage) -> None:
    with open_page() as watched:
        page = watched.open(ADDRESS)
        tab_into_the_picture(page)
        page.keyboard.press("ArrowLeft")
        assert page.locator('.mark[tabindex="0"]').count() == 1
        width = page.evaluate("getComputedStyle(document.activeElement).strokeWidth")
        assert float(width.removesuffix("px")) >= 2
        page.keyboard.press("Tab")
        expect(page.locator("#course-tip")).to_be_hidden()
        assert page.evaluate("document.activeElement.tagName") == "SUMMARY"


def test_on_a_narrow_screen_the_newest_days_are_seen_first_with_titles_and_scales(open_page: OpenPage) -> None:
    with open_page(width=NARROW) as watched:
        page = watched.open(ADDRESS)
        region = page.get_by_role("region", name="Timeline, scrolls sideways; the newest days are at its right end")
        hidden, seen, whole = region.evaluate("(one) => [one.scrollLeft, one.clientWidth, one.scrollWidth]")
        assert hidden > 500
        assert hidden + seen >= whole - 1
        for words in ("Calcium, corrected", "sodium thiosulfate", "suspected"):
            box = page.locator(".pinned text", has_text=words).first.bounding_box()
            assert box is not None
            assert 0 <= box["x"] < NARROW / 2
        scale = page.locator(".scale text").first.bounding_box()
        assert scale is not None
        assert 0 <= scale["x"] < NARROW / 4
        keep_screenshot(page, "course-narrow-figure")
        page.locator('[data-lane="drugs"] .mark').last.focus()
        expect(page.locator("#course-tip")).to_be_visible()
        check_fits(page)


def test_the_texts_of_findings_are_whole_on_a_narrow_screen(open_page: OpenPage) -> None:
    with open_page(width=NARROW) as watched:
        page = watched.open(ADDRESS)
        text = page.locator(".pinned text", has_text="Ulcer of the right calf with black eschar").bounding_box()
        assert text is not None
        assert text["x"] >= 0
        assert text["x"] + text["width"] <= NARROW


def test_a_table_opens_and_says_the_same(open_page: OpenPage) -> None:
    with open_page() as watched:
        page = watched.open(ADDRESS)
        page.get_by_text("Risk level and points by the rules", exact=False).first.click()
        row = page.locator("table", has_text="What the rules say").locator("tbody tr").first
        expect(row).to_contain_text("confirmed calciphylaxis, 6 points")
        check_accessible(page)


def test_what_could_not_be_used_is_said_at_the_top(open_page: OpenPage) -> None:
    with open_page() as watched:
        page = watched.open(ADDRESS)
        expect(page.get_by_role("region", name="Received, but not usable")).to_contain_text("no unit")


def test_symbols_keep_their_colours_where_the_reader_forces_colours(open_page: OpenPage) -> None:
    with open_page() as watched:
        page = watched.page
        page.emulate_media(forced_colors="active")
        watched.open(ADDRESS)
        inks = page.evaluate(
            "['high', 'low', 'series'].map("
            "(ink) => getComputedStyle(document.querySelector(`#course-svg .fill-${ink}`)).fill)"
        )
        assert len(set(inks)) == 3
        keep_screenshot(page, "course-forced-colours")


# ------------------------------------------------------------------ what changed
def test_a_change_tells_what_it_is_where_it_is_pointed_at_and_to_the_keyboard(open_page: OpenPage) -> None:
    with open_page() as watched:
        page = watched.open(ADDRESS)
        tip, marks = page.locator("#course-tip"), page.locator('[data-lane="changes"] .mark')
        first = re.compile(r"Warfarin \(vitamin K antagonist\) ended, last day .*; apixaban .* started")
        warfarin = page.get_by_role("img", name=first)
        # Its mark lies below that of the next day.
        warfarin.hover(force=True)
        expect(tip.locator(".course-mark")).to_have_text(first)
        assert tip.inner_text().count("apixaban (alternative anticoagulant) started") == 1
        page.keyboard.press("Escape")
        marks.last.focus()
        expect(tip).to_contain_text("Sodium thiosulfate started")
        for _ in range(marks.count()):
            page.keyboard.press("ArrowLeft")
        assert page.evaluate(LANE) == "changes"
        assert page.evaluate(FOCUSED).startswith("Calcium carbonate (calcium product) started")
        said = page.get_by_role("status").filter(has_text="All rows on")
        expect(said).to_contain_text("What changed: Calcium carbonate")
        page.keyboard.press("ArrowDown")
        assert page.evaluate(LANE) == "calcium"


def test_the_line_of_a_change_is_met_beside_it_in_any_row(open_page: OpenPage) -> None:
    with open_page() as watched:
        page = watched.open(ADDRESS)
        mark = page.locator('[data-lane="changes"] .mark').first.bounding_box()
        row = page.locator('[data-lane="phosphate"] .mark').first.bounding_box()
        assert mark is not None
        assert row is not None
        middle = mark["x"] + mark["width"] / 2
        page.mouse.move(middle + 2, row["y"] + 30)
        expect(page.locator("#course-tip .course-mark")).to_contain_text("Calcium carbonate (calcium product) started")
        page.mouse.move(middle + 25, row["y"] + 30)
        expect(page.locator("#course-tip .course-mark")).to_have_count(0)
        expect(page.locator("#course-tip")).not_to_contain_text("What changed")


@pytest.mark.parametrize("width", [NARROW, WIDE])
def test_numbers_of_changes_do_not_lie_on_one_another_and_stand_in_the_list(open_page: OpenPage, width: int) -> None:
    with open_page(width=width) as watched:
        page = watched.open(ADDRESS)
        texts = page.locator("#course-svg text.middle").filter(has_text=re.compile(r"^\d{1,2}(–\d+)?$"))
        boxes = [text.bounding_box() for text in texts.all()]
        assert len(boxes) > 8
        for box, other in pairwise(box for box in boxes if box):
            assert box["x"] + box["width"] < other["x"]
        numbers = page.locator("table", has_text="Number").locator("tbody td:nth-child(2)").all_inner_texts()
        assert (texts.last.text_content() or "").endswith(numbers[0])
        assert page.get_by_text("Not in this list, because no day is recorded: 3 ends.").is_visible()


# ------------------------------------------------------------------ views
def test_range_units_and_rows_are_chosen_and_stand_in_the_address(open_page: OpenPage) -> None:
    with open_page() as watched:
        page = watched.open(ADDRESS)
        page.get_by_role("list", name="Days shown").get_by_role("link", name="1 year").click()
        page.get_by_role("list", name="Units").get_by_role("link", name="mmol/L, pmol/L").click()
        page.get_by_text("Rows", exact=True).click()
        page.get_by_role("checkbox", name="Phosphate", exact=True).uncheck()
        page.get_by_role("checkbox", name="Drugs").uncheck()
        page.get_by_role("button", name="Show these rows").click()
        page.wait_for_url(re.compile("rows="))
        assert "months=12" in page.url
        assert "units=si" in page.url
        expect(page.get_by_text("Not shown in the timeline: Phosphate, Drugs.")).to_be_visible()
        assert page.locator('[data-lane="phosphate"]').count() == 0
        assert "mmol/L" in (page.locator('[data-lane="calcium"] .mark').last.get_attribute("aria-label") or "")
        check_accessible(page)
        check_fits(page)
        keep_screenshot(page, "course-near-si")
        page.get_by_role("link", name="Show all rows").click()
        assert page.locator('[data-lane="phosphate"]').count() == 1


# ------------------------------------------------------------------ files
def test_the_table_is_downloaded_for_a_spreadsheet(open_page: OpenPage) -> None:
    with open_page() as watched:
        page = watched.open(ADDRESS)
        with page.expect_download() as waited:
            page.get_by_role("link", name="CSV").click()
        file = waited.value
        assert re.fullmatch(r"course-\d{4}-\d\d-\d\d\.csv", file.suggested_filename)
        content = Path(file.path()).read_text("utf-8-sig")
        rows = list(csv.reader(content.splitlines()))
        assert len({len(row) for row in rows}) == 1
        assert len(rows) > 200


def test_the_picture_is_downloaded_and_stands_by_itself(open_page: OpenPage, tmp_path: Path) -> None:
    with open_page() as watched:
        page = watched.open(f"{ADDRESS}?rows=calcium&rows=level")
        with page.expect_download() as waited:
            page.get_by_role("link", name="SVG").click()
        file = tmp_path / waited.value.suggested_filename
        waited.value.save_as(file)
        page.goto(file.as_uri())
        expect(page.locator("svg > title")).to_contain_text("Calcium, corrected")
        for words in ("Not shown here: What changed, Phosphate", "very high; grave finding", "low below 8.4"):
            expect(page.get_by_text(words).first).to_be_visible()
        fill = page.evaluate("getComputedStyle(document.querySelector('.mark.fill-high')).fill")
        assert fill == "rgb(163, 20, 28)"
        keep_screenshot(page, "course-svg-alone", whole=False)
        watched.complaints = [text for text in watched.complaints if not text.startswith("elsewhere: file:")]


def test_the_picture_is_made_a_png_by_the_browser(open_page: OpenPage, tmp_path: Path) -> None:
    with open_page() as watched:
        page = watched.open(ADDRESS)
        with page.expect_download() as waited:
            page.get_by_role("button", name="PNG").click()
        assert re.fullmatch(r"course-\d{4}-\d\d-\d\d\.png", waited.value.suggested_filename)
        content = Path(waited.value.path()).read_bytes()
        assert content.startswith(b"\x89PNG")
        width, height = (int.from_bytes(content[at : at + 4], "big") for at in (16, 20))
        assert width > 2000
        assert height > 1500
        assert len(content) > 50_000


@pytest.mark.parametrize(
    "broken",
    [
        lambda route: route.fulfill(status=503, body="busy"),
        lambda route: route.abort(),
        lambda route: route.fulfill(body="no picture"),
    ],
    ids=["refused", "cut off", "not a picture"],
)
def test_a_png_that_cannot_be_made_is_said_where_it_is_seen(
    broken: Callable[[Route], None], open_page: OpenPage
) -> None:
    with open_page() as watched:
        page = watched.open(ADDRESS)
        page.route("**/*as=svg*", broken)
        page.get_by_role("button", name="PNG").click()
        said = page.get_by_role("status").filter(has_text="The PNG could not be made")
        expect(said).to_be_visible()
        check_fits(page)
        watched.expected = ("Failed to load resource", "failed: ")


def test_without_script_there_is_no_button_that_does_nothing(open_page: OpenPage) -> None:
    with open_page() as watched:
        page = watched.page
        page.route("**/course.js", lambda route: route.fulfill(body=""))
        watched.open(f"{ADDRESS}?months=3")
        expect(page.get_by_role("button", name="PNG")).to_be_hidden()
        expect(page.get_by_role("link", name="CSV")).to_be_visible()


# ------------------------------------------------------------------ ways
def test_a_patient_is_picked_from_the_list(open_page: OpenPage) -> None:
    with open_page() as watched:
        page = watched.open("/course")
        page.get_by_role("link", name="Synthetic, Ariadne").click()
        expect(page.locator("h1")).to_have_text("Synthetic, Ariadne")


@pytest.mark.parametrize(("path", "status"), [("/course/nobody", 404), (f"{ADDRESS}?months=7", 400)])
def test_what_there_is_not_is_said_with_a_way_on(open_page: OpenPage, path: str, status: int) -> None:
    with open_page() as watched:
        watched.expected = (str(status),)
        page = watched.open(path)
        check_accessible(page)
        page.get_by_role("main").get_by_role("link").first.click()
        expect(page.locator("h1")).to_have_text("Course of a patient")
