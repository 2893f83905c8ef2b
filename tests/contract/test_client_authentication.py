"""CDS Hooks, "Trusting CDS Clients": only an EHR with a valid JWT is served; a refusal tells an attacker nothing."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import requests
import responses
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from cds_service.access.client_auth import ClientAuthentication
from cds_service.access.gate import caller, protect
from cds_service.access.key_sets import KeySets
from cds_service.access.token_log import TokenLog
from cds_service.access.token_memory import TokenMemory
from cds_service.access.trusted_clients import parse_trusted_clients
from cds_service.fhir_client.terms import LATE, NOT_ALLOWED
from cds_service.storage import Database
from tests.contract.conftest import MakeApp
from tests.contract.ehr import Ehr
from tests.contract.records import CONFIRMED
from tests.fhir_stand_in import FhirStandIn
from tests.unit.cds_service.cds_client import (
    ISSUER,
    JWKS_URL,
    NOW,
    PATH,
    PUBLIC_URL,
    SECONDS,
    bearer,
    claims,
    part,
    signing_key,
    token,
    trust_file,
)

DISCOVERY = "/cds-services"
FEEDBACK = f"{PATH}/feedback"
SECOND_ISSUER = "urn:second"
ACCEPTED_FEEDBACK = {"feedback": [{"card": "c-1", "outcome": "overridden", "outcomeTimestamp": "2026-03-02T12:00:00Z"}]}


@pytest.fixture
def guarded(make_app: MakeApp, tmp_path: Path) -> Iterator[Flask]:
    """The service, guarded: it trusts one client by keys in place and one by its key server."""
    app = make_app(clock=lambda: NOW)
    file = trust_file() + trust_file(issuer=SECOND_ISSUER, keys=None, jwks_url=JWKS_URL)
    database = Database(f"sqlite:///{tmp_path}/tokens.sqlite3")
    log = TokenLog(database)
    clients = parse_trusted_clients(file, "clients.toml")
    protect(app, ClientAuthentication(clients, log, PUBLIC_URL, lambda: NOW, KeySets()), open_endpoints={"cds.health"})
    yield app
    database.close()


@pytest.fixture
def client(guarded: Flask) -> FlaskClient:
    return guarded.test_client()


def call(client: FlaskClient, path: str, authorization: str | None, body: Any = None, **more: Any) -> TestResponse:
    headers = {"Origin": "https://ehr.example", **more.pop("headers", {})}
    if authorization is not None:
        headers["Authorization"] = authorization
    if path == DISCOVERY:
        return client.get(path, headers=headers, **more)
    return client.post(path, headers=headers, json=body, **more)


def for_path(path: str, **changed: Any) -> str:
    return bearer(token(aud=f"{PUBLIC_URL}{path}", **changed))


def check_refusal(answer: TestResponse) -> None:
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    body = answer.get_json()
    assert body["resourceType"] == "OperationOutcome"
    assert body["issue"] == [
        {"severity": "error", "code": "login", "diagnostics": "a bearer token of a trusted CDS client is needed"}
    ]


@pytest.mark.parametrize(("dev", "status"), [(False, 401), (True, 200)])
def test_trusted_clients_are_asked_for_but_in_development(
    dev: bool, status: int, make_app: MakeApp, tmp_path: Path
) -> None:
    file = tmp_path / "clients.toml"
    file.write_text(trust_file(), "utf-8")
    app = make_app(dev=dev, trusted_clients=file, public_url=PUBLIC_URL)
    assert app.test_client().get(DISCOVERY).status_code == status


@pytest.mark.parametrize("path", [DISCOVERY, PATH, FEEDBACK])
def test_discovery_services_and_feedback_refuse_a_call_without_token(client: FlaskClient, path: str) -> None:
    check_refusal(call(client, path, None))


def test_discovery_is_answered_to_a_trusted_client(client: FlaskClient) -> None:
    answer = call(client, DISCOVERY, for_path(DISCOVERY))
    assert answer.status_code == 200
    assert answer.get_json()["services"]


def test_a_service_is_answered_to_a_trusted_client(client: FlaskClient, ehr: Ehr) -> None:
    answer = call(client, PATH, for_path(PATH), ehr.request("patient-view", {}))
    assert answer.status_code == 200
    assert "cards" in answer.get_json()


@pytest.mark.parametrize(
    ("registered", "linked"),
    [({}, False), ({"smart_client_id": "app"}, True), ({"smart_open": True}, True)],
    ids=["not registered", "registered", "open"],
)
def test_cards_link_to_the_smart_app_for_clients_that_can_launch_it(
    registered: dict[str, Any], linked: bool, ehr: Ehr, make_app: MakeApp, tmp_path: Path
) -> None:
    file = tmp_path / "clients.toml"
    file.write_text(trust_file(**registered, fhir_servers=["https://ehr.example/fhir"]), "utf-8")
    app = make_app(
        dev=False, trusted_clients=file, public_url=PUBLIC_URL, pages=frozenset({"smart"}), clock=lambda: NOW
    )
    body = ehr.request("patient-view", CONFIRMED)
    cards = call(app.test_client(), PATH, for_path(PATH), body).get_json()["cards"]
    assert cards
    assert all(("links" in card) is linked for card in cards)


def test_feedback_is_taken_from_a_trusted_client(client: FlaskClient) -> None:
    assert call(client, FEEDBACK, for_path(FEEDBACK), ACCEPTED_FEEDBACK).status_code == 200


@pytest.mark.parametrize("algorithm", ["ES384", "RS384"])
def test_es384_and_rs384_are_accepted_with_keys_from_the_clients_key_server(
    client: FlaskClient, algorithm: str, mock: responses.RequestsMock
) -> None:
    key = signing_key("published", algorithm)
    mock.get(JWKS_URL, json={"keys": [key.jwk]})
    good = bearer(token(key, {"jku": JWKS_URL}, iss=SECOND_ISSUER, aud=f"{PUBLIC_URL}{DISCOVERY}"))
    assert call(client, DISCOVERY, good).status_code == 200


@pytest.fixture
def trap() -> Iterator[tuple[str, list[str]]]:
    """A real server at an address that tokens name, and the paths that it was asked for."""
    asked: list[str] = []

    class Trap(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, format: str, *args: Any) -> None:
            """Tests read no log."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Trap)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    thread.join()
    server.server_close()


def test_an_address_of_keys_in_a_token_is_never_contacted_where_the_keys_stand_in_place(
    client: FlaskClient, trap: tuple[str, list[str]]
) -> None:
    base, asked = trap
    named = bearer(token(header={"jku": f"{base}/jku"}, aud=f"{PUBLIC_URL}{DISCOVERY}"))
    assert call(client, DISCOVERY, named).status_code == 200
    key_along = token(header={"x5u": f"{base}/x5u"}, aud=f"{PUBLIC_URL}{DISCOVERY}", jti="call-2")
    check_refusal(call(client, DISCOVERY, bearer(key_along)))
    forged = token(signing_key("x"), {"kid": "2026-03", "jku": f"{base}/forged"}, aud=f"{PUBLIC_URL}{DISCOVERY}")
    check_refusal(call(client, DISCOVERY, bearer(forged)))
    assert asked == []
    assert requests.get(f"{base}/control", timeout=10).status_code == 404
    assert asked == ["/control"], "the trap works"


def test_the_audience_may_be_an_array(client: FlaskClient) -> None:
    good = bearer(token(aud=["https://other.example", f"{PUBLIC_URL}{DISCOVERY}"]))
    assert call(client, DISCOVERY, good).status_code == 200


def test_a_tenant_claim_is_no_hindrance(client: FlaskClient) -> None:
    assert call(client, DISCOVERY, for_path(DISCOVERY, tenant="ward-7")).status_code == 200


REFUSED = {
    "no bearer": "Basic dXNlcjpwYXNz",
    "garbage": "Bearer garbage",
    "letters beyond ASCII": "Bearer ü.ü.ü",
    "alg none": f"Bearer {part({'alg': 'none', 'kid': '2026-03'})}.{part(claims(aud=f'{PUBLIC_URL}{DISCOVERY}'))}.",
    "foreign issuer": for_path(DISCOVERY, iss="https://attacker.example"),
    "other key": bearer(token(signing_key("x"), {"kid": "2026-03"}, aud=f"{PUBLIC_URL}{DISCOVERY}")),
    "unknown kid": bearer(token(header={"kid": "x"}, aud=f"{PUBLIC_URL}{DISCOVERY}")),
    "foreign jku": bearer(
        token(header={"jku": "https://attacker.example/k"}, iss=SECOND_ISSUER, aud=f"{PUBLIC_URL}{DISCOVERY}")
    ),
    "other endpoint": for_path(PATH),
    "no audience": bearer(token(aud=None)),
    "expired": for_path(DISCOVERY, iat=SECONDS - 300, exp=SECONDS - 60),
    "no exp": for_path(DISCOVERY, exp=None),
    "no iat": for_path(DISCOVERY, iat=None),
    "not yet": for_path(DISCOVERY, nbf=SECONDS + 60),
    "a year long": for_path(DISCOVERY, exp=SECONDS + 31_536_000),
    "no jti": for_path(DISCOVERY, jti=None),
}


@pytest.mark.parametrize("authorization", REFUSED.values(), ids=REFUSED)
def test_every_refusal_looks_the_same(client: FlaskClient, authorization: str, mock: responses.RequestsMock) -> None:
    check_refusal(call(client, DISCOVERY, authorization))
    assert len(mock.calls) == 0


def test_a_token_is_good_once(client: FlaskClient) -> None:
    once = for_path(DISCOVERY)
    assert call(client, DISCOVERY, once).status_code == 200
    check_refusal(call(client, DISCOVERY, once))


@pytest.mark.parametrize("name", ["Host", "X-Forwarded-Host", "X-Original-URL", "X-Rewrite-URL"])
def test_the_caller_cannot_choose_the_audience_by_a_header(client: FlaskClient, name: str) -> None:
    elsewhere = bearer(token(aud=f"https://other.example{DISCOVERY}"))
    check_refusal(call(client, DISCOVERY, elsewhere, headers={name: "other.example"}))


@pytest.mark.parametrize("path", ["/cds-services/", "//cds-services", "/cds-services//calciphylaxis-patient-view"])
def test_another_spelling_of_an_address_opens_nothing(client: FlaskClient, path: str) -> None:
    answer = client.get(path, headers={"Accept": "application/json"})
    assert answer.status_code != 200
    assert b'"services"' not in answer.data


def test_a_refused_call_is_refused_before_its_body_is_judged(client: FlaskClient) -> None:
    check_refusal(client.post(PATH, data=b"{", headers={"Origin": "https://ehr.example"}))


def test_a_view_knows_who_calls(guarded: Flask) -> None:
    guarded.add_url_rule("/who", "who", lambda: {"tenant": getattr(caller(), "tenant", None)})
    assert guarded.test_client().get("/who").status_code == 401
    answer = guarded.test_client().get("/who", headers={"Authorization": for_path("/who")})
    assert answer.get_json() == {"tenant": "north"}


def test_an_address_that_leads_nowhere_is_answered_as_that(client: FlaskClient) -> None:
    assert client.get("/nowhere").status_code == 404


def test_a_service_that_does_not_exist_is_not_told_to_strangers(client: FlaskClient) -> None:
    check_refusal(call(client, "/cds-services/unknown", None, {}))


def test_preflights_pass_whatever_else_answers_them() -> None:
    app = Flask("bare")
    app.add_url_rule("/", "index", lambda: "")
    clients = parse_trusted_clients(trust_file(), "clients.toml")
    authentication = ClientAuthentication(clients, TokenLog(Database("sqlite://")), PUBLIC_URL, lambda: NOW, KeySets())
    protect(app, authentication, open_endpoints=())
    assert app.test_client().options("/").status_code == 200
    assert app.test_client().get("/").status_code == 401


def test_preflights_need_no_token(client: FlaskClient) -> None:
    answer = client.options(PATH, headers={"Origin": "https://ehr.example", "Access-Control-Request-Method": "POST"})
    assert answer.status_code < 300
    assert "Authorization" in answer.headers["Access-Control-Allow-Headers"]


@pytest.mark.parametrize("path", ["/health", "/health/live", "/health/ready"])
def test_health_needs_no_token(path: str, make_app: MakeApp, tmp_path: Path) -> None:
    file = tmp_path / "clients.toml"
    file.write_text(trust_file(), "utf-8")
    client = make_app(dev=False, trusted_clients=file, public_url=PUBLIC_URL).test_client()
    assert client.get(path).status_code == client.head(path).status_code == 200
    assert client.get(DISCOVERY).status_code == 401


@pytest.fixture
def without_database(make_app: MakeApp, tmp_path: Path) -> Iterator[Flask]:
    """The service, guarded, with a database that cannot be opened; its worker remembers two tokens."""
    app = make_app(clock=lambda: NOW)
    log = TokenLog(Database(f"sqlite:///{tmp_path}/missing/tokens.sqlite3"), TokenMemory(most=2))
    clients = parse_trusted_clients(trust_file(), "clients.toml")
    protect(app, ClientAuthentication(clients, log, PUBLIC_URL, lambda: NOW, KeySets()), open_endpoints=())
    yield app
    log.close()


def test_while_the_database_is_lost_a_token_is_good_once_for_a_worker(without_database: Flask) -> None:
    client, once = without_database.test_client(), for_path(DISCOVERY)
    assert call(client, DISCOVERY, once).status_code == 200
    check_refusal(call(client, DISCOVERY, once))


def test_when_no_more_used_tokens_can_be_remembered_the_answer_is_503(
    without_database: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    client = without_database.test_client()
    for number in range(2):
        assert call(client, DISCOVERY, for_path(DISCOVERY, jti=f"call-{number}")).status_code == 200
    answer = call(client, DISCOVERY, for_path(DISCOVERY, jti="secret-id"))
    assert answer.status_code == 503
    assert answer.get_json()["issue"][0]["code"] == "transient"
    assert int(answer.headers["Retry-After"]) > 0
    assert "secret-id" not in caplog.text


def test_the_log_tells_the_reason_but_nothing_of_the_token(
    client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    bad = for_path(DISCOVERY, sub="Mrs Example", jti="secret-id", exp=SECONDS + 5000)
    check_refusal(call(client, DISCOVERY, bad))
    assert "a caller was refused: lifetime" in caplog.text
    for secret in (bad, bad.split(".")[2], "Mrs Example", "secret-id", ISSUER):
        assert secret not in caplog.text


@pytest.mark.parametrize(
    ("path", "below"), [("/fhir/r4", True), ("/tenants/north/r4", True), ("/other", False), ("/fhir/r4b", False)]
)
@pytest.mark.parametrize("host", ["ehr.localhost", "elsewhere.localhost", "settings.localhost"])
def test_a_client_can_send_us_only_to_its_own_fhir_servers(
    host: str, path: str, below: bool, make_app: MakeApp, tmp_path: Path, ehr: Ehr, stand_in: FhirStandIn
) -> None:
    file = tmp_path / "clients.toml"
    own, others = (f"https://{name}.localhost:{stand_in.port}" for name in ("ehr", "settings"))
    file.write_text(trust_file(fhir_servers=[f"{own}/fhir/r4", f"{own}/tenants/"]), "utf-8")
    server, contacted = f"https://{host}:{stand_in.port}{path}", below and host == "ehr.localhost"
    app = make_app(
        dev=False,
        trusted_clients=file,
        public_url=PUBLIC_URL,
        allowed_fhir_servers=(f"{others}/fhir/r4",),
        fhir_deadline_seconds=0.3,
        clock=lambda: NOW,
    )
    body = ehr.request("patient-view") | {"fhirServer": server}
    answer = call(app.test_client(), PATH, for_path(PATH), body)
    assert answer.status_code == 412
    # The server speaks no TLS, and waits for the end of a request: that it was contacted is all that can be seen.
    assert (LATE if contacted else NOT_ALLOWED) in answer.get_json()["issue"][0]["diagnostics"]
    assert stand_in.calls == []
