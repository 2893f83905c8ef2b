"""The reasons pages in a real browser: reached from a card's address, read by keyboard, whole on a phone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from tests.browser.conftest import OpenPage, RunningService
from tests.browser.pages import NARROW, WIDE, check_accessible, check_fits, keep_screenshot


def test_from_the_index_a_topic_is_two_steps_away_and_the_way_back_is_one(open_page: OpenPage) -> None:
    with open_page() as watched:
        page = watched.open("/reasons")
        page.get_by_role("link", name="Calcium product with high calcium").click()
        assert page.get_by_role("heading", level=1).inner_text() == "Calcium product with high calcium"
        page.get_by_role("navigation", name="On this page").get_by_role("link", name="Numbers in force").click()
        assert page.url.endswith("#numbers")
        assert page.get_by_role("heading", name="Numbers in force").is_visible()
        page.get_by_role("link", name="All topics").click()
        assert page.url.endswith("/reasons")


def test_the_keyboard_reaches_the_content_and_scrolls_a_wide_table(open_page: OpenPage) -> None:
    with open_page(width=NARROW) as watched:
        page = watched.open("/reasons/calcium-hypercalcaemia")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "main"
        table = page.get_by_role("region", name="Numbers that this rule uses")
        table.focus()
        before = table.evaluate("region => region.scrollLeft")
        page.keyboard.press("ArrowRight")
        page.wait_for_timeout(300)
        assert table.evaluate("region => region.scrollLeft") > before == 0


@pytest.mark.parametrize("topic", ["cua-confirmed", "vitd-cua", "order-data-gap", "about"])
@pytest.mark.parametrize(("width", "scheme"), [(NARROW, "dark"), (WIDE, "light")])
def test_other_topics_are_accessible_and_fit_too(open_page: OpenPage, topic: str, width: int, scheme: str) -> None:
    with open_page(width=width, scheme=scheme) as watched:
        page = watched.open(f"/reasons/{topic}")
        keep_screenshot(page, f"reasons-{topic}-{width}-{scheme}")
        check_fits(page)
        check_accessible(page)


def test_the_page_needs_no_script(chromium: Browser, service: RunningService) -> None:
    context = chromium.new_context(java_script_enabled=False)
    try:
        page = context.new_page()
        page.goto(f"{service.base}/reasons/vka-cua")
        assert page.get_by_role("heading", name="Numbers in force").is_visible()
        assert page.locator("[style]").count() == 0
        assert not page.get_by_label("Colours").is_visible()
    finally:
        context.close()
