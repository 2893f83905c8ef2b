"""Feedback where callers are known: what one client answers to the cards of another says nothing of them."""

from __future__ import annotations

from itertools import count
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from cds_service.storage.event_log import EventLog
from tests.contract.conftest import MakeApp
from tests.contract.ehr import Ehr, ehr_of
from tests.contract.records import CONFIRMED
from tests.stored import answers_in, overrides_in
from tests.unit.cds_service.cds_client import ISSUER, NOW, PATH, PUBLIC_URL, bearer, signing_key, token, trust_file

NORTH, SOUTH = ISSUER, "urn:south"
KEYS = {NORTH: signing_key(), SOUTH: signing_key("south")}
WHEN = "2026-03-02T11:59:00Z"
UNKNOWN_CARD = "00000000-0000-4000-8000-000000000000"
_CALLS = count()


@pytest.fixture
def app(make_app: MakeApp, tmp_path: Path) -> Flask:
    """A service with two trusted clients."""
    file = tmp_path / "clients.toml"
    south = trust_file(tenant="south", issuer=SOUTH, keys=[KEYS[SOUTH].jwk])
    file.write_text(trust_file() + south, encoding="utf-8")
    return make_app(dev=False, trusted_clients=file, public_url=PUBLIC_URL, open_discovery=True, clock=lambda: NOW)


@pytest.fixture
def ehr(app: Flask) -> Ehr:
    return ehr_of(app)


def post(ehr: Ehr, client: str, path: str, body: Any) -> TestResponse:
    once = token(KEYS[client], iss=client, aud=f"{PUBLIC_URL}{path}", jti=f"call-{next(_CALLS)}")
    return ehr.client.post(path, json=body, headers={"Authorization": bearer(once)})


def a_card(ehr: Ehr, client: str) -> str:
    answer = post(ehr, client, PATH, ehr.request("patient-view", CONFIRMED))
    assert answer.status_code == 200
    return str(answer.get_json()["cards"][0]["uuid"])


def overrule(ehr: Ehr, client: str, card: str) -> TestResponse:
    item = {"card": card, "outcome": "overridden", "outcomeTimestamp": WHEN}
    return post(ehr, client, f"{PATH}/feedback", {"feedback": [item]})


def test_another_client_learns_no_more_than_of_a_card_that_does_not_exist(ehr: Ehr) -> None:
    card = a_card(ehr, NORTH)
    theirs, nothing = overrule(ehr, SOUTH, card), overrule(ehr, SOUTH, UNKNOWN_CARD)
    assert theirs.status_code == nothing.status_code == 200
    assert theirs.get_data() == nothing.get_data()
    assert theirs.get_json()["issue"][0]["severity"] == "warning"
    mine = overrule(ehr, NORTH, card)
    assert (mine.status_code, mine.get_json()) == (200, {}), "the control: its own client is told that all is well"


def test_each_answer_is_stored_under_the_client_that_gave_it_and_counts_for_it_alone(ehr: Ehr, app: Flask) -> None:
    card = a_card(ehr, NORTH)
    for client in (SOUTH, NORTH, SOUTH, NORTH):
        overrule(ehr, client, card)
    store: EventLog = app.extensions["cds_event_log"]
    assert {(kept.client, kept.known, kept.topic != "") for kept in answers_in(store)} == {
        (SOUTH, False, False),
        (NORTH, True, True),
    }
    assert len(list(answers_in(store))) == 2
    assert sorted((row.topic != "", row.times) for row in overrides_in(store)) == [(False, 1), (True, 1)]


def test_each_client_answers_its_own_cards(ehr: Ehr) -> None:
    cards = {client: a_card(ehr, client) for client in (NORTH, SOUTH)}
    assert [overrule(ehr, client, card).get_json() for client, card in cards.items()] == [{}, {}]
