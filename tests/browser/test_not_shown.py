"""The notice of cards that are not shown, in a browser: readable at any width and in any colours, and it goes away."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from cds_service.clock import utc_now
from cds_service.storage import SwitchedOff, changing
from tests.browser.conftest import OpenPage, RunningService
from tests.browser.pages import check_accessible, check_fits

REASON = (
    "the text of step 3 names a drug that is not on the market any more, see the message of the medicines committee"
)
expect.set_options(timeout=20_000)


def file_of(service: RunningService) -> Path:
    return Path(f"{service.database.removeprefix('sqlite:///')}.spool.kill-switch.json")


@pytest.fixture
def _switched_off(service: RunningService) -> Iterator[None]:
    """While a test runs, the cards of two topics are switched off."""
    with changing(file_of(service)) as entries:
        entries += [SwitchedOff(utc_now(), "Dr Ana Silva", REASON, topic) for topic in ("vka-cua", "calcium-cua")]
    yield
    with changing(file_of(service)) as entries:
        entries.clear()


@pytest.mark.usefixtures("_switched_off")
@pytest.mark.parametrize(("width", "scheme"), [(360, "dark"), (768, "light"), (1024, "dark"), (1440, "light")])
@pytest.mark.parametrize("path", ["/", "/feedback"])
def test_it_stands_on_the_page_and_fits(open_page: OpenPage, path: str, width: int, scheme: str) -> None:
    with open_page(width=width, scheme=scheme) as watched:
        page = watched.open(path)
        page.wait_for_timeout(1_100)
        page.reload()
        notice = page.get_by_role("region", name="Cards that are not shown")
        expect(notice.get_by_role("listitem")).to_have_count(3)
        expect(notice).to_contain_text(f"by Dr Ana Silva: {REASON}.")
        expect(notice).to_contain_text("No card does not mean no risk.")
        check_accessible(page)
        check_fits(page)
        page.emulate_media(forced_colors="active")
        check_accessible(page)
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        check_fits(page)


def test_where_every_card_is_shown_there_is_none(open_page: OpenPage) -> None:
    with open_page() as watched:
        page = watched.open("/")
        page.wait_for_timeout(1_100)
        page.reload()
        expect(page.get_by_role("region", name="Cards that are not shown")).to_have_count(0)
