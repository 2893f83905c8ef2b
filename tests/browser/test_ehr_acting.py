"""What a clinician does on the EHR page, and what the page says while and after it is done."""

from __future__ import annotations

import json
import subprocess

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from cds_service.demo.sandbox import Sandbox
from tests.browser.conftest import OpenPage, RunningService
from tests.browser.pages import NARROW, WIDE, check_accessible, check_fits, keep_screenshot

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
        expect(page.get_by_role("link", name="Synthetic, Ottilie", exact=True)).to_be_visible()
        page.reload()
        page.get_by_role("link", name="Synthetic, Ottilie", exact=True).click()
        expect(page.locator("#advice .card")).to_have_count(3)
        page.go_back()
        expect(page.get_by_label("Name begins with")).to_have_value("ottil")
        check_accessible(page)
        check_fits(page)


# ------------------------------------------------------------------ ending and taking up again
def tab_to(page: Page, id_: str, most: int = 80) -> None:
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id").startswith(id_):
            return
    raise AssertionError(f"Tab does not reach {id_}")


def status_of(fhir: Sandbox) -> str:
    return str(fhir.store.read("MedicationRequest", f"{PATIENT}-mr-2")["status"])


def stop(page: Page) -> None:
    """Accept that calcium acetate is removed, and say yes."""
    page.locator("#advice").get_by_role("button", name="Remove calcium acetate").first.click()
    page.get_by_role("button", name="Yes, end it").click()
    expect(page.locator("#chart")).not_to_contain_text("calcium acetate")


def test_by_keyboard_an_active_prescription_is_ended_after_a_question_and_restarted(
    open_page: OpenPage, fhir: Sandbox
) -> None:
    with open_page() as watched:
        page = watched.open(CHART)
        remove = page.locator("#advice").get_by_role("button", name="Remove calcium acetate").first
        remove.focus()
        page.keyboard.press("Enter")
        asked = page.get_by_role("group", name="End the active prescription of calcium acetate")
        expect(asked).to_be_focused()
        check_accessible(page)
        check_fits(page)
        keep_screenshot(page, "ehr-question")
        tab_to(page, "decline")
        page.keyboard.press("Enter")
        expect(asked).to_have_count(0)
        expect(remove).to_be_focused()
        assert status_of(fhir) == "active"
        page.keyboard.press("Enter")
        expect(asked).to_be_focused()
        tab_to(page, "confirm")
        page.keyboard.press("Space")
        expect(page.locator("#status")).to_contain_text("Asked again about the changed chart".lower())
        expect(page.locator("#advice .card")).to_have_count(2)
        expect(page.locator("#advice .card", has_text="Stop calcium acetate")).to_have_count(0)
        assert page.evaluate("document.activeElement.id") == "advice", "not lost with the button"
        assert status_of(fhir) == "stopped"
        tab_to(page, "restart")
        check_accessible(page)
        keep_screenshot(page, "ehr-ended")
        page.keyboard.press("Enter")
        expect(page.locator("#status")).to_contain_text("restarted")
        expect(page.locator("#advice .card")).to_have_count(3)
        expect(page.locator("#chart")).to_contain_text("calcium acetate")
        assert status_of(fhir) == "active"


def test_without_a_script_the_question_is_a_page_with_the_focus_on_no(
    chromium: Browser, service: RunningService, fhir: Sandbox
) -> None:
    context = chromium.new_context(java_script_enabled=False)
    try:
        page = context.new_page()
        page.goto(f"{service.base}{CHART}")
        page.locator("#advice").get_by_role("button", name="Remove calcium acetate").first.click()
        expect(page.locator("#decline")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.locator("#question")).to_have_count(0)
        assert status_of(fhir) == "active"
        stop(page)
        page.get_by_role("button", name="Restart").click()
        expect(page.locator("#status")).to_contain_text("restarted")
        assert status_of(fhir) == "active"
    finally:
        context.close()


def test_an_order_that_was_changed_since_is_not_restarted(open_page: OpenPage, fhir: Sandbox) -> None:
    with open_page() as watched:
        page = watched.open(CHART)
        key = f"{PATIENT}-mr-2"
        before = fhir.store.read("MedicationRequest", key)
        stop(page)
        fhir.store.put("MedicationRequest", key, {**before, "status": "completed"})
        page.get_by_role("button", name="Restart").click()
        expect(page.locator("#status")).to_contain_text("NOT restarted")
        expect(page.locator("#status")).to_contain_text("it is completed now")
        assert status_of(fhir) == "completed"
        fhir.store.put("MedicationRequest", key, before)


# ------------------------------------------------------------------ waiting
def held_back(page: Page) -> list[Route]:
    held: list[Route] = []
    page.route("**/ehr?patient=*", lambda route: held.append(route))
    return held


@pytest.mark.parametrize("colours", ["none", "active"])
def test_while_the_service_is_asked_the_page_says_so_and_marks_what_is_old(open_page: OpenPage, colours: str) -> None:
    with open_page() as watched:
        page = watched.open(CHART)
        page.emulate_media(forced_colors="active" if colours == "active" else "none")
        held = held_back(page)
        note, card = page.locator("#asking-advice"), page.locator("#advice .card").first
        expect(note).to_be_hidden()
        page.get_by_text("How this EHR calls the service").click()
        page.get_by_role("button", name="Call patient-view again").click()
        expect(note).to_be_visible()
        expect(note).to_contain_text("Asking the service…")
        expect(note).to_contain_text("from before")
        assert card.evaluate("(one) => getComputedStyle(one).borderTopStyle") == "dashed"
        expect(page.locator("#status")).to_have_text("Asking the service…")
        check_accessible(page)
        check_fits(page)
        keep_screenshot(page, f"ehr-waiting-{colours}")
        held[0].continue_()
        expect(page.locator("#status")).to_have_text("Chart opened: 3 critical cards")
        expect(note).to_be_hidden()
        assert card.evaluate("(one) => getComputedStyle(one).borderTopStyle") == "solid"


def test_a_quick_answer_is_not_announced_as_a_wait(open_page: OpenPage) -> None:
    with open_page() as watched:
        page = watched.open(CHART)
        page.evaluate("""() => {
          window.heard = [];
          const status = document.getElementById("status");
          new MutationObserver(() => window.heard.push(status.textContent)).observe(status, { childList: true });
        }""")
        page.route("**/ehr?patient=*", lambda route: route.abort("connectionrefused"))
        watched.expected = ("ERR_", "failed")
        page.locator("#drug").fill("warfarin")
        page.keyboard.press("Enter")
        expect(page.locator("#status")).to_contain_text("could not be updated")
        page.wait_for_timeout(700)
        assert not any("Asking" in words for words in page.evaluate("window.heard"))


def test_a_fault_ends_the_wait(open_page: OpenPage) -> None:
    with open_page() as watched:
        watched.expected = ("ERR_", "failed")
        page = watched.open(CHART)
        held = held_back(page)
        page.locator("#drug").fill("warfarin")
        page.keyboard.press("Enter")
        expect(page.locator("#asking-order-advice")).to_be_visible()
        expect(page.locator("#status")).to_have_text("Asking the service…")
        held[0].abort("connectionrefused")
        expect(page.locator("#status")).to_contain_text("its server did not answer")
        expect(page.locator("#asking-order-advice")).to_be_hidden()
        assert page.locator("[data-old], form[data-busy]").count() == 0


# ------------------------------------------------------------------ what a clinician sees
def test_each_card_has_one_leading_button_at_most(open_page: OpenPage) -> None:
    with open_page() as watched:
        page = watched.open(CHART)
        for card in page.locator("#advice .card").all():
            assert card.locator("button.main").count() <= 1
            for button in card.locator("button.main").all():
                expect(button).to_contain_text("recommended")
        assert page.locator("#advice .card button.main").count() >= 1
        page.emulate_media(forced_colors="active")
        width = "(one) => getComputedStyle(one).borderTopWidth"
        leading, other = page.locator(".suggestions .main").first, page.locator(".suggestions button:not(.main)").first
        assert leading.evaluate(width) != other.evaluate(width)


def test_how_a_request_went_is_told_under_request_and_response_only(open_page: OpenPage) -> None:
    with open_page() as watched:
        page = watched.open("/ehr?patient=cds-demo-well-controlled-on-sevelamer")
        page.locator("#drug").fill("amlodipine")
        page.keyboard.press("Enter")
        page.get_by_role("button", name="Sign 1 order").click()
        expect(page.locator("#status")).to_have_text("Amlodipine: signed")
        seen = page.locator("main").inner_text()
        assert " ms" not in "".join(line for line in seen.splitlines() if not line.startswith("Request and response"))
        page.locator("#happened .wire summary").click()
        expect(page.locator("#happened .wire")).to_contain_text(": 201, ")


@pytest.mark.parametrize("width", [NARROW, 768, 1024, WIDE])
def test_long_words_wrap_in_cards_answers_and_orders(open_page: OpenPage, width: int) -> None:
    with open_page(width=width) as watched:
        page = watched.open(CHART)
        page.locator("#drug").fill("x" * 200)
        page.locator("#dose").fill("y" * 200)
        page.get_by_role("button", name="Add the order").click()
        expect(page.locator("#drafts li")).to_have_count(1)
        page.evaluate("""() => {
          const long = "z".repeat(200);
          for (const part of document.querySelectorAll(
            ".card h3, .card .lead, .card .topic, .suggestions button, .links a, .source, .fault p, .none, option"
          )) part.append(long);
          document.querySelectorAll("details.override, details.detail").forEach((fold) => { fold.open = true; });
        }""")
        check_fits(page)
        for part in page.locator(".card, .card h3, .suggestions button, #drafts li, .answer h3, #status").all():
            inside, room = part.evaluate("(one) => [one.scrollWidth, one.clientWidth]")
            assert inside <= room + 1, part.inner_text()[:80]
        keep_screenshot(page, f"ehr-long-words-{width}")


# ------------------------------------------------------------------ addresses, cURL and files
def test_a_reload_keeps_the_drafts_and_asks_the_same_hook(open_page: OpenPage) -> None:
    with open_page() as watched:
        page = watched.open(CHART)
        page.locator("#drug").fill("calcium acetate")
        page.keyboard.press("Enter")
        expect(page.locator("#order-advice .card")).to_have_count(1)
        expect(page).to_have_url(f"{watched.base}{CHART}&hook=order-select&drug=calcium%20acetate")
        page.reload()
        expect(page.locator("#drafts li")).to_contain_text("calcium acetate")
        expect(page.locator("#order-advice h3").first).to_contain_text("On picking calcium acetate")
        expect(page.locator("#order-advice .card")).to_have_count(1)
        check_accessible(page)
        page.get_by_role("button", name="Remove the draft calcium acetate").click()
        expect(page).to_have_url(f"{watched.base}{CHART}")


def test_an_address_with_an_unknown_hook_says_which_there_are(open_page: OpenPage) -> None:
    with open_page() as watched:
        watched.expected = ("400",)
        page = watched.open(f"{CHART}&hook=order-dispatch")
        expect(page.locator("main")).to_contain_text("It asks patient-view, order-select, order-sign.")
        check_accessible(page)


def test_a_request_copied_as_curl_is_answered_the_same(open_page: OpenPage) -> None:
    with open_page() as watched:
        page = watched.open(
            f"{CHART}&hook=order-select&drug=calcium%20acetate&dose=it's%20%22%24HOME%22%20%60x%60%20%5C%20!%20%C3%A4%20%F0%9F%98%80"
        )
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        wire = page.locator("#order-advice .wire").first
        wire.locator("summary").click()
        wire.get_by_role("button", name="Copy as cURL").click()
        expect(page.locator("#status")).to_have_text("Copied as cURL")
        command = page.evaluate("navigator.clipboard.readText()")
        assert command.isascii()
        assert "!" not in command
        shown = json.loads(wire.locator("pre").last.inner_text())
    assert r"""it's \"$HOME\" `x` \\ \u0021 \u00e4 \ud83d\ude00""" in command
    answered = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True).stdout
    summaries = [card["summary"] for card in json.loads(answered)["cards"]]
    assert summaries == [card["summary"] for card in shown["cards"]]
    assert summaries


def test_request_and_response_are_handed_out_as_files(open_page: OpenPage) -> None:
    with open_page() as watched:
        page = watched.open(CHART)
        wire = page.locator("#advice .wire").first
        wire.locator("summary").focus()
        page.keyboard.press("Enter")
        for what, member in [("request", "hookInstance"), ("response", "cards")]:
            with page.expect_download() as download:
                tab_to_button(page, f"Download the {what}")
                page.keyboard.press("Enter")
            assert download.value.suggested_filename == f"patient-view-{what}.json"
            assert member in json.loads(download.value.path().read_text())


def tab_to_button(page: Page, words: str) -> None:
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.innerText") == words:
            return
    raise AssertionError(f"Tab does not reach {words}")
