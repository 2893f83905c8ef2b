"""What holds for every page, at a phone's and a desk's width, in light and dark."""

from __future__ import annotations

import pytest

from tests.browser.conftest import OpenPage
from tests.browser.pages import MOST_BYTES, NARROW, WIDE, check_accessible, check_fits, keep_screenshot

PATIENT = "cds-demo-hard-skin-on-warfarin"
PAGES = {
    "home": "/",
    "reasons": "/reasons",
    "reasons-suspected": "/reasons/cua-suspected",
    "reasons-warfarin": "/reasons/vka-cua",
    "reasons-of-a-site": "/reasons/of/northern-dialysis/cua-suspected",
    "reasons-of-a-site-about": "/reasons/of/northern-dialysis/about",
    "ehr-patients": "/ehr",
    "ehr-chart": f"/ehr?patient={PATIENT}",
    "course-patients": "/course",
    "course": f"/course/{PATIENT}",
    "smart": "/smart",
    "try": "/try",
    "feedback": "/feedback",
    "not-found": "/reasons/no-such-topic",
    "no-such-patient": "/ehr?patient=nobody",
}
NOT_THERE = {"not-found", "no-such-patient"}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [NARROW, WIDE])
@pytest.mark.parametrize("name", PAGES)
def test_the_page_is_whole_accessible_and_fits(open_page: OpenPage, name: str, width: int, scheme: str) -> None:
    with open_page(width=width, scheme=scheme) as watched:
        watched.expected = ("404",) if name in NOT_THERE else ()
        page = watched.open(PAGES[name])
        assert page.locator("h1").count() == 1
        keep_screenshot(page, f"{name}-{width}-{scheme}")
        check_fits(page)
        check_accessible(page)
        assert watched.transferred <= MOST_BYTES


def test_the_checks_see_an_error_and_a_foreign_host(open_page: OpenPage) -> None:
    with pytest.raises(AssertionError, match=r"other\.example"), open_page() as watched:
        watched.open("/reasons").evaluate("fetch('http://other.example/').catch(() => 0)")
    with pytest.raises(AssertionError, match="console"), open_page() as watched:
        watched.open("/reasons").evaluate("console.error('a fault')")


def test_the_checks_see_what_is_too_wide_and_what_has_no_name(open_page: OpenPage) -> None:
    with open_page() as watched:
        page = watched.open("/reasons")
        page.evaluate("document.body.style.setProperty('width', '3000px')")
        with pytest.raises(AssertionError, match="px of content"):
            check_fits(page)
        page.evaluate("document.querySelector('main').append(document.createElement('img'))")
        with pytest.raises(AssertionError, match="image-alt"):
            check_accessible(page)
