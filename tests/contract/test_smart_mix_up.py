"""Two EHRs, one of them hostile: it sends the user on to sign in at the other, and gets neither code nor verifier.

The attack: the user opens the app from the hostile EHR, whose place for signing in sends the browser on to that of the
honest one, with what it knows of us: our client id there, our state, our challenge. RFC 9700, "Mix-Up Attacks".
"""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import pytest

from tests.contract.authorization_server import Registered, SmartEhr
from tests.contract.smart_clinic import ANNA, CLIENT_ID, Browser, Clinic, RunningApp

pytestmark = [pytest.mark.thorough, pytest.mark.usefixtures("_course_stand_in")]
AT_HOSTILE = "our-name-at-the-hostile-ehr"


@pytest.fixture
def hostile() -> Iterator[SmartEhr]:
    made = SmartEhr()
    made.picked = ANNA
    yield made
    made.stop()


def trusting_both(clinic: Clinic, hostile: SmartEhr, browser: Browser) -> RunningApp:
    """The service trusts both EHRs, and each knows it by the redirect address that it was asked with."""
    trust = clinic.folder / "both.toml"
    other = clinic.trust_file().replace('"north"', '"south"').replace("ehr.example", "south.example")
    other = other.replace(clinic.ehr.base, hostile.base).replace(CLIENT_ID, AT_HOSTILE)
    trust.write_text(clinic.trust_file() + other)
    made = clinic.app(trusted_clients=trust)
    for ehr, name in ((clinic.ehr, CLIENT_ID), (hostile, AT_HOSTILE)):
        ehr.register(Registered(name, asked_with(browser, made, ehr)["redirect_uri"]))
        ehr.seen.clear()
    return made


def asked_with(browser: Browser, app: RunningApp, ehr: SmartEhr) -> dict[str, str]:
    """What a sign-in at this EHR asks for."""
    return dict(parse_qsl(urlsplit(sent_to(browser, f"{app.base}/smart?iss={ehr.base}")).query))


def sent_to(browser: Browser, address: str) -> str:
    """Where this address sends the browser."""
    return str(browser.open(address, follow=False).headers["Location"])


def sends_on(hostile: SmartEhr, honest: SmartEhr, redirect_uri: str) -> None:
    """The hostile EHR sends people on to the honest one, to come back to this address of ours."""

    def on(handler: BaseHTTPRequestHandler) -> None:
        asked = dict(parse_qsl(urlsplit(handler.path).query))
        asked |= {"client_id": CLIENT_ID, "redirect_uri": redirect_uri, "aud": honest.base}
        handler.send_response(302)
        handler.send_header("Location", f"{honest.origin}/authorize?{urlencode(asked)}")
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    hostile.told["/authorize"] = on


def attacked(browser: Browser, app: RunningApp, clinic: Clinic, hostile: SmartEhr) -> Any:
    """The honest EHR has signed the user in and sends a code: what we answer to that."""
    sends_on(hostile, clinic.ehr, clinic.ehr.apps[CLIENT_ID].redirect_uri)
    to_honest = sent_to(browser, sent_to(browser, f"{app.base}/smart?iss={hostile.base}"))
    back = sent_to(browser, to_honest)
    assert set(clinic.ehr.codes) == set(parse_qs(urlsplit(back).query)["code"]), "the honest EHR has given a code"
    return browser.open(back, follow=False)


def check_that_nobody_got_it(answer: Any, clinic: Clinic, hostile: SmartEhr) -> None:
    assert hostile.asked("/token") == [], "neither the code nor the verifier"
    assert clinic.ehr.asked("/token") == []
    assert answer.status_code == 400
    assert "session=" not in str(answer.headers)


@pytest.mark.parametrize("ehr", ["honest", "hostile"])
def test_at_either_ehr_alone_the_user_signs_in(ehr: str, clinic: Clinic, hostile: SmartEhr, browser: Browser) -> None:
    app = trusting_both(clinic, hostile, browser)
    base = clinic.ehr.base if ehr == "honest" else hostile.base
    opened = sent_to(browser, sent_to(browser, sent_to(browser, f"{app.base}/smart?iss={base}")))
    assert urlsplit(opened).path == "/smart/course"


@pytest.mark.parametrize("is_named", [False, True], ids=["answers name nobody", "answers name the issuer"])
@pytest.mark.parametrize("claimed", ["none", "its own", "that of the honest"])
def test_the_code_of_one_ehr_never_reaches_another(
    is_named: bool, claimed: str, clinic: Clinic, hostile: SmartEhr, browser: Browser
) -> None:
    clinic.ehr.names_itself = is_named
    issuers = {"none": None, "its own": hostile.origin, "that of the honest": clinic.ehr.origin}
    hostile.configuration_changes = {"issuer": issuers[claimed]}
    app = trusting_both(clinic, hostile, browser)
    check_that_nobody_got_it(attacked(browser, app, clinic, hostile), clinic, hostile)


@pytest.mark.parametrize("claimed", [None, "https://ehr.example"])
def test_an_answer_that_names_its_issuer_is_refused_even_where_the_honest_ehr_takes_every_address_of_ours(
    claimed: str | None, clinic: Clinic, hostile: SmartEhr, browser: Browser
) -> None:
    clinic.ehr.names_itself = True
    hostile.configuration_changes = {"issuer": claimed}
    app = trusting_both(clinic, hostile, browser)
    clinic.ehr.register(Registered(CLIENT_ID, hostile.apps[AT_HOSTILE].redirect_uri))
    check_that_nobody_got_it(attacked(browser, app, clinic, hostile), clinic, hostile)


def test_an_ehr_does_not_know_the_address_that_another_is_asked_with(
    clinic: Clinic, hostile: SmartEhr, browser: Browser
) -> None:
    app = trusting_both(clinic, hostile, browser)
    sends_on(hostile, clinic.ehr, hostile.apps[AT_HOSTILE].redirect_uri)
    to_honest = sent_to(browser, sent_to(browser, f"{app.base}/smart?iss={hostile.base}"))
    assert browser.open(to_honest, follow=False).status_code == 400
    assert clinic.ehr.codes == {}


def test_two_servers_of_one_client_have_two_addresses(clinic: Clinic, hostile: SmartEhr, browser: Browser) -> None:
    trust = clinic.folder / "one.toml"
    trust.write_text(
        clinic.trust_file().replace(f'["{clinic.ehr.base}"]', f'["{clinic.ehr.base}", "{hostile.origin}/"]')
    )
    app = clinic.app(trusted_clients=trust)
    first, second = (asked_with(browser, app, ehr) for ehr in (clinic.ehr, hostile))
    assert first["client_id"] == second["client_id"]
    assert first["redirect_uri"] != second["redirect_uri"]


def test_an_answer_at_the_address_of_another_ehr_spends_the_sign_in(
    clinic: Clinic, hostile: SmartEhr, browser: Browser
) -> None:
    app = trusting_both(clinic, hostile, browser)
    attacked(browser, app, clinic, hostile)
    asked = hostile.asked("/authorize")[0]
    answer = browser.open(asked["redirect_uri"], state=asked["state"], code="of-the-hostile")
    assert answer.status_code == 400
    assert hostile.asked("/token") == []


def test_an_ehr_that_opens_sessions_without_end_takes_no_room_from_another(
    clinic: Clinic, hostile: SmartEhr, browser: Browser
) -> None:
    app = trusting_both(clinic, hostile, browser)
    app.app.extensions["cds_smart_vault"]._most = 2
    opened = [browser.open(f"{app.base}/smart?iss={hostile.base}").status_code for _ in range(3)]
    assert opened == [200, 200, 503]
    assert browser.open(f"{app.base}/smart?iss={clinic.ehr.base}").status_code == 200


@pytest.mark.parametrize("path", ["/smart/callback", "/smart/callback/"])
def test_the_address_that_all_ehrs_once_shared_says_that_it_is_no_longer_used(
    path: str, clinic: Clinic, browser: Browser
) -> None:
    app = clinic.app()
    address = urlsplit(clinic.callback(browser, app))
    answer = browser.open(f"{app.base}{path}?{address.query}")
    assert answer.status_code == 410
    assert "a redirect address of its own" in answer.text
    assert clinic.ehr.asked("/token") == []


@pytest.mark.parametrize("name", ["nobody", "ehr.example-0", "%2e%2e", "x" * 3000])
def test_an_address_that_belongs_to_no_ehr_opens_nothing(name: str, clinic: Clinic, browser: Browser) -> None:
    app = clinic.app()
    query = urlsplit(clinic.callback(browser, app)).query
    assert browser.open(f"{app.base}/smart/callback/{name}?{query}").status_code in (400, 404, 410)
    assert clinic.ehr.asked("/token") == []
