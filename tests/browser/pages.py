"""What every page must keep, seen through a real browser: no error, no foreign host, usable by everybody, light enough.

What may live here: opening pages, listening to them, and the checks that hold for all of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, Response

SCREENSHOTS = Path(__file__).parents[2] / "ci-output" / "screenshots"
WIDE, NARROW = 1440, 360
MOST_BYTES = 300_000
"""The most that opening one page may transfer."""


@dataclass
class Watched:
    """A page and what its browser noticed: errors, requests to other hosts, and how much was transferred."""

    page: Page
    base: str
    complaints: list[str] = field(default_factory=list)
    transferred: int = 0
    expected: tuple[str, ...] = ()
    """Parts of console errors that the test brings about on purpose, such as a status of 412."""

    def listen(self) -> None:
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.complaints.append(f"script: {error}"))
        self.page.on("requestfailed", self._failed)
        self.page.on("request", self._request)
        self.page.on("response", self._response)

    def open(self, path: str) -> Page:
        self.page.goto(f"{self.base}{path}", wait_until="networkidle")
        return self.page

    def check(self) -> None:
        """No error in the console, no request elsewhere."""
        left = [text for text in self.complaints if not any(part in text for part in self.expected)]
        assert not left, left

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"console: {message.text}")

    def _failed(self, request: Request) -> None:
        # A request that the page itself gave up (typing went on) is no fault.
        if "ERR_ABORTED" not in (request.failure or ""):
            self.complaints.append(f"failed: {request.url} {request.failure}")

    def _request(self, request: Request) -> None:
        if urlsplit(request.url).netloc != urlsplit(self.base).netloc and not request.url.startswith("data:"):
            self.complaints.append(f"elsewhere: {request.url}")

    def _response(self, response: Response) -> None:
        self.transferred += int(response.headers.get("content-length", "0"))


@contextmanager
def watched(browser: Browser, base: str, width: int = WIDE, scheme: str = "light") -> Iterator[Watched]:
    """A fresh page (cookies and all) of this width and colour scheme; its complaints fail the test at the end."""
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme="dark" if scheme == "dark" else "light",
        reduced_motion="reduce",
    )
    try:
        page = context.new_page()
        page.set_default_timeout(20_000)
        made = Watched(page, base)
        made.listen()
        yield made
        made.check()
    finally:
        context.close()


def check_accessible(page: Page) -> None:
    """axe-core finds nothing serious or critical."""
    found = Axe().run(page).response["violations"]
    grave = [
        f"{violation['id']}: {violation['help']}: {[node['html'][:200] for node in violation['nodes'][:3]]}"
        for violation in found
        if violation["impact"] in ("serious", "critical")
    ]
    assert not grave, grave


def check_fits(page: Page) -> None:
    """Nothing makes the page as a whole scroll sideways."""
    wide, visible = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    assert wide <= visible, f"{wide} px of content in {visible} px"


def keep_screenshot(page: Page, name: str, *, whole: bool = True) -> Path:
    """A picture of the whole page, or of what is seen of it, kept as output of the run."""
    assert re.fullmatch("[a-z0-9-]+", name)
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    path = SCREENSHOTS / f"{name}.png"
    page.screenshot(path=path, full_page=whole)
    return path
