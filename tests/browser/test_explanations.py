"""Why, and why not: the explanation under each answer of the EHR page, read in a browser."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.pages import MOST_BYTES, NARROW, WIDE, check_accessible, check_fits, keep_screenshot

QUIET = "/ehr?patient=cds-demo-well-controlled-on-sevelamer"
SPEAKING = "/ehr?patient=cds-demo-hard-skin-on-warfarin"
NO_DIALYSIS = "/ehr?patient=cds-demo-stage-4-kidney-disease-on-warfarin"
AT_RISK = "/ehr?patient=cds-demo-elevated-risk-on-warfarin"
expect.set_options(timeout=20_000)


def opened(page: Page, place: str = "#advice") -> Locator:
    """The fold under the answer at this place, open: where no card came it is open already."""
    why = page.locator(f"{place} .why").last
    expect(why).to_be_visible()
    if why.get_attribute("open") is None:
        why.get_by_text("Why, and why not").click()
    return why


def part(why: Locator, title: str) -> Locator:
    """One part of an explanation, opened."""
    found = why.locator("details.why-part").filter(has=why.page.locator("summary", has_text=re.compile(f"^{title}")))
    found.locator("summary").first.click()
    return found


def order(page: Page, drug: str) -> None:
    page.locator("#drug").fill(drug)
    page.keyboard.press("Enter")
    expect(page.locator("#drug")).to_have_value("")


def test_a_quiet_patient_is_explained_in_words(open_page: OpenPage) -> None:
    with open_page() as watched:
        page = watched.open(QUIET)
        expect(page.locator("#advice .none")).to_be_visible()
        why = opened(page)
        expect(why.locator(".why-first")).to_have_text("No card comes.")
        expect(why).to_contain_text(
            "without a skin sign of calciphylaxis; risk points 1 so far; 1 factor cannot be told"
        )
        expect(why.locator(".why-patient")).to_contain_text("on dialysis")
        expect(part(why, "Skin signs")).to_contain_text("no entry looks like one")
        status = part(why, "Status cards")
        several = status.locator(".why-several", has_text="a skin sign of calciphylaxis is on record")
        expect(several.locator("summary")).to_contain_text("2 rules ✗ do not hold: ")
        expect(several.get_by_text("cua-suspected; cua-possible")).to_be_hidden()
        several.locator("summary").focus()
        page.keyboard.press("Enter")
        expect(several.get_by_text("cua-suspected; cua-possible")).to_be_visible()
        expect(part(why, "Drugs that no rule is about")).to_contain_text("sevelamer")
        expect(part(why, "Where the data came from")).to_contain_text("Sent along")
        check_accessible(page)
        check_fits(page)
        keep_screenshot(page, "why-quiet")
        status.get_by_role("link", name="cua-confirmed").click()
        expect(page.locator("h1")).to_have_text("Confirmed calciphylaxis")


def test_a_rule_that_facts_speak_against_is_told_with_its_questions(open_page: OpenPage) -> None:
    with open_page() as watched:
        status = part(opened(watched.open(NO_DIALYSIS)), "Status cards")
        kept = status.locator(".why-kept").first
        expect(kept).to_contain_text("no: the patient is on maintenance dialysis")
        expect(kept).to_contain_text("← this is why not")
        possible = status.locator(".why-title", has_text="cua-possible").first
        expect(possible).to_contain_text("cua-possible: without dialysis")


def test_where_no_card_came_the_reason_is_seen_without_a_click(open_page: OpenPage) -> None:
    with open_page(width=NARROW) as watched:
        page = watched.open(QUIET)
        expect(page.locator("#advice .none")).to_have_text("No card for this chart.")
        assert page.locator("#advice .none").evaluate("none => none.nextElementSibling.className") == "why"
        expect(page.locator("#advice .why-first")).to_be_visible()
        expect(page.locator("#advice .why-reason")).to_be_hidden()
        page.locator("#advice .why > summary").click()
        expect(page.locator("#advice .why-first")).to_be_hidden()
        expect(page.locator("#advice .why-reason")).to_be_visible()
        expect(page.locator("#advice .why-reason")).to_contain_text("without a skin sign of calciphylaxis")
        check_fits(page)


def test_where_cards_came_the_closed_fold_names_them(open_page: OpenPage) -> None:
    with open_page() as watched:
        page = watched.open(SPEAKING)
        expect(page.locator("#advice .why-first")).to_be_hidden()
        expect(page.locator("#advice .why-reason")).to_contain_text("cards come: cua-suspected")


def test_risk_points_are_a_table_with_what_shows_each_factor(open_page: OpenPage) -> None:
    with open_page() as watched:
        table = part(opened(watched.open(QUIET)), "Risk points").get_by_role("table")
        row = table.get_by_role("row").filter(has_text="low albumin")
        expect(row).to_contain_text("does not count")
        expect(row).to_contain_text("albumin 4.0 g/dL")
        expect(row).to_contain_text("above 3.5")
        expect(table.get_by_role("row").filter(has_text="female sex")).to_contain_text("✓ counts")


def test_who_is_not_on_dialysis_learns_that_from_the_first_sentences(open_page: OpenPage) -> None:
    with open_page() as watched:
        why = opened(watched.open(NO_DIALYSIS))
        expect(why).to_contain_text("As far as the record shows the patient is not on dialysis")
        expect(why.get_by_text("no rule holds", exact=True).last).to_be_visible()


def test_a_refusal_to_judge_is_explained_and_is_no_all_clear(open_page: OpenPage) -> None:
    with open_page() as watched:
        page = watched.open(QUIET)
        page.get_by_text("How this EHR calls the service").click()
        page.get_by_label("send the prefetch").uncheck()
        page.get_by_label("let the service read").uncheck()
        page.get_by_role("button", name="Call patient-view again").click()
        expect(page.locator("#advice .fault")).to_contain_text("The service could not judge")
        why = opened(page)
        expect(why.locator(".why-first")).to_contain_text("The service would not judge")
        expect(why.locator(".why-first")).to_contain_text("This is not an all-clear.")
        expect(why.locator(".why-patient")).to_contain_text("not judged")
        origins = part(why, "Where the data came from")
        expect(origins.locator("li").first).to_contain_text("! the patient: not available")
        check_accessible(page)


def test_an_order_is_explained_when_picked_and_again_when_signed(open_page: OpenPage) -> None:
    with open_page() as watched:
        page = watched.open(AT_RISK)
        order(page, "warfarin")
        why = opened(page, "#order-advice")
        expect(why).to_contain_text("An order was picked (order-select)")
        rules = part(why, "Vitamin K antagonist")
        given = rules.locator(".why-row").filter(has_text="gave its card")
        expect(given).to_contain_text("vka-dialysis")
        expect(given).to_contain_text("yes: the patient is on maintenance dialysis")
        page.get_by_role("button", name="Sign 1 order").click()
        expect(page.locator("#order-advice h3").first).to_contain_text("On signing")
        again = opened(page, "#order-advice")
        expect(again).to_contain_text("Orders were to be signed (order-sign)")
        expect(again).to_contain_text("Vitamin K antagonist gave its card: vka-dialysis")


def test_a_card_that_is_only_information_keeps_still_at_signing_and_that_is_said(open_page: OpenPage) -> None:
    with open_page() as watched:
        page = watched.open("/ehr?patient=cds-demo-skin-texture-only")
        order(page, "calcium acetate")
        expect(page.locator("#order-advice .card")).to_contain_text("Information")
        page.get_by_role("button", name="Sign 1 order").click()
        expect(page.locator("#order-advice .none")).to_contain_text("No card for what was ordered.")
        why = opened(page, "#order-advice")
        expect(why.locator(".why-first")).to_have_text("No card comes.")
        expect(why).to_contain_text("holds, but is not shown here: calcium-restrict")
        row = part(why, "Calcium product").locator(".why-row").filter(has_text="◐")
        expect(row).to_contain_text("calcium-restrict")
        expect(row).to_contain_text("information only, which is not shown at signing")


def test_an_order_without_a_card_at_signing_says_which_rule_keeps_still(open_page: OpenPage) -> None:
    with open_page() as watched:
        page = watched.open("/ehr?patient=cds-demo-low-calcium-without-sign")
        order(page, "doxercalciferol")
        page.get_by_role("button", name="Sign 1 order").click()
        expect(page.locator("#status")).to_contain_text("signed")
        why = opened(page)
        expect(part(why, "Active vitamin D").locator(".why-row").filter(has_text="◐ holds")).to_contain_text(
            "says nothing by intent"
        )


def test_an_explanation_stays_open_with_its_answer_while_orders_are_typed(open_page: OpenPage) -> None:
    with open_page() as watched:
        page = watched.open(SPEAKING)
        part(opened(page), "Skin signs")
        order(page, "calcium acetate")
        expect(page.locator("#order-advice .why")).to_have_count(1)
        expect(page.locator("#advice .why")).to_contain_text("Hardening of the skin")
        expect(page.locator("#advice .why .why-part", has_text="Hardening of the skin").first).to_have_attribute(
            "open", ""
        )
        assert page.evaluate("document.getElementById('state').value.length") < 150_000


def test_it_is_opened_and_walked_through_by_keyboard_alone(open_page: OpenPage) -> None:
    with open_page() as watched:
        page = watched.open(SPEAKING)
        page.locator("#advice .why > summary").focus()
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.innerText").startswith("Risk points")
        assert page.evaluate("getComputedStyle(document.activeElement).outlineWidth") == "3px"
        page.keyboard.press("Space")
        expect(page.locator("#advice .why-points")).to_be_visible()
        for _ in range(2):
            page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.innerText").startswith("Status cards")
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.innerText") == "cua-suspected"
        page.keyboard.press("Escape")
        page.locator("#advice .why > summary").focus()
        page.keyboard.press("Enter")
        expect(page.locator("#advice .why-points")).to_be_hidden()


@pytest.mark.parametrize(("width", "scheme"), [(NARROW, "dark"), (NARROW, "light"), (WIDE, "dark")])
def test_all_of_it_fits_a_phone_and_can_be_read_in_the_dark(open_page: OpenPage, width: int, scheme: str) -> None:
    with open_page(width=width, scheme=scheme) as watched:
        page = watched.open(SPEAKING)
        assert watched.transferred <= MOST_BYTES
        why = opened(page)
        keep_screenshot(page, f"why-closed-{width}-{scheme}", whole=False)
        for fold in why.locator("details > summary").all():
            if fold.is_visible():
                fold.click()
        check_fits(page)
        check_accessible(page)
        boxes = why.evaluate("why => [...why.querySelectorAll('*')].map(one => one.getBoundingClientRect().right)")
        assert max(boxes) <= width, "nothing is cut at the edge"
        keep_screenshot(page, f"why-open-{width}-{scheme}")


def test_without_a_script_the_fold_opens_all_the_same(open_page: OpenPage) -> None:
    with open_page() as watched:
        page = watched.open(SPEAKING)
        page.route("**/ehr.js", lambda route: route.abort())
        watched.expected = ("ERR_FAILED", "failed")
        page.reload()
        expect(opened(page).locator(".why-first")).to_be_visible()


def test_on_paper_every_part_is_open_of_what_the_reader_has_opened(open_page: OpenPage) -> None:
    with open_page() as watched:
        page = watched.open(SPEAKING)
        page.emulate_media(media="print")
        expect(page.locator("#advice .why")).to_be_hidden()
        page.emulate_media(media="screen")
        page.locator("#advice .why > summary").click()
        expect(page.locator("#advice .why-points")).to_be_hidden()
        page.emulate_media(media="print")
        expect(page.locator("#advice .why-points")).to_be_visible()
