"""A threshold is changed in a folder, and the page for the committee is read and printed in a real browser."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from fhir_mappings.packaged import packaged_text
from tests.browser.pages import NARROW, check_accessible, check_fits, keep_screenshot

HIGH = '{ since = 2003-10-01, value = 10.2, source = "KDOQI 2003, guideline 6" }'
LATER = HIGH + ', { since = 2026-12-01, value = 10.0, source = "our clinic\'s protocol, version 4" }'
MOST_SHEETS = 2


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of `policy diff` for a lower limit of high calcium, from its first day on."""
    folder = tmp_path_factory.mktemp("policy")
    policy = folder / "ours" / "hooks" / "thresholds.toml"
    policy.parent.mkdir(parents=True)
    policy.write_text(packaged_text("thresholds").replace(HIGH, LATER), "utf-8")
    words = ["policy", "diff", "packaged", str(folder / "ours"), "--at", "2026-12-01", "--html", str(folder / "p.html")]
    command = [sys.executable, "-m", "cds_service.commands.cli", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder / "p.html"


@pytest.fixture
def page(chromium: Browser, written: Path) -> Iterator[Page]:
    context = chromium.new_context(java_script_enabled=True, offline=True)
    opened = context.new_page()
    complaints: list[str] = []
    opened.on("console", lambda message: complaints.append(message.text))
    opened.on("request", lambda request: complaints.append(request.url) if request.url != written.as_uri() else None)
    opened.goto(written.as_uri())
    yield opened
    context.close()
    assert complaints == []


def test_the_committee_reads_what_is_changed_and_who_gains(page: Page) -> None:
    keep_screenshot(page, "policy-diff")
    assert page.get_by_role("heading", level=1).inner_text() == "Change of policy: what it brings"
    row = page.get_by_role("row", name="calcium_high")
    assert "10.2 mg/dL" in row.inner_text()
    assert "our clinic's protocol, version 4" in row.inner_text()
    becomes = page.get_by_role("region", name="Whose card becomes another one").inner_text()
    assert "calcium-restrict (info) becomes calcium-hypercalcaemia (warning)" in becomes
    assert "Calcium acetate is picked: calcium 10.2" in becomes
    gains = page.get_by_role("region", name="Who gains a card")
    assert "vitd-hypercalcaemia warning (Vitamin D with high calcium)" in gains.inner_text()
    assert "Nobody else." in page.get_by_role("region", name="Who loses a card").inner_text()
    totals = page.get_by_role("region", name="In short").inner_text()
    assert re.search(r"\d+ of [\d,]+ stories: calcium-restrict \(info\) becomes calcium-hypercalcaemia", totals)
    assert "no forecast of how often cards come" in totals
    decision = page.get_by_role("region", name="Decision")
    assert "Holds from: 2026-12-01" in decision.inner_text()
    assert decision.get_by_text("Decided by").count() == 2


def test_it_prints_on_two_sheets_at_most(page: Page, tmp_path: Path) -> None:
    printed = tmp_path / "p.pdf"
    page.pdf(path=printed, prefer_css_page_size=True)
    sheets = re.findall(rb"/Type\s*/Page\b(?!s)", printed.read_bytes())
    assert 1 <= len(sheets) <= MOST_SHEETS


def test_it_is_accessible_and_fits_on_a_phone_without_script(page: Page) -> None:
    page.set_viewport_size({"width": NARROW, "height": 900})
    assert page.locator("script").count() == 0
    check_fits(page)
    check_accessible(page)
