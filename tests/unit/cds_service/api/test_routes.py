"""Errors of all kinds leave as OperationOutcomes, and an unexpected one tells only its kind and place."""

from __future__ import annotations

import logging

import pytest
from flask import Flask, abort
from flask.testing import FlaskClient

from cds_service.api.routes import register_errors
from cds_service.api.validation import InvalidField
from cds_service.outcome import ServiceError


@pytest.fixture
def client() -> FlaskClient:
    app = Flask(__name__)
    register_errors(app)

    @app.get("/service")
    def service() -> str:
        raise ServiceError(412, "cannot judge", "conditions")

    @app.get("/field")
    def field() -> str:
        raise InvalidField("context.patientId", "is required")

    @app.get("/teapot")
    def teapot() -> str:
        abort(418)

    @app.get("/fault")
    def fault() -> str:
        raise KeyError("Zephyrine")

    return app.test_client()


@pytest.mark.parametrize(
    ("path", "status", "diagnostics", "expression"),
    [
        ("/service", 412, "cannot judge", ["conditions"]),
        ("/field", 400, "context.patientId is required", ["context.patientId"]),
        ("/teapot", 418, "i'm a teapot", None),
        ("/nowhere", 404, "not found", None),
        ("/fault", 500, "the service failed; the fault has been logged", None),
    ],
)
def test_an_error_is_an_outcome(
    path: str, status: int, diagnostics: str, expression: list[str] | None, client: FlaskClient
) -> None:
    answer = client.get(path)
    (issue,) = answer.get_json()["issue"]
    assert (answer.status_code, issue["diagnostics"], issue.get("expression")) == (status, diagnostics, expression)
    assert answer.mimetype == "application/json"


def test_a_wrong_method_names_the_right_ones(client: FlaskClient) -> None:
    answer = client.post("/service", json={})
    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]


def test_an_unexpected_error_is_logged_by_kind_and_place_without_its_message(
    client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        answer = client.get("/fault")
    assert "Zephyrine" not in caplog.text + answer.get_data(as_text=True)
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert "KeyError" in record.getMessage()
    assert "test_routes.py" in record.getMessage()
