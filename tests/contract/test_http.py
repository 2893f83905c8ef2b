"""Methods, sizes, cross-origin access and health. Matrix: S38, S58, S59, S120 to S123."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.contract.card_rules import check_error
from tests.contract.conftest import MakeApp
from tests.contract.ehr import Ehr, ehr_of
from tests.contract.records import CONFIRMED, Json

ORIGIN = {"Origin": "https://ehr.example"}
HEALTH = ("/health", "/health/live", "/health/ready")
FEEDBACK = {"feedback": [{"card": "c-1", "outcome": "overridden", "outcomeTimestamp": "2026-11-22T10:05:00Z"}]}
PATHS = (
    "/cds-services",
    "/cds-services/calciphylaxis-patient-view",
    "/cds-services/calciphylaxis-patient-view/feedback",
)


@pytest.mark.parametrize("path", [*PATHS, "/nowhere", *HEALTH])
def test_a_preflight_is_answered_without_body_and_allows_what_clients_send(path: str, ehr: Ehr) -> None:
    asked = {**ORIGIN, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    answer = ehr.client.options(path, headers=asked)
    assert (answer.status_code, answer.data) == (204, b"")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert {"GET", "POST"} <= set(answer.headers["Access-Control-Allow-Methods"].split(", "))
    assert {"Authorization", "Content-Type"} <= set(answer.headers["Access-Control-Allow-Headers"].split(", "))


def test_discovery_and_answers_may_be_read_from_another_origin(ehr: Ehr) -> None:
    discovered = ehr.client.get("/cds-services", headers=ORIGIN)
    called = ehr.client.post(ehr.url("patient-view"), json=ehr.request("patient-view", CONFIRMED), headers=ORIGIN)
    for answer in (discovered, called):
        assert answer.status_code == 200
        assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_errors_may_be_read_from_another_origin(ehr: Ehr) -> None:
    url = ehr.url("patient-view")
    answers = [
        ehr.client.post(url, data="{", content_type="application/json", headers=ORIGIN),
        ehr.client.post(url, json=ehr.request("patient-view"), headers=ORIGIN),
        ehr.client.get(url, headers=ORIGIN),
        ehr.client.post(url, data="x", content_type="text/plain", headers=ORIGIN),
        ehr.client.get("/nowhere", headers=ORIGIN),
    ]
    assert [answer.status_code for answer in answers] == [400, 412, 405, 415, 404]
    assert {answer.headers["Access-Control-Allow-Origin"] for answer in answers} == {"*"}


def test_any_origin_never_goes_with_credentials(ehr: Ehr) -> None:
    assert "Access-Control-Allow-Credentials" not in ehr.client.get("/cds-services", headers=ORIGIN).headers


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        ("https://ehr.example", "https://ehr.example"),
        ("https://evil.example", None),
        ("https://ehr.example.evil.example", None),
        ("null", None),
        (None, None),
    ],
)
def test_with_listed_origins_only_those_may_read(origin: str | None, allowed: str | None, make_app: MakeApp) -> None:
    client = make_app(cors_origins=("https://ehr.example",)).test_client()
    headers = {"Origin": origin} if origin else {}
    for answer in (client.get("/cds-services", headers=headers), client.get("/nowhere", headers=headers)):
        assert answer.headers.get("Access-Control-Allow-Origin") == allowed
        assert ("Access-Control-Allow-Methods" in answer.headers) == (allowed is not None)
        assert "Origin" in answer.headers["Vary"]


def test_answers_are_neither_stored_nor_sniffed(ehr: Ehr) -> None:
    for answer in (ehr.client.get("/cds-services"), ehr.post(ehr.request("patient-view", CONFIRMED))):
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", PATHS[0], "GET"),
        ("DELETE", PATHS[0], "GET"),
        ("GET", PATHS[1], "POST"),
        ("PUT", PATHS[1], "POST"),
        ("GET", PATHS[2], "POST"),
        *[("POST", path, "GET") for path in HEALTH],
    ],
)
def test_another_method_is_405_and_the_answer_names_the_right_one(
    method: str, path: str, allowed: str, ehr: Ehr
) -> None:
    answer = ehr.client.open(path, method=method, json={})
    check_error(answer, 405)
    assert allowed in answer.headers["Allow"]


@pytest.mark.parametrize("path", ["/index", "/cds-service", "/cds-services/a/b", "/static/x", "/cds-services/%00"])
def test_another_path_is_404(path: str, ehr: Ehr) -> None:
    check_error(ehr.client.get(path), 405 if path.endswith("%00") else 404)


def test_a_body_up_to_the_limit_is_read_and_a_larger_one_is_413(make_app: MakeApp) -> None:
    ehr = ehr_of(make_app(max_body_bytes=20_000))
    body: Json = ehr.request("patient-view", CONFIRMED)

    def padded(size: int) -> bytes:
        text = json.dumps(body)
        return text.encode() + b" " * (size - len(text))

    url = ehr.url("patient-view")
    assert ehr.client.post(url, data=padded(20_000), content_type="application/json").status_code == 200
    check_error(ehr.client.post(url, data=padded(20_001), content_type="application/json"), 413)
    check_error(ehr.client.post(f"{url}/feedback", data=padded(20_001), content_type="application/json"), 413)


def test_a_deeply_nested_body_is_400(ehr: Ehr) -> None:
    deep = b'{"prefetch":' * 5000 + b"1" + b"}" * 5000
    answer = ehr.client.post(ehr.url("patient-view"), data=deep, content_type="application/json")
    check_error(answer, 400, "body")


def test_a_body_with_very_many_keys_is_served(ehr: Ehr) -> None:
    body = ehr.request("patient-view", CONFIRMED)
    body["prefetch"] |= {f"key{number}": None for number in range(20_000)}
    assert ehr.cards(body)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("path", HEALTH)
def test_health_is_200_while_the_database_can_be_written(path: str, method: str, ehr: Ehr) -> None:
    answer = ehr.client.open(path, method=method)
    assert answer.status_code == 200
    assert answer.data == (b"" if method == "HEAD" else b'{"status":"ok"}')


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(("path", "status"), [("/health/live", 200), ("/health/ready", 503), ("/health", 503)])
def test_without_its_database_the_service_lives_and_is_not_ready(
    path: str, status: int, method: str, make_app: MakeApp, tmp_path: Path
) -> None:
    app = make_app(database_url=f"sqlite:///{tmp_path}/no/such/folder/cards.sqlite3")
    answer = app.test_client().open(path, method=method)
    assert answer.status_code == status
    if (method, status) == ("GET", 503):
        check_error(answer, 503)


def test_a_database_that_can_only_be_read_is_not_ready(make_app: MakeApp, tmp_path: Path) -> None:
    database = tmp_path / "cards.sqlite3"
    client = make_app(database_url=f"sqlite:///{database}").test_client()
    assert client.post("/cds-services/calciphylaxis-order-sign/feedback", json=FEEDBACK).status_code == 200
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        check_error(client.get("/health/ready"), 503)
        assert client.get("/health/live").status_code == 200
