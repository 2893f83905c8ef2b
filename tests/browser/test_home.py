"""The home and the navigation in a real browser: every page is reached by keyboard, and the colours are chosen."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import OpenPage
from tests.browser.pages import NARROW, check_accessible, check_fits

GROUND = "getComputedStyle(document.body).backgroundColor"
LIGHT, DARK = "rgb(255, 255, 255)", "rgb(18, 24, 27)"


def navigation(page: Page) -> dict[str, str]:
    """The links of the navigation: words and address."""
    found = page.get_by_role("navigation", name="Pages").get_by_role("link")
    return {link.inner_text(): str(link.get_attribute("href")) for link in found.all()}


def test_from_the_home_every_page_is_one_click_away_and_leads_back(open_page: OpenPage) -> None:
    with open_page() as watched:
        home = watched.open("/")
        ways = navigation(home)
        assert len(ways) >= 5
        for words, address in ways.items():
            home.get_by_role("main").get_by_role("link", name=words, exact=True).click()
            assert home.url == f"{watched.base}{address}"
            assert navigation(home) == ways
            home.get_by_role("link", name="calciphylaxis-cds").click()
            assert home.url == f"{watched.base}/"


def test_the_keyboard_walks_the_navigation_before_the_content(open_page: OpenPage) -> None:
    with open_page(width=NARROW) as watched:
        page = watched.open("/reasons")
        reached = []
        for _ in range(3):
            page.keyboard.press("Tab")
            reached.append(page.evaluate("document.activeElement.textContent.trim()"))
        assert reached == ["Skip to the content", "calciphylaxis-cds", next(iter(navigation(page)))]
        page.keyboard.press("Enter")
        page.wait_for_url(f"{watched.base}/ehr")


@pytest.mark.parametrize(("system", "chosen", "ground"), [
    ("dark", "", DARK), ("dark", "light", LIGHT), ("light", "dark", DARK), ("light", "", LIGHT),
])  # fmt: skip
def test_the_colours_are_those_of_the_system_until_somebody_chooses(
    open_page: OpenPage, system: str, chosen: str, ground: str
) -> None:
    with open_page(scheme=system) as watched:
        page = watched.open("/")
        page.get_by_label("Colours").select_option(chosen)
        assert page.evaluate(GROUND) == ground
        watched.open("/reasons")
        assert page.evaluate(GROUND) == ground
        assert page.get_by_label("Colours").input_value() == chosen
        check_accessible(page)


def test_paper_is_light_whatever_was_chosen(open_page: OpenPage) -> None:
    with open_page(scheme="dark") as watched:
        page = watched.open("/reasons/vka-cua")
        page.get_by_label("Colours").select_option("dark")
        page.emulate_media(media="print")
        assert page.evaluate(GROUND) == LIGHT
        assert not page.get_by_role("navigation", name="Pages").is_visible()


@pytest.mark.parametrize("width", [360, 768, 1024, 1440])
def test_at_twice_the_size_the_home_fits(open_page: OpenPage, width: int) -> None:
    with open_page(width=width) as watched:
        page = watched.open("/")
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        check_fits(page)


def test_an_unknown_patient_is_told_with_ways_on(open_page: OpenPage) -> None:
    with open_page() as watched:
        watched.expected = ("404",)
        page = watched.open("/ehr?patient=nobody")
        assert page.get_by_role("heading", level=1).inner_text() == "No such patient"
        page.get_by_role("link", name="Back to the beginning of: EHR").click()
        assert page.get_by_role("heading", level=1).inner_text() == "Patients"
