"""The SMART app in a real browser: launch, sign-in at the EHR, the patient's course, in a frame and out of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from cds_service.clock import utc_now
from cds_service.demo.patients import load_patients
from cds_service.demo.play import free_port
from cds_service.web.smart.redirects import redirect_address
from tests.browser.conftest import OpenPage, RunningService, serving
from tests.browser.pages import NARROW, WIDE, check_accessible, check_fits, keep_screenshot, watched
from tests.contract.authorization_server import Registered, SmartEhr

PATIENT = "cds-demo-hard-skin-on-warfarin"
NAME = "Synthetic, Ottilie"
CLIENT_ID = "calciphylaxis"


@pytest.fixture
def ehr() -> Iterator[SmartEhr]:
    made = SmartEhr([resource for patient in load_patients(utc_now()) for resource in patient.resources])
    made.launches, made.picked, made.asks_the_user = {"chart": PATIENT}, PATIENT, True
    yield made
    made.stop()


@pytest.fixture
def clinic() -> Iterator[str]:
    with framing_pages() as origin:
        yield origin


@contextmanager
def framing_pages() -> Iterator[str]:
    """Pages of an EHR, or of somebody else, that show any address in a frame: /?<address>."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Frame)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


class _Frame(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        frame = f'<iframe title="app" src="{self.path[2:]}" width="1200" height="800"></iframe>'
        body = (
            f'<!doctype html><html lang="en"><title>EHR</title><link rel="icon" href="data:,">{frame}</html>'.encode()
        )
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Tests read no log."""


@pytest.fixture
def app(ehr: SmartEhr, clinic: str, tmp_path: Path) -> Iterator[RunningService]:
    """The service as in a clinic: it trusts this EHR, whose pages may frame it."""
    base = f"http://127.0.0.1:{free_port()}"
    ehr.register(Registered(CLIENT_ID, redirect_address(base, ehr.base)))
    clients = tmp_path / "clients.toml"
    clients.write_text(
        f'[[client]]\ntenant = "north"\nissuer = "https://ehr.example"\njwks_url = "https://ehr.example/jwks.json"\n'
        f'fhir_servers = ["{ehr.base}"]\nsmart_client_id = "{CLIENT_ID}"\nframe_ancestors = ["{clinic}"]\n'
    )
    log, database = tmp_path / "service.log", f"sqlite:///{tmp_path}/cards.sqlite3"
    settings = {
        "CDS_DATABASE_URL": database,
        "CDS_PAGES": "smart",
        "CDS_PUBLIC_URL": base,
        "CDS_TRUSTED_CLIENTS": str(clients),
    }
    with serving(base, log, settings):
        yield RunningService(base, ehr.base, database, log)


def test_the_ehr_opens_the_app_and_the_patient_of_the_chart_is_shown(
    chromium: Browser, app: RunningService, ehr: SmartEhr
) -> None:
    with watched(chromium, app.base) as seen:
        seen.expected = ("elsewhere",)
        page = seen.open(f"/smart/launch?iss={ehr.base}&launch=chart")
        assert page.url.startswith(ehr.origin), "the user signs in at the EHR"
        page.click("#allow")
        page.wait_for_url("**/smart/course?session=*")
        assert page.get_by_role("heading", level=1).inner_text() == NAME
        assert page.evaluate("document.cookie") == ""
        token = next(iter(ehr.tokens))
        assert token not in page.content()
        check_fits(page)
        check_accessible(page)
        end_session(page)
        assert page.reload() is not None
        assert "There is no session" in page.content()
        seen.expected += ("401",)
    text = app.log.read_text()
    assert token not in text
    assert PATIENT not in text


def test_inside_the_ehrs_frame_it_works_and_elsewhere_it_is_not_shown(
    chromium: Browser, app: RunningService, ehr: SmartEhr, clinic: str
) -> None:
    address = f"{app.base}/smart/launch?iss={ehr.base}&launch=chart"
    with framing_pages() as somebody_else, watched(chromium, clinic) as seen:
        seen.expected = ("elsewhere", "ERR_BLOCKED_BY_RESPONSE")
        page = seen.open(f"/?{address}")
        frame = page.frame_locator("iframe")
        frame.locator("#allow").click()
        frame.get_by_role("heading", level=1, name=NAME).wait_for()
        assert not [text for text in seen.complaints if "ERR_BLOCKED" in text]
        page.goto(f"{somebody_else}/?{address}")
        with page.expect_event("requestfailed", lambda request: "/smart/course?session=" in request.url) as blocked:
            frame.locator("#allow").click()
        assert "ERR_BLOCKED_BY_RESPONSE" in str(blocked.value.failure)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [NARROW, WIDE])
def test_its_own_pages_are_whole_accessible_and_fit(
    open_page: OpenPage, service: RunningService, width: int, scheme: str
) -> None:
    with open_page(width=width, scheme=scheme) as seen:
        seen.expected = ("400", "403")
        page = seen.open(f"/smart?iss={service.fhir}")
        check_own(page, f"smart-patient-{width}-{scheme}")
        page.fill("#patient", "no id")
        page.keyboard.press("Enter")
        page.wait_for_selector("[role=alert]")
        assert page.evaluate("document.activeElement.id") == "patient"
        check_own(page, f"smart-complaint-{width}-{scheme}")
        seen.open("/smart/launch?iss=https://stranger.example/fhir&launch=x")
        check_own(page, f"smart-stranger-{width}-{scheme}")


def test_a_patient_of_an_open_server_is_chosen_with_the_keyboard_alone(
    open_page: OpenPage, service: RunningService
) -> None:
    with open_page() as seen:
        page = seen.open(f"/smart?iss={service.fhir}")
        page.get_by_role("button", name=NAME).focus()
        page.keyboard.press("Enter")
        page.wait_for_url("**/smart/course?session=*")
        assert page.get_by_role("heading", level=1).inner_text() == NAME
        assert PATIENT not in page.url


def check_own(page: Page, name: str) -> None:
    assert page.locator("h1").count() == 1
    check_fits(page)
    check_accessible(page)
    keep_screenshot(page, name)


def end_session(page: Page) -> None:
    with page.expect_navigation():
        page.get_by_role("button", name="End the session").click()
