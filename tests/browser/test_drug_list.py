"""The list of drugs on the EHR page: what is typed finds them, and keyboard or mouse picks one."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from tests.browser.conftest import OpenPage, RunningService
from tests.browser.pages import NARROW, WIDE, check_accessible, check_fits, keep_screenshot

PATIENT = "cds-demo-hard-skin-on-warfarin"
CHART = f"/ehr?patient={PATIENT}"
expect.set_options(timeout=20_000)


def field(page: Page) -> Locator:
    return page.get_by_label("Drug", exact=True)


def options_of(page: Page) -> Locator:
    return page.locator("#drug-list").get_by_role("option")


def typed(page: Page, text: str, count: int) -> Locator:
    """The list, once it holds so many drugs for the text."""
    field(page).press_sequentially(text, delay=20)
    options = options_of(page)
    expect(options).to_have_count(count)
    expect(page.locator("#drug-said")).to_have_text("1 drug fits" if count == 1 else f"{count} drugs fit")
    return options


def active(page: Page) -> str:
    """The drug that a screen reader hears while the focus stays in the field."""
    named = field(page).get_attribute("aria-activedescendant")
    return page.locator(f"#{named}").inner_text() if named else ""


def no_call(page: Page) -> list[str]:
    """The addresses that the page posts to from now on."""
    posts: list[str] = []
    page.on("request", lambda request: posts.append(request.url) if request.method == "POST" else None)
    return posts


def test_typing_alone_drafts_nothing_and_asks_nobody(open_page: OpenPage) -> None:
    with open_page() as watched:
        page = watched.open(CHART)
        posts = no_call(page)
        typed(page, "warf", 1)
        typed(page, "arin", 1)
        page.wait_for_timeout(500)
        assert posts == []
        expect(page.locator("#drafts")).to_contain_text("No draft")
        expect(page.locator("#status")).to_have_text("Chart opened: 3 critical cards")


def test_arrow_keys_move_and_enter_picks(open_page: OpenPage) -> None:
    with open_page() as watched:
        page = watched.open(CHART)
        options = typed(page, "calci", 8)
        expect(field(page)).to_have_attribute("aria-expanded", "true")
        names = options.all_inner_texts()
        assert active(page) == ""
        for key, place in [("ArrowDown", 0), ("ArrowDown", 1), ("ArrowUp", 0), ("ArrowUp", 7), ("ArrowDown", 0),
                           ("End", 7), ("Home", 0), ("ArrowDown", 1)]:  # fmt: skip
            page.keyboard.press(key)
            assert active(page) == names[place], key
            expect(page.locator("#drug-list [aria-selected=true]")).to_have_count(1)
        expect(field(page)).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.locator("#drafts li")).to_contain_text(names[1])
        expect(page.locator("#order-advice h3").first).to_contain_text(f"On picking {names[1]}")
        expect(field(page)).to_be_focused()
        expect(field(page)).to_have_value("")
        expect(field(page)).to_have_attribute("aria-expanded", "false")


def test_escape_shuts_the_list_then_empties_the_field(open_page: OpenPage) -> None:
    with open_page() as watched:
        page = watched.open(CHART)
        posts = no_call(page)
        typed(page, "calci", 8)
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Escape")
        expect(page.get_by_role("listbox", name="Drugs that fit")).to_have_count(0)
        assert active(page) == ""
        expect(field(page)).to_have_value("calci")
        page.keyboard.press("ArrowUp")
        expect(options_of(page).last).to_have_attribute("aria-selected", "true")
        page.keyboard.press("Escape")
        page.keyboard.press("Escape")
        expect(field(page)).to_have_value("")
        expect(page.locator("#drug-said")).to_be_empty()
        assert posts == []


def test_home_and_end_move_in_the_text_while_no_drug_is_marked(open_page: OpenPage) -> None:
    with open_page() as watched:
        page = watched.open(CHART)
        typed(page, "calci", 8)
        page.keyboard.press("Home")
        assert page.evaluate("document.getElementById('drug').selectionStart") == 0
        assert active(page) == ""


def test_a_click_picks_and_a_click_elsewhere_shuts_the_list(open_page: OpenPage) -> None:
    with open_page() as watched:
        page = watched.open(CHART)
        typed(page, "calci", 8)
        page.get_by_role("heading", level=1).click()
        expect(page.get_by_role("listbox", name="Drugs that fit")).to_have_count(0)
        field(page).fill("")
        typed(page, "calci", 8).filter(has_text="calcitriol").click()
        expect(page.locator("#drafts li")).to_contain_text("calcitriol")
        expect(field(page)).to_be_focused()


def test_tab_leaves_the_list_for_the_next_field_and_picks_nothing(open_page: OpenPage) -> None:
    with open_page() as watched:
        page = watched.open(CHART)
        typed(page, "calci", 8)
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Tab")
        expect(page.get_by_label("Route")).to_be_focused()
        expect(page.get_by_role("listbox", name="Drugs that fit")).to_have_count(0)
        expect(page.locator("#drafts")).to_contain_text("No draft")


def test_a_name_that_the_list_does_not_hold_is_added_as_free_text(open_page: OpenPage) -> None:
    with open_page() as watched:
        page = watched.open(CHART)
        field(page).press_sequentially("Marcumar-like syrup", delay=5)
        expect(page.locator("#drug-said")).to_contain_text("No drug of that name")
        page.get_by_role("button", name="Add the order").click()
        expect(page.locator("#drafts li")).to_contain_text("Marcumar-like syrup")


def test_a_text_that_means_several_drugs_is_not_added_but_offered_next_to_the_field(open_page: OpenPage) -> None:
    with open_page() as watched:
        page = watched.open(CHART)
        typed(page, "calci", 8)
        page.keyboard.press("Enter")
        expect(page.locator("#status")).to_have_text("8 drugs fit “calci”: pick one")
        expect(page.locator("#matches button")).to_have_count(8)
        expect(field(page)).to_have_value("calci")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.id") == "match-1"
        check_accessible(page)
        field(page).press_sequentially("triol", delay=20)
        expect(page.locator("#matches button")).to_have_count(0)


def test_a_drug_typed_while_the_service_is_asked_is_not_lost(open_page: OpenPage) -> None:
    held: list[Route] = []
    with open_page() as watched:
        page = watched.open(CHART)
        page.route("**/ehr?patient=*", lambda route: held.append(route))
        typed(page, "warfarin", 1)
        page.keyboard.press("Enter")
        page.keyboard.type("calcitriol", delay=5)
        expect(options_of(page)).to_have_count(1)
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        expect(page.locator("#status")).to_contain_text("The service is still being asked")
        assert len(held) == 1
        held[0].continue_()
        expect(page.locator("#drafts li")).to_contain_text("warfarin")
        expect(field(page)).to_have_value("calcitriol")


def test_a_catalogue_that_does_not_answer_is_said(open_page: OpenPage) -> None:
    with open_page() as watched:
        watched.expected = ("ERR_", "failed")
        page = watched.open(CHART)
        page.route("**/ehr/drugs?*", lambda route: route.abort("connectionrefused"))
        field(page).press_sequentially("warfarin", delay=5)
        expect(page.locator("#drug-said")).to_contain_text("The list of drugs cannot be reached")
        page.keyboard.press("Enter")
        expect(page.locator("#drafts li")).to_contain_text("warfarin")


@pytest.mark.parametrize(("width", "scheme"), [(NARROW, "dark"), (768, "light"), (WIDE, "light")])
def test_the_open_list_is_accessible_and_fits(open_page: OpenPage, width: int, scheme: str) -> None:
    with open_page(width=width, scheme=scheme) as watched:
        page = watched.open(CHART)
        typed(page, "calci", 8)
        page.keyboard.press("ArrowDown")
        check_accessible(page)
        check_fits(page)
        keep_screenshot(page, f"ehr-drug-list-{width}-{scheme}")


def test_in_forced_colours_the_marked_drug_has_a_border_of_its_own(open_page: OpenPage) -> None:
    with open_page() as watched:
        page = watched.open(CHART)
        page.emulate_media(forced_colors="active")
        typed(page, "calci", 8)
        page.keyboard.press("ArrowDown")
        border = "(one) => getComputedStyle(one).borderTopColor"
        marked, other = options_of(page).first, options_of(page).last
        assert marked.evaluate(border) != other.evaluate(border)


def test_without_a_script_the_drugs_that_fit_are_buttons_after_the_field(
    chromium: Browser, service: RunningService
) -> None:
    context = chromium.new_context(java_script_enabled=False)
    try:
        page = context.new_page()
        page.goto(f"{service.base}{CHART}")
        field(page).fill("calci")
        page.keyboard.press("Enter")
        expect(page.locator("#matches button")).to_have_count(8)
        field(page).focus()
        page.keyboard.press("Tab")
        expect(page.locator("#match-1")).to_be_focused()
        page.locator("#matches").get_by_role("button", name="calcitriol").click()
        expect(page.locator("#drafts li")).to_contain_text("calcitriol")
        expect(page.locator("#order-advice h3").first).to_have_text(re.compile("On picking calcitriol"))
    finally:
        context.close()
