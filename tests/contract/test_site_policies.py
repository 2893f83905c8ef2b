"""Two tenants in one service: each has its own numbers, codes, sentences and reasons, and neither sees the other's."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from cds_service.storage.schema import event
from tests.contract.conftest import MakeApp
from tests.contract.ehr import Ehr, ehr_of, topics
from tests.contract.records import HAEMODIALYSIS, Json, Record, order, result
from tests.unit.cds_service.cds_client import ISSUER, NOW, PATH, PUBLIC_URL, bearer, signing_key, token, trust_file
from tests.unit.cds_service.knowledge.policies import NORTHERN, policy_file

NORTH, SOUTH, OTHER = ISSUER, "urn:south", "urn:other"
KEYS = {NORTH: signing_key(), SOUTH: signing_key("south"), OTHER: signing_key("other")}
DISCOVERY = "/cds-services"
SOUTHERN = """
[[lab]]
analyte = "total_calcium"
system = "https://south.example/lab"
code = "CALC"
[critical_off]
people = ["Dr Ana Silva", "Dr Ben Okoro"]
covers = ["total_calcium"]
reason = "the code was looked up by both"
"""
_CALLS = count()

Serve = Callable[..., Flask]


@pytest.fixture
def serve(make_app: MakeApp, tmp_path: Path) -> Serve:
    """A service with three trusted clients and these site policies."""
    clients = tmp_path / "clients.toml"
    others = [(tenant, issuer) for tenant, issuer in (("south", SOUTH), ("other", OTHER))]
    more = [trust_file(tenant=tenant, issuer=issuer, keys=[KEYS[issuer].jwk]) for tenant, issuer in others]
    clients.write_text("".join([trust_file(), *more]), encoding="utf-8")
    folder = tmp_path / "policies"
    folder.mkdir()

    def make(**policies: str) -> Flask:
        for tenant, text in policies.items():
            (folder / f"{tenant}.toml").write_text(text, "utf-8")
        return make_app(
            dev=False, trusted_clients=clients, site_policies=folder, public_url=PUBLIC_URL, clock=lambda: NOW
        )

    return make


@pytest.fixture
def app(serve: Serve) -> Flask:
    return serve(north=policy_file("north", NORTHERN), south=policy_file("south", SOUTHERN))


def authorised(client: str, path: str) -> dict[str, str]:
    once = token(KEYS[client], iss=client, aud=f"{PUBLIC_URL}{path}", jti=f"call-{next(_CALLS)}")
    return {"Authorization": bearer(once)}


def cards(app: Flask, client: str, record: Record) -> list[Json]:
    body = Ehr(app.test_client(), services(app, client)).request("patient-view", record)
    answer: TestResponse = app.test_client().post(PATH, json=body, headers=authorised(client, PATH))
    assert answer.status_code == 200, answer.get_json()
    found: list[Json] = answer.get_json()["cards"]
    return found


def services(app: Flask, client: str) -> dict[str, Json]:
    answer = app.test_client().get(DISCOVERY, headers=authorised(client, DISCOVERY))
    return {service["hook"]: service for service in answer.get_json()["services"]}


def dated(resource: Json, days_ago: int = 6) -> Json:
    day = (NOW - timedelta(days=days_ago)).isoformat()
    return {**resource, **{key: day for key in ("effectiveDateTime", "performedDateTime") if key in resource}}


def on_dialysis(calcium: Json, drug: Json) -> Record:
    return {"dialysis_procedures": [dated(HAEMODIALYSIS)], "calcium": [dated(calcium)], "medications": [drug]}


def policy_kept_of(app: Flask, card: str) -> str:
    """The version that stands at the event of a card."""
    app.extensions["cds_event_log"].ship()
    asked = select(event.c.policy).where(event.c.card_uuid == card)
    (version,) = app.extensions["cds_database"].transact(lambda connection: [*connection.scalars(asked)], 20)
    return str(version)


ACETATE = order("m1", "214342", "calcium acetate")
CALCIUM = result("o1", "17861-6", 9.9, "mg/dL")
HIGH = "calcium-hypercalcaemia"


def test_each_has_its_own_numbers(app: Flask) -> None:
    record = on_dialysis(CALCIUM, ACETATE)
    found = {client: topics(cards(app, client, record)) for client in KEYS}
    assert HIGH in found[NORTH]
    assert HIGH not in found[SOUTH]
    assert found[SOUTH] == found[OTHER]


def test_each_has_its_own_drugs(app: Flask) -> None:
    chalk = order("m1", "x", "")
    chalk["medicationCodeableConcept"] = {"coding": [{"system": "https://north.example/drugs", "code": "CA-1"}]}
    record = on_dialysis(result("o1", "17861-6", 11.0, "mg/dL"), chalk)
    (card,) = (card for card in cards(app, NORTH, record) if topics([card]) == [HIGH])
    assert "northern chalk" in card["summary"] + card["detail"]
    assert all(HIGH not in topics(cards(app, client, record)) for client in (SOUTH, OTHER))


def test_each_has_its_own_results(app: Flask) -> None:
    high = result("o1", "17861-6", 11.0, "mg/dL")
    high["code"] = {"coding": [{"system": "https://south.example/lab", "code": "CALC"}]}
    record = on_dialysis(high, ACETATE)
    assert HIGH in topics(cards(app, SOUTH, record))
    assert all(HIGH not in topics(cards(app, client, record)) for client in (NORTH, OTHER))


def test_each_has_its_own_sentences_and_reasons(app: Flask) -> None:
    record = on_dialysis(result("o1", "17861-6", 11.0, "mg/dL"), ACETATE)
    told = {client: json.dumps(cards(app, client, record)) for client in KEYS}
    for words in ("Call the northern team: 1234.", "northern-reason", "/reasons/of/north/calcium-hypercalcaemia"):
        assert {client: words in text for client, text in told.items()} == {NORTH: True, SOUTH: False, OTHER: False}
    assert "/reasons/of/south" in told[SOUTH]
    assert "/reasons/of" not in told[OTHER]


def test_discovery_follows_the_caller(app: Flask) -> None:
    asked = {client: services(app, client)["patient-view"]["prefetch"]["calcium"] for client in KEYS}
    assert [client for client, template in asked.items() if ",CALC&" in template] == [SOUTH]
    assert asked[NORTH] == asked[OTHER]


def test_cards_and_events_name_the_policy_by_which_they_came(app: Flask) -> None:
    record = on_dialysis(result("o1", "17861-6", 11.0, "mg/dL"), ACETATE)
    kept: dict[str, str] = {}
    for client in KEYS:
        (card,) = (card for card in cards(app, client, record) if topics([card]) == [HIGH])
        kept[client] = policy_kept_of(app, card["uuid"])
        extension = card.get("extension")
        assert extension == (None if client == OTHER else {"calciphylaxis-cds.site-policy": {"version": kept[client]}})
    assert len({*kept.values()}) == 3


def test_a_policy_counts_from_its_day_on(serve: Serve) -> None:
    days = {"before": NOW.date() + timedelta(days=1), "since": NOW.date()}
    for name, effective in days.items():
        app = serve(north=policy_file("north", NORTHERN, effective=effective))
        assert (HIGH in topics(cards(app, NORTH, on_dialysis(CALCIUM, ACETATE)))) is (name == "since")


def test_the_default_policy_is_for_tenants_without_one_and_for_anonymous_discovery(serve: Serve) -> None:
    app = serve(default=policy_file("default", SOUTHERN), north=policy_file("north", NORTHERN))
    asked = {client: services(app, client)["patient-view"]["prefetch"]["calcium"] for client in KEYS}
    assert [client for client, template in asked.items() if ",CALC&" in template] == [SOUTH, OTHER]


def test_anybody_may_ask_what_the_default_policy_asks_for(make_app: MakeApp, tmp_path: Path) -> None:
    (tmp_path / "default.toml").write_text(policy_file("default", SOUTHERN), "utf-8")
    app = make_app(site_policies=tmp_path, clock=lambda: NOW)
    assert ",CALC&" in ehr_of(app).services["patient-view"]["prefetch"]["calcium"]


def test_a_newer_file_that_is_faulty_changes_no_card_and_is_told_by_health(serve: Serve, tmp_path: Path) -> None:
    app = serve(north=policy_file("north", NORTHERN))
    version = cards(app, NORTH, on_dialysis(CALCIUM, ACETATE))[0]["extension"]["calciphylaxis-cds.site-policy"][
        "version"
    ]
    assert "older_site_policies" not in health(app)
    for text, older in ((policy_file("north", owner=None), {"north": version}), (policy_file("north", NORTHERN), None)):
        (tmp_path / "policies" / "north.toml").write_text(text, "utf-8")
        for _ in range(2):
            app.extensions["cds_reload"].look()
        assert health(app).get("older_site_policies") == older
        assert HIGH in topics(cards(app, NORTH, on_dialysis(CALCIUM, ACETATE)))


def test_a_policy_that_was_taken_away_is_told_by_health(serve: Serve, tmp_path: Path) -> None:
    app = serve(north=policy_file("north", NORTHERN))
    assert "site_policies_taken_away" not in health(app)
    (tmp_path / "policies" / "no-site-policies").touch()
    (tmp_path / "policies" / "north.toml").unlink()
    for _ in range(2):
        app.extensions["cds_reload"].look()
    told = health(app)["site_policies_taken_away"]
    assert isinstance(told, dict)
    assert told["north"].startswith("the site policy of north (version ")
    assert told["north"].endswith(f") was taken away on {NOW:%Y-%m-%d}")


def test_files_that_are_refused_and_a_folder_that_is_empty_are_told_by_health_which_stays_green(
    serve: Serve, tmp_path: Path
) -> None:
    app, folder = serve(north=policy_file("north", NORTHERN)), tmp_path / "policies"

    def told() -> dict[str, object]:
        for _ in range(2):
            app.extensions["cds_reload"].look()
        return {name: said for name, said in health(app).items() if name.startswith("site_policies")}

    assert told() == {}
    (folder / "nort.toml").write_text(policy_file("nort"), "utf-8")
    (folder / "west.toml").write_text(policy_file("south", owner=None), "utf-8")
    assert told() == {"site_policies_refused": {"nort.toml": "no such tenant", "west.toml": "faulty"}}
    for path in folder.iterdir():
        path.unlink()
    assert "the last good site policies go on" in str(told()["site_policies_folder"])
    assert HIGH in topics(cards(app, NORTH, on_dialysis(CALCIUM, ACETATE)))


def test_each_change_of_a_policy_is_an_event_however_many_workers_notice_it(serve: Serve, tmp_path: Path) -> None:
    workers = [serve(north=policy_file("north", NORTHERN)) for _ in range(2)]
    (tmp_path / "policies" / "north.toml").write_text(policy_file("north", SOUTHERN), "utf-8")
    for app in workers:
        for _ in range(2):
            app.extensions["cds_reload"].look()
        app.extensions["cds_event_log"].ship()
    asked = select(event.c.content, event.c.policy).where(event.c.kind == "policy-changed").order_by(event.c.at)
    found = workers[0].extensions["cds_database"].transact(lambda connection: [*connection.execute(asked)], 20)
    told = {content["became"]: (content["owner"], content.get("before"), policy) for content, policy in found}
    owner = "Dr Ana Silva, nephrology"
    first, second = told["taken"][2], told["changed"][2]
    assert told == {"taken": (owner, None, first), "changed": (owner, first, second)}


def test_a_changed_file_counts_for_the_next_call_in_discovery_cards_and_reasons(serve: Serve, tmp_path: Path) -> None:
    app = serve(north=policy_file("north", NORTHERN))
    (tmp_path / "policies" / "north.toml").write_text(policy_file("north", SOUTHERN), "utf-8")
    for _ in range(2):
        app.extensions["cds_reload"].look()
    assert ",CALC&" in services(app, NORTH)["patient-view"]["prefetch"]["calcium"]
    assert HIGH not in topics(cards(app, NORTH, on_dialysis(CALCIUM, ACETATE)))
    assert "the northern committee" not in app.test_client().get(f"/reasons/of/north/{HIGH}").text
    assert "(https://south.example/lab)" in app.test_client().get("/reasons/of/north/about").text


def health(app: Flask) -> dict[str, object]:
    answer = app.test_client().get("/health/ready")
    assert answer.status_code == 200
    found: dict[str, object] = answer.get_json()
    described = app.test_client().get("/openapi.json").get_json()["components"]["schemas"]["Health"]
    assert found.keys() <= described["properties"].keys()
    return found
