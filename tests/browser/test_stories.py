"""The stories of the demonstration on screen: found by name or by words, opened, and tried with one click."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from cds_service.demo.sandbox import Sandbox
from tests.browser.conftest import OpenPage
from tests.browser.pages import NARROW, WIDE, check_accessible, check_fits, keep_screenshot

OTTILIE = "cds-demo-hard-skin-on-warfarin"
TITLE = "Hardening skin of the legs on warfarin and calcium acetate"
expect.set_options(timeout=20_000)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [NARROW, 768, 1024, WIDE])
def test_the_list_tells_what_each_patient_is_there_for(open_page: OpenPage, width: int, scheme: str) -> None:
    with open_page(width=width, scheme=scheme) as watched:
        page = watched.open("/ehr")
        first = page.locator(".people > li").first
        expect(first).to_contain_text("Synthetic, Ottilie")
        expect(first).to_contain_text(TITLE)
        expect(first).to_contain_text("On opening the chart: 3 critical cards.")
        check_fits(page)
        check_accessible(page)
        keep_screenshot(page, f"stories-list-{width}-{scheme}", whole=False)


def test_two_columns_stand_near_each_other_on_a_wide_screen(open_page: OpenPage) -> None:
    with open_page() as watched:
        page = watched.open("/ehr")
        who, tale = page.locator(".who a").first.bounding_box(), page.locator(".tale").first.bounding_box()
        assert who is not None
        assert tale is not None
        assert tale["x"] - who["x"] < 350
        assert tale["x"] + tale["width"] < 1_200


def test_a_patient_is_found_by_name_and_by_words_and_the_search_can_be_kept_as_a_bookmark(open_page: OpenPage) -> None:
    with open_page() as watched:
        page = watched.open("/ehr")
        page.get_by_label("Name begins with").fill("ottil")
        page.keyboard.press("Enter")
        expect(page.locator(".people > li")).to_have_count(1)
        assert "name=ottil" in page.url
        page.get_by_role("link", name="All patients").click()
        page.get_by_label("Story tells of").fill("peritoneal")
        page.get_by_role("button", name="Find").click()
        expect(page.locator(".people > li")).to_have_count(2)
        expect(page.get_by_label("Story tells of")).to_have_value("peritoneal")
        page.reload()
        expect(page.locator(".people > li")).to_have_count(2)


def test_the_first_click_of_a_story_needs_no_mouse(open_page: OpenPage) -> None:
    with open_page() as watched:
        page = watched.open("/ehr")
        page.get_by_label("Name begins with").focus()
        for _ in range(10):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.innerText").startswith("order calcium acetate"):
                break
        assert page.evaluate("getComputedStyle(document.activeElement).outlineWidth") == "3px"
        page.keyboard.press("Enter")
        page.wait_for_url("**/ehr?patient=*")
        assert page.url.endswith(f"/ehr?patient={OTTILIE}&hook=order-select&drug=calcium+acetate")


@pytest.mark.parametrize(("width", "scheme"), [(NARROW, "dark"), (WIDE, "light")])
def test_the_story_stands_at_the_head_of_the_chart(open_page: OpenPage, width: int, scheme: str) -> None:
    with open_page(width=width, scheme=scheme) as watched:
        page = watched.open(f"/ehr?patient={OTTILIE}")
        story = page.get_by_role("region", name=TITLE)
        expect(story).to_contain_text("The skin of both lower legs has turned hard over three weeks.")
        expect(story.get_by_role("link")).to_have_count(3)
        check_fits(page)
        check_accessible(page)
        keep_screenshot(page, f"stories-chart-{width}-{scheme}")


def test_a_patient_of_anybody_else_has_no_story(open_page: OpenPage, fhir: Sandbox) -> None:
    id_ = "somebody-else"
    real = {"resourceType": "Patient", "id": id_, "name": [{"text": "Somebody Else"}], "birthDate": "1950-01-02"}
    fhir.store.put("Patient", id_, real)
    with open_page() as watched:
        page = watched.open(f"/ehr?patient={id_}")
        expect(page.locator("h1")).to_have_text("Somebody Else")
        expect(page.locator(".story")).to_have_count(0)


@pytest.mark.parametrize("path", ["/ehr", f"/ehr?patient={OTTILIE}"])
def test_nothing_is_lost_at_200_percent_or_in_forced_colours(open_page: OpenPage, path: str) -> None:
    # A desk of 1440 px at 200 % is one of 720 px.
    with open_page(width=720) as watched:
        page = watched.open(path)
        page.emulate_media(forced_colors="active")
        check_fits(page)
        check_accessible(page)
        name = "stories-list" if path == "/ehr" else "stories-chart"
        keep_screenshot(page, f"{name}-forced-colours-200-percent", whole=False)
