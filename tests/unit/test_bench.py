"""The benchmarks measure what they say: goals, alternation, tokens that are good once, and a peer that does the job.

What may live here: `bench` without gunicorn, and nothing that is timed.
"""

from __future__ import annotations

import gc
import json
import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from bench import peer, peer_rule
from bench.bodies import patient_view_body
from bench.figures import CPU, P99, Comparison, Figure, Goal, Sample, goal_words, ratios
from bench.load import Generator, Load, LoadFailed, Target, with_threads, with_wrk
from bench.peer_cards import cards
from bench.rounds import Plan, Side, alternate
from bench.servers import Memory, Running
from bench.tokens import PUBLIC_URL, Signer, signers
from cds_service import create_app
from cds_service.access.bearer_token import Refused
from cds_service.access.client_auth import ClientAuthentication
from cds_service.access.key_sets import KeySets
from cds_service.access.token_log import TokenLog
from cds_service.access.trusted_clients import parse_trusted_clients
from cds_service.server import relax
from cds_service.settings import from_environment
from cds_service.storage import Database

NOW = datetime.now(UTC)
PATH = "/cds-services/calciphylaxis-patient-view"
SIGNERS = signers()


def sample(cpu_ms: float) -> Sample:
    return Sample(100, 1, 2, cpu_ms, Memory(80, 40, 90))


@pytest.mark.parametrize(
    ("goal", "ratio", "verdict"),
    [
        (Goal(2.5), 2.5, "met"),
        (Goal(2.5), 2.51, "missed"),
        (Goal(0.4, at_least=True), 0.4, "met"),
        (Goal(0.4, at_least=True), 0.39, "missed"),
    ],
)
def test_a_goal_is_met_up_to_its_limit_and_no_further(goal: Goal, ratio: float, verdict: str) -> None:
    assert goal.verdict(ratio) == verdict


def test_a_goal_is_judged_once_for_each_side_that_it_is_held_against() -> None:
    assert goal_words(Goal(0.65), [Figure(0.5, 0.4, 0.9), Figure(0.7, 0.6, 0.8)]) == "<= 0.65: met, missed"


def test_a_ratio_is_taken_within_each_round() -> None:
    ours, other = [sample(2), sample(40)], [sample(1), sample(10)]
    assert ratios(ours, other, lambda one: one.cpu_ms) == Figure(3, 2, 4)


def test_the_first_side_is_the_one_that_is_compared() -> None:
    assert Comparison("title", {"ours": [sample(1)], "theirs": [sample(2)]}).first == [sample(1)]


def test_the_tail_has_a_goal_only_where_requests_queue() -> None:
    assert P99 not in peer.goals(1)
    assert {P99, CPU} <= peer.goals(16).keys()


def test_every_side_goes_first_in_turn_and_is_asked_anew_for_each_run() -> None:
    order: list[int] = []
    targets: list[float] = []
    me = Running(os.getpid(), 0, forks=False)

    def load(target: Target, connections: int, seconds: float) -> Load:
        order.append(target.port)
        return Load(requests=10, seconds=seconds, p50=1, p99=2)

    def side(port: int) -> Side:
        def target(seconds: float) -> Target:
            targets.append(seconds)
            return Target(port, "/", Path())

        return Side(str(port), me, target)

    found = alternate([side(1), side(2), side(3)], Plan(rounds=3, seconds=5, connections=4), load)
    assert order == [1, 2, 3, 1, 2, 3, 2, 3, 1, 3, 1, 2]
    assert targets == [1, 1, 1] + [5] * 9
    assert {name: len(samples) for name, samples in found.items()} == {"1": 3, "2": 3, "3": 3}


def test_a_run_without_an_answer_is_no_figure() -> None:
    silent = Side("silent", Running(os.getpid(), 0, forks=False), lambda _: Target(0, "/", Path()))
    with pytest.raises(LoadFailed):
        alternate([silent], Plan(1, 1, 1), lambda *_: Load(requests=0, seconds=1, p50=0, p99=0))


def test_the_memory_of_a_process_without_workers_is_its_own() -> None:
    found = Running(os.getpid(), 0, forks=False).memory()
    assert found.rss >= found.pss > 10
    assert found.total_pss == found.pss


@contextmanager
def listener() -> Iterator[tuple[int, list[str | None]]]:
    """A server that notes the Authorization header of each call; its port and its notes."""
    seen: list[str | None] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            seen.append(self.headers["Authorization"])
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing to say."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port, seen
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize(
    "load",
    [
        with_threads,
        pytest.param(with_wrk, marks=pytest.mark.skipif(not shutil.which("wrk"), reason="wrk is not installed")),
    ],
)
def test_every_call_carries_the_next_token_and_no_token_goes_out_twice(load: Generator, tmp_path: Path) -> None:
    body, tokens = tmp_path / "body.json", tmp_path / "tokens.txt"
    body.write_text("{}")
    tokens.write_text("\n".join(f"token-{number}" for number in range(200_000)))
    with listener() as (port, seen):
        load(Target(port, "/", body, tokens), 2, 1)
    assert len(seen) > 2
    assert len(set(seen)) == len(seen)
    assert all(str(value).startswith("Bearer token-") for value in seen)


def test_without_tokens_no_call_carries_any(tmp_path: Path) -> None:
    body = tmp_path / "body.json"
    body.write_text("{}")
    with listener() as (port, seen):
        with_threads(Target(port, "/", body), 1, 0.2)
    assert set(seen) == {None}


@pytest.mark.parametrize("signer", SIGNERS, ids=[signer.algorithm for signer in SIGNERS])
def test_the_service_takes_each_signed_token_once(signer: Signer, tmp_path: Path) -> None:
    clients = parse_trusted_clients("\n".join(one.client() for one in SIGNERS), "clients.toml")
    database = Database(f"sqlite:///{tmp_path}/tokens.sqlite3")
    authentication = ClientAuthentication(clients, TokenLog(database), PUBLIC_URL, lambda: datetime.now(UTC), KeySets())
    try:
        for token in signer.sign(3, f"{PUBLIC_URL}{PATH}"):
            assert authentication.check(f"Bearer {token}", PATH).tenant == signer.algorithm
            with pytest.raises(Refused):
                authentication.check(f"Bearer {token}", PATH)
    finally:
        database.close()


def facts(body: bytes) -> tuple[list[peer_rule.Row], list[tuple[peer_rule.Row, Any]], list[peer_rule.Row]]:
    """What a reader of the peer makes of a request."""
    bundles = [value for value in json.loads(body)["prefetch"].values() if value and "entry" in value]
    every = [entry["resource"] for bundle in bundles for entry in bundle["entry"]]
    by_type = {name: [one for one in every if one["resourceType"] == name] for name in KINDS}
    observations, requests, conditions = by_type.values()
    return (
        [
            peer_rule.row(one["code"], one["status"], one["effectiveDateTime"], one["valueQuantity"])
            for one in observations
        ],
        [(peer_rule.row(one["medicationCodeableConcept"], one["status"], one["authoredOn"]), one) for one in requests],
        [peer_rule.row(one["code"], "active", one["recordedDate"]) for one in conditions],
    )


KINDS = ("Observation", "MedicationRequest", "Condition")


@pytest.fixture(scope="module")
def answered(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, bytes]:
    """The body of the benchmark, and our answer to it."""
    folder = tmp_path_factory.mktemp("bench")
    app = create_app(from_environment({"CDS_DATABASE_URL": f"sqlite:///{folder}/cds.sqlite3"}, dev=True))
    client = app.test_client()
    services = {service["hook"]: service for service in client.get("/cds-services").get_json()["services"]}
    body = patient_view_body(services["patient-view"], NOW)
    answer = client.post(f"/cds-services/{services['patient-view']['id']}", data=body, content_type="application/json")
    app.extensions["cds_database"].close()
    return body, answer.data


def test_the_peer_answers_about_as_much_as_we_do(answered: tuple[bytes, bytes]) -> None:
    body, ours = answered
    theirs = cards(*facts(body), "bench-patient-1", NOW.date())
    assert len(theirs) == len(json.loads(ours)["cards"])
    assert 0.8 < len(json.dumps({"cards": theirs}, separators=(",", ":"))) / len(ours) < 1.25
    assert all(len(card["summary"]) < 140 for card in theirs)


def test_the_peer_finds_the_corrected_calcium_that_we_find(answered: tuple[bytes, bytes]) -> None:
    body, ours = answered
    theirs = cards(*facts(body), "bench-patient-1", NOW.date())
    assert all("corrected calcium 10.7 mg/dL" in card["detail"] for card in theirs)
    assert "corrected calcium 10.7 mg/dL" in ours.decode()


@pytest.mark.parametrize("lacking", ["dialysis", "albumin", "recent results", "high minerals"])
def test_the_peer_is_silent_without(lacking: str, answered: tuple[bytes, bytes]) -> None:
    results, drugs, conditions = facts(answered[0])
    on: date = NOW.date()
    match lacking:
        case "dialysis":
            conditions = [row for row in conditions if row.code != "Z99.2"]
        case "albumin":
            results = [row for row in results if row.code != peer_rule.ALBUMIN]
        case "recent results":
            on += timedelta(days=200)
        case _:
            low = {peer_rule.CALCIUM: 9.0, peer_rule.ALBUMIN: 4.0, peer_rule.PHOSPHATE: 4.0}
            results = [
                peer_rule.Row(code, "", "final", on, value, unit)
                for (code, value), unit in zip(low.items(), ("mg/dL", "g/dL", "mg/dL"), strict=True)
            ]
    assert cards(results, drugs, conditions, "p", on) == []


def test_the_peer_collects_garbage_as_the_service_does() -> None:
    ours = gc.get_threshold()
    handed_over = peer.thresholds()
    assert gc.get_threshold() == ours
    try:
        relax()
        assert handed_over == ",".join(map(str, gc.get_threshold()))
    finally:
        gc.set_threshold(*ours)
