"""Make the pictures of the documents anew, from a demonstration that serves: `.venv/bin/python docs/pictures.py`.

What may live here: which page becomes which picture, and what is done on it before. Needs Chromium (`chromium`, or the
path in CDS_TEST_CHROMIUM) and `calciphylaxis-cds demo`; another address is given as the only word.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

IMAGES = Path(__file__).parent / "images"
WIDTH, HEIGHT = 1440, 900


def course(page: Page, base: str) -> None:
    """Two years that end in calciphylaxis, down to the end of the drawing."""
    page.goto(f"{base}/course/cds-demo-two-years-to-calciphylaxis", wait_until="networkidle")
    end = page.locator("#course-svg").evaluate("drawing => drawing.getBoundingClientRect().bottom") + 16
    page.screenshot(path=IMAGES / "course.png", full_page=True, clip={"x": 0, "y": 0, "width": WIDTH, "height": end})


def ehr_page(page: Page, base: str) -> None:
    """The cards of an opened chart, and the card that answers the order of calcium acetate."""
    order = "hook=order-select&drug=calcium%20acetate"
    page.goto(f"{base}/ehr?patient=cds-demo-hard-skin-on-warfarin&{order}", wait_until="networkidle")
    page.locator("#order-advice .card").first.wait_for()
    page.evaluate("window.scrollTo(0, 0)")
    page.screenshot(path=IMAGES / "ehr-page.png")


def main(base: str) -> None:
    """Both pictures, light and without animations."""
    path = os.environ.get("CDS_TEST_CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        for picture in (course, ehr_page):
            page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light")
            page.set_default_timeout(60_000)
            picture(page, base.rstrip("/"))
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:5000")
