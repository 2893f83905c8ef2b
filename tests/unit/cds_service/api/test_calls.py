"""Every answer has its id, and in JSON every call its line."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from flask import Flask, Response
from flask.testing import FlaskClient

from cds_service.api import identify_requests
from cds_service.logs import HEADER, current_request_id, under_request_id

ID = "0b4f1f0e-6b1e-4d8a-9d0e-0a0c3b9f7d11"


def client(*, tells_calls: bool = True) -> FlaskClient:
    app = Flask(__name__)

    @app.get("/patients/<id>")
    def patient(id: str) -> str:
        return current_request_id()

    @app.get("/fault")
    def fault() -> Response:
        raise RuntimeError

    identify_requests(app, tells_calls=tells_calls)
    return app.test_client()


def members(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    return [record.__dict__["members"] for record in caplog.records if record.name == "cds_service.calls"]


def test_the_answer_has_the_id_under_which_the_application_has_answered() -> None:
    answer = client().get("/patients/1", headers={HEADER: ID})
    assert (answer.headers.getlist(HEADER), answer.get_data(as_text=True)) == ([ID], ID)
    assert current_request_id() == ""


def test_without_an_id_of_the_caller_there_is_one_and_each_answer_has_another() -> None:
    first, second = (client().get("/patients/1") for _ in range(2))
    assert first.headers[HEADER] == first.get_data(as_text=True) != second.headers[HEADER]


def test_the_id_that_the_server_has_given_to_the_request_stays() -> None:
    with under_request_id("given"):
        assert client().get("/patients/1", headers={HEADER: ID}).headers[HEADER] == "given"


def test_a_call_is_told_by_its_endpoint_and_nothing_that_was_sent(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        client().get("/patients/Zephyrine?name=Zephyrine", headers={"User-Agent": "Zephyrine", HEADER: "Zephyrine"})
    (told,) = members(caplog)
    milliseconds = told.pop("milliseconds")
    assert told == {"endpoint": "patient", "method": "GET", "status": 200}
    assert 0 <= milliseconds < 60_000
    assert "Zephyrine" not in caplog.text


@pytest.mark.parametrize(
    ("method", "path", "told"),
    [
        ("POST", "/patients/1", {"endpoint": None, "method": "POST", "status": 405}),
        ("GET", "/nowhere", {"endpoint": None, "method": "GET", "status": 404}),
        ("GET", "/fault", {"endpoint": "fault", "method": "GET", "status": 500}),
        ("ZEPHYRINE", "/fault", {"endpoint": None, "method": "other", "status": 405}),
    ],
)
def test_errors_are_told_as_well_and_a_method_only_where_it_is_one(
    method: str, path: str, told: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "cds_service"):
        answer = client().open(path, method=method)
    (found,) = members(caplog)
    assert found.items() >= told.items()
    assert len(answer.headers[HEADER]) == 32


def test_for_people_there_is_no_line_of_each_call(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        client(tells_calls=False).get("/patients/1")
    assert members(caplog) == []
