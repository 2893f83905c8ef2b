"""The try page in a browser: each example judged, copied as cURL and that cURL run; files, faults, no script."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from cds_service.clock import utc_now
from cds_service.tryout import Example, load_examples
from tests.browser.conftest import OpenPage, RunningService
from tests.browser.pages import NARROW, WIDE, check_accessible, check_fits, keep_screenshot
from tests.needed import do_without

EXAMPLES = load_examples()
each = pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
DRUG_IN_BUNDLE = "bundle-of-a-patient"
expect.set_options(timeout=20_000)


def by_name(name: str) -> Example:
    return next(example for example in EXAMPLES if example.name == name)


def topics(cards: list[dict[str, Any]]) -> list[str]:
    return [card["source"]["topic"]["code"] for card in cards]


def check_shown(page: Page, example: Example) -> None:
    """The page shows what the index promises."""
    if example.answer["status"] == 200:
        expect(page.locator("#status")).to_contain_text("Judged:")
        expect(page.locator("#answer article.card")).to_have_count(len(example.answer["topics"]))
        answer = json.loads(page.locator("#response").inner_text())
        assert topics(answer["cards"]) == example.answer["topics"]
        if not example.answer["topics"]:
            expect(page.locator("#answer")).to_contain_text("No card for this message.")
    else:
        expect(page.locator("#status")).to_contain_text(f"Refused ({example.answer['status']})")
        expect(page.locator("#answer .fault")).to_contain_text("This is not an all-clear: nothing was judged.")


def copied_command(page: Page) -> str:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.locator('[data-copy="curl"]').click()
    expect(page.locator("#status")).to_have_text("Copied")
    return str(page.evaluate("navigator.clipboard.readText()"))


@each
def test_an_example_is_judged_copied_as_curl_and_that_curl_answers_the_same(
    open_page: OpenPage, example: Example, service: RunningService
) -> None:
    if shutil.which("curl") is None:
        do_without("there is no curl on this machine (Debian: apt-get install curl)")
    with open_page() as watched:
        page = watched.open("/try")
        page.locator(f"#example-{example.name}").click()
        check_shown(page, example)
        command = copied_command(page)
        assert service.base in command
        done = subprocess.run(["sh"], input=command, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, done.stderr
        answer = json.loads(done.stdout)
        if example.answer["status"] == 200:
            assert topics(answer["cards"]) == example.answer["topics"]
        else:
            assert answer["issue"][0]["expression"] == [example.answer["field"]]


@each
def test_an_example_pasted_is_judged_as_its_button_says(open_page: OpenPage, example: Example) -> None:
    with open_page(width=NARROW) as watched:
        page = watched.open("/try")
        page.locator("#sent").fill(example.text(utc_now()))
        page.locator("#drugs").fill(", ".join(example.drugs))
        page.locator("#judge").click()
        check_shown(page, example)
        check_fits(page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [NARROW, WIDE])
@pytest.mark.parametrize("name", ["epic-patient-view", "refused-conditions-not-read", DRUG_IN_BUNDLE])
def test_an_answer_fits_and_is_accessible(open_page: OpenPage, name: str, width: int, scheme: str) -> None:
    with open_page(width=width, scheme=scheme) as watched:
        page = watched.open("/try")
        page.locator(f"#example-{name}").click()
        check_shown(page, by_name(name))
        for fold in page.locator("details").all():
            fold.evaluate("fold => { fold.open = true }")
        keep_screenshot(page, f"try-{name}-{width}-{scheme}")
        check_fits(page)
        check_accessible(page)


def test_a_file_is_read_and_judged_and_goes_nowhere_else(open_page: OpenPage, tmp_path: Path) -> None:
    path = tmp_path / "patient.json"
    path.write_text(by_name(DRUG_IN_BUNDLE).text(utc_now()))
    with open_page() as watched:
        page = watched.open("/try")
        page.locator("#drugs").fill("calcium acetate")
        page.locator("#file").set_input_files(path)
        check_shown(page, by_name(DRUG_IN_BUNDLE))
        assert page.locator("#sent").input_value() == path.read_text()


def test_a_dropped_file_is_read_and_judged(open_page: OpenPage) -> None:
    text = by_name("epic-order-sign").text(utc_now())
    with open_page() as watched:
        page = watched.open("/try")
        moved = page.evaluate_handle(
            "text => { const moved = new DataTransfer(); moved.items.add(new File([text], 'a.json')); return moved; }",
            text,
        )
        page.dispatch_event("#sent", "dragover", {"dataTransfer": moved})
        expect(page.locator("#drop")).to_have_class("drop over")
        page.dispatch_event("#sent", "drop", {"dataTransfer": moved})
        check_shown(page, by_name("epic-order-sign"))
        expect(page.locator("#drop")).to_have_class("drop")


def test_a_token_leaves_the_field_and_other_text_stays_as_it_was_typed(open_page: OpenPage) -> None:
    with open_page() as watched:
        page = watched.open("/try")
        typed = by_name("prefetch-alone").text(utc_now()).replace("Bertram", "Bert\u200bram")
        page.locator("#sent").fill(typed)
        page.locator("#judge").click()
        expect(page.locator("#status")).to_contain_text("Judged:")
        assert page.locator("#sent").input_value() == typed
        page.locator("#sent").fill(by_name("epic-patient-view").text(utc_now()))
        page.locator("#judge").click()
        expect(page.locator("#answer-heading")).to_contain_text("patient-view")
        expect(page.locator("#answer .remarks")).to_contain_text("token were taken out")
        assert "made-up-token" not in page.content()
        assert "(taken out)" in page.locator("#sent").input_value()


def test_what_cannot_be_judged_replaces_the_answer_before(open_page: OpenPage) -> None:
    with open_page() as watched:
        page = watched.open("/try")
        page.locator("#example-epic-patient-view").click()
        check_shown(page, by_name("epic-patient-view"))
        page.locator("#sent").fill('{"cards": []}')
        page.locator("#judge").click()
        expect(page.locator("#status")).to_have_text("Not understood: nothing was judged")
        expect(page.locator("#answer .card")).to_have_count(0)
        expect(page.locator("#answer")).to_contain_text("This is not an all-clear")
        assert page.locator("#sent").input_value() == '{"cards": []}'


def test_a_service_that_is_gone_or_a_message_too_large_is_no_all_clear(open_page: OpenPage) -> None:
    with open_page() as watched:
        watched.expected = ("ERR_FAILED", "Failed to load")
        page = watched.open("/try")
        page.locator("#example-epic-patient-view").click()
        check_shown(page, by_name("epic-patient-view"))

        def lost(route: Route) -> None:
            route.abort() if route.request.method == "POST" else route.continue_()

        page.route("**/try", lost)
        page.locator("#judge").click()
        expect(page.locator("#status")).to_contain_text("the service did not answer")
        expect(page.locator("#answer")).to_contain_text("This is not an all-clear")
        expect(page.locator("#answer .card")).to_have_count(0)
        page.evaluate("document.getElementById('sent').value = 'x'.repeat(10000001)")
        page.locator("#judge").click()
        expect(page.locator("#status")).to_contain_text("too large")


def test_the_page_works_by_keyboard_alone(open_page: OpenPage) -> None:
    with open_page() as watched:
        page = watched.open("/try")
        page.locator("#sent").focus()
        page.keyboard.insert_text(by_name(DRUG_IN_BUNDLE).text(utc_now()))
        for _ in range(6):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.id") == "drugs":
                break
        page.keyboard.type("calcium acetate")
        page.keyboard.press("Enter")
        check_shown(page, by_name(DRUG_IN_BUNDLE))
        assert page.evaluate("document.activeElement.id") == "answer-heading"


def test_everything_works_without_a_script(chromium: Browser, service: RunningService) -> None:
    context = chromium.new_context(java_script_enabled=False)
    try:
        page = context.new_page()
        page.goto(f"{service.base}/try")
        assert page.locator("#drop").is_hidden()
        page.locator(f"#example-{DRUG_IN_BUNDLE}").click()
        check_shown(page, by_name(DRUG_IN_BUNDLE))
        assert page.locator("#drugs").input_value() == "calcium acetate"
        page.locator("#drugs").fill("")
        page.locator("#hook").select_option("patient-view")
        page.locator("#judge").click()
        expect(page.locator("#answer")).to_contain_text("No card for this message.")
        assert page.locator("#hook").input_value() == "patient-view"
        assert '"resourceType": "Bundle"' in page.locator("#sent").input_value()
    finally:
        context.close()


def test_where_no_card_came_the_reason_is_seen_without_a_click(open_page: OpenPage) -> None:
    with open_page(width=NARROW) as watched:
        page = watched.open("/try")
        page.locator("#sent").fill(by_name(DRUG_IN_BUNDLE).text(utc_now()))
        page.locator("#hook").select_option("patient-view")
        page.locator("#judge").click()
        expect(page.locator("#answer .none")).to_have_text("No card for this message.")
        assert page.locator("#answer .none").evaluate("none => none.nextElementSibling.className") == "why"
        expect(page.locator("#answer .why-first")).to_have_text("No card comes.")
        expect(page.locator("#answer .why-first")).to_be_visible()
        check_fits(page)


def test_on_paper_stands_the_answer_and_not_the_form(open_page: OpenPage) -> None:
    with open_page() as watched:
        page = watched.open("/try")
        page.locator("#example-epic-patient-view").click()
        check_shown(page, by_name("epic-patient-view"))
        page.emulate_media(media="print")
        assert page.locator("#try").is_hidden()
        assert page.locator("#answer article.card").first.is_visible()
