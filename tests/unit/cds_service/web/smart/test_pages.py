"""The pages and cookies of the SMART app, as a browser on https sees them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import responses
from flask import Flask

from cds_service import create_app
from cds_service.settings import Settings
from cds_service.web.smart.vault import VaultFull
from tests.fhir_stand_in import EHR, FhirStandIn
from tests.unit.cds_service.cds_client import trust_file

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
BASE = "https://ehr.example/fhir"
CALLBACK = "/smart/callback/ehr.example-f2db1e76a1e26a202527"
"""An EHR knows it: it must not change from one version to the next."""
LAUNCH_COOKIE = 900
"""Characters, or fewer."""
STRANGERS = 200
"""The same with 20,000 of them is in tests/fuzz."""
FRAME = "https://frames.example"
CONFIGURATION = {
    "authorization_endpoint": "https://sign.example/authorize",
    "token_endpoint": "https://sign.example/token",
}
TOKEN = {"access_token": "sesame", "token_type": "bearer", "patient": "anna-7", "expires_in": 600, "scope": ""}
Make = Callable[..., Flask]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    made: list[Flask] = []

    def app(*, client: dict[str, Any] | None = None, **changed: Any) -> Flask:
        file = tmp_path / "clients.toml"
        file.write_text(trust_file(**{"fhir_servers": [BASE], "smart_client_id": "app", **(client or {})}))
        values = {
            "database_url": f"sqlite:///{tmp_path}/cards.sqlite3",
            "public_url": "https://cds.example/behind",
            "trusted_clients": file,
            "pages": frozenset({"smart"}),
        }
        made.append(create_app(Settings(**{**values, **changed}), clock=lambda: NOW))
        return made[-1]

    yield app
    for one in made:
        for name in ("cds_database", "cds_fhir_client"):
            if name in one.extensions:
                one.extensions[name].close()


@pytest.fixture
def ehr() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        mock.add(responses.GET, f"{BASE}/.well-known/smart-configuration", json=CONFIGURATION)
        mock.add(responses.POST, CONFIGURATION["token_endpoint"], json=TOKEN)
        yield mock


def signed_in(app: Flask, held: str = "") -> Any:
    """The two answers that set a cookie; `held` are cookies that the browser sends before its own."""
    browser = app.test_client(use_cookies=False)
    begun = browser.get("/smart/launch", query_string={"iss": BASE, "launch": "x"}, base_url="https://cds.example")
    state = begun.location.partition("state=")[2].partition("&")[0]
    # By hand: the test client would look for cookies of the address that it calls, not of the one behind the proxy.
    name, _, key = begun.headers["Set-Cookie"].partition(";")[0].partition("=")
    done = browser.get(CALLBACK, query_string={"state": state, "code": "c"}, headers={"Cookie": f"{held}{name}={key}"})
    return begun, done


def test_over_https_the_cookies_are_secure_and_may_cross_sites_for_frames(
    make: Make, ehr: responses.RequestsMock
) -> None:
    for answer in signed_in(make(client={"frame_ancestors": [FRAME]})):
        assert answer.status_code == 303
        cookie = answer.headers.getlist("Set-Cookie")[0]
        assert cookie.startswith("__Secure-cds-smart-")
        assert {"Secure", "HttpOnly", "SameSite=None", "Partitioned", "Path=/behind/smart"} <= set(cookie.split("; "))


def test_without_frames_the_cookies_are_not_partitioned(make: Make, ehr: responses.RequestsMock) -> None:
    for answer in signed_in(make()):
        assert "Partitioned" not in answer.headers["Set-Cookie"]


def test_the_cookie_of_a_sign_in_is_taken_back_when_it_is_done(make: Make, ehr: responses.RequestsMock) -> None:
    begun, done = signed_in(make())
    name = begun.headers["Set-Cookie"].partition("=")[0]
    taken = [cookie for cookie in done.headers.getlist("Set-Cookie") if cookie.startswith(name)]
    assert taken
    assert all("Max-Age=0" in cookie for cookie in taken)


def test_a_browser_that_began_many_sign_ins_is_relieved_of_the_oldest(make: Make, ehr: responses.RequestsMock) -> None:
    cookies = "; ".join(f"__Secure-cds-smart-launch-{number:016}=k" for number in range(10))
    query = {"iss": BASE, "launch": "x"}
    answer = make().test_client(use_cookies=False).get("/smart/launch", query_string=query, headers={"Cookie": cookies})
    assert taken_back(answer) == {f"launch-{number:016}" for number in range(2)}


def test_a_browser_with_many_sessions_is_relieved_of_the_oldest(make: Make, ehr: responses.RequestsMock) -> None:
    many = [f"session-{number:022}" for number in range(86)]
    for scheme, prefix in (("https", "__Secure-cds-smart-"), ("http", "cds-smart-")):
        app = make(public_url=f"{scheme}://cds.example")
        _, done = signed_in(app, "".join(f"{prefix}{name}=k; " for name in many))
        assert done.status_code == 303
        assert taken_back(done) >= set(many[:56])
        assert not taken_back(done) & set(many[56:])


def test_a_browser_with_long_cookies_is_relieved_of_the_oldest_until_all_fit_into_a_header(
    make: Make, ehr: responses.RequestsMock
) -> None:
    held = "; ".join(f"__Secure-cds-smart-launch-{number:016}={'k' * 1000}" for number in range(6))
    query = {"iss": BASE, "launch": "x"}
    answer = make().test_client(use_cookies=False).get("/smart/launch", query_string=query, headers={"Cookie": held})
    assert taken_back(answer) == {f"launch-{number:016}" for number in range(4)}
    assert 2 * len(f"__Secure-cds-smart-launch-{0:016}={'k' * 1000}; ") + LAUNCH_COOKIE < 3_500


def test_the_cookie_of_an_ordinary_sign_in_is_short(make: Make, ehr: responses.RequestsMock) -> None:
    begun, _ = signed_in(make())
    assert len(begun.headers["Set-Cookie"].partition(";")[0]) < LAUNCH_COOKIE


def test_an_ehr_whose_addresses_fit_into_no_cookie_is_not_opened(make: Make, ehr: responses.RequestsMock) -> None:
    base = f"{BASE}/{'x' * 4000}"
    ehr.add(responses.GET, f"{base}/.well-known/smart-configuration", json=CONFIGURATION)
    answer = make(client={"fhir_servers": [f"{BASE}/"]}).test_client().get("/smart", query_string={"iss": base})
    assert answer.status_code == 400
    assert "too long" in answer.text
    assert "Set-Cookie" not in answer.headers


def test_strangers_who_begin_to_sign_in_leave_nothing_behind_and_keep_nobody_out(
    make: Make, ehr: responses.RequestsMock, tmp_path: Path
) -> None:
    app = make()
    signed_in(app)
    before = rows(tmp_path)
    stranger = app.test_client(use_cookies=False)
    for _ in range(STRANGERS):
        assert stranger.get("/smart/launch", query_string={"iss": BASE, "launch": "x"}).status_code == 303
    assert rows(tmp_path) == before
    _, done = signed_in(app)
    assert done.location.startswith("https://cds.example/behind/smart/course?session=")
    assert rows(tmp_path) == before + 2, "that it was used, and the session"


def rows(folder: Path) -> int:
    """How many rows the SMART app has in its database."""
    with closing(sqlite3.connect(folder / "cards.sqlite3")) as connection:
        (count,) = connection.execute("select count(*) from smart_sealed").fetchone()
    return int(count)


def test_an_old_session_goes_whether_its_cookie_is_partitioned_or_not(make: Make, ehr: responses.RequestsMock) -> None:
    _, done = signed_in(make(), "".join(f"__Secure-cds-smart-session-{number:022}=k; " for number in range(31)))
    oldest = [cookie for cookie in done.headers.getlist("Set-Cookie") if f"session-{0:022}=" in cookie]
    assert ["Partitioned" in cookie for cookie in oldest] == [False, True]
    assert all("Path=/behind/smart" in cookie and "Max-Age=0" in cookie for cookie in oldest)


def taken_back(answer: Any) -> set[str]:
    """Purpose and name of the cookies that the browser is to forget."""
    gone = [cookie for cookie in answer.headers.getlist("Set-Cookie") if "Max-Age=0" in cookie]
    return {cookie.partition("=")[0].partition("cds-smart-")[2] for cookie in gone}


def test_addresses_are_those_of_the_proxy(make: Make, ehr: responses.RequestsMock) -> None:
    begun, done = signed_in(make())
    quoted = quote(CALLBACK, safe="")
    assert f"redirect_uri=https%3A%2F%2Fcds.example%2Fbehind{quoted}" in begun.location
    assert done.location.startswith("https://cds.example/behind/smart/course?session=")


@pytest.mark.parametrize("path", ["/smart/course", "/smart/course?session=x", "/smart/course?session=" + "a" * 30])
def test_without_a_session_there_is_a_page_that_says_so(path: str, make: Make) -> None:
    answer = make(client={"frame_ancestors": [FRAME]}).test_client().get(path)
    assert answer.status_code == 401
    assert "There is no session" in answer.text
    assert answer.headers["Content-Security-Policy"].endswith(f"frame-ancestors {FRAME}"), "shown inside the EHR"


def test_a_session_that_is_the_only_one_needs_no_name(make: Make, ehr: responses.RequestsMock) -> None:
    app = make()
    _, done = signed_in(app)
    cookie = done.headers.getlist("Set-Cookie")[0].partition(";")[0]
    answer = app.test_client(use_cookies=False).get("/smart/course", headers={"Cookie": cookie})
    assert answer.status_code == 303
    assert answer.location == done.location


@pytest.mark.parametrize(
    ("fault", "status", "said"),
    [
        (VaultFull(), 503, "Try again later"),
        (RuntimeError("sesame"), 500, "The app failed"),
    ],
)
def test_a_failure_is_a_page_without_details(
    fault: Exception, status: int, said: str, make: Make, ehr: responses.RequestsMock,
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    def fail(*_: Any) -> None:
        raise fault

    app = make()
    monkeypatch.setattr(app.extensions["cds_smart_vault"], "put", fail)
    _, answer = signed_in(app)
    assert answer.status_code == status
    assert said in answer.text
    assert "<h1>" in answer.text
    assert "sesame" not in answer.text + caplog.text


def test_a_database_that_cannot_be_used_is_a_page(make: Make, ehr: responses.RequestsMock, tmp_path: Path) -> None:
    app = make(database_url=f"sqlite:///{tmp_path}/missing/cards.sqlite3")
    answer = app.test_client().get("/smart/launch", query_string={"iss": BASE, "launch": "x"})
    assert answer.status_code == 503


def test_plain_http_to_another_machine_is_refused(make: Make, ehr: responses.RequestsMock) -> None:
    client = {"fhir_servers": ["http://ehr.example/fhir"], "smart_open": True}
    ehr.add(responses.GET, "http://ehr.example/fhir/.well-known/smart-configuration", json=CONFIGURATION)
    for more in (client, client | {"smart_open": False}):
        answer = make(client=more).test_client().get("/smart", query_string={"iss": "http://ehr.example/fhir"})
        assert answer.status_code == 502
        assert "not https" in answer.text


def test_a_server_with_sign_in_where_we_have_no_client_id_is_not_opened(
    make: Make, ehr: responses.RequestsMock
) -> None:
    app = make(client={"smart_client_id": None, "smart_open": True})
    answer = app.test_client().get("/smart", query_string={"iss": BASE})
    assert answer.status_code == 502
    assert "no client id" in answer.text


def test_in_development_the_address_is_that_of_the_request_on_loopback(make: Make, ehr: responses.RequestsMock) -> None:
    values = {"dev": True, "public_url": None, "smart_client_id": "app", "allowed_fhir_servers": (BASE,)}
    browser = make(**values).test_client()
    query = {"iss": BASE, "launch": "x"}
    here = browser.get("/smart/launch", query_string=query, base_url="http://127.0.0.1:5000")
    quoted = quote(CALLBACK, safe="")
    assert f"redirect_uri=http%3A%2F%2F127.0.0.1%3A5000{quoted}" in here.location
    elsewhere = browser.get("/smart/launch", query_string=query, base_url="http://evil.example")
    assert elsewhere.status_code == 403


def test_without_an_address_of_its_own_the_app_opens_nothing(make: Make, ehr: responses.RequestsMock) -> None:
    answer = make(public_url=None).test_client().get("/smart/launch", query_string={"iss": BASE, "launch": "x"})
    assert answer.status_code == 500
    assert "CDS_PUBLIC_URL" in answer.text


def test_the_page_is_off_unless_it_is_asked_for(make: Make) -> None:
    assert make(pages=frozenset()).test_client().get("/smart").status_code == 404


def test_a_wrong_method_is_refused(make: Make) -> None:
    assert make().test_client().get("/smart/end").status_code == 405


def test_the_patients_of_an_open_server_are_listed_by_name_and_their_names_are_only_words(
    make: Make, ehr: responses.RequestsMock
) -> None:
    people = [
        {"resourceType": "Patient", "id": "b", "name": [{"family": "bold <b>"}], "birthDate": "1950-01-02"},
        {"resourceType": "Patient", "id": "a", "name": [{"family": "Able"}]},
        {"resourceType": "Patient", "id": "<script>"},
        {"resourceType": "OperationOutcome", "issue": [{"severity": "warning", "code": "informational"}]},
    ]
    bundle = {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": one} for one in people]}
    base = open_server(ehr, json=bundle).base
    app = make(client={"smart_open": True, "fhir_servers": [base]})
    text = app.test_client().get("/smart", query_string={"iss": base}).text
    assert text.index("Able") < text.index("bold &lt;b&gt;")
    assert text.count('name="patient" value=') == 2
    assert "<script>" not in text


def test_a_list_of_patients_that_cannot_be_read_is_said(make: Make, ehr: responses.RequestsMock) -> None:
    base = open_server(ehr, status=500).base
    app = make(client={"smart_open": True, "fhir_servers": [base]})
    text = app.test_client().get("/smart", query_string={"iss": base}).text
    assert "The list of patients could not be read: the FHIR server answered 500." in text


def open_server(ehr: responses.RequestsMock, **patients: Any) -> FhirStandIn:
    """A FHIR server on this machine that asks for no sign-in, and what it answers when it is asked for its patients."""
    ehr.add(responses.GET, f"{EHR.base}/.well-known/smart-configuration", status=404)
    ehr.add(responses.GET, f"{EHR.base}/metadata", json={"resourceType": "CapabilityStatement"})
    EHR.forget()
    EHR.get(f"{EHR.base}/Patient", **patients)
    return EHR
