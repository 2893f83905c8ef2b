"""What lasts after a SMART launch: the session, its secrets, and both over workers and restarts."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from cds_service.demo.play import free_port
from cds_service.web.smart.redirects import redirect_address
from tests.contract.authorization_server import Registered
from tests.contract.smart_clinic import ANNA, CLIENT_ID, FRAME, Browser, Clinic

pytestmark = [pytest.mark.thorough, pytest.mark.usefixtures("_course_stand_in")]


def test_ending_a_session_deletes_the_token_at_once(clinic: Clinic, browser: Browser) -> None:
    app = clinic.app()
    address = clinic.launch(browser, app).url
    session = parse_qs(urlsplit(address).query)["session"][0]
    kept = browser.cookies.copy()
    ended = browser.post(f"{app.base}/smart/end", data={"session": session}, timeout=20)
    assert ended.status_code == 200
    assert "has ended" in ended.text
    assert clinic.rows("session") == 0
    assert requests.get(address, cookies=kept, timeout=20).status_code == 401


def test_nobody_else_can_end_a_session(clinic: Clinic, browser: Browser) -> None:
    app = clinic.app()
    address = clinic.launch(browser, app).url
    session = parse_qs(urlsplit(address).query)["session"][0]
    assert requests.post(f"{app.base}/smart/end", data={"session": session}, timeout=20).status_code == 401
    assert browser.open(address).status_code == 200


def test_the_address_of_a_session_is_of_no_use_in_another_browser(clinic: Clinic, browser: Browser) -> None:
    address = clinic.launch(browser, clinic.app()).url
    with Browser() as other:
        assert other.open(address).status_code == 401


def test_a_session_ends_when_the_operator_removes_the_client(clinic: Clinic, browser: Browser) -> None:
    app = clinic.app()
    path = urlsplit(clinic.launch(browser, app).url)
    other = clinic.app(client="max_lifetime_seconds = 900", public=app.base)
    assert browser.open(f"{other.base}{path.path}?{path.query}").status_code == 401


def test_neither_token_nor_secret_is_on_a_page_in_an_address_in_a_log_or_in_the_database(
    clinic: Clinic, browser: Browser, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NORTH_SECRET", "client-secret-4711")
    lines = f'smart_client_id = "{CLIENT_ID}"\nsmart_client_secret_env = "NORTH_SECRET"'
    with caplog.at_level("DEBUG"):
        app = clinic.app(client=lines, secret="client-secret-4711")
        answer = clinic.launch(browser, app)
        clinic.ehr.told["/token"] = (500, b"")
        clinic.launch(browser, app)
    (token,) = clinic.ehr.tokens
    seen = [answer.text, str(answer.headers), *browser.addresses, str(browser.cookies.get_dict()), caplog.text]
    secrets = [token, "client-secret-4711", *(form["code_verifier"] for form in clinic.ehr.asked("/token"))]
    assert not [one for one in secrets for text in seen if one in text]
    assert not [
        one for one in [*secrets, ANNA, *browser.cookies.get_dict().values()] if one.encode() in clinic.stored()
    ]
    states = [asked["state"] for asked in clinic.ehr.asked("/authorize")]
    codes = [form["code"] for form in clinic.ehr.asked("/token")]
    assert not [one for one in [*states, *codes, ANNA] if one in caplog.text]
    assert "the SMART app was opened from north" in caplog.text
    assert not [one for one in states if one.encode() in clinic.stored()]


def test_the_token_reaches_the_fhir_server_and_nobody_else(clinic: Clinic, browser: Browser) -> None:
    clinic.launch(browser, clinic.app())
    assert {path for path, _ in clinic.ehr.seen if path.startswith("/fhir/P")} == {
        f"/fhir/Patient/{ANNA}",
        "/fhir/Procedure",
    }
    assert all(token not in str(clinic.ehr.seen) for token in clinic.ehr.tokens)


def test_the_cookies_are_out_of_reach_of_scripts_and_of_other_paths(clinic: Clinic, browser: Browser) -> None:
    app = clinic.app()
    begun = clinic.launch(browser, app, follow=False).headers["Set-Cookie"]
    done = browser.open(clinic.callback(browser, app), follow=False).headers["Set-Cookie"]
    for cookie in (begun, done):
        assert "HttpOnly" in cookie
        assert "Path=/smart" in cookie
        assert "SameSite=Lax" in cookie
    assert "Max-Age=600" in begun
    assert "Max-Age=3600" in done


def test_only_the_origins_of_the_client_may_frame_its_pages(clinic: Clinic, browser: Browser) -> None:
    app = clinic.app(client=f'smart_client_id = "{CLIENT_ID}"\nframe_ancestors = ["{FRAME}"]')
    answer = clinic.launch(browser, app)
    assert answer.headers["Content-Security-Policy"].endswith(f"frame-ancestors {FRAME}")
    assert "X-Frame-Options" not in answer.headers
    elsewhere = browser.open(f"{app.base}/smart")
    assert elsewhere.headers["Content-Security-Policy"].endswith("frame-ancestors 'none'")


def test_by_default_nobody_may_frame_the_app(clinic: Clinic, browser: Browser) -> None:
    answer = clinic.launch(browser, clinic.app())
    assert answer.headers["Content-Security-Policy"].endswith("frame-ancestors 'none'")


def test_nothing_is_cached_and_no_address_is_passed_on(clinic: Clinic, browser: Browser) -> None:
    app = clinic.app()
    for answer in (clinic.launch(browser, app, follow=False), clinic.launch(browser, app)):
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "no-referrer"


# ------------------------------------------------------------------ workers come and go
def test_what_one_worker_began_another_ends(clinic: Clinic, browser: Browser) -> None:
    first = clinic.app()
    second = clinic.app(public=first.base)
    address = clinic.callback(browser, first)
    to_second = address.replace(first.base, second.base)
    opened = browser.open(to_second, follow=False).headers["Location"]
    assert "course of Quillfeather" in browser.open(opened).text
    assert "course of Quillfeather" in browser.open(opened.replace(first.base, second.base)).text


def test_a_sign_in_and_a_session_outlive_a_service_that_is_killed(clinic: Clinic, browser: Browser) -> None:
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    clinic.ehr.register(Registered(CLIENT_ID, redirect_address(base, clinic.ehr.base)))
    started = [serve(clinic, port)]
    try:
        address = browser.open(f"{base}/smart/launch", False, iss=clinic.ehr.base, launch="chart-of-anna")
        answer = browser.open(address.headers["Location"], False).headers["Location"]
        kill(started.pop())
        started.append(serve(clinic, port))
        opened = browser.open(answer, False)
        assert opened.status_code == 303
        kill(started.pop())
        started.append(serve(clinic, port))
        assert "There is no session" not in browser.open(opened.headers["Location"]).text
    finally:
        for process in started:
            kill(process)


def serve(clinic: Clinic, port: int) -> subprocess.Popen[bytes]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CDS_")}
    environment |= {
        "CDS_DATABASE_URL": f"sqlite:///{clinic.database}",
        "CDS_PAGES": "smart",
        "CDS_SMART_CLIENT_ID": CLIENT_ID,
        "CDS_WORKERS": "2",
    }
    command = [sys.executable, "-m", "cds_service.commands.cli", "serve", "--dev", "--port", str(port)]
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            if requests.get(f"http://127.0.0.1:{port}/health", timeout=2).ok:
                return process
        except requests.RequestException:
            time.sleep(0.1)
    kill(process)
    raise AssertionError("the service did not start")


def kill(process: subprocess.Popen[bytes]) -> None:
    """The whole group, as a crash of the machine would."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait(20)
