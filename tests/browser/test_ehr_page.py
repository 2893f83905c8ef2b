"""The EHR page in a browser: by keyboard alone, without a script, and when the service or the network fails."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import OpenPage, RunningService
from tests.browser.pages import MOST_BYTES, NARROW, WIDE, check_accessible, check_fits, keep_screenshot

PATIENT = "cds-demo-hard-skin-on-warfarin"
CHART = f"/ehr?patient={PATIENT}"
NAME_OF_FOCUS = """(() => {
  const held = document.activeElement;
  return held.matches("a, button, input") ? held.getAttribute("aria-label") || held.innerText || held.id : "";
})()"""
expect.set_options(timeout=20_000)


def tab_to(page: Page, words: str, most: int = 60) -> None:
    """Press Tab until the focus stands on a link, button or field of that name."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if words in page.evaluate(NAME_OF_FOCUS):
            return
    raise AssertionError(f"Tab does not reach {words}")


def test_the_main_path_needs_no_mouse(open_page: OpenPage) -> None:
    with open_page() as watched:
        page = watched.open("/ehr")
        tab_to(page, "Synthetic, Ottilie")
        page.keyboard.press("Enter")
        expect(page.locator("#advice .card")).to_have_count(3)
        tab_to(page, "Orders")
        page.keyboard.press("Enter")
        tab_to(page, "drug")
        page.keyboard.type("calcium acet", delay=20)
        expect(page.locator("#drug-list").get_by_role("option")).to_have_count(2)
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        expect(page.locator("#order-advice .card")).to_have_count(1)
        expect(page.locator("#drug")).to_have_value("")
        tab_to(page, "Draft sevelamer")
        page.keyboard.press("Space")
        expect(page.locator("#order-advice .outcome")).to_contain_text("Accepted")
        assert page.evaluate("document.activeElement.matches('#order-advice article.card')")
        expect(page.locator("#drafts li").filter(has_text="sevelamer")).to_have_count(1)
        expect(page.locator("#drafts")).not_to_contain_text("calcium acetate")
        page.locator("#drug").focus()
        tab_to(page, "Sign 6 orders")
        page.keyboard.press("Enter")
        expect(page.locator("#status")).to_contain_text("signed")
        assert page.evaluate("document.activeElement !== document.body")


def test_the_focus_can_be_seen(open_page: OpenPage) -> None:
    with open_page() as watched:
        page = watched.open(CHART)
        tab_to(page, "drug")
        assert page.evaluate("getComputedStyle(document.activeElement).outlineWidth") == "3px"


def test_everything_works_as_plain_forms_without_a_script(chromium: Browser, service: RunningService) -> None:
    context = chromium.new_context(java_script_enabled=False)
    try:
        page = context.new_page()
        page.goto(f"{service.base}/ehr?patient=cds-demo-well-controlled-on-sevelamer")
        page.get_by_label("Drug", exact=True).fill("warfarin")
        page.keyboard.press("Enter")
        expect(page.locator("#status")).to_contain_text("Warfarin drafted: 1 ")
        expect(page.locator("#chart")).to_be_visible()
        override_the_order(page)
        page.get_by_role("button", name="Sign 1 order").click()
        expect(page.locator("#status")).to_contain_text("Not signed yet")
        page.get_by_role("button", name="Sign all the same").click()
        expect(page.locator("#status")).to_contain_text("answer the card first")
        override_the_order(page)
        page.get_by_role("button", name="Sign all the same").click()
        expect(page.locator("#status")).to_contain_text(": signed")
        expect(page.locator("#chart")).to_contain_text("warfarin")
    finally:
        context.close()


def override_the_order(page: Page) -> None:
    """Give the first reason against the one card beside the orders."""
    override = page.locator("#order-advice .override")
    override.locator("summary").click()
    override.get_by_label("Reason").select_option(index=1)
    override.get_by_role("button").click()
    expect(page.locator("#order-advice .outcome")).to_contain_text("Your answer was sent.")


def test_an_objection_is_answered_before_the_order_is_signed(open_page: OpenPage) -> None:
    with open_page() as watched:
        page = watched.open("/ehr?patient=cds-demo-well-controlled-on-sevelamer")
        page.locator("#drug").fill("warfarin")
        page.keyboard.press("Enter")
        page.get_by_role("button", name="Sign 1 order").click()
        expect(page.locator("#order-advice h3").first).to_contain_text("On signing warfarin")
        expect(page.locator("#drafts")).to_contain_text("1 card below must be answered first")
        check_accessible(page)
        page.get_by_role("button", name="Sign all the same").click()
        expect(page.locator("#status")).to_contain_text("answer the card first")
        override_the_order(page)
        expect(page.locator("#drafts")).not_to_contain_text("must be answered first")
        page.get_by_role("button", name="Sign all the same").click()
        expect(page.locator("#status")).to_contain_text(": signed")


def test_an_answer_is_marked_while_another_drug_is_typed(open_page: OpenPage) -> None:
    with open_page() as watched:
        watched.expected = ("ERR_", "failed")
        page = watched.open(CHART)
        page.locator("#drug").fill("warfarin")
        page.keyboard.press("Enter")
        expect(page.locator("#order-advice h3").first).to_contain_text("On picking warfarin")
        note = page.locator("#order-advice .stale")
        expect(note).to_be_hidden()
        page.locator("#drug").press_sequentially("calci", delay=20)
        expect(note).to_have_text("What is typed, drafted or on the chart has changed since this answer.")
        check_accessible(page)
        check_fits(page)
        keep_screenshot(page, "ehr-stale-answer")
        page.locator("#drug").fill("")
        expect(note).to_be_hidden()
        page.locator("#drug").fill("calcitriol")
        page.keyboard.press("Enter")
        expect(page.locator("#order-advice h3").first).to_contain_text("On picking calcitriol")
        expect(note).to_be_hidden()
        page.route("**/ehr?patient=*", lambda route: route.abort("connectionrefused"))
        page.locator("#drug").fill("amlodipine")
        page.keyboard.press("Enter")
        expect(page.locator("#status")).to_contain_text("could not be updated")
        expect(note).to_be_visible()
        expect(page.locator("#drug")).to_have_value("amlodipine")


def test_request_and_response_can_be_read_and_copied(chromium: Browser, open_page: OpenPage) -> None:
    with open_page() as watched:
        page = watched.open(CHART)
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        wire = page.locator("#advice .wire").first
        wire.locator("summary").click()
        wire.get_by_role("button", name="Copy the request").click()
        expect(page.locator("#status")).to_have_text("Copied")
        copied = json.loads(page.evaluate("navigator.clipboard.readText()"))
        assert copied["context"]["patientId"] == PATIENT
        assert "conditions" in copied["prefetch"]
        expect(wire.locator("pre").last).to_contain_text('"cards"')


@pytest.mark.parametrize(("width", "scheme"), [(NARROW, "dark"), (WIDE, "light")])
def test_a_service_that_could_not_judge_is_shown_as_that(open_page: OpenPage, width: int, scheme: str) -> None:
    with open_page(width=width, scheme=scheme) as watched:
        page = watched.open(CHART)
        page.get_by_text("How this EHR calls the service").click()
        page.get_by_label("send the prefetch").uncheck()
        page.get_by_label("let the service read").uncheck()
        page.get_by_role("button", name="Call patient-view again").click()
        expect(page.locator("#advice .fault")).to_contain_text("The service could not judge")
        expect(page.locator("#advice")).not_to_contain_text("No card for")
        expect(page.locator("#advice .wire summary")).to_contain_text("412")
        check_accessible(page)
        check_fits(page)
        keep_screenshot(page, f"ehr-could-not-judge-{width}-{scheme}")


@pytest.mark.parametrize(("width", "scheme"), [(NARROW, "light"), (WIDE, "dark")])
def test_orders_with_everything_open_are_accessible_and_fit(open_page: OpenPage, width: int, scheme: str) -> None:
    with open_page(width=width, scheme=scheme) as watched:
        page = watched.open(CHART)
        page.locator("#drug").fill("calci")
        page.get_by_role("option", name="calcitriol").click()
        expect(page.locator("#order-advice .card")).to_have_count(1)
        expect(page.locator("#drug")).to_be_focused()
        page.evaluate("for (const fold of document.querySelectorAll('details')) fold.open = true")
        check_accessible(page)
        check_fits(page)
        keep_screenshot(page, f"ehr-everything-open-{width}-{scheme}")


def test_a_page_whose_server_is_gone_says_so(open_page: OpenPage) -> None:
    with open_page() as watched:
        watched.expected = ("ERR_", "failed")
        page = watched.open(CHART)
        page.route("**/ehr?patient=*", lambda route: route.abort("connectionrefused"))
        page.locator("#drug").fill("warfarin")
        page.keyboard.press("Enter")
        expect(page.locator("#status")).to_contain_text("could not be updated")


def test_a_chart_with_its_cards_is_light_and_quick(open_page: OpenPage) -> None:
    with open_page() as watched:
        page = watched.open(CHART)
        assert 0 < watched.transferred <= MOST_BYTES
        painted = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
        assert painted < 5_000, "on a busy machine, too"
