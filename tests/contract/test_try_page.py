"""The try page answers as the endpoint does, stores and logs nothing, and exists only where it is switched on."""

from __future__ import annotations

import html
import json
import logging
import re
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from cds_service.demo.patients import load_patients
from cds_service.settings import SettingsError, from_environment
from cds_service.tryout import load_examples
from tests.contract.conftest import MakeApp
from tests.contract.ehr import Ehr, ehr_of, signature
from tests.contract.records import NOW, Json
from tests.contract.test_client_payloads import EXPECTED, payload

SECRET = "s3cret.Token-value"
NAME = "Zephyrine"
EXAMPLES = {example.name: example for example in load_examples()}
PATIENTS = {patient.key: patient for patient in load_patients(NOW)}
STORIES = ["hard-skin-on-warfarin", "well-controlled-on-sevelamer", "calcium-cannot-be-read", "everything-in-free-text"]


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    return make_app(pages=frozenset({"try"}))


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def post(client: FlaskClient, **form: str) -> TestResponse:
    """The form as a browser sends it. (The test client's own way leaves a temporary file open.)"""
    parts = (
        f'--limit\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in form.items()
    )
    body = "".join([*parts, "--limit--\r\n"]).encode()
    return client.post("/try", data=body, content_type="multipart/form-data; boundary=limit")


def paste(client: FlaskClient, sent: Any, **form: str) -> str:
    message = sent if isinstance(sent, str) else json.dumps(sent)
    answer = post(client, sent=message, do="judge", **form)
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def shown(page: str, part: str) -> str:
    """What stands in one of the copied boxes."""
    found = re.search(rf'<pre id="{part}"[^>]*>(.*?)</pre>', page, re.DOTALL)
    assert found is not None, page
    return html.unescape(found[1])


def same(page: str, ehr: Ehr, body: Json) -> None:
    """Page and endpoint say the same, uuids apart."""
    body = {name: value for name, value in body.items() if name not in ("fhirServer", "fhirAuthorization")}
    expected = ehr.post(body).get_json()
    answer = json.loads(shown(page, "response"))
    if "cards" in expected:
        assert signature(answer["cards"]) == signature(expected["cards"])
        assert page.count('<article class="card') == len(expected["cards"])
        assert ("No card for this message." in page) is not bool(expected["cards"])
    else:
        assert answer == expected
        assert "This is not an all-clear: nothing was judged." in page
        assert '<article class="card' not in page


# ------------------------------------------------------------------ page = endpoint
@pytest.mark.parametrize("name", EXPECTED)
def test_each_payload_of_a_real_client_is_answered_as_by_the_endpoint(name: str, app: Flask) -> None:
    same(paste(app.test_client(), payload(name)), ehr_of(app), payload(name))


@pytest.mark.parametrize("name", EXAMPLES)
def test_each_example_is_answered_as_by_the_endpoint(name: str, app: Flask) -> None:
    answer = app.test_client().post("/try", data={"do": f"example:{name}"})
    page = answer.get_data(as_text=True)
    sent = shown(page, "curl").partition("<<'END_OF_REQUEST'\n")[2].removesuffix("END_OF_REQUEST\n")
    same(page, ehr_of(app), json.loads(sent))


@pytest.mark.parametrize("key", STORIES)
def test_each_story_is_answered_as_by_the_endpoint(key: str, app: Flask) -> None:
    patient, ehr = PATIENTS[key], ehr_of(app)
    record = {"resourceType": "Bundle", "entry": [{"resource": one} for one in patient.resources]}
    for hook in ("patient-view", "order-select", "order-sign"):
        orders = [{"resource": order.resource} for order in patient.orders]
        sent = {**record, "entry": [*record["entry"], *orders]}
        page = paste(app.test_client(), sent, hook=hook)
        made = shown(page, "curl").partition("<<'END_OF_REQUEST'\n")[2].removesuffix("END_OF_REQUEST\n")
        same(page, ehr, json.loads(made))
        if hook == "patient-view":
            cards = json.loads(shown(page, "response"))["cards"]
            topics = [[card["source"]["topic"]["code"], card["indicator"]] for card in cards]
            assert topics == patient.expect["patient-view"]


@pytest.mark.parametrize(
    "body",
    [
        {"hook": "patient-view", "context": {}},
        {"hook": "patient-view", "hookInstance": "x", "context": {"patientId": "1", "userId": "Practitioner/1"}},
        {"hook": "order-select", "context": {"patientId": "Patient/1", "userId": "Practitioner/1"}},
    ],
)
def test_a_refused_field_is_named_as_by_the_endpoint(body: Json, app: Flask) -> None:
    body = {"hookInstance": "5a1d8c3e-0a41-4c0f-9d0e-3a5b8a6f0a01", **body}
    same(paste(app.test_client(), body), ehr_of(app), body)


# ------------------------------------------------------------------ what cannot be judged
def test_what_cannot_be_understood_is_no_all_clear(client: FlaskClient) -> None:
    for sent in ("", "{", "[]", '{"cards": []}', '{"hook": "encounter-start", "context": {}}'):
        page = paste(client, sent)
        assert "This cannot be judged" in page
        assert "This is not an all-clear: nothing was judged." in page
        assert "No card for this message." not in page


def test_the_chosen_hook_drugs_and_patient_count(client: FlaskClient) -> None:
    sent = EXAMPLES["bundle-of-a-patient"].text(NOW)
    assert "calcium-hypercalcaemia" in paste(client, sent, drugs=" calcium acetate , ", hook="order-sign")
    assert "needs a draft" in paste(client, sent, hook="order-sign")
    assert "No card for this message." in paste(client, sent, hook="nonsense")
    assert "no Patient in what was sent has the id" in paste(client, sent, patient="p9")


def test_text_of_the_message_is_shown_as_text(client: FlaskClient) -> None:
    evil = "</textarea><script>alert(1)</script>"
    for sent in (evil, json.dumps({"hook": "patient-view", "context": {}, evil: evil}), json.dumps({evil: [evil]})):
        page = paste(client, sent)
        assert "<script>alert" not in page
        assert page.count("</textarea>") == 1


# ------------------------------------------------------------------ nothing is kept
def test_nothing_of_a_message_is_stored_or_logged(
    make_app: MakeApp, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    database = tmp_path / "cards.sqlite3"
    client = make_app(pages=frozenset({"try"}), database_url=f"sqlite:///{database}").test_client()
    sent = EXAMPLES["epic-patient-view"].text(NOW).replace("Adelheid", NAME).replace("made-up-token", SECRET)
    with caplog.at_level(logging.DEBUG):
        assert "cua-suspected" in paste(client, sent)
        assert "This cannot be judged" in paste(client, sent[:-5])
        assert "Refused (412)" in paste(client, EXAMPLES["refused-conditions-not-read"].text(NOW))
    assert NAME not in caplog.text
    assert SECRET not in caplog.text
    assert "eMadeUp" not in caplog.text
    assert not database.exists()


def test_a_fault_of_our_own_is_logged_without_the_message(
    client: FlaskClient, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ValueError(NAME)

    monkeypatch.setattr("cds_service.web.tryout.answer.judge", broken)
    answer = client.post("/try", data={"sent": EXAMPLES["epic-patient-view"].text(NOW), "do": "judge"})
    assert answer.status_code == 500
    assert NAME not in answer.get_data(as_text=True) + caplog.text
    assert "unexpected ValueError on the try page" in caplog.text


def test_a_token_is_shown_nowhere(client: FlaskClient) -> None:
    body = payload("patient-view") | {"fhirAuthorization": {"access_token": SECRET, "token_type": "Bearer"}}
    whole = json.dumps(body)
    for sent in (whole, whole[:-3], f'["{SECRET}"]'.replace('"', '{"access_token": "', 1), f"Bearer {SECRET}"):
        assert SECRET not in paste(client, sent)


@pytest.mark.parametrize("method", ["get", "post"])
def test_no_cache_keeps_the_page_and_no_other_origin_reads_it(method: str, client: FlaskClient) -> None:
    answer = getattr(client, method)("/try")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Access-Control-Allow-Origin"] == "http://localhost"
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
    assert "connect-src 'self'" in answer.headers["Content-Security-Policy"]


def test_another_site_cannot_use_the_page(client: FlaskClient) -> None:
    assert client.post("/try", headers={"Origin": "https://evil.example"}).status_code == 403
    assert client.get("/try", headers={"Host": "evil.example"}).status_code == 403


# ------------------------------------------------------------------ bounds
def test_a_message_may_be_as_large_as_a_request_and_no_larger(make_app: MakeApp) -> None:
    client = make_app(pages=frozenset({"try"}), max_body_bytes=2_000_000).test_client()
    record = json.loads(EXAMPLES["bundle-of-a-patient"].text(NOW))
    record["entry"] += [{"resource": {"resourceType": "Basic", "id": str(n), "x": "y" * 1_000}} for n in range(1_500)]
    page = paste(client, record, drugs="calcium acetate")
    assert "calcium-hypercalcaemia" in page
    record["entry"] *= 2
    answer = post(client, sent=json.dumps(record), do="judge")
    assert answer.status_code == 413
    assert "at most 2,000,000 bytes" in answer.get_data(as_text=True)


def test_a_request_that_is_too_long_for_a_page_is_judged_and_not_shown_as_curl(client: FlaskClient) -> None:
    body = payload("patient-view") | {"extension": {"filling": "x" * 1_000_001}}
    page = paste(client, body)
    assert 'id="curl"' not in page
    assert "too long to be shown as cURL" in page
    assert json.loads(shown(page, "response"))["cards"]


# ------------------------------------------------------------------ on and off
@pytest.mark.parametrize("pages", [frozenset(), frozenset({"reasons"})])
def test_the_page_is_off_unless_it_is_switched_on(pages: frozenset[str], make_app: MakeApp) -> None:
    client = make_app(pages=pages).test_client()
    assert client.get("/try").status_code == 404
    assert client.post("/try").status_code == 404


def test_the_page_is_for_development_only() -> None:
    with pytest.raises(SettingsError, match="CDS_PAGES: try"):
        from_environment({"CDS_PAGES": "try"})
    assert from_environment({"CDS_PAGES": "try"}, dev=True).pages == {"try"}


def test_the_styles_of_a_page_are_found_whatever_its_room_is_called(client: FlaskClient) -> None:
    page = client.get("/try").get_data(as_text=True)
    files = re.findall(r'(?:href|src)="(/pages/[^"]+)"', page)
    assert any("/pages/tryout/" in file for file in files)
    for file in files:
        with client.get(file) as answer:
            assert answer.status_code == 200
