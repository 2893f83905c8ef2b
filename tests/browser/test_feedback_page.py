"""The feedback page in a browser: what an EHR sent is counted; readable at any width, in any colours, on paper."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser, Page, expect

from cds_service.clock import utc_now
from cds_service.demo.play import free_port
from cds_service.ehr_client import Ehr
from cds_service.reports import Quarter
from cds_service.storage import UNMAPPED, Database, Event, EventLog, FeedbackItem, Kind, new_id
from tests.browser.conftest import OpenPage, RunningService, serving
from tests.browser.pages import check_accessible, check_fits, keep_screenshot
from tests.stored import card_like, shown_card

PATIENT = "cds-demo-hard-skin-on-warfarin"
TOKEN = "a-token-of-32-characters-at-least"
NOW = utc_now()
THIS, BEFORE = NOW, NOW - timedelta(days=92)
CARD = shown_card("", "calciphylaxis-patient-view", "hook", "vka-cua", "critical", NOW)
DONE = [
    # topic, indicator, when, shown, accepted, overridden
    ("vka-cua", "critical", THIS, 40, 9, 12),
    ("calcium-hypercalcaemia", "warning", THIS, 23, 7, 3),
    ("cua-suspected-with-a-topic-of-an-unusually-long-name", "critical", THIS, 6, 0, 0),
    ("vka-cua", "critical", BEFORE, 17, 5, 6),
]
expect.set_options(timeout=20_000)


@pytest.fixture(scope="module")
def filled(service: RunningService) -> RunningService:
    """The service after some months."""
    with closing(Database(service.database)) as database:
        store = EventLog(database)
        for number, (topic, indicator, when, shown, accepted, overridden) in enumerate(DONE):
            cards = [f"done-{number}-{one}" for one in range(shown)]
            store.record([card_like(CARD, card, topic=topic, indicator=indicator, at=when) for card in cards])
            answers = [FeedbackItem(card, "accepted", when) for card in cards[:accepted]]
            for place, card in enumerate(cards[accepted : accepted + overridden]):
                code = "mechanical-valve" if place % 2 else None
                comment = None if code else "a comment"
                answers.append(FeedbackItem(card, "overridden", when, (), code, None, None, comment))
            store.record_feedback(CARD.service, answers, when)
        store.record([*happened()])
        store.write_what_waits(10)
    return service


def happened() -> Iterator[Event]:
    """What stands beside the cards: calls, cards held back, silences, refusals, and a topic that fell silent."""
    view = Event("", THIS, Kind.ANSWERED, service=CARD.service, hook="patient-view")
    unmapped = [["lab", "urn:oid:2.16.840.1.113883.19.5.99999.1", "P04", "mg/dL"], ["drug", "urn:oid:1.2.3", "A1", ""]]
    for number in range(60):
        yield replace(view, id=new_id(), content={"cards": 1, UNMAPPED: unmapped} if number < 30 else {"cards": 1})
    for kind, reason, times in (
        (Kind.GAP, "labs, conditions", 7),
        (Kind.REFUSED, "labs", 3),
        (Kind.SUPPRESSED, "shadow", 12),
        (Kind.SUPPRESSED, "kill-switch", 2),
    ):
        for _ in range(times):
            topic, indicator = ("calcium-cua", "critical") if kind == Kind.SUPPRESSED else ("", "")
            yield replace(view, id=new_id(), kind=kind, reason=reason, topic=topic, indicator=indicator)
    yield replace(view, id=new_id(), kind=Kind.ISSUED, topic="iron-overload", at=THIS - timedelta(days=40))


def send(service: RunningService, card: dict[str, Any], **done: Any) -> None:
    """Feedback on a card, as an EHR sends it."""
    body = {"feedback": [{"card": card["uuid"], "outcomeTimestamp": utc_now().isoformat(), **done}]}
    address = f"{service.base}/cds-services/calciphylaxis-patient-view/feedback"
    assert requests.post(address, json=body, timeout=20).json() == {}


def whole(page: Page, column: str) -> str:
    """One of the four numbers of all cards, without its share."""
    told = page.locator(f".whole .{column} dd").inner_text()
    return told.split()[0] if told[0].isdigit() else told


def counted(service: RunningService) -> dict[str, int]:
    """The exact numbers of all cards, as whoever owns the database gets them."""
    command = [sys.executable, "-m", "cds_service.commands.cli", "feedback", "--by", "card", "--json"]
    made = subprocess.run(
        command, env={"CDS_DATABASE_URL": service.database}, capture_output=True, text=True, check=True
    )  # fmt: skip
    row: dict[str, int] = json.loads(made.stdout)["rows"][-1]
    return {name: row[name] for name in ("shown", "accepted", "overridden", "unanswered")}


def test_what_an_ehr_shows_accepts_and_overrides_is_counted(open_page: OpenPage, service: RunningService) -> None:
    with open_page() as watched:
        # That the site policy of this service was taken up may stand in the log already.
        nothing = re.compile(r"No card (has been shown yet|was shown. Calls answered: 0)\.")
        expect(watched.open("/feedback").locator(".nothing")).to_contain_text(nothing)
        cards = Ehr(service.base, service.fhir).open_chart(PATIENT)
        accepted, overridden = [one for one in cards if one.get("suggestions") and one.get("overrideReasons")][:2]
        send(service, accepted, outcome="accepted", acceptedSuggestions=[{"id": accepted["suggestions"][0]["uuid"]}])
        send(service, overridden, outcome="overridden", overrideReason={"reason": overridden["overrideReasons"][0]})
        numbers = counted(service)
        assert numbers == {"shown": len(cards), "accepted": 1, "overridden": 1, "unanswered": len(cards) - 2}
        page = watched.open("/feedback")
        assert page.locator("h1").inner_text() == "What becomes of the cards"
        assert {whole(page, "accepted"), whole(page, "overridden")} == {"fewer than 5"}
        check_accessible(page)


def test_numbers_from_five_on_are_told_and_another_quarter_can_be_chosen(
    open_page: OpenPage, filled: RunningService
) -> None:
    with open_page() as watched:
        page = watched.open("/feedback")
        expect(page.get_by_role("row", name="vka-cua critical")).to_be_visible()
        expect(page.get_by_role("row", name="comment only")).to_be_visible()
        earlier = Quarter.of(BEFORE.date()).name
        page.get_by_label("Quarter").select_option(earlier)
        page.get_by_role("button", name="Show").press("Enter")
        expect(page).to_have_url(f"{filled.base}/feedback?quarter={earlier}")
        assert [whole(page, column) for column in ("shown", "accepted", "overridden")] == ["17", "5", "6"]
        assert page.get_by_role("link", name="CSV").get_attribute("href") == f"/feedback.csv?quarter={earlier}"
        with page.expect_download() as download:
            page.get_by_role("link", name="CSV").click()
        assert download.value.suggested_filename == f"cards-{earlier}.csv"
        assert "all,,,17,5,6,6" in Path(download.value.path()).read_text("utf-8")


def test_what_stands_beside_the_cards_is_told_without_small_numbers(
    open_page: OpenPage, filled: RunningService
) -> None:
    with open_page() as watched:
        page = watched.open("/feedback")
        held = page.get_by_role("table", name="Held back")
        expect(held.get_by_role("row", name="shadow calcium-cua critical 12")).to_be_visible()
        expect(held.get_by_role("row", name="kill-switch calcium-cua critical fewer than 5")).to_be_visible()
        expect(page.get_by_role("row", name="labs, conditions 7")).to_be_visible()
        expect(page.get_by_role("table", name="Refused").get_by_role("row", name="labs fewer than 5")).to_be_visible()
        expect(page.get_by_role("row", name="lab urn:oid:2.16.840.1.113883.19.5.99999.1 P04 mg/dL 30")).to_be_visible()
        expect(page.get_by_role("table", name="Fallen silent").get_by_role("rowheader", name="topic")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 768, 1024, 1440])
def test_the_page_fits_and_is_accessible(open_page: OpenPage, filled: RunningService, width: int, scheme: str) -> None:
    with open_page(width=width, scheme=scheme) as watched:
        page = watched.open("/feedback")
        keep_screenshot(page, f"feedback-filled-{width}-{scheme}")
        check_fits(page)
        check_accessible(page)


def test_it_can_be_read_in_forced_colours_and_without_scripts(chromium: Browser, filled: RunningService) -> None:
    context = chromium.new_context(java_script_enabled=False, forced_colors="active")
    page = context.new_page()
    page.goto(f"{filled.base}/feedback")
    keep_screenshot(page, "feedback-forced-colours")
    assert page.get_by_role("row", name="vka-cua critical").count() == 1
    context.close()


def test_on_paper_it_is_a_few_sheets_without_what_can_only_be_pressed(
    open_page: OpenPage, filled: RunningService, tmp_path: Path
) -> None:
    with open_page() as watched:
        page = watched.open("/feedback")
        page.emulate_media(media="print")
        expect(page.locator("form.choose")).to_be_hidden()
        expect(page.get_by_role("link", name="CSV")).to_be_hidden()
        keep_screenshot(page, "feedback-print")
        sheets = page.pdf(format="A4", print_background=True)
        assert 1 <= sheets.count(b"/Type /Page\n") <= 4


def test_a_browser_asks_for_the_token_and_opens_the_page_with_it(chromium: Browser, tmp_path: Path) -> None:
    base = f"http://127.0.0.1:{free_port()}"
    settings = {
        "CDS_DATABASE_URL": f"sqlite:///{tmp_path}/cards.sqlite3",
        "CDS_PAGES": "feedback",
        "CDS_PAGES_TOKEN": TOKEN,
    }
    with serving(base, tmp_path / "service.log", settings, "--dev"):
        for password, status in ((TOKEN, 200), ("a wrong one", 401)):
            context = chromium.new_context(http_credentials={"username": "committee", "password": password})
            answer = context.new_page().goto(f"{base}/feedback")
            assert answer is not None
            assert answer.status == status
            context.close()
    log = (tmp_path / "service.log").read_text("utf-8")
    assert "refused to a wrong token" in log
    assert TOKEN not in log
