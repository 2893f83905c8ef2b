"""What one tenant has switched off is off for it alone; it is told so, others are not, and health tells everybody."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from cds_service.storage import SwitchedOff, changing, kill_switch
from cds_service.storage.schema import event as event_table
from tests.contract.conftest import MakeApp
from tests.contract.ehr import topics
from tests.contract.records import CALCIPHYLAXIS, DIALYSIS, WARFARIN, Json, Record
from tests.contract.test_site_policies import KEYS, NORTH, SOUTH, cards, services
from tests.unit.cds_service.cds_client import NOW, PUBLIC_URL, trust_file
from tests.unit.cds_service.knowledge.policies import NORTHERN, policy_file

PILOT = """
[[shadow]]
since = 2026-02-01
reason = "pilot"
"""
RECORD: Record = {**DIALYSIS, "conditions": [*DIALYSIS["conditions"], CALCIPHYLAXIS], "medications": [WARFARIN]}
NO_CARD = "No card does not mean no risk."


@pytest.fixture
def app(make_app: MakeApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """A service with two tenants, of which one is in its pilot; the kill switch is looked at in every call."""
    monkeypatch.setattr(kill_switch, "LOOK_SECONDS", 0.0)
    clients, folder = tmp_path / "clients.toml", tmp_path / "policies"
    more = trust_file(tenant="south", issuer=SOUTH, keys=[KEYS[SOUTH].jwk])
    clients.write_text(trust_file(tenant="north") + more, encoding="utf-8")
    folder.mkdir()
    (folder / "north.toml").write_text(policy_file("north", PILOT), "utf-8")
    settings = {"dev": False, "trusted_clients": clients, "site_policies": folder, "public_url": PUBLIC_URL}
    return make_app(**settings, database_url=f"sqlite:///{tmp_path}/cds.sqlite3", clock=lambda: NOW)


def switch_off(folder: Path, tenant: str | None) -> None:
    """Nothing but this is switched off at once."""
    since = datetime(2026, 11, 30, 9, tzinfo=NOW.tzinfo)
    with changing(folder / "cds.sqlite3.spool.kill-switch.json") as entries:
        entries[:] = [SwitchedOff(since, "Dr Silva", "wrong text", tenant=tenant)]


def descriptions(app: Flask, client: str) -> str:
    return " ".join(service["description"] for service in services(app, client).values())


def health(app: Flask) -> Json:
    found: Json = app.test_client().get("/health/ready").get_json()
    return found


def kept(app: Flask) -> list[dict[str, Any]]:
    app.extensions["cds_event_log"].ship()
    asked = select(event_table).where(event_table.c.topic != "")
    found = app.extensions["cds_database"].transact(lambda connection: connection.execute(asked).mappings().all(), 20)
    return [dict(row) for row in found]


def test_a_pilot_shows_no_card_and_keeps_what_the_other_tenant_is_shown(app: Flask) -> None:
    shown = topics(cards(app, SOUTH, RECORD))
    assert cards(app, NORTH, RECORD) == []
    events = kept(app)
    told = {
        tenant: sorted((one["topic"], one["indicator"], one["facts"]) for one in events if one["tenant"] == tenant)
        for tenant in ("north", "south")
    }
    assert told["north"] == told["south"]
    assert [topic for topic, *_ in told["south"]] == sorted(shown)
    kinds = {one["tenant"]: (one["kind"], one["reason"]) for one in events}
    assert kinds == {"north": ("card-suppressed", "shadow"), "south": ("card-issued", "")}


def test_each_tenant_is_told_what_it_does_not_get_and_health_tells_all(app: Flask) -> None:
    pilot = "All cards are worked out and recorded but not shown (shadow mode)"
    assert f"{pilot} since 2026-02-01: pilot. {NO_CARD}" in descriptions(app, NORTH)
    assert "not shown" not in descriptions(app, SOUTH)
    assert health(app)["not_shown"] == [{"reason": "shadow", "tenants": 1}]
    assert f"{pilot} for north since 2026-02-01: pilot." in app.test_client().get("/").text


def test_the_reasons_of_a_tenant_tell_what_it_has_switched(app: Flask) -> None:
    page = app.test_client().get("/reasons/of/north/vka-cua").text
    assert "<li>All cards are worked out and recorded but not shown (shadow mode) since 2026-02-01: pilot.</li>" in page
    assert "shadow mode" not in app.test_client().get("/reasons/vka-cua").text


def test_the_default_policy_silences_no_clinic_that_is_known(app: Flask, tmp_path: Path) -> None:
    before = topics(cards(app, SOUTH, RECORD))
    folder = tmp_path / "policies"
    (folder / "default.toml").write_text(policy_file("default", PILOT + NORTHERN), "utf-8")
    (folder / "north.toml").write_text(policy_file("nort", PILOT), "utf-8")
    (folder / "north.toml").rename(folder / "northern.toml")
    for _ in range(2):
        app.extensions["cds_reload"].look()
    assert topics(cards(app, SOUTH, RECORD)) == topics(cards(app, NORTH, RECORD)) == before
    assert "not shown" not in descriptions(app, SOUTH)
    told = "All cards are worked out and recorded but not shown (shadow mode) for callers that are not known since"
    assert told in app.test_client().get("/").text
    assert told in app.test_client().get("/reasons/of/default/vka-cua").text
    assert health(app)["not_shown"] == [{"reason": "shadow", "tenants": 1}]


def test_the_kill_switch_of_a_tenant_is_for_it_alone(app: Flask, tmp_path: Path) -> None:
    switch_off(tmp_path, None)
    assert cards(app, SOUTH, RECORD) == []
    switch_off(tmp_path, "south")
    assert cards(app, SOUTH, RECORD) == []
    assert {(one["tenant"], one["reason"]) for one in kept(app)} == {("south", "kill-switch")}
    assert "All cards have been switched off for south since 2026-11-30 09:00 UTC by Dr Silva" in descriptions(
        app, SOUTH
    )
    assert "Dr Silva" not in descriptions(app, NORTH)
    switch_off(tmp_path, "north")
    assert cards(app, SOUTH, RECORD)


def test_the_default_of_the_kill_switch_holds_for_a_tenant_without_a_policy_of_its_own(
    app: Flask, tmp_path: Path
) -> None:
    switch_off(tmp_path, "default")
    assert cards(app, SOUTH, RECORD) == cards(app, NORTH, RECORD) == []
    assert {(one["tenant"], one["reason"]) for one in kept(app)} == {("south", "kill-switch"), ("north", "shadow")}
    assert "All cards have been switched off for callers that are not known and tenants without" in descriptions(
        app, SOUTH
    )
    assert "Dr Silva" not in descriptions(app, NORTH)
