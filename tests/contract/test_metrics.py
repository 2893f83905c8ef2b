"""/metrics tells in numbers what happens: whom the operator names, and nothing of a patient."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from cds_service.storage import SwitchedOff, changing, kill_switch
from tests.contract.conftest import MakeApp
from tests.contract.ehr import Ehr
from tests.contract.records import CONFIRMED, DIALYSIS, NOW, PATIENT_ID, WARFARIN, WARFARIN_DRAFT, failure
from tests.unit.cds_service.cds_client import PUBLIC_URL, trust_file
from tests.unit.cds_service.knowledge.policies import policy_file

VIEW = "calciphylaxis-patient-view"
Numbers = dict[str, float]


def read(app: Flask, **how: object) -> Numbers:
    """Every number, by its name and labels."""
    answer = app.test_client().get("/metrics", **how)
    assert answer.status_code == 200
    assert answer.content_type.startswith("text/plain")
    lines = [line.rpartition(" ") for line in answer.text.splitlines() if not line.startswith("#")]
    return {name.removeprefix("calciphylaxis_cds_"): float(value) for name, _, value in lines}


def added(app: Flask, act: Callable[[], object]) -> Numbers:
    """What `act` adds to the numbers; of this process, in which other tests have counted too."""
    before = read(app)
    act()
    after = read(app)
    more = {name: value - before.get(name, 0.0) for name, value in after.items()}
    # What is told as it is at the moment changes by itself: the spool empties.
    return {name: value for name, value in more.items() if value and not re.search("metrics.read|^spool_", name)}


def test_a_call_is_counted_with_its_cards_and_its_data(app: Flask, ehr: Ehr) -> None:
    more = added(app, lambda: ehr.ask("patient-view", {**CONFIRMED, "medications": [WARFARIN]}, calcium=None))
    assert more['answers_total{endpoint="cds.call_service",status="200"}'] == 1
    assert more[f'call_seconds_count{{service="{VIEW}"}}'] == 1
    assert more[f'cards_total{{indicator="critical",service="{VIEW}",topic="vka-cua"}}'] == 1
    assert more['data_total{came="sent",query="conditions",read="whole"}'] == 1
    assert more['data_total{came="null",query="calcium",read="whole"}'] == 1


def test_what_cannot_be_judged_is_counted_by_what_is_missing(app: Flask, ehr: Ehr) -> None:
    body = ehr.request("patient-view", DIALYSIS)
    body["prefetch"]["conditions"] = failure()
    more = added(app, lambda: ehr.post(body))
    assert more['answers_total{endpoint="cds.call_service",status="412"}'] == 1
    assert more[f'calls_refused_total{{service="{VIEW}",what="conditions"}}'] == 1
    assert more['data_total{came="sent",query="conditions",read="failed"}'] == 1


def test_feedback_is_counted_by_its_outcome(app: Flask, ehr: Ehr) -> None:
    answer = {"card": "0", "outcome": "overridden", "outcomeTimestamp": NOW.isoformat()}
    body = {"feedback": [answer, {**answer, "card": "1"}]}
    more = added(app, lambda: ehr.client.post(ehr.url("patient-view", "/feedback"), json=body))
    assert more[f'feedback_total{{outcome="overridden",service="{VIEW}"}}'] == 2


def test_what_was_asked_for_in_vain_has_no_name_of_its_own(app: Flask) -> None:
    """Labels are ours: an address that somebody tries out must not make one."""
    more = added(app, lambda: [app.test_client().get(f"/{PATIENT_ID}/{number}") for number in range(3)])
    assert more == {'answers_total{endpoint="none",status="404"}': 3}
    more = added(app, lambda: app.test_client().post(f"/cds-services/{PATIENT_ID}"))
    assert more['call_seconds_count{service="unknown"}'] == 1


def test_nothing_that_was_sent_stands_in_it(app: Flask, ehr: Ehr) -> None:
    ehr.ask("order-sign", {**DIALYSIS, "medications": [WARFARIN]}, WARFARIN_DRAFT)
    ehr.client.get(f"/cds-services/{PATIENT_ID}", headers={"Authorization": "Bearer secret-token"})
    text = app.test_client().get("/metrics").text
    assert not [
        word for word in (PATIENT_ID, "nephrologist-3", "warfarin", "secret-token", "127.0.0.1") if word in text
    ]


def test_the_policy_of_each_tenant_the_spool_and_what_is_switched_off_are_told_as_they_are_now(
    make_app: MakeApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kill_switch, "LOOK_SECONDS", 0.0)
    folder, clients = tmp_path / "policies", tmp_path / "clients.toml"
    folder.mkdir()
    (folder / "north.toml").write_text(policy_file("north"), "utf-8")
    clients.write_text(trust_file(tenant="north"), "utf-8")
    settings = {"dev": False, "metrics": True, "trusted_clients": clients, "public_url": PUBLIC_URL}
    app = make_app(**settings, site_policies=folder, database_url=f"sqlite:///{tmp_path}/cds.sqlite3")
    numbers = read(app)
    policies = [name for name, value in numbers.items() if name.startswith("policy_info") and value == 1]
    assert [name.partition("{")[2].partition(",version")[0] for name in sorted(policies)] == [
        'site_policy="false",tenant=""',
        'site_policy="true",tenant="north"',
    ]
    assert (numbers["spool_bytes"], numbers["spool_max_bytes"]) == (0, 500_000_000)
    assert not any(name.startswith("not_shown") for name in numbers)
    with changing(tmp_path / "cds.sqlite3.spool.kill-switch.json") as entries:
        entries[:] = [SwitchedOff(NOW, "Dr Silva", "wrong text")]
    assert read(app)['not_shown{reason="kill-switch"}'] == 1


def test_a_refused_caller_is_counted_by_the_reason_and_metrics_need_no_token(make_app: MakeApp, tmp_path: Path) -> None:
    clients = tmp_path / "clients.toml"
    clients.write_text(trust_file(), "utf-8")
    app = make_app(dev=False, metrics=True, trusted_clients=clients, public_url=PUBLIC_URL, rate_limit="1/minute")
    more = added(app, lambda: app.test_client().get("/cds-services"))
    assert more['callers_refused_total{reason="no-token"}'] == 1
    assert more['answers_total{endpoint="cds.discover",status="401"}'] == 1


def test_without_being_asked_for_it_is_not_there(make_app: MakeApp, tmp_path: Path) -> None:
    clients = tmp_path / "clients.toml"
    clients.write_text(trust_file(), "utf-8")
    app = make_app(dev=False, trusted_clients=clients, public_url=PUBLIC_URL)
    assert app.test_client().get("/metrics").status_code == 404


@pytest.mark.parametrize(
    ("address", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("127.3.2.1", {}, 200),
        ("::1", {}, 200),
        ("::ffff:127.0.0.1", {}, 200),
        ("10.1.2.3", {}, 403),
        ("", {}, 403),
    ],
)
def test_only_this_machine_may_read_it_unless_others_are_named(
    address: str, headers: dict[str, str], status: int, app: Flask
) -> None:
    answer = app.test_client().get("/metrics", environ_base={"REMOTE_ADDR": address}, headers=headers)
    assert answer.status_code == status
    if status == 403:
        assert "CDS_METRICS_FROM" in answer.get_json()["issue"][0]["diagnostics"]


FORWARDED = {
    "X-Forwarded-For": "10.1.2.3",
    "x-forwarded-for": "",
    "X-Forwarded-Host": "cds.example",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Port": "443",
    "X-Forwarded-Server": "traefik",
    "X-Original-Forwarded-For": "10.1.2.3",
    "X-Real-IP": "10.1.2.3",
    "X-Client-IP": "10.1.2.3",
    "X-Cluster-Client-Ip": "10.1.2.3",
    "True-Client-IP": "10.1.2.3",
    "CF-Connecting-IP": "10.1.2.3",
    "X-Envoy-External-Address": "10.1.2.3",
    "Forwarded": "for=10.1.2.3",
    "Via": "1.1 proxy",
}


@pytest.mark.parametrize("proxies", [0, 1, 2])
def test_nobody_reads_it_through_a_proxy_whatever_the_proxy_says_and_however_many_are_trusted(
    proxies: int, make_app: MakeApp
) -> None:
    """Whoever reaches the port writes these headers as he likes, and a proxy may have an address that is named."""
    client = make_app(metrics_from=("10.0.0.0/8",), trusted_proxies=proxies).test_client()
    near, far = {"REMOTE_ADDR": "10.1.2.3"}, {"REMOTE_ADDR": "192.0.2.1"}
    for path in ("/metrics", "/metrics/"):
        assert [client.get(path, environ_base=peer).status_code for peer in (near, far)] == [200, 403]
        for sent in FORWARDED.items():
            got = [client.get(path, environ_base=peer, headers=dict([sent])).status_code for peer in (near, far)]
            assert got == [403, 403], sent


def test_scripts_of_other_sites_cannot_read_it(app: Flask) -> None:
    answer = app.test_client().get("/metrics", headers={"Origin": "https://evil.example"})
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_a_fhir_server_that_fails_shows(app: Flask, ehr: Ehr, fhir: object) -> None:
    more = added(app, lambda: ehr.post({**ehr.request("patient-view"), "fhirServer": "http://127.0.0.1:9/fhir"}))
    assert more['fhir_answers_total{outcome="unreachable"}'] > 0
    assert more["fhir_seconds_count"] > 0
    assert more['data_total{came="fetched",query="patient",read="failed"}'] == 1
