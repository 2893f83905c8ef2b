"""The patient's course in a real browser: reading marks by mouse and keyboard, the tables, narrow and dark."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.pages import MOST_BYTES, NARROW, WIDE, check_accessible, check_fits, keep_screenshot

ADDRESS = "/course/cds-demo-two-years-to-calciphylaxis"
FOCUSED = "document.activeElement.getAttribute('aria-label')"
LANE = "document.activeElement.closest('[data-lane]').dataset.lane"


def tab_into_the_picture(page: Page) -> None:
    """As a keyboard user gets there: the scroll region, then the one mark that takes part in the tab order."""
    page.locator(".course-scroll").focus()
    page.keyboard.press("Tab")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [NARROW, WIDE])
def test_two_years_are_whole_accessible_and_fit(open_page: OpenPage, width: int, scheme: str) -> None:
    with open_page(width=width, scheme=scheme) as watched:
        page = watched.open(ADDRESS)
        expect(page.locator("h1")).to_have_text("Synthetic, Ariadne")
        keep_screenshot(page, f"course-two-years-{width}-{scheme}")
        check_fits(page)
        check_accessible(page)
        assert watched.transferred <= MOST_BYTES


def test_pointing_at_a_mark_shows_value_date_and_source(open_page: OpenPage) -> None:
    with open_page() as watched:
        page = watched.open(ADDRESS)
        tip = page.locator("#course-tip")
        expect(tip).to_be_hidden()
        page.locator('[data-lane="calcium"] .mark').last.hover()
        expect(tip).to_contain_text("Calcium, corrected 9.3 mg/dL: in range")
        expect(tip).to_contain_text("LOINC 2000-8")
        page.keyboard.press("Escape")
        expect(tip).to_be_hidden()


def test_the_picture_is_walked_with_the_arrow_keys(open_page: OpenPage) -> None:
    with open_page() as watched:
        page = watched.open(ADDRESS)
        tab_into_the_picture(page)
        assert page.evaluate(LANE) == "evaluations"
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


def test_the_newest_days_are_seen_first_on_a_narrow_screen(open_page: OpenPage) -> None:
    with open_page(width=NARROW) as watched:
        page = watched.open(ADDRESS)
        assert page.evaluate("document.querySelector('.course-scroll').scrollLeft") > 500
        expect(page.locator("text.fill-narrow", has_text="sodium thiosulfate")).to_be_visible()
        page.locator('[data-lane="drugs"] .mark').last.focus()
        expect(page.locator("#course-tip")).to_be_visible()
        check_fits(page)


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


def test_a_patient_is_picked_from_the_list(open_page: OpenPage) -> None:
    with open_page() as watched:
        page = watched.open("/course")
        page.get_by_role("link", name="Synthetic, Ariadne").click()
        expect(page.locator("h1")).to_have_text("Synthetic, Ariadne")
