"""The article's case from the opened chart to the feedback in the store, as a clinician lives it in the browser."""

from __future__ import annotations

import os
import re
import subprocess
import sys

from playwright.sync_api import Locator, Page, expect

from cds_service.demo.sandbox import Sandbox
from tests.browser.conftest import OpenPage, RunningService
from tests.browser.pages import check_accessible, check_fits, keep_screenshot

PATIENT = "cds-demo-hard-skin-on-warfarin"
REPLACEMENT = "Draft sevelamer in place of calcium acetate (no calcium; dose by the prescriber)"
RECHECK = ("Calcium, serum", "Albumin, serum", "Phosphate, serum", "Intact PTH", "Ionised calcium")
expect.set_options(timeout=20_000)
COMMENT = "mechanical mitral valve since 2019"


def picture(page: Page, name: str) -> None:
    """Of the whole page, from its top: what happened stays in view while one scrolls."""
    page.evaluate("scrollTo(0, 0)")
    keep_screenshot(page, name)


def card(page: Page, place: str, words: str) -> Locator:
    return page.locator(f"#{place} article.card").filter(has=page.locator("h3", has_text=words))


def told(service: RunningService, command: str) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CDS_")}
    environment["CDS_DATABASE_URL"] = service.database
    made = subprocess.run(
        [sys.executable, "-m", "cds_service.commands.cli", command],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return made.stdout


def test_the_story_of_the_article(open_page: OpenPage, service: RunningService, fhir: Sandbox) -> None:
    with open_page() as watched:
        page = watched.open("/ehr")
        found = page.get_by_role("listitem").filter(has_text="hard-skin-on-warfarin")
        found.get_by_role("link", name="Synthetic, Ottilie", exact=True).click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Synthetic, Ottilie")
        read_the_critical_card(page)
        order_calcium_acetate(page)
        accept_the_alternative(page)
        sign(page, fhir)
        override_warfarin(page)
    _, *accepted, overridden = told(service, "feedback").splitlines()
    assert len(accepted) == 1
    assert re.search(r"accepted .*order-select  calcium-cua +1 suggestion$", accepted[0])
    assert re.search(r"overridden .*patient-view  vka-cua +mechanical-valve$", overridden)
    assert re.search(r"1  calciphylaxis-patient-view  vka-cua +mechanical-valve", told(service, "overrides"))
    assert COMMENT not in told(service, "feedback")
    log = service.log.read_text(errors="replace")
    assert "Ottilie" not in log
    assert COMMENT not in log


def read_the_critical_card(page: Page) -> None:
    suspected = card(page, "advice", "Presumed calciphylaxis until proven otherwise")
    expect(suspected.locator(".indicator")).to_contain_text("Critical")
    suspected.get_by_text("Reasons, what to do, evidence").click()
    expect(suspected).to_contain_text("skin induration: “Hardening of the skin”")
    picture(page, "story-1-critical-card")


def order_calcium_acetate(page: Page) -> None:
    page.get_by_label("Drug", exact=True).press_sequentially("calcium acet", delay=20)
    expect(page.locator("#drug-said")).to_have_text("2 drugs fit")
    page.get_by_role("option", name="calcium acetate", exact=True).click()
    warned = card(page, "order-advice", "Calcium acetate with suspected calciphylaxis")
    expect(warned.locator(".indicator")).to_contain_text("Critical")
    expect(page.locator("#status")).to_have_text("Calcium acetate drafted: 1 critical card")
    expect(page.get_by_label("Drug", exact=True)).to_be_focused()
    expect(page.get_by_label("Drug", exact=True)).to_have_value("")
    picture(page, "story-2-calcium-acetate-picked")
    # The picture in the README.
    keep_screenshot(page, "ehr-page", whole=False)


def accept_the_alternative(page: Page) -> None:
    warned = card(page, "order-advice", "Calcium acetate with suspected calciphylaxis")
    warned.get_by_role("button", name=REPLACEMENT).click()
    expect(warned).to_contain_text(f"{REPLACEMENT} and recheck the minerals: accepted")
    expect(warned.locator(".outcome")).to_contain_text("Your answer was sent.")
    # One suggestion holds it all: the new binder, the calcium acetate gone, and the recheck.
    expect(page.locator("#drafts li")).to_have_count(1 + len(RECHECK))
    for words in ("sevelamer carbonate", *RECHECK):
        expect(page.locator("#drafts li").filter(has_text=words)).to_have_count(1)
    expect(page.locator("#drafts")).not_to_contain_text("calcium acetate")
    picture(page, "story-3-alternative-accepted")


def sign(page: Page, fhir: Sandbox) -> None:
    page.get_by_role("button", name="Sign 6 orders").click()
    expect(page.locator("#status")).to_contain_text("signed")
    expect(page.locator("#drafts")).to_contain_text("No draft")
    expect(page.locator("#chart")).to_contain_text("sevelamer carbonate")
    expect(page.locator("#order-advice")).to_contain_text("No card for what was ordered.")
    signed = [one for one in fhir.store.all("MedicationRequest") if one["id"].startswith("cds-demo-signed-")]
    assert [one["medicationCodeableConcept"]["coding"][0]["code"] for one in signed] == ["660890"]
    picture(page, "story-4-signed")


def override_warfarin(page: Page) -> None:
    warfarin = card(page, "advice", "Warfarin with suspected calciphylaxis")
    warfarin.get_by_text("Override", exact=True).click()
    warfarin.get_by_label("Reason").select_option(label="Mechanical heart valve")
    warfarin.get_by_label("Comment").fill(COMMENT)
    warfarin.get_by_role("button", name="Override the card").click()
    expect(warfarin.locator(".outcome")).to_contain_text("Overridden: Mechanical heart valve")
    expect(page.locator("#status")).to_contain_text("your answer was sent")
    expect(warfarin.get_by_role("button", name="Refer to cardiology")).to_be_disabled()
    check_accessible(page)
    check_fits(page)
    picture(page, "story-5-overridden")
