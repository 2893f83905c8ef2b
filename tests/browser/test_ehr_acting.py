"""What a clinician does on the EHR page, and what the page says while and after it is done."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.pages import check_accessible, check_fits

PATIENT = "cds-demo-hard-skin-on-warfarin"
CHART = f"/ehr?patient={PATIENT}"
expect.set_options(timeout=20_000)


# ------------------------------------------------------------------ the patient's course
@pytest.mark.parametrize(("patient", "name"), [(PATIENT, "Ottilie"), ("cds-demo-well-controlled-on-sevelamer", "")])
def test_the_card_s_link_opens_the_course_of_the_patient_of_the_chart(
    open_page: OpenPage, patient: str, name: str
) -> None:
    with open_page() as watched:
        page = watched.open(f"/ehr?patient={patient}")
        if not name:
            page.locator("#drug").fill("warfarin")
            page.keyboard.press("Enter")
        link = page.locator(".card .links").get_by_role("link", name="Show the patient's course (app)").first
        with page.context.expect_page() as opened:
            link.click()
        course = opened.value
        expect(course.get_by_role("heading", level=1)).not_to_have_text("Choose a patient")
        heading = page.get_by_role("heading", level=1).inner_text()
        for part in heading.split(", "):
            expect(course.locator("main")).to_contain_text(part)


def test_reload_and_back_after_a_search_ask_nothing_and_show_the_list(open_page: OpenPage) -> None:
    with open_page() as watched:
        page: Page = watched.open("/ehr/patients?name=ottil")
        expect(page.get_by_role("link", name="Ottilie")).to_be_visible()
        page.reload()
        page.get_by_role("link", name="Ottilie").click()
        expect(page.locator("#advice .card")).to_have_count(3)
        page.go_back()
        expect(page.get_by_label("Name begins with")).to_have_value("ottil")
        check_accessible(page)
        check_fits(page)
