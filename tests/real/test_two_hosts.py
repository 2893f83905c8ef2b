"""Two hosts behind one load balancer behave as one: their numbers add up, and one of them may be killed under load."""

from __future__ import annotations

import re
import subprocess
import time
from pathlib import Path

import pytest
import yaml

from bench.stored import kept_with
from bench.writers import Writers
from tests.contract.served_clinic import new_token
from tests.real.databases import Postgresql, Redis, free_port
from tests.real.two_hosts import ROOT, TwoHosts, answered, balancing, status, two_hosts
from tests.unit.cds_service.cds_client import PUBLIC_URL, trust_file

pytestmark = [pytest.mark.real, pytest.mark.alone]

WRITERS = 4
LEFT_ALONE_SECONDS = int(
    re.findall(r"fail_timeout=(\d+)s", (ROOT / "deploy" / "nginx" / "nginx.conf").read_text("utf-8"))[0]
)
DISCOVERY = "/cds-services"
METRICS = (
    "/metrics",
    "/metrics/",
    "/metrics/?a",
    "/metrics?a",
    "/metrics%2f",
    "/metrics%2F?a",
    "//metrics",
    "/%6detrics",
)


def test_the_metrics_of_two_hosts_with_two_workers_each_add_up_to_what_was_called(pair: TwoHosts) -> None:
    calls = 40
    assert [status(pair.balancer) for _ in range(calls)] == [200] * calls
    counts = [answered(host) for host in pair.hosts]
    assert sum(counts) == calls
    assert min(counts) > 0, "both had some"


def test_nobody_reads_the_metrics_through_the_balancer_however_he_spells_them(pair: TwoHosts) -> None:
    assert {path: status(pair.balancer, path, body=None) for path in METRICS} == dict.fromkeys(METRICS, 404)
    for host in pair.hosts:
        assert status(host.port, "/metrics/", body=None) == 200, "Prometheus, which asks it by itself, does"


def test_a_token_is_good_once_whichever_host_it_comes_to(shared: dict[str, str], tmp_path: Path) -> None:
    clients = tmp_path / "clients.toml"
    clients.write_text(trust_file(), "utf-8")
    settings = {**shared, "CDS_TRUSTED_CLIENTS": str(clients), "CDS_PUBLIC_URL": PUBLIC_URL}
    with two_hosts(tmp_path, settings, dev=False) as pair:
        for _ in range(4):
            used = new_token(DISCOVERY)
            through = [status(pair.balancer, DISCOVERY, used, body=None) for _ in range(3)]
            alone = [status(host.port, DISCOVERY, used, body=None) for host in pair.hosts]
            assert (through, alone) == ([200, 401, 401], [401, 401])


def test_one_of_two_hosts_is_killed_under_load_and_nobody_beyond_those_in_flight_is_refused(
    pair: TwoHosts, postgresql: Postgresql
) -> None:
    killed, other = pair.hosts
    with Writers(WRITERS, lambda: pair.balancer) as book:
        time.sleep(1)
        before = book.charts
        killed.kill()
        time.sleep(3)
    assert book.charts > before > 0
    assert book.refused.total() <= WRITERS, dict(book.refused)
    assert answered(other) > 0
    # What stood in its spool comes to the database when it is there again.
    killed.start()
    tally = book.compared(kept_with(postgresql.url, book.wanted()))
    assert (tally.lost, tally.twice, tally.half) == (0, 0, 0)
    assert tally.cards > 0 < tally.feedback


def test_a_balancer_that_is_killed_under_load_loses_nothing_that_was_acknowledged(
    shared: dict[str, str], postgresql: Postgresql, tmp_path: Path
) -> None:
    with two_hosts(tmp_path, shared) as pair:
        port = [pair.balancer]
        with Writers(WRITERS, lambda: port[0]) as book:
            time.sleep(1)
            pair.kill_balancer()
            with balancing(pair.hosts) as again:
                port[0] = again
                before = book.charts
                time.sleep(2)
                assert book.charts > before
        assert sum(count for status, count in book.refused.items() if status) == 0, dict(book.refused)
        tally = book.compared(kept_with(postgresql.url, book.wanted()))
        assert (tally.lost, tally.twice, tally.half) == (0, 0, 0)
        assert tally.cards > 0 < tally.feedback


def test_the_health_checks_of_the_compose_file_tell_a_server_that_answers_from_one_that_does_not(
    postgresql: Postgresql, redis: Redis
) -> None:
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))["services"]
    for name, usual, port in (("postgres", "5432", postgresql.port), ("redis", "6379", redis.port)):
        how, program, *arguments = services[name]["healthcheck"]["test"]
        assert how == "CMD"
        found = postgresql.client(program)
        told = [
            subprocess.run(
                [found, *(at if word == usual else word for word in arguments)], capture_output=True, check=False
            ).returncode
            == 0
            for at in (str(port), str(free_port()))
        ]
        assert told == [True, False], name


def test_a_host_that_is_back_takes_part_again(pair: TwoHosts) -> None:
    first, _ = pair.hosts
    first.kill()
    assert [status(pair.balancer) for _ in range(6)] == [200] * 6
    first.start()
    time.sleep(LEFT_ALONE_SECONDS + 0.5)
    before = answered(first)
    assert [status(pair.balancer) for _ in range(10)] == [200] * 10
    assert answered(first) > before


def test_a_host_that_is_frozen_holds_one_caller_for_some_seconds_and_is_then_left_alone(pair: TwoHosts) -> None:
    with pair.hosts[0].frozen():
        began = time.monotonic()
        got = [status(pair.balancer) for _ in range(8)]
        assert sorted(got) == [200] * 7 + [504], "a call that was sent is not sent again"
        assert time.monotonic() - began < LEFT_ALONE_SECONDS
