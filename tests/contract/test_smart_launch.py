"""SMART App Launch 2.2 over real HTTP: from an EHR's launch to the patient's course, and all ways not to get there."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor, as_completed
from html import escape
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from cds_service.web.smart.redirects import redirect_address
from tests.contract.authorization_server import Registered, SmartEhr
from tests.contract.smart_clinic import BEN, CLIENT_ID, Browser, Clinic

V2 = (
    "launch patient/Patient.rs patient/Observation.rs patient/Condition.rs patient/MedicationRequest.rs "
    "patient/Medication.rs patient/Procedure.rs"
)
pytestmark = [pytest.mark.thorough, pytest.mark.usefixtures("_course_stand_in")]
HUGE = b'{"access_token": "' + b"x" * 600_000 + b'"}'


def changed(address: str, **parameters: str | None) -> str:
    """The same address with other parameters; None leaves one out."""
    parts = urlsplit(address)
    values = {name: found[0] for name, found in parse_qs(parts.query).items()} | parameters
    return parts._replace(
        query=urlencode({name: value for name, value in values.items() if value is not None})
    ).geturl()


# ------------------------------------------------------------------ opening the app
def test_an_ehr_launch_shows_the_course_of_the_patient_in_context(clinic: Clinic, browser: Browser) -> None:
    answer = clinic.launch(browser, clinic.app())
    assert answer.status_code == 200
    assert "course of Quillfeather" in answer.text
    assert "Condition: 1" in answer.text
    assert urlsplit(answer.url).path == "/smart/course"


def test_the_ehr_is_asked_with_pkce_audience_and_the_scopes_that_the_rules_need(
    clinic: Clinic, browser: Browser
) -> None:
    app = clinic.app()
    clinic.launch(browser, app)
    (asked,) = clinic.ehr.asked("/authorize")
    assert asked["scope"] == V2
    assert asked["aud"] == clinic.ehr.base
    assert asked["code_challenge_method"] == "S256"
    assert asked["redirect_uri"] == redirect_address(app.base, clinic.ehr.base)
    assert asked["launch"] == "chart-of-anna"


def test_state_and_challenge_are_new_each_time(clinic: Clinic, browser: Browser) -> None:
    app = clinic.app()
    for _ in range(2):
        clinic.launch(browser, app)
    first, second = clinic.ehr.asked("/authorize")
    assert first["state"] != second["state"]
    assert first["code_challenge"] != second["code_challenge"]


def test_a_server_without_the_newer_scopes_is_asked_in_the_older_form(clinic: Clinic, browser: Browser) -> None:
    clinic.ehr.configuration_changes = {"capabilities": ["launch-ehr", "permission-v1"]}
    assert clinic.launch(browser, clinic.app()).status_code == 200
    assert clinic.ehr.asked("/authorize")[0]["scope"] == V2.replace(".rs", ".read")


def test_without_an_ehr_a_person_chooses_the_server_and_the_ehr_asks_for_the_patient(
    clinic: Clinic, browser: Browser
) -> None:
    app = clinic.app()
    clinic.ehr.picked = BEN
    assert f"/smart?iss={clinic.ehr.base}" in browser.open(f"{app.base}/smart").text
    answer = browser.open(f"{app.base}/smart", iss=clinic.ehr.base)
    assert "course of Underbridge" in answer.text
    (asked,) = clinic.ehr.asked("/authorize")
    assert asked["scope"].split()[0] == "launch/patient"
    assert "launch" not in asked


def test_scopes_of_the_operator_are_asked_for_instead(clinic: Clinic, browser: Browser) -> None:
    lines = f'smart_client_id = "{CLIENT_ID}"\nsmart_scopes = "launch user/*.rs"'
    clinic.launch(browser, clinic.app(client=lines))
    assert clinic.ehr.asked("/authorize")[0]["scope"] == "launch user/*.rs"


def test_a_client_with_a_secret_proves_itself_with_it(
    clinic: Clinic, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NORTH_SECRET", "s%cret: +ü")
    lines = f'smart_client_id = "{CLIENT_ID}"\nsmart_client_secret_env = "NORTH_SECRET"'
    answer = clinic.launch(browser, clinic.app(client=lines, secret="s%cret: +ü"))
    assert "course of Quillfeather" in answer.text
    assert "client_id" not in clinic.ehr.asked("/token")[0]


def test_another_secret_is_refused_by_the_ehr_and_that_is_said(
    clinic: Clinic, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NORTH_SECRET", "outdated")
    lines = f'smart_client_id = "{CLIENT_ID}"\nsmart_client_secret_env = "NORTH_SECRET"'
    answer = clinic.launch(browser, clinic.app(client=lines, secret="renewed"))
    assert answer.status_code == 502
    assert "invalid_client" in answer.text


@pytest.mark.parametrize(
    "private",
    [ec.generate_private_key(ec.SECP384R1()), rsa.generate_private_key(public_exponent=65537, key_size=2048)],
    ids=["ES384", "RS384"],
)
def test_a_client_with_a_key_proves_itself_with_a_signature(
    private: Any, clinic: Clinic, browser: Browser, tmp_path: Path
) -> None:
    pem = tmp_path / "smart.pem"
    pem.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    app = clinic.app(client=f'smart_client_id = "{CLIENT_ID}"\nsmart_key_file = "{pem}"')
    (key,) = browser.open(f"{app.base}/smart/jwks.json").json()["keys"]
    assert "d" not in key
    clinic.ehr.register(Registered(CLIENT_ID, redirect_address(app.base, clinic.ehr.base), key=key))
    assert "course of Quillfeather" in clinic.launch(browser, app).text


def test_an_older_server_names_its_endpoints_in_its_capability_statement(clinic: Clinic, browser: Browser) -> None:
    endpoints = [{"url": name, "valueUri": f"{clinic.ehr.origin}/{name}"} for name in ("authorize", "token")]
    url = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"
    security = {"extension": [{"url": url, "extension": endpoints}]}
    statement = {"resourceType": "CapabilityStatement", "rest": [{"mode": "server", "security": security}]}
    clinic.ehr.told["/fhir/.well-known/smart-configuration"] = (404, b"")
    clinic.ehr.told["/fhir/metadata"] = (200, json.dumps(statement).encode())
    assert "course of Quillfeather" in clinic.launch(browser, clinic.app()).text
    assert ".read" in clinic.ehr.asked("/authorize")[0]["scope"]


# ------------------------------------------------------------------ state
def test_a_sign_in_is_good_once(clinic: Clinic, browser: Browser) -> None:
    app = clinic.app()
    address = clinic.callback(browser, app)
    assert browser.open(address).status_code == 200
    again = browser.open(address)
    assert again.status_code == 400
    assert "This sign-in is over" in again.text


def test_of_two_uses_at_the_same_moment_one_wins(clinic: Clinic, browser: Browser) -> None:
    address = clinic.callback(browser, clinic.app())
    cookies = browser.cookies.copy()

    def use(_: int) -> int:
        return requests.get(address, cookies=cookies, allow_redirects=False, timeout=20).status_code

    with ThreadPoolExecutor(4) as threads:
        statuses = list(threads.map(use, range(4)))
    assert sorted(statuses) == [303, 400, 400, 400]


@pytest.mark.usefixtures("slow_disk_is_no_fault")
def test_made_up_codes_and_a_slow_token_endpoint_hold_few_threads_and_others_are_asked_to_come_again(
    clinic: Clinic, browser: Browser
) -> None:
    app, go = clinic.app(), threading.Event()

    def hang(handler: Any) -> None:
        go.wait(20)
        handler._json(400, {"error": "invalid_grant"})

    def made_up() -> requests.Response:
        with Browser() as stranger:
            location = stranger.open(f"{app.base}/smart/launch", False, iss=clinic.ehr.base, launch="x").headers[
                "Location"
            ]
            (state,), (redirect_uri,) = (parse_qs(urlsplit(location).query)[name] for name in ("state", "redirect_uri"))
            return stranger.open(redirect_uri, False, code="made-up", state=state)

    clinic.ehr.told["/token"] = hang
    with ThreadPoolExecutor(8) as threads:
        answers = as_completed([threads.submit(made_up) for _ in range(8)])
        try:
            refused = [next(answers).result() for _ in range(5)]
            assert len(clinic.ehr.asked("/token")) == 3
        finally:
            go.set()
        tried = [answer.result() for answer in answers]
    assert [answer.status_code for answer in refused] == [503] * 5
    assert all("Try again in a moment" in answer.text for answer in refused)
    assert [answer.status_code for answer in tried] == [502] * 3
    del clinic.ehr.told["/token"]
    for _ in range(4):
        assert clinic.launch(browser, app).status_code == 200, "the places are free again"


def test_a_sign_in_belongs_to_the_browser_that_began_it(clinic: Clinic, browser: Browser) -> None:
    app = clinic.app()
    address = clinic.callback(browser, app)
    with Browser() as other:
        clinic.launch(other, app, follow=False)
        assert other.open(address).status_code == 400
    assert clinic.ehr.asked("/token") == []
    assert browser.open(address).status_code == 200, "the other browser has not used it up"


def test_a_sign_in_ends_after_ten_minutes(clinic: Clinic, browser: Browser) -> None:
    app = clinic.app()
    address = clinic.callback(browser, app)
    clinic.later(599)
    other = clinic.callback(browser, app)
    clinic.later(1)
    assert browser.open(address).status_code == 400
    assert browser.open(other).status_code == 200


@pytest.mark.parametrize("state", ["", "x", "ü", "x" * 5000, None])
def test_a_state_that_is_not_ours_opens_nothing(state: str | None, clinic: Clinic, browser: Browser) -> None:
    address = clinic.callback(browser, clinic.app())
    assert browser.open(changed(address, state=state)).status_code == 400
    assert clinic.ehr.asked("/token") == []


def test_the_first_answer_ends_a_sign_in_even_where_it_led_to_nothing(clinic: Clinic, browser: Browser) -> None:
    address = clinic.callback(browser, clinic.app())
    assert browser.open(changed(address, code="x")).status_code == 502
    again = browser.open(address)
    assert again.status_code == 400
    assert "This sign-in is over" in again.text


def test_a_sign_in_that_led_to_nothing_leaves_no_row(clinic: Clinic, browser: Browser) -> None:
    browser.open(changed(clinic.callback(browser, clinic.app()), code="made-up"))
    assert clinic.ehr.asked("/token") != []
    assert clinic.rows("used") == clinic.rows("session") == 0


def test_a_code_of_another_sign_in_is_refused_by_pkce(clinic: Clinic, browser: Browser) -> None:
    app = clinic.app()
    mine, other = clinic.callback(browser, app), clinic.callback(browser, app, "chart-of-ben")
    code = parse_qs(urlsplit(other).query)["code"][0]
    answer = browser.open(changed(mine, code=code))
    assert answer.status_code == 502
    assert "invalid_grant" in answer.text


@pytest.mark.parametrize("more", [{}, {"code": None, "error": "access_denied"}], ids=["a code", "an error"])
def test_an_answer_of_another_authorization_server_is_refused(
    more: dict[str, str | None], clinic: Clinic, browser: Browser
) -> None:
    address = clinic.callback(browser, clinic.app())
    answer = browser.open(changed(address, iss="https://evil.example", **more))
    assert answer.status_code == 400
    assert "came from another server" in answer.text
    assert clinic.ehr.asked("/token") == []


def test_an_answer_that_names_its_issuer_is_refused_where_the_sign_in_knows_none(
    clinic: Clinic, browser: Browser
) -> None:
    clinic.ehr.configuration_changes = {"issuer": None}
    address = clinic.callback(browser, clinic.app())
    answer = browser.open(changed(address, iss=clinic.ehr.origin))
    assert answer.status_code == 400
    assert "names none (issuer)" in answer.text
    assert clinic.ehr.asked("/token") == []


def test_an_answer_that_names_its_issuer_is_taken(clinic: Clinic, browser: Browser) -> None:
    clinic.ehr.names_itself = True
    address = clinic.callback(browser, clinic.app())
    assert parse_qs(urlsplit(address).query)["iss"] == [clinic.ehr.origin]
    assert browser.open(address).status_code == 200


@pytest.mark.parametrize("more", [{}, {"code": None, "error": "access_denied"}], ids=["a code", "an error"])
def test_an_answer_without_its_issuer_is_refused_where_answers_have_one(
    more: dict[str, str | None], clinic: Clinic, browser: Browser
) -> None:
    clinic.ehr.names_itself = True
    address = clinic.callback(browser, clinic.app())
    assert browser.open(changed(address, iss=None, **more)).status_code == 400
    assert clinic.ehr.asked("/token") == []


def test_an_ehr_whose_answers_name_an_issuer_that_it_does_not_tell_is_not_opened(
    clinic: Clinic, browser: Browser
) -> None:
    clinic.ehr.names_itself, clinic.ehr.configuration_changes = True, {"issuer": None}
    answer = clinic.launch(browser, clinic.app())
    assert answer.status_code == 502
    assert "but not which that is" in answer.text


@pytest.mark.parametrize("name", ["state", "code", "iss"])
def test_an_answer_that_says_something_twice_is_refused(name: str, clinic: Clinic, browser: Browser) -> None:
    clinic.ehr.names_itself = True
    address = clinic.callback(browser, clinic.app())
    assert browser.open(f"{address}&{name}=x").status_code == 400
    assert clinic.ehr.asked("/token") == []


def test_two_patients_in_two_tabs_stay_two_patients(clinic: Clinic, browser: Browser) -> None:
    app = clinic.app()
    anna = clinic.launch(browser, app, "chart-of-anna").url
    ben = clinic.launch(browser, app, "chart-of-ben").url
    assert "course of Quillfeather" in browser.open(anna).text
    assert "course of Underbridge" in browser.open(ben).text
    assert browser.open(f"{app.base}/smart/course").status_code == 401, "which of the two is not guessed"


def test_two_sign_ins_at_the_same_time_do_not_disturb_each_other(clinic: Clinic, browser: Browser) -> None:
    app = clinic.app()
    anna, ben = clinic.callback(browser, app, "chart-of-anna"), clinic.callback(browser, app, "chart-of-ben")
    assert "course of Underbridge" in browser.open(ben).text
    assert "course of Quillfeather" in browser.open(anna).text


# ------------------------------------------------------------------ who may open it
@pytest.mark.parametrize("iss", ["https://evil.example/fhir", "http://169.254.169.254/", "file:///etc/passwd", "", "x"])
@pytest.mark.parametrize("path", ["/smart/launch", "/smart"])
def test_an_ehr_that_is_not_configured_is_refused(iss: str, path: str, clinic: Clinic, browser: Browser) -> None:
    answer = browser.open(f"{clinic.app().base}{path}", iss=iss, launch="chart-of-anna")
    assert answer.status_code == 403
    assert not iss or iss == "x" or iss not in answer.text


@pytest.mark.parametrize("more", ["2", "/../fhir", "/x", "?x=1", "#x"])
def test_only_the_address_itself_is_configured(more: str, clinic: Clinic, browser: Browser) -> None:
    answer = browser.open(f"{clinic.app().base}/smart/launch", iss=f"{clinic.ehr.base}{more}", launch="chart-of-anna")
    assert answer.status_code == 403
    assert clinic.ehr.seen == []


def test_the_audience_is_the_address_as_the_ehr_wrote_it(clinic: Clinic, browser: Browser) -> None:
    address = f"{clinic.app().base}/smart/launch"
    sent_to = browser.open(address, False, iss=f"{clinic.ehr.base}/", launch="chart-of-anna").headers["Location"]
    assert parse_qs(urlsplit(sent_to).query)["aud"] == [f"{clinic.ehr.base}/"]


def test_a_strange_server_is_never_contacted(clinic: Clinic, browser: Browser) -> None:
    stranger = SmartEhr()
    try:
        browser.open(f"{clinic.app().base}/smart/launch", iss=stranger.base, launch="x")
        assert stranger.seen == []
    finally:
        stranger.stop()


@pytest.mark.parametrize("launch", ["", "a b", "x" * 5000])
def test_a_launch_needs_a_launch_parameter(launch: str, clinic: Clinic, browser: Browser) -> None:
    answer = browser.open(f"{clinic.app().base}/smart/launch", iss=clinic.ehr.base, launch=launch)
    assert answer.status_code == 400


def test_a_client_without_a_client_id_opens_nothing(clinic: Clinic, browser: Browser) -> None:
    app = clinic.app(client="max_lifetime_seconds = 900")
    assert clinic.launch(browser, app).status_code == 403
    assert "No server can be chosen here" in browser.open(f"{app.base}/smart").text


def test_the_app_needs_no_token_of_a_cds_client_and_opens_no_service(clinic: Clinic, browser: Browser) -> None:
    app = clinic.app()
    clinic.launch(browser, app)
    assert browser.open(f"{app.base}/cds-services").status_code == 401


def test_the_operators_rate_limit_holds_here_too(clinic: Clinic, browser: Browser) -> None:
    app = clinic.app(rate_limit="2 per minute")
    answers = [browser.open(f"{app.base}/smart") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert "<h1>" in answers[-1].text


# ------------------------------------------------------------------ discovery lies
@pytest.mark.parametrize(
    "lie",
    [
        {"authorization_endpoint": "http://ehr.example/authorize"},
        {"token_endpoint": "http://ehr.example/token"},
        {"token_endpoint": "http://169.254.169.254/latest/meta-data"},
        {"token_endpoint": "https://user@ehr.example/token"},
        {"token_endpoint": "file:///etc/passwd"},
        {"token_endpoint": "//ehr.example/token"},
        {"token_endpoint": None},
        {"token_endpoint": ["https://ehr.example/token"]},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"authorization_endpoint": "https://ehr.example/authorize#x"},
        {"authorization_endpoint": "https://ehr.example/authorize\r\nX: y"},
        {"authorization_endpoint": ""},
    ],
)
def test_an_endpoint_that_is_not_safe_is_not_used(lie: dict[str, Any], clinic: Clinic, browser: Browser) -> None:
    clinic.ehr.configuration_changes = lie
    answer = clinic.launch(browser, clinic.app(), follow=False)
    assert answer.status_code == 502
    assert "Signing in is not possible" in answer.text
    assert "ehr.example" not in answer.text


def test_endpoints_may_lie_on_another_host_as_they_do_in_reality(clinic: Clinic, browser: Browser) -> None:
    clinic.ehr.configuration_changes = {"authorization_endpoint": "https://sign-in.example/oauth2/authorize?policy=a"}
    answer = clinic.launch(browser, clinic.app(), follow=False)
    assert answer.headers["Location"].startswith("https://sign-in.example/oauth2/authorize?policy=a&response_type=code")


@pytest.mark.parametrize(
    "told",
    [(500, b""), (401, b"{}"), (302, b""), (200, HUGE), (200, b"<html>"), (200, b"[]"), (200, b"{}"), (404, b"")],
    ids=["500", "401", "a redirect", "huge", "HTML", "a list", "another object", "404"],
)
def test_a_server_that_does_not_say_how_to_sign_in_is_not_opened(
    told: tuple[int, bytes], clinic: Clinic, browser: Browser
) -> None:
    clinic.ehr.told["/fhir/.well-known/smart-configuration"] = told
    assert clinic.launch(browser, clinic.app()).status_code == 502
    assert clinic.ehr.asked("/authorize") == []


def test_a_server_that_is_gone_is_said(clinic: Clinic, browser: Browser) -> None:
    app = clinic.app()
    clinic.ehr.stop()
    answer = clinic.launch(browser, app)
    assert answer.status_code == 502
    assert "could not be asked how to sign in" in answer.text


# ------------------------------------------------------------------ the token endpoint
TOKEN_FAULTS: dict[str, tuple[tuple[int, bytes], str]] = {
    "400": ((400, b'{"error": "invalid_grant", "error_description": "planted"}'), "400 (invalid_grant)"),
    "an error in words of its own": ((400, b'{"error": "planted"}'), "answered 400."),
    "401": ((401, b""), "answered 401"),
    "500": ((500, b"planted"), "answered 500"),
    "a redirect": ((307, b""), "answered 307"),
    "garbage": ((200, b"planted"), "not JSON"),
    "a list": ((200, b"[]"), "not JSON"),
    "huge": ((200, HUGE), "larger than the limit"),
    "empty": ((200, b""), "not JSON"),
    "no token": ((200, b'{"token_type": "Bearer", "patient": "anna-7"}'), "no usable access token"),
    "a token that is no text": ((200, b'{"access_token": 7, "token_type": "Bearer"}'), "no usable access token"),
    "a token that breaks headers": (
        (200, b'{"access_token": "a\\r\\nX: y", "token_type": "Bearer", "patient": "anna-7"}'),
        "no usable access token",
    ),
    "another type": ((200, b'{"access_token": "t", "token_type": "mac", "patient": "anna-7"}'), "not of the type"),
}


@pytest.mark.parametrize(("told", "said"), TOKEN_FAULTS.values(), ids=TOKEN_FAULTS)
def test_a_token_endpoint_that_fails_is_said_in_our_words(
    told: tuple[int, bytes], said: str, clinic: Clinic, browser: Browser
) -> None:
    clinic.ehr.told["/token"] = told
    answer = clinic.launch(browser, clinic.app())
    assert answer.status_code == 502
    assert said in answer.text
    assert "planted" not in answer.text
    assert clinic.rows("session") == clinic.rows("used") == 0


@pytest.mark.parametrize("path", ["/token", "/fhir/.well-known/smart-configuration"])
def test_a_redirect_leads_nowhere(path: str, clinic: Clinic, browser: Browser) -> None:
    elsewhere = SmartEhr()

    def send_on(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(307)
        handler.send_header("Location", f"{elsewhere.origin}{path}")
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    clinic.ehr.told[path] = send_on
    try:
        assert clinic.launch(browser, clinic.app()).status_code == 502
        assert elsewhere.seen == []
    finally:
        elsewhere.stop()


@pytest.mark.parametrize("patient", [None, "", "../Patient", "a/b", "x" * 65, 7, ["anna-7"]])
def test_without_a_patient_no_session_is_opened_and_that_is_said(
    patient: Any, clinic: Clinic, browser: Browser
) -> None:
    clinic.ehr.token_changes = {"patient": patient}
    answer = clinic.launch(browser, clinic.app())
    assert answer.status_code == 502
    assert "named no patient" in answer.text


@pytest.mark.parametrize("expires_in", [0, -1, "soon", True, 1.5])
def test_a_token_that_is_no_longer_good_opens_nothing(expires_in: Any, clinic: Clinic, browser: Browser) -> None:
    clinic.ehr.token_changes = {"expires_in": expires_in}
    assert clinic.launch(browser, clinic.app()).status_code == 502


@pytest.mark.parametrize(
    ("expires_in", "seconds"), [(300, 300), ("300", 300), (86_400, 3600), (None, 3600), (3600, 3600)]
)
def test_a_session_ends_with_its_token_and_after_an_hour(
    expires_in: Any, seconds: int, clinic: Clinic, browser: Browser
) -> None:
    clinic.ehr.token_changes = {"expires_in": expires_in}
    address = clinic.launch(browser, clinic.app()).url
    clinic.later(seconds - 1)
    assert browser.open(address).status_code == 200
    clinic.later(1)
    assert browser.open(address).status_code == 401
    assert clinic.rows("session") == 0


# ------------------------------------------------------------------ the user says no, or the EHR grants less
def test_a_user_who_says_no_is_told_so_and_the_words_of_the_ehr_are_only_words(
    clinic: Clinic, browser: Browser
) -> None:
    clinic.ehr.denies = {"error": "access_denied", "error_description": "<script>alert(1)</script> & more"}
    answer = clinic.launch(browser, clinic.app())
    assert answer.status_code == 403
    assert "access was denied" in answer.text
    assert escape("<script>alert(1)</script> & more") in answer.text
    assert "<script>" not in answer.text


def test_words_in_an_address_that_nobody_asked_for_are_not_shown(clinic: Clinic, browser: Browser) -> None:
    address = redirect_address(clinic.app().base, clinic.ehr.base)
    answer = browser.open(address, error="access_denied", error_description="call 555", state="x" * 43)
    assert answer.status_code == 400
    assert "555" not in answer.text


@pytest.mark.parametrize("code", [None, "", "a b", "x" * 5000])
def test_an_answer_without_a_usable_code_is_refused(code: str | None, clinic: Clinic, browser: Browser) -> None:
    address = changed(clinic.callback(browser, clinic.app()), code=code)
    assert browser.open(address).status_code == 400
    assert clinic.ehr.asked("/token") == []


def test_what_was_not_granted_is_said_to_be_unread_and_is_not_asked_for(clinic: Clinic, browser: Browser) -> None:
    clinic.ehr.scope = "launch patient/Patient.rs patient/Observation.rs?category=laboratory patient/Condition.read"
    text = clinic.launch(browser, clinic.app()).text
    assert "Condition: 1" in text
    assert "Observation: 0 (the EHR granted reading some of this only)" in text
    for kind in ("MedicationRequest", "Procedure", "Medication"):
        assert f"{kind}: the EHR did not grant reading this" in text
        assert clinic.ehr.asked(f"/fhir/{kind}") == []


def test_a_server_that_tells_no_scope_granted_what_was_asked(clinic: Clinic, browser: Browser) -> None:
    clinic.ehr.token_changes = {"scope": None}
    assert "did not grant" not in clinic.launch(browser, clinic.app()).text


# ------------------------------------------------------------------ without authorization
def as_open(clinic: Clinic) -> None:
    statement = {"resourceType": "CapabilityStatement", "rest": [{"mode": "server", "security": {"cors": True}}]}
    clinic.ehr.told["/fhir/.well-known/smart-configuration"] = (404, b"")
    clinic.ehr.told["/fhir/metadata"] = (200, json.dumps(statement).encode())
    clinic.ehr.is_open = True


def test_a_server_without_authorization_is_opened_where_the_operator_allows_it(
    clinic: Clinic, browser: Browser
) -> None:
    as_open(clinic)
    app = clinic.app(client="smart_open = true")
    page = clinic.launch(browser, app)
    assert "Choose a patient" in page.text
    answer = browser.post(f"{app.base}/smart", data={"iss": clinic.ehr.base, "patient": BEN}, timeout=20)
    assert "course of Underbridge" in answer.text
    assert "course of Underbridge" in browser.open(f"{app.base}/smart", iss=clinic.ehr.base, patient=BEN).text


def test_a_session_without_a_token_leaves_no_row_and_ends_in_its_browser(clinic: Clinic, browser: Browser) -> None:
    as_open(clinic)
    app = clinic.app(client="smart_open = true")
    address = browser.open(f"{app.base}/smart", iss=clinic.ehr.base, patient=BEN).url
    assert clinic.rows("session") == 0
    with Browser() as other:
        assert other.open(address).status_code == 401
    name = parse_qs(urlsplit(address).query)["session"][0]
    assert browser.post(f"{app.base}/smart/end", data={"session": name}, timeout=20).status_code == 200
    assert browser.open(address).status_code == 401


def test_a_session_without_a_token_ends_after_an_hour_and_when_the_server_is_no_longer_open_to_all(
    clinic: Clinic, browser: Browser
) -> None:
    as_open(clinic)
    app = clinic.app(client="smart_open = true")
    path = urlsplit(browser.open(f"{app.base}/smart", iss=clinic.ehr.base, patient=BEN).url)
    closed = clinic.app(public=app.base)
    assert browser.open(f"{closed.base}{path.path}?{path.query}").status_code == 401
    clinic.later(3599)
    assert browser.open(path.geturl()).status_code == 200
    clinic.later(1)
    assert browser.open(path.geturl()).status_code == 401


def test_a_server_without_authorization_is_not_opened_otherwise(clinic: Clinic, browser: Browser) -> None:
    as_open(clinic)
    answer = clinic.launch(browser, clinic.app())
    assert answer.status_code == 502
    assert "may not be read without one" in answer.text


@pytest.mark.parametrize("security", [{"service": [{"text": "OAuth2"}]}, {"extension": []}, "yes"])
def test_a_server_that_speaks_of_security_is_never_opened_without(
    security: Any, clinic: Clinic, browser: Browser
) -> None:
    statement = {"resourceType": "CapabilityStatement", "rest": [{"mode": "server", "security": security}]}
    clinic.ehr.told["/fhir/.well-known/smart-configuration"] = (404, b"")
    clinic.ehr.told["/fhir/metadata"] = (200, json.dumps(statement).encode())
    assert clinic.launch(browser, clinic.app(client="smart_open = true")).status_code == 502


def test_a_server_that_fails_is_not_taken_for_one_without_authorization(clinic: Clinic, browser: Browser) -> None:
    clinic.ehr.told["/fhir/.well-known/smart-configuration"] = (503, b"")
    assert clinic.launch(browser, clinic.app(client="smart_open = true")).status_code == 502


@pytest.mark.parametrize("patient", ["", "a/b", "../x", "<b>", "x" * 65])
def test_a_patient_id_that_is_none_is_asked_for_again(patient: str, clinic: Clinic, browser: Browser) -> None:
    as_open(clinic)
    app = clinic.app(client="smart_open = true")
    answer = browser.post(f"{app.base}/smart", data={"iss": clinic.ehr.base, "patient": patient}, timeout=20)
    assert answer.status_code == 400
    assert 'role="alert"' in answer.text
    assert "Set-Cookie" not in answer.headers
