"""The chart of a patient with a great deal of everything, and of one whose words do not end."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from cds_service.demo.sandbox import Sandbox
from tests.browser.conftest import OpenPage
from tests.browser.pages import NARROW, SCREENSHOTS, WIDE, check_accessible, check_fits, keep_screenshot

MUCH, ENDLESS = "much-of-everything", "endless-words"
OTTILIE, UNREAD = "cds-demo-hard-skin-on-warfarin", "cds-demo-calcium-cannot-be-read"
WIDTHS = (NARROW, 768, 1024, WIDE)
expect.set_options(timeout=20_000)


def put(fhir: Sandbox, resource: dict[str, Any]) -> None:
    fhir.store.put(resource["resourceType"], resource["id"], resource)


def person(id_: str, family: str) -> dict[str, Any]:
    name = [{"family": family, "given": ["Ada"]}]
    identifier = [{"system": "urn:example", "value": f"{id_}-known-as"}]
    return {"resourceType": "Patient", "id": id_, "name": name, "birthDate": "1950-01-02", "identifier": identifier}


def records(patient: str, name: str, number: int) -> list[dict[str, Any]]:
    """One drug, one condition and one laboratory result, each with a name of its own."""
    subject, id_ = {"reference": f"Patient/{patient}"}, f"{patient}-{number}"
    day = f"20{20 + number // 200}-{1 + number % 12:02}-{1 + number % 28:02}"
    return [
        {
            "resourceType": "MedicationRequest",
            "id": id_,
            "status": "active",
            "intent": "order",
            "subject": subject,
            "authoredOn": day,
            "medicationCodeableConcept": {"text": "warfarin 5 mg" if number == 299 else f"amlodipine {name}"},
        },
        {
            "resourceType": "Condition",
            "id": id_,
            "subject": subject,
            "recordedDate": day,
            "code": {"text": f"condition {name}"},
        },
        {
            "resourceType": "Observation",
            "id": id_,
            "status": "final",
            "subject": subject,
            "effectiveDateTime": day,
            "category": [{"coding": [{"code": "laboratory"}]}],
            "code": {"text": f"result {name}"},
            "valueString": f"value {name}",
        },
    ]


@pytest.fixture(scope="module", autouse=True)
def two_charts(fhir: Sandbox) -> None:
    put(fhir, person(MUCH, "Much"))
    for number in range(300):
        for record in records(MUCH, str(number), number):
            put(fhir, record)
    put(fhir, person(ENDLESS, "N" * 200))
    for record in records(ENDLESS, "c" * 120, 1):
        put(fhir, record)


def box(page: Page, name: str) -> Any:
    return page.get_by_role("region", name=name, exact=True)


@pytest.mark.parametrize(("width", "scheme"), [(NARROW, "dark"), (WIDE, "light")])
def test_three_hundred_of_each_stand_in_boxes_that_scroll_by_themselves(
    open_page: OpenPage, width: int, scheme: str
) -> None:
    with open_page(width=width, scheme=scheme) as watched:
        page = watched.open(f"/ehr?patient={MUCH}")
        for name in ("Active medications", "Conditions", "Laboratory results"):
            height, content = box(page, name).evaluate("box => [box.clientHeight, box.scrollHeight]")
            assert height < 450 < content
        chart = page.locator("#chart").bounding_box()
        assert chart is not None
        assert chart["height"] < 1_500
        expect(page.locator("#chart")).to_contain_text("300 active, 1 of them judged by the rules, first")
        expect(box(page, "Active medications").locator("tbody tr").first).to_contain_text("warfarin 5 mg")
        check_fits(page)
        check_accessible(page)
        keep_screenshot(page, f"chart-300-{width}-{scheme}")


def test_a_box_is_scrolled_by_keyboard(open_page: OpenPage) -> None:
    with open_page() as watched:
        page = watched.open(f"/ehr?patient={MUCH}")
        drugs = box(page, "Active medications")
        drugs.focus()
        assert drugs.evaluate("box => getComputedStyle(box).outlineStyle") == "solid"
        page.keyboard.press("End")
        page.wait_for_function("() => document.getElementById('drugs-box').scrollTop > 1000")


@pytest.mark.parametrize("width", WIDTHS)
def test_words_that_do_not_end_are_broken_at_every_width(open_page: OpenPage, width: int) -> None:
    with open_page(width=width) as watched:
        page = watched.open(f"/ehr?patient={ENDLESS}")
        check_fits(page)
        for inner in page.locator(".box").all():
            assert inner.evaluate("box => box.scrollWidth <= box.clientWidth"), "nothing to find sideways"
        keep_screenshot(page, f"chart-endless-{width}-light")
        page.goto(f"{watched.base}/ehr")
        check_fits(page)


def row(page: Page, name: str) -> Any:
    return box(page, "Laboratory results").locator("tbody tr").filter(has=page.get_by_text(name, exact=True)).first


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_results_are_read_at_a_glance(open_page: OpenPage, width: int, scheme: str) -> None:
    with open_page(width=width, scheme=scheme) as watched:
        page = watched.open(f"/ehr?patient={OTTILIE}")
        pth = row(page, "Intact PTH")
        expect(pth).to_contain_text("480 pg/mL")
        expect(pth).to_contain_text(
            "on dialysis, rules: 100–585 pg/mL; laboratory, for healthy kidneys: up to 65 pg/mL"
        )
        expect(pth).to_contain_text("before: 455 pg/mL")
        assert pth.locator(".mark").count() == 0, "high for healthy kidneys only"
        calcium = row(page, "Calcium")
        assert calcium.locator(".mark").first.inner_text() == "H"
        assert "a limit of the rules" in str(calcium.locator(".mark").first.get_attribute("title"))
        check_fits(page)
        check_accessible(page)
        box(page, "Laboratory results").evaluate("box => box.style.setProperty('max-height', 'none')")
        page.locator("#chart").screenshot(path=SCREENSHOTS / f"chart-results-{width}-{scheme}.png")


def test_earlier_results_are_unfolded_by_keyboard(open_page: OpenPage) -> None:
    with open_page() as watched:
        page = watched.open(f"/ehr?patient={OTTILIE}")
        calcium = row(page, "Calcium")
        expect(calcium.locator("li")).to_be_hidden()
        calcium.locator("summary").focus()
        page.keyboard.press("Enter")
        expect(calcium.locator("li")).to_be_visible()
        check_accessible(page)


def test_what_the_rules_cannot_use_is_shown_as_it_was_sent(open_page: OpenPage) -> None:
    with open_page() as watched:
        page = watched.open(f"/ehr?patient={UNREAD}")
        calcium = row(page, "Calcium")
        expect(calcium.locator(".value").first).to_have_text("9.3")
        expect(calcium).to_contain_text("not usable by the rules: no unit")
        expect(calcium).to_contain_text("before: 9.1 mg/dL")
        expect(page.locator("#chart")).to_contain_text("that the rules cannot read")


def test_marks_can_be_told_apart_without_colours(open_page: OpenPage) -> None:
    with open_page(width=720) as watched:
        page = watched.open(f"/ehr?patient={OTTILIE}")
        page.emulate_media(forced_colors="active")
        mark = row(page, "Albumin").locator(".mark").first
        expect(mark).to_have_text("L")
        assert mark.evaluate("mark => getComputedStyle(mark).borderTopStyle") == "solid"
        check_fits(page)
        check_accessible(page)
