"""The rate holds for a client and all that it asks for, and for an address whose callers are not known."""

from __future__ import annotations

import logging
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import requests
from flask import Flask
from flask.testing import FlaskClient

from cds_service.access.public_keys import PublicKey
from tests.contract.card_rules import check_error
from tests.contract.conftest import MakeApp
from tests.fuzz.service_process import running_service
from tests.unit.cds_service.cds_client import NOW, PATH, PUBLIC_URL, bearer, signing_key, token, trust_file

pytestmark = pytest.mark.usefixtures("_files_read_once")
DISCOVERY = "/cds-services"
FEEDBACK = f"{PATH}/feedback"
ITEM = {"card": "c-1", "outcome": "overridden", "outcomeTimestamp": "2026-03-02T12:00:00Z"}
SOUTH = "urn:south"
EHR, STRANGER, PROXY = "198.51.100.7", "203.0.113.9", "10.0.0.1"
CALLS = 6
NUMBERS = count()


@pytest.fixture
def client(make_app: MakeApp, tmp_path: Path) -> FlaskClient:
    return guarded(make_app, tmp_path).test_client()


def guarded(make_app: MakeApp, tmp_path: Path, **changed: Any) -> Flask:
    """The service with two trusted clients, each of which may call six times a minute."""
    file = tmp_path / "clients.toml"
    file.write_text(trust_file() + trust_file(issuer=SOUTH), "utf-8")
    values = {"trusted_clients": file, "public_url": PUBLIC_URL, "rate_limit": f"{CALLS} per minute", **changed}
    return make_app(dev=False, clock=lambda: NOW, **values)


def asked(client: FlaskClient, path: str, authorization: str | None, address: str, **headers: str) -> int:
    """The status of this call."""
    sent = headers | ({} if authorization is None else {"Authorization": authorization})
    method, body = ("GET", None) if path == DISCOVERY else ("POST", {"feedback": [ITEM]})
    values: Any = {"method": method, "json": body, "headers": sent, "environ_base": {"REMOTE_ADDR": address}}
    return client.open(path, **values).status_code


def call(client: FlaskClient, path: str = DISCOVERY, address: str = EHR, *, iss: str | None = None, **more: str) -> int:
    """The status of a trusted client's call."""
    named: dict[str, Any] = {} if iss is None else {"iss": iss}
    good = token(aud=f"{PUBLIC_URL}{path}", jti=f"call-{next(NUMBERS)}", **named)
    return asked(client, path, bearer(good), address, **more)


def forged(client: FlaskClient, address: str = STRANGER, **headers: str) -> int:
    """The status of a call whose token a stranger has signed."""
    signed = token(signing_key("x"), {"kid": "2026-03"}, aud=f"{PUBLIC_URL}{DISCOVERY}", jti=f"x-{next(NUMBERS)}")
    return asked(client, DISCOVERY, bearer(signed), address, **headers)


def forged_feedback(client: FlaskClient, address: str) -> int:
    """The status of feedback whose token a stranger has signed."""
    return asked(client, FEEDBACK, bearer(token(signing_key("x"), {"kid": "2026-03"})), address)


def throttled(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What the log warns of calls above the rate."""
    said = [record for record in caplog.records if "429" in record.getMessage()]
    assert all(record.levelno == logging.WARNING for record in said)
    return [record.getMessage() for record in said]


@pytest.fixture
def signatures(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Grows by one for each signature that is looked at."""
    seen: list[str] = []
    verifies = PublicKey.verifies

    def noted(self: PublicKey, compact: str, algorithm: str) -> bool:
        seen.append(algorithm)
        return verifies(self, compact, algorithm)

    monkeypatch.setattr(PublicKey, "verifies", noted)
    return seen


# ------------------------------------------------------------------ behind the gate: per client
def test_all_that_a_client_asks_for_is_counted_together(client: FlaskClient) -> None:
    paths = [DISCOVERY, PATH, FEEDBACK] * (CALLS // 3)
    assert not {401, 429} & {call(client, path) for path in paths}
    assert [call(client, path) for path in (DISCOVERY, PATH, FEEDBACK)] == [429] * 3


def test_a_client_is_counted_wherever_it_calls_from(client: FlaskClient) -> None:
    assert [call(client, address=f"198.51.100.{number}") for number in range(CALLS + 1)] == [200] * CALLS + [429]


def test_each_client_has_its_own_count_even_behind_one_address(client: FlaskClient) -> None:
    for _ in range(CALLS + 1):
        call(client)
    assert call(client, iss=SOUTH) == 200


def test_the_answer_says_when_to_try_again(client: FlaskClient) -> None:
    for _ in range(CALLS):
        call(client)
    good = bearer(token(aud=f"{PUBLIC_URL}{DISCOVERY}", jti="last"))
    answer = client.get(DISCOVERY, headers={"Authorization": good})
    check_error(answer, 429)
    seconds = int(answer.headers["Retry-After"])
    assert 60 <= seconds <= 61
    (issue,) = answer.get_json()["issue"]
    assert issue["diagnostics"] == f"more calls than CDS_RATE_LIMIT allows; try again in {seconds} s"
    assert "Retry-After" in answer.headers["Access-Control-Expose-Headers"]


def test_the_log_says_which_client_is_above_the_rate_once_and_not_for_each_call(
    client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(CALLS):
        call(client)
        call(client, iss=SOUTH)
    assert "429" not in caplog.text
    assert [call(client) for _ in range(3)] == [429] * 3
    assert throttled(caplog) == ["answered 429: client north makes more calls than CDS_RATE_LIMIT allows"]


def test_the_log_says_of_strangers_of_which_kind_they_are_and_never_their_address(
    make_app: MakeApp, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    client = guarded(make_app, tmp_path, open_discovery=True).test_client()
    for number in range(2):
        for _ in range(CALLS + 2):
            asked(client, DISCOVERY, None, f"203.0.113.{number}")
            forged_feedback(client, f"203.0.113.{number}")
    assert sorted(throttled(caplog)) == [
        "answered 429: an address whose callers are not known makes more calls than CDS_RATE_LIMIT allows",
        "answered 429: an address whose tokens were refused makes more calls than CDS_RATE_LIMIT allows",
    ]
    assert "203.0.113" not in caplog.text


def test_health_and_preflights_are_not_counted(client: FlaskClient) -> None:
    values: Any = {"environ_base": {"REMOTE_ADDR": EHR}}
    for _ in range(CALLS + 3):
        assert client.get("/health", **values).status_code == 200
        assert client.options(PATH, headers={"Origin": "https://ehr.example"}, **values).status_code == 204
    assert call(client) == 200


# ------------------------------------------------------------------ before the gate: per address
def test_a_flood_of_bad_tokens_is_429_and_above_the_rate_no_signature_is_looked_at(
    client: FlaskClient, signatures: list[str]
) -> None:
    assert [forged(client) for _ in range(CALLS + 5)] == [401] * CALLS + [429] * 5
    assert len(signatures) == CALLS


@pytest.mark.parametrize("authorization", [None, "Basic x", "Bearer garbage"])
def test_calls_without_a_token_are_counted_as_well(client: FlaskClient, authorization: str | None) -> None:
    statuses = [asked(client, DISCOVERY, authorization, STRANGER) for _ in range(CALLS + 2)]
    assert statuses == [401] * CALLS + [429] * 2


def test_a_flood_of_bad_tokens_takes_nothing_from_a_trusted_client(client: FlaskClient) -> None:
    for _ in range(CALLS * 3):
        forged(client)
    assert [call(client) for _ in range(CALLS + 1)] == [200] * CALLS + [429]


def test_a_flood_of_bad_tokens_from_the_address_of_a_trusted_client_does_not_silence_it(client: FlaskClient) -> None:
    assert call(client) == 200
    assert 429 not in {forged(client, EHR) for _ in range(CALLS * 3)}
    assert [call(client) for _ in range(CALLS)] == [200] * (CALLS - 1) + [429]


def test_pages_and_refused_tokens_of_an_address_are_counted_apart(make_app: MakeApp, tmp_path: Path) -> None:
    client = guarded(make_app, tmp_path).test_client()
    values: Any = {"environ_base": {"REMOTE_ADDR": EHR}}
    assert [client.get("/reasons", **values).status_code for _ in range(CALLS + 1)][-1] == 429
    assert call(client) == 200
    with client.get("/pages/static/pages.css", **values) as style:
        assert style.status_code == 200, "what a page is made of is not counted"


def test_an_open_discovery_is_counted_for_the_address(make_app: MakeApp, tmp_path: Path) -> None:
    client = guarded(make_app, tmp_path, open_discovery=True).test_client()
    assert [asked(client, DISCOVERY, None, STRANGER) for _ in range(CALLS + 1)] == [200] * CALLS + [429]
    assert asked(client, DISCOVERY, None, EHR) == 200


# ------------------------------------------------------------------ what an address is
@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff"),
        ("203.0.113.9:4711", "203.0.113.9:4712"),
        ("203.0.113.9", "::ffff:203.0.113.9"),
        ("[2001:db8::1]:4711", "2001:db8::1"),
    ],
)
def test_two_spellings_of_one_caller_are_one(first: str, second: str, client: FlaskClient) -> None:
    assert [forged(client, first) for _ in range(CALLS)] == [401] * CALLS
    assert forged(client, second) == 429


@pytest.mark.parametrize(("first", "second"), [("2001:db8:1:2::1", "2001:db8:1:3::1"), ("203.0.113.9", "203.0.113.8")])
def test_two_callers_are_two(first: str, second: str, client: FlaskClient) -> None:
    assert [forged(client, first) for _ in range(CALLS + 1)][-1] == 429
    assert forged(client, second) == 401


@pytest.mark.parametrize("address", ["", "unknown", "a" * 5000])
def test_an_address_that_is_none_is_counted_all_the_same(address: str, client: FlaskClient) -> None:
    assert [forged(client, address) for _ in range(CALLS + 1)][-1] == 429


# ------------------------------------------------------------------ behind proxies
def test_without_trusted_proxies_nobody_chooses_the_address_that_he_is_counted_for(client: FlaskClient) -> None:
    statuses = [forged(client, **{"X-Forwarded-For": f"192.0.2.{number}"}) for number in range(CALLS + 1)]
    assert statuses == [401] * CALLS + [429]


def test_behind_proxies_each_caller_has_his_own_count(make_app: MakeApp, tmp_path: Path) -> None:
    client = guarded(make_app, tmp_path, trusted_proxies=1).test_client()
    assert [forged(client, PROXY, **{"X-Forwarded-For": STRANGER}) for _ in range(CALLS + 1)][-1] == 429
    assert forged(client, PROXY, **{"X-Forwarded-For": "203.0.113.8"}) == 401
    assert call(client, address=PROXY, **{"X-Forwarded-For": EHR}) == 200


@pytest.mark.parametrize("proxies", [1, 2])
def test_what_a_caller_wrote_before_the_proxies_added_to_it_is_ignored(
    proxies: int, make_app: MakeApp, tmp_path: Path
) -> None:
    client = guarded(make_app, tmp_path, trusted_proxies=proxies).test_client()
    added = ", ".join([STRANGER, PROXY][:proxies])
    statuses = [
        forged(client, PROXY, **{"X-Forwarded-For": f"192.0.2.{number}, {added}"}) for number in range(CALLS + 1)
    ]
    assert statuses == [401] * CALLS + [429]


@pytest.mark.parametrize("name", ["X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Prefix", "Forwarded"])
def test_of_a_proxy_nothing_but_the_address_is_believed(name: str, make_app: MakeApp, tmp_path: Path) -> None:
    client = guarded(make_app, tmp_path, trusted_proxies=1).test_client()
    elsewhere = bearer(token(aud=f"https://other.example{DISCOVERY}", jti=f"call-{next(NUMBERS)}"))
    value = "for=192.0.2.1;host=other.example" if name == "Forwarded" else "other.example"
    assert asked(client, DISCOVERY, elsewhere, PROXY, **{name: value}) == 401
    assert call(client, address=PROXY, **{name: value}) == 200


def test_no_proxy_vouches_for_the_name_under_which_the_pages_of_development_are_asked(make_app: MakeApp) -> None:
    client = make_app(pages=frozenset({"smart"}), smart_client_id="app", trusted_proxies=1).test_client()
    here, elsewhere = "127.0.0.1:5000", "evil.example"
    assert client.get("/smart", headers={"Host": here}).status_code == 200
    assert client.get("/smart", headers={"Host": elsewhere, "X-Forwarded-Host": here}).status_code == 403


def test_a_proxy_that_nobody_told_us_of_is_said_once(client: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(3):
        call(client, **{"X-Forwarded-For": STRANGER})
    assert caplog.text.count("CDS_TRUSTED_PROXIES") == 1
    assert STRANGER not in caplog.text


def test_proxies_that_are_trusted_are_not_complained_of(
    make_app: MakeApp, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    client = guarded(make_app, tmp_path, trusted_proxies=1).test_client()
    call(client, **{"X-Forwarded-For": STRANGER})
    assert "CDS_TRUSTED_PROXIES" not in caplog.text


@pytest.mark.thorough
def test_the_server_that_is_started_hands_over_what_the_proxies_said(tmp_path: Path) -> None:
    settings = {"CDS_RATE_LIMIT": f"{CALLS} per hour", "CDS_TRUSTED_PROXIES": "1"}
    with running_service(tmp_path, 1, **settings) as service:

        def status(forwarded_for: str) -> int:
            url = f"http://127.0.0.1:{service.port}{DISCOVERY}"
            return requests.get(url, headers={"X-Forwarded-For": forwarded_for}, timeout=30).status_code

        assert {status(f"203.0.113.{number}") for number in range(CALLS + 2)} == {200}
        assert [status(f"192.0.2.{number}, {EHR}") for number in range(CALLS + 1)] == [200] * CALLS + [429]
